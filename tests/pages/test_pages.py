"""The documentation is true: what it shows to be typed runs as it stands and prints what the page says.

`make pages` (--update-pages) lets the pages show what is printed now.
"""

import argparse
import contextlib
import importlib.util
import io
import re
import tomllib
from collections.abc import Callable

import pytest
import vdsm_client
from hypothesis import given
from hypothesis import strategies as st
from pages import Form, Page, agrees, renewed
from places import ROOT, surroundings

from planner.cli.options import parser
from planner.service.contract import openapi

PAGES = {
    str(path.relative_to(ROOT)): Page(path)
    for path in sorted(path for folder in ("", "docs", "lab") for path in (ROOT / folder).glob("*.md"))
}
STEPS = [
    pytest.param(name, place, id=f"{name}:{step.line}")
    for name, page in PAGES.items()
    for place, step in enumerate(page.steps)
]
FORMS = [pytest.param(form, id=f"{name}:{form.line}") for name, page in PAGES.items() for form in page.forms]
# A value of the right kind, where a form's CAPITALS say what kind.
VALUES = {"S": "5", "N": "5", "PERCENT": "90", "SHELL": "bash"}
# Twice as fast as the wall: VDSM waits for a confirmation for a minute, and the loop needs but seconds.
SPEED = 2.0


@pytest.fixture(scope="session")
def printed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], list[tuple[str, int]]]:
    """What the steps of a page print, and their status; a page is run when it is first asked for."""
    known: dict[str, list[tuple[str, int]]] = {}

    def run(name: str) -> list[tuple[str, int]]:
        if name not in known:
            page = PAGES[name]
            with surroundings(tmp_path_factory.mktemp("page"), speed=SPEED) as place:
                known[name] = page.run(place.folder, place.environment)
            if request.config.getoption("--update-pages"):
                page.rewrite(known[name])
                PAGES[name] = Page(page.path)
        return known[name]

    return run


@pytest.mark.parametrize(("name", "place"), STEPS)
def test_a_command_prints_what_the_page_says(
    printed: Callable[[str], list[tuple[str, int]]], name: str, place: int
) -> None:
    output, status = printed(name)[place]
    page = PAGES[name]
    step = page.steps[place]
    told = f"{name}:{step.line}: $ {step.command}\n{output}"
    assert status in step.statuses, told
    assert step.path or agrees(page.told(step), output), told


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_one_that_its_program_takes(form: Form) -> None:
    assert list(form.invocations())
    assert not _not_taken(form)


@pytest.mark.parametrize(
    "text",
    [
        "mgmtnet plann CAPTURE",
        "mgmtnet plan CAPTURE --bogus",
        "mgmtnet plan CAPTURE [--address A] [--bogus B]",
        "mgmtnet apply --bogus",
        "mgmtnet golden check|bogus [DIR]",
        "mgmtnet draw CAPTURE ... -o text|svg|png",
        "mgmtnet capture HOST | mgmtnet plann -",
        "vdsm-client Host bogus > FILE",
        "make bogus",
        "python -m bogus FOLDER",
        "pip install bogus",
        "git bogus",
    ],
)
def test_a_form_that_its_program_does_not_take_is_found(text: str) -> None:
    assert len(_not_taken(Form(1, text))) == 1


def _not_taken(form: Form) -> list[str]:
    """The command lines of this form that its program, as far as it is known here, does not take."""
    calls = [(program, words) for program, *words in form.invocations()]
    return [
        " ".join([program, *words]) for program, words in calls if program not in TAKES or not TAKES[program](words)
    ]


def _mgmtnet(words: list[str]) -> bool:
    """Whether it can be typed, or names a command, perhaps with options, and says no word of what it is given."""
    valued = [VALUES.get(word, word) for word in words]
    if _parse(parser(words[0]), valued) is not None:
        return True
    named = [word for word in words if not word.startswith("-")]
    explained = _parse(parser(words[0]), [*named, "--help"]) if all(map(str.islower, named)) else None
    return explained is not None and all(re.search(rf"(?<!\S){word}\b", explained) for word in {*words} - {*named})


def _parse(command: argparse.ArgumentParser, words: list[str]) -> str | None:
    """What is printed where the words can be parsed, None where they cannot."""
    printed = io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(printed):
        try:
            command.parse_args(words)
        except SystemExit as ended:
            return None if ended.code else printed.getvalue()
    return printed.getvalue()


def _make(words: list[str]) -> bool:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(words) <= set(targets)


def _python(words: list[str]) -> bool:
    return words[0] == "-c" or (words[0] == "-m" and importlib.util.find_spec(words[1]) is not None)


def _pip(words: list[str]) -> bool:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # The brackets of an extra were taken for those of what may be left out.
    extras = {f"{name}{extra}" for name in (".", project["name"]) for extra in project["optional-dependencies"]}
    needed = any(text.startswith(words[1]) for text in project["dependencies"])
    return words[0] == "install" and (needed or words[1] in extras | {".", project["name"]})


def _curl(words: list[str]) -> bool:
    """Whether the service, at its usual place, has the call."""
    paths = [word.removeprefix("http://127.0.0.1:8080") for word in words if word.startswith("http://127.0.0.1:8080/")]
    return bool(paths) and all(path in openapi()["paths"] for path in paths)


TAKES: dict[str, Callable[[list[str]], bool]] = {
    "mgmtnet": _mgmtnet,
    "make": _make,
    "vdsm-client": lambda words: _parse(vdsm_client.parser(), words) is not None,
    "python": _python,
    "pip": _pip,
    "curl": _curl,
}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_page_escapes(name: str) -> None:
    """Whatever looks like a command or a file on it is a step, and no output is left out altogether."""
    page = PAGES[name]
    commands = [step for step in page.steps if not step.path]
    assert sum(line.lstrip().startswith("$ ") for line in page.lines) == len(commands)
    assert sum(line.lstrip().startswith("```console") for line in page.lines) == sum(
        block.kind == "console" for block in page.blocks
    )
    named = [block for block in page.blocks if block.kind == "yaml" and re.match("# [^ ]+$", block.lines[0][1])]
    assert len(named) == len(page.steps) - len(commands)
    in_blocks = {number + 1 for block in page.blocks for number, _ in block.lines}
    examples = [form for form in page.forms if form.line in in_blocks and not re.search(r"[A-Z[]|^make ", form.text)]
    assert not examples, "what can be typed as it stands is typed: $ ..."
    assert not [step.command for step in commands if page.told(step) == "...\n" and len(step.statuses) == 1]


def test_the_reader_of_pages_finds_what_is_there() -> None:
    typed = {name: sum(not step.path for step in page.steps) for name, page in PAGES.items()}
    assert typed["README.md"] >= 9
    assert typed["docs/applying.md"] >= 5
    assert typed["docs/write-a-policy.md"] >= 40
    assert typed["docs/checking-rules.md"]
    assert typed["lab/README.md"]
    assert len(FORMS) >= 90


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


@pytest.mark.parametrize(
    ("told", "output", "page"),
    [
        ("", "a\n", "a\n"),
        ("a\nb\n", "a\nc\n", "a\nc\n"),
        ("a\n...\nd\n", "a\nb\nc\nd\n", "a\n...\nd\n"),
        ("a\n...\nd\ne\n", "a\nb\nc\nd\nf\n", "a\n...\nd\nf\n"),
        ("1 ... s\nb\n", "1 2 s\nc\n", "1 ... s\nc\n"),
        ("a\n", "", ""),
    ],
)
def test_a_page_that_is_renewed_leaves_out_what_it_left_out(told: str, output: str, page: str) -> None:
    assert renewed(told, output) == page


SAID = st.lists(st.sampled_from(["a", "b", "a b", "a c b"]))
TOLD = st.lists(st.sampled_from(["a", "b", "a b", "...", "a ... b"]))


@given(TOLD, SAID)
def test_a_page_that_is_renewed_tells_what_is_printed(told: list[str], said: list[str]) -> None:
    output = "".join(f"{line}\n" for line in said)
    assert agrees(renewed("".join(f"{line}\n" for line in told), output), output)
