"""What help tells, and what a slip of the keyboard is answered with."""

import re
import shlex
from pathlib import Path

import pytest
from standins import GOLDEN, at_once

import planner
from planner.cli.completion import tree
from planner.cli.examples import EXAMPLES, STATUSES, statuses
from planner.cli.options import parser

LEAVES = [command.name for command in tree().leaves()]


def test_every_command_has_examples_and_nothing_else_has() -> None:
    assert set(EXAMPLES) == set(LEAVES)
    assert set(STATUSES) <= set(LEAVES)


@pytest.mark.parametrize("example", [line for lines in EXAMPLES.values() for line in lines])
def test_the_parser_takes_each_example(example: str) -> None:
    words = shlex.split(example.replace("<(", "( ").replace(")", " )"))
    words = words[words.index("mgmtnet") + 1 :]
    end = next((place for place, word in enumerate(words) if word in (">", ")", "|")), len(words))
    parser(words[0]).parse_args(words[:end])


@pytest.mark.parametrize("name", ["", "rules", *LEAVES])
def test_help_ends_with_examples_and_statuses(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = at_once(capsys, *name.split(), "--help")
    assert (done.status, done.err) == (0, "")
    for line in EXAMPLES.get(name, ()):
        assert f"  {line}\n" in done.out
    if name in LEAVES:
        table = done.out.partition("exit status:\n")[2]
        assert [int(number) for number in re.findall(r"^ {2,4}(\d+)  ", table, re.MULTILINE)] == list(statuses(name))


@pytest.mark.parametrize(("typed", "listed"), [("", "fleet"), ("rules", "prove"), ("fleet", "diff"), ("golden", "new")])
def test_a_command_of_several_lists_them(typed: str, listed: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = at_once(capsys, *typed.split())
    assert (done.status, done.out) == (2, "")
    assert re.search(rf"^    {listed} ", done.err, re.MULTILINE)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    done = at_once(capsys, "--version")
    assert done.status == 0
    assert done.out.startswith(f"mgmtnet {planner.__version__} (rules ovirtmgmt@1.0; Python 3.")


@pytest.mark.parametrize(
    ("typed", "usage", "meant"),
    [
        ("plan capture.json --netwrok d", "mgmtnet plan", "--network"),
        ("plan capture.json --netw d", "mgmtnet plan", "--network"),  # no abbreviations
        ("rules check --stric", "mgmtnet rules check", "--strict"),
        ("golden check --ruels x", "mgmtnet golden check", "--rules"),
        ("rollout start --hosts a --wavse 1", "mgmtnet rollout start", "--waves"),
        ("plan capture.json --defintion d", "mgmtnet plan", "--network"),  # as what stands after it is called
        ("apply host1 --dry-run", "mgmtnet apply", "--check"),
        ("plann capture.json", "mgmtnet", "plan"),
        ("rules tets", "mgmtnet rules", "test"),
        ("plan capture.json -o jsn", "mgmtnet plan", "json"),
    ],
)
def test_a_slip_is_answered_with_the_commands_usage_and_what_was_meant(
    typed: str, usage: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = at_once(capsys, *typed.split())
    assert done.status == 2
    assert done.err.startswith(f"usage: {usage} [-h]")
    assert done.err.endswith(f"; did you mean {meant}?\n")


def test_what_is_like_nothing_is_not_guessed_at(capsys: pytest.CaptureFixture[str]) -> None:
    for typed in ("plan capture.json --zzzzzzzz", "apply --local", "status one two"):
        assert "did you mean" not in at_once(capsys, *typed.split()).err


def test_a_drawing_that_is_asked_of_the_plan_is_had_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    for drawing in ("svg", "mermaid"):
        done = at_once(capsys, "plan", "capture.json", "-o", drawing)
        assert done.status == 2
        assert done.err.endswith("; `mgmtnet draw` has it\n"), done


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        (
            "plan capture.json wanted.yaml",
            "unrecognized arguments: wanted.yaml; a definition is given as --network wanted.yaml",
        ),
        ("plan one.json two.json", "unrecognized arguments: two.json; several hosts: mgmtnet fleet plan; "),
        ("plan --local one.json", "unrecognized arguments: one.json; --local stands in place of CAPTURE"),
        ("why capture.json", "the following arguments are required: FIELD: as in the plan: vlan"),
        ("undo", "the following arguments are required: RUN: the run that is taken back"),
    ],
)
def test_what_is_too_much_or_missing_is_told_with_what_it_is_for(
    typed: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = at_once(capsys, *typed.split())
    assert done.status == 2
    assert f"error: {advice}" in done.err


def test_help_is_a_word_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert at_once(capsys, "help", "plan") == at_once(capsys, "plan", "--help")


def test_a_plan_without_a_definition_says_what_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = str(GOLDEN / "seed-vlan-over-bond" / "capture.json")
    told = at_once(capsys, "plan", capture).err
    assert "note[definition-not-given]: no --network was given: ovirtmgmt is taken as a VM network, untagged" in told
    assert "mgmtnet define CAPTURE > definition.yaml" in told
    definition = tmp_path / "definition.yaml"
    definition.write_text("vlan: 3000\n")
    for others in (
        ("plan", capture, "--network", str(definition)),
        ("define", capture),
        ("judge", "-", "--capture", capture),
    ):
        assert "definition-not-given" not in at_once(capsys, *others).err


def test_a_variable_that_stands_for_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MGMTNET_NETWROK", "definition.yaml")
    monkeypatch.setenv("MGMTNET_WAVES", "1,rest")  # another command's
    monkeypatch.setenv("MGMTNET_QQ", "1")
    done = at_once(capsys, "completion", "bash")
    assert done.status == 0
    assert done.err.count("warning[unknown-variable]") == 2
    assert "MGMTNET_QQ stands for no option\n" in done.err
    assert "MGMTNET_NETWROK stands for no option; did you mean MGMTNET_NETWORK?" in done.err


def test_verbose_tells_what_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    capture, definition = (f"golden/nic-static/{name}" for name in ("capture.json", "definition.yaml"))
    done = at_once(capsys, "plan", capture, "--network", definition, "-v", "-o", "json")
    assert done.status == 0
    assert f"{capture}: " in done.err
    assert "read as vdsm-json" in done.err
    assert "rules: ovirtmgmt@1.0" in done.err
    assert at_once(capsys, "plan", capture, "--network", definition, "-o", "json").out == done.out
