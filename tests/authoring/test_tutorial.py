"""docs/write-a-policy.md is true: every command on it, in order, prints what the page says."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from tutorial_pages import agrees, run, steps

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "write-a-policy.md").read_text()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """As in a checkout, with nobody's own settings."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "mgmtnet").write_text(f'#!/bin/sh\nexec {sys.executable} -m planner "$@"\n')
    (programs / "mgmtnet").chmod(0o755)
    author = {
        f"GIT_{who}_{what}": "author@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    return {
        **author,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",  # both streams in the order in which a terminal shows them
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def test_every_command_prints_what_the_page_says(tmp_path: Path, environment: dict[str, str]) -> None:
    checkout = tmp_path / "checkout"
    for folder in ("golden", "rules"):
        shutil.copytree(ROOT / folder, checkout / folder)
    done = 0
    for step in steps(PAGE):
        output, status = run(step, checkout, environment)
        told = f"docs/write-a-policy.md:{step.line}: $ {step.command}\n{output}"
        assert status == step.status, told
        assert step.path or agrees(step.output, output), told
        done += 1
    assert done > 40


def test_no_command_of_the_page_escapes() -> None:
    """Whatever looks like a command or a file on it is a step, and no output is left out altogether."""
    assert PAGE.count("\n$ ") == sum(not step.path for step in steps(PAGE))
    assert PAGE.count("```yaml\n") == sum(bool(step.path) for step in steps(PAGE))
    assert not [step.command for step in steps(PAGE) if step.output.strip() == "..."]


@pytest.mark.parametrize(
    ("told", "output", "agreed"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n...\n", "a\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a ... c\n", "a b c\n", True),
        ("a ... c\n", "a\nc\n", False),
        ("", "a\n", False),
    ],
)
def test_three_dots_stand_for_what_is_left_out(told: str, output: str, agreed: bool) -> None:  # noqa: FBT001
    assert agrees(told, output) is agreed
