"""What is wrong with rules that stand together reads like advice, too: word for word, with place and caret.

A case of ruleset-messages.txt edits the files below: after ``@ file`` the lines after - become those after +, in a new
file all is after +, and ``- *`` takes the file away. What is printed of the whole stands beneath; ``...`` is what
the solver may choose.
"""

import re
from pathlib import Path

import pytest

from planner.authoring.check import analyse
from planner.problem import render
from planner.rules.ruleset import assemble

HERE = Path(__file__).parent


def files(text):
    """A file's lines by its path, where each begins with ``@ path``."""
    parts = ("\n" + text).split("\n@ ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2].rstrip("\n") + "\n" for part in parts}


FILES = files((HERE / "ruleset-messages-base.txt").read_text())


def cases():
    for case in (HERE / "ruleset-messages.txt").read_text().split("\n## ")[1:]:
        name, *lines = case.rstrip("\n").split("\n")
        edits = [line for line in lines if line.startswith(("@ ", "- ", "+ ", "-", "+"))]
        expected = "\n".join(line for line in lines if line not in edits)
        yield pytest.param(edits, expected, id=name)


def edited(edits):
    sources = dict(FILES)
    for part in ("\n" + "\n".join(edits)).split("\n@ ")[1:]:
        path, *lines = part.split("\n")
        old = "\n".join(line[2:] for line in lines if line.startswith("-"))
        new = "\n".join(line[2:] for line in lines if line.startswith("+"))
        if old == "*":
            del sources[path]
        elif path in sources:
            assert old in sources[path], old
            sources[path] = sources[path].replace(old, new, 1)
        else:
            sources[path] = new + "\n"
    return sources


def said(sources):
    ruleset, problems = assemble(sources, "site")
    if ruleset is not None:
        problems += [finding.problem for finding in analyse(ruleset, "site", sources, ()).findings]
    return "\n".join(render(problem, sources) for problem in problems)


def test_the_files_themselves_are_fine():
    assert said(FILES) == ""


@pytest.mark.parametrize(("edits", "expected"), list(cases()))
def test_message(edits, expected):
    found = said(edited(edits))
    if not re.fullmatch(re.escape(expected).replace(re.escape("..."), "[^\\n]+"), found):
        assert found == expected


def test_no_message_is_an_engine_s():
    for name in ("rule-messages.txt", "ruleset-messages.txt"):
        text = (HERE / name).read_text()
        for word in ("Traceback", "error code", "durable", "Exception", "<class"):
            assert word not in text, f"{word} in {name}"


def test_there_are_enough_of_them():
    texts = [(HERE / name).read_text() for name in ("rule-messages.txt", "ruleset-messages.txt")]
    assert sum(text.count("\n## ") for text in texts) >= 130
