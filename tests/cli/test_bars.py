"""Bars of many things on a terminal: everything passes through, and what is told stands above them."""

import pytest

from planner.cli.progress import counting, with_bar


@pytest.fixture(autouse=True)
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.cli.progress.can_draw", lambda: True)


@pytest.mark.parametrize("total", [60, None, 3])
def test_what_is_counted_passes_through(total: int | None) -> None:
    assert list(with_bar(iter(range(60)), total, "hosts planned")) == list(range(60))


def test_a_bar_is_moved_and_lines_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("", "read", 2) as (line, move):
        line("reading 2 hosts [bold]\x1b")
        move(2)
    told = capsys.readouterr().err
    assert "reading 2 hosts [bold]\\x1b" in told
    assert "2/2" in told
