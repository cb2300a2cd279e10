"""Of a table's rows the first that is about a host counts, however many there are."""

import time
from pathlib import Path

import pytest

from planner.definition import Definition
from planner.fleet.wishes import Wish, Wishes, read_wishes


def wishes(*rows: tuple[str, str]) -> Wishes:
    return Wishes(
        [Wish(capture, {}, Definition(), line=line, group=group) for line, (capture, group) in enumerate(rows, 1)]
    )


@pytest.mark.parametrize(
    ("names", "groups", "line"),
    [
        (("racks/a/node1", "a/node1", "node1"), (), 1),
        (("racks/a/node2", "a/node2", "node2"), (), 3),
        (("racks/a/node2", "a/node2", "node2"), ("west",), 2),
        (("racks/b/node9", "b/node9", "node9"), (), 4),
        (("racks/c/node3", "c/node3", "node3"), (), None),
    ],
)
def test_the_first_row_counts(names: tuple[str, ...], groups: tuple[str, ...], line: int | None) -> None:
    table = wishes(("node1", ""), ("*", "west"), ("a/*", ""), ("node9", ""), ("*/node9", ""), ("node1", ""))
    found = table.about(names, groups)
    assert (found.line if found is not None else None) == line


def test_a_row_for_each_of_many_hosts_costs_a_host_no_look_at_them_all() -> None:
    table = wishes(*((f"node{number}", "") for number in range(100_000)))
    began = time.process_time()
    for number in range(0, 100_000, 50):
        assert table.about((f"racks/node{number}", f"node{number}")) is not None
    assert time.process_time() - began < 2


def test_a_definition_and_a_table_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("network: ovirtmgmt\n")
    (tmp_path / "many").write_text('"capture",vlan\n\nnode1,7\nnode2,7\n')
    (one,), problems = read_wishes(str(tmp_path / "one.yaml"))
    assert (one.capture, one.line, problems) == ("*", 0, [])
    (first, second), problems = read_wishes(str(tmp_path / "many"))
    assert (first.capture, first.definition.vlan, first.line, problems) == ("node1", 7, 3, [])
    assert first.definition is second.definition  # rows of many hosts have few definitions among them
