"""A page of the documentation as a program: what it shows to be typed, in order, and what that prints.

A ``console`` block holds commands, each after ``$ ``, with the output that they are to have: ``...`` stands for
anything, alone on a line for any number of lines. A command ends with ``# status N`` if it does not succeed, with
``# status 0, or 3 ...`` where that is up to the machine. A ``yaml`` block whose first line is ``# path`` is that file.
Together they are one shell script: what one command leaves behind, be it a file, a variable or another folder, is there
for the next, as at a reader's terminal.

Whatever else begins with a program's name, in another block or between backticks, is a form of a command, with
CAPITALS, [options] and alternatives|like|these.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

PROGRAMS = ("mgmtnet", "make", "vdsm-client", "curl", "git", "pip", "python", "python3", ".venv/bin/python")
FENCE = re.compile(r"```(\w*)$")
STATUS = re.compile(r"\s# status (\d)(?:, or (\d) .*)?$")
SPAN = re.compile(r"`([^`]+)`")
MARK = "\x1e"  # the record separator; nothing that is printed has one
ELLIPSIS = "..."
# Seconds. A page with a host takes 20, on a machine that does four other things in 60; longer only delays the report
# of one that hangs.
PATIENCE = 300.0


class Block(NamedTuple):
    """A block of code: its kind (of an indented one ""), and its lines with their numbers, from 0."""

    kind: str
    lines: tuple[tuple[int, str], ...]


class Step(NamedTuple):
    """A command, or a file that is written (``path``), with the lines of the page that tell of its output."""

    line: int
    command: str
    output: tuple[int, int]
    path: str = ""

    @property
    def statuses(self) -> set[int]:
        stated = STATUS.search(self.command)
        return {int(one) for one in stated.groups() if one} if stated else {0}


class Form(NamedTuple):
    """What a command may look like."""

    line: int
    text: str

    def invocations(self) -> Iterator[list[str]]:
        """Command lines that are of this form: all its options at once, and each alternative once."""
        text = re.sub(r"[\[\]]", "", re.split(r"\s{2,}|\s#", self.text)[0])
        for call in re.split(r"\s\|\s", text):
            words = [word.split("|") for word in shlex.split(call.split(" > ")[0]) if word != ELLIPSIS]
            for turn in range(max(map(len, words))):
                yield [word[min(turn, len(word) - 1)] for word in words]


class Page:
    """A page, read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = path.read_text().splitlines()
        self.blocks = tuple(_blocks(self.lines))
        self.steps = tuple(step for block in self.blocks for step in _steps(block))
        self.forms = (*self._in_blocks(), *self._in_prose())

    def told(self, step: Step) -> str:
        """What the page says that the step prints."""
        return _text(self.lines[slice(*step.output)])

    def run(self, folder: Path, environment: dict[str, str]) -> list[tuple[str, int]]:
        """Take all steps; what each printed, on either stream, and its status."""
        script = ["exec 2>&1 </dev/null"]
        for step in self.steps:
            script += [self._write(step) if step.path else step.command, f"printf '{MARK}%s{MARK}' $?"]
        ran = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        parts = ran.stdout.split(MARK)
        assert len(parts) == 2 * len(self.steps) + 1, f"{self.path}: the shell gave up\n{ran.stdout}{ran.stderr}"
        return [(output, int(status)) for output, status in zip(parts[::2], parts[1::2], strict=False)]

    def rewrite(self, printed: Sequence[tuple[str, int]]) -> None:
        """Let the page say what was printed, where it says otherwise; not what a command said that went wrong."""
        for step, (output, status) in reversed(list(zip(self.steps, printed, strict=True))):
            if not step.path and status in step.statuses:
                self.lines[slice(*step.output)] = renewed(self.told(step), output).splitlines()
        self.path.write_text(_text(self.lines))

    def _write(self, step: Step) -> str:
        folder = Path(step.path).parent
        return f"mkdir -p {folder}; cat > {step.path} <<'END OF FILE'\n{self.told(step)}END OF FILE"

    def _in_blocks(self) -> Iterator[Form]:
        for block in self.blocks:
            if block.kind not in ("console", "yaml"):
                yield from (Form(number + 1, line.strip()) for number, line in block.lines if _is_command(line))

    def _in_prose(self) -> Iterator[Form]:
        code = {number for block in self.blocks for number, _ in block.lines}
        prose = _text(["" if at in code or FENCE.match(line) else line for at, line in enumerate(self.lines)])
        for span in SPAN.finditer(prose):
            if _is_command(span.group(1)):
                yield Form(prose.count("\n", 0, span.start()) + 1, " ".join(span.group(1).split()))


def agrees(told: str, output: str) -> bool:
    """Whether the output is what the page tells of it."""
    pattern = "".join(r"(?:.*\n)*?" if line == ELLIPSIS else _pattern(line) + r"\n" for line in told.splitlines())
    return re.fullmatch(pattern, output) is not None


def renewed(told: str, output: str) -> str:
    """What a page is to tell of the output; what it left out stays out where its neighbours are as they were."""
    if agrees(told, output):
        return told
    old = told.splitlines()
    short = [line for line in old if ELLIPSIS in line and line != ELLIPSIS]
    new = [next((one for one in short if re.fullmatch(_pattern(one), line)), line) for line in output.splitlines()]
    lines: list[str] = []
    for change, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left_out = ELLIPSIS in old[first:last]
        lines += old[first:last] if change == "equal" else [ELLIPSIS] if left_out else new[start:end]
    return _text(lines)


def _pattern(line: str) -> str:
    return re.escape(line).replace(r"\.\.\.", ".*")


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _is_command(text: str) -> bool:
    """A program's name with something after it."""
    words = text.split()
    return len(words) > 1 and words[0] in PROGRAMS


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    kind: str | None = None  # None: between blocks
    inside: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""]):
        fence = FENCE.match(line)
        if kind is None and fence:
            kind = fence.group(1)
        elif fence:
            yield Block(kind or "", tuple(inside))
            kind, inside = None, []
        elif kind is not None or line.startswith("    "):
            inside.append((number, line))
        elif inside:
            yield Block("", tuple(inside))
            inside = []


def _steps(block: Block) -> Iterator[Step]:
    numbers = [number for number, _ in block.lines]
    lines = [line for _, line in block.lines]
    end = numbers[-1] + 1 if numbers else 0
    if block.kind == "yaml" and (named := re.match(r"# ([\w./-]+)$", lines[0])):
        yield Step(numbers[0] + 1, "", (numbers[0], end), named.group(1))
    if block.kind != "console":
        return
    begins = [place for place, line in enumerate(lines) if line.startswith("$ ")]
    for place, following in zip(begins, [*begins[1:], len(lines)], strict=True):
        after = next(at + 1 for at in range(place, len(lines)) if not lines[at].endswith("\\"))
        command = "\n".join(lines[place:after]).removeprefix("$ ")
        yield Step(numbers[place] + 1, command, (numbers[place] + after - place, numbers[place] + following - place))
