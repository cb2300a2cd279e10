"""What is printed on a terminal: as wide as that, coloured by the outcome, and not where that is not wanted."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from standins import BARE, GOLDEN, MGMTNET

PAINT = re.compile(r"\x1b\[(1;3\d|1|0)m")


def shown(columns: int, *arguments: str, **environ: str) -> str:
    """What a command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 50, columns, 0, 0))
    known = {name: value for name, value in BARE.items() if name not in ("COLUMNS", "NO_COLOR")} | environ
    process = subprocess.Popen([*MGMTNET, *arguments], env=known, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen = b""
    try:
        while part := os.read(ours, 65536):
            screen += part
    except OSError:  # the other side is closed
        pass
    process.wait()
    os.close(ours)
    return screen.decode().replace("\r\n", "\n")


def of(golden: str) -> list[str]:
    folder = GOLDEN / golden
    return [str(folder / "capture.json"), "--network", str(folder / "definition.yaml"), "--address", "192.0.2.10"]


@pytest.mark.parametrize("columns", [72, 80, 132])
@pytest.mark.parametrize("command", ["plan", "diff", "facts", "draw"])
def test_lines_end_where_the_terminal_does(command: str, columns: int) -> None:
    lines = PAINT.sub("", shown(columns, command, *of("seed-vlan-over-bond"))).splitlines()
    assert max(map(len, lines)) <= columns
    if command == "plan" and columns > 100:
        assert max(map(len, lines)) > 100


def test_a_list_of_rules_is_broken_at_blanks() -> None:
    lines = shown(80, "rules", "list").splitlines()
    assert max(map(len, lines)) <= 80
    whole = subprocess.run([*MGMTNET, "rules", "list"], env=BARE, capture_output=True, text=True, check=True).stdout
    assert max(map(len, whole.splitlines())) > 100, "for a program a rule is a line"
    assert "".join(whole.split()) == "".join("".join(lines).split())


@pytest.mark.parametrize(
    ("golden", "colour"), [("seed-vlan-over-bond", "34"), ("ovirtmgmt-as-defined", "32"), ("vlan-other-tag", "31")]
)
def test_the_outcome_has_its_colour(golden: str, colour: str) -> None:
    assert shown(100, "plan", *of(golden)).startswith(f"\x1b[1;{colour}movirtmgmt: ")
    assert "\x1b" not in shown(100, "plan", *of(golden), NO_COLOR="1")


def test_a_problem_has_the_colour_of_its_severity() -> None:
    assert "\x1b[1;31merror[file-unreadable]\x1b[0m: " in shown(100, "plan", "nowhere.json")
    assert "\x1b[1;33mwarning[unknown-variable]\x1b[0m: " in shown(100, "status", "x", MGMTNET_NETWROK="slip")
