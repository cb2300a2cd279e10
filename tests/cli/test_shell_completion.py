"""`mgmtnet completion` in the shells themselves, and the manual page under its readers."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from planner.cli.completion import Command, tree
from planner.cli.main import main

EVERY = list(tree().every())


def needed(program: str) -> str:
    """The path of a program; without it the test is skipped, or fails if SHELLS_REQUIRED=1."""
    found = shutil.which(program)
    if found is None:
        reason = f"no {program} here"
        if os.environ.get("SHELLS_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture
def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with what completes in each shell, and a capture and a definition."""
    for shell, name in (("bash", "mgmtnet.bash"), ("zsh", "_mgmtnet"), ("fish", "mgmtnet.fish")):
        assert main(["completion", shell]) == 0
        (tmp_path / name).write_text(capsys.readouterr().out)
    (tmp_path / "capture.json").touch()
    (tmp_path / "definition.yaml").touch()
    return tmp_path


def bash(written: Path, *lines: str) -> list[set[str]]:
    """What bash offers at the end of each of ``lines``."""
    script = "source mgmtnet.bash\n" + "".join(
        f"COMP_WORDS=({line.rstrip()}{' ' * line.endswith(' ')}{chr(34) * 2 * line.endswith(' ')}); COMP_CWORD="
        "$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _mgmtnet; printf '%s ' \"${COMPREPLY[@]}\"; echo\n"
        for line in lines
    )
    done = subprocess.run(["bash", "-c", script], cwd=written, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [set(line.split()) for line in done.stdout.split("\n")[:-1]]


def test_bash_offers_commands_options_choices_and_files(written: Path) -> None:
    offered = bash(
        written,
        "mgmtnet pl",
        "mgmtnet rules ch",
        "mgmtnet plan capture.json --net",
        "mgmtnet plan -o ",
        "mgmtnet completion f",
        "mgmtnet plan cap",
        "mgmtnet plan capture.json --network def",
        "mgmtnet plan --address ",
    )
    assert offered == [
        {"plan"},
        {"check"},
        {"--network"},
        {"text", "json", "yaml", "vdsm", "vdsm3", "nmstate", "rest", "ansible", "nmcli", "netplan"},
        {"fish"},
        {"capture.json"},
        {"definition.yaml"},
        set(),
    ]


def test_bash_offers_every_word_of_every_command(written: Path) -> None:
    offered = bash(written, *(f"mgmtnet {command.name} ".replace("  ", " ") for command in EVERY))
    for command, words in zip(EVERY, offered, strict=True):
        assert words >= {one.word for one in command.commands} | _options(command), command.name


def _options(command: Command) -> set[str]:
    return {name for option in command.options for name in option.names}


def test_fish_offers_the_same(written: Path) -> None:
    lines = ["mgmtnet pl", "mgmtnet rules ch", "mgmtnet plan --net", "mgmtnet plan -o ", "mgmtnet plan cap"]
    script = "source mgmtnet.fish; " + "; echo ==; ".join(f"complete -C '{line}'" for line in lines)
    done = subprocess.run(
        [needed("fish"), "--no-config", "-c", script], cwd=written, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    offered = [{line.split("\t")[0] for line in part.split("\n") if line} for part in done.stdout.split("==\n")]
    assert "plan" in offered[0]
    assert "check" in offered[1]
    assert "why" not in offered[1]
    assert "capture.json" in offered[-1]
    assert {"text", "json", "yaml"} <= offered[-2]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("mgmtnet why-n\t", "why-not"), ("mgmtnet rules cov\t", "coverage"), ("mgmtnet plan --netw\t", "--network")],
)
def test_zsh_completes(typed: str, completed: str, written: Path) -> None:
    ours, theirs = pty.openpty()
    known = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(written)}
    shell = subprocess.Popen([needed("zsh"), "-f"], cwd=written, env=known, stdin=theirs, stdout=theirs, stderr=theirs)
    try:
        os.write(ours, b"PS1=; autoload -U compinit; compinit -D -u; source ./_mgmtnet; echo rea''dy\n")
        screen = _read_until(ours, "ready")
        os.write(ours, typed.encode())
        screen = _read_until(ours, completed)
        assert "not found" not in screen
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)
        os.close(theirs)


def _read_until(terminal: int, awaited: str) -> str:
    screen, end = "", time.monotonic() + 60
    while awaited not in screen:
        assert time.monotonic() < end, screen
        if select.select([terminal], [], [], 0.1)[0]:
            screen += os.read(terminal, 65536).decode()
    return screen


def test_the_manual_page_has_every_command_and_is_a_page_to_its_readers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["man"]) == 0
    page = tmp_path / "mgmtnet.1"
    page.write_text(capsys.readouterr().out)
    lint = subprocess.run([needed("mandoc"), "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False)
    assert [line for line in lint.stdout.splitlines() if "missing date" not in line] == []
    shown = subprocess.run(["mandoc", "-Tascii", page], capture_output=True, text=True, check=True).stdout
    plain = re.sub(".\b", "", shown)
    for command in tree().leaves():
        assert f"mgmtnet {command.name}\n" in plain, command.name
        assert all(name in plain for name in _options(command)), command.name
