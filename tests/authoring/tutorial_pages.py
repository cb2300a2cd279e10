"""A tutorial as a program: its fenced blocks in order, run in a scratch folder.

A ``yaml`` block whose first line is ``# path`` is that file. A ``console`` block holds commands, each after ``$ ``,
with the output that they are to have: ``...`` stands for anything, alone on a line for any number of lines. A command
ends with ``# status N`` if it does not succeed. ``$ NAME="value"`` stands for the commands after it.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"\s+# status (\d)$")


class Step(NamedTuple):
    """A command with its line on the page, or a file that is written there (``path``)."""

    line: int
    command: str = ""
    output: str = ""
    status: int = 0
    path: str = ""


def steps(page: str) -> Iterator[Step]:
    for block in BLOCK.finditer(page):
        line = page.count("\n", 0, block.start()) + 2
        kind, content = block.groups()
        named = re.match(r"# ([\w./-]+)\n", content)
        if kind == "yaml" and named:
            yield Step(line, path=named.group(1), output=content)
        elif kind == "console":
            yield from _commands(content, line)


def _commands(content: str, line: int) -> Iterator[Step]:
    for part in re.findall(r"^\$ .*\n(?:(?!\$ ).*\n)*", content, re.MULTILINE):
        command, output = re.match(r"\$ ((?:.*\\\n)*.*\n)((?:.*\n)*)", part).groups()
        command = command.rstrip()
        status = STATUS.search(command)
        yield Step(line, STATUS.sub("", command), output, int(status.group(1)) if status else 0)
        line += part.count("\n")


def run(step: Step, folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    """What a step prints, on either stream, and its status."""
    if step.path:
        (folder / step.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / step.path).write_text(step.output)
        return step.output, 0
    if assignment := re.fullmatch(r'(\w+)="([^"]*)"', step.command):
        environment[assignment.group(1)] = assignment.group(2)
        return "", 0
    command = ["bash", "-c", f"exec 2>&1; {step.command}"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.stdout, ran.returncode


def agrees(told: str, output: str) -> bool:
    """Whether the output is what the page tells of it."""
    lines = [re.escape(line).replace(r"\.\.\.", ".*") + r"\n" for line in told.splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line == r".*\n" else line for line in lines)
    return re.fullmatch(pattern, output) is not None
