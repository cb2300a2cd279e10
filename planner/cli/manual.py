"""``mgmtnet man``: the page of the manual, of every command, in the language of man(7)."""

import argparse
import re
from collections.abc import Iterable, Iterator

from planner.cli.completion import Command, tree
from planner.cli.examples import COMMON, EXAMPLES, STATUSES
from planner.cli.output import say

ENVIRONMENT = {
    "MGMTNET_NAME": "stands in for the option --name of any command; what is typed wins.",
    "MGMTNET_STATE": "the folder in which runs are remembered; without: $XDG_STATE_HOME/mgmtnet.",
    "MGMTNET_JOURNAL": "the database of runs, as sqlite:/// or postgresql://; without: a file in that folder.",
    "MGMTNET_ENGINE_PASSWORD, MGMTNET_FENCE_PASSWORD": "passwords, which no option takes.",
    "MGMTNET_DEBUG": "1: a fault of mgmtnet's shows where it happened.",
    "NO_COLOR": "anything: no colours.",
}


def run_man(_: argparse.Namespace) -> int:
    """Print the page; the exit status."""
    say("\n".join(page(tree())))
    return 0


def page(top: Command) -> Iterator[str]:
    """The lines of the page."""
    from planner import __version__

    yield f'.TH MGMTNET 1 "" "mgmtnet {_escaped(__version__)}" "User Commands"'
    yield from (".SH NAME", f"mgmtnet \\- {_escaped(top.summary[0].lower() + top.summary[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B mgmtnet", "\\fICOMMAND\\fR [\\fIOPTION\\fR...]")
    yield from (".SH DESCRIPTION", "A host's management network is planned by versioned rules, applied, and proved.")
    yield "Each command is told below; \\fBmgmtnet \\fICOMMAND\\fB \\-\\-help\\fR tells the same of one."
    yield ".SH COMMANDS"
    for command in top.leaves():
        yield from _told(command)
    yield from (".SH EXIT STATUS", "Of every command, where nothing else is said of it:")
    yield from _listed((str(number), what) for number, what in COMMON.items())
    yield ".SH ENVIRONMENT"
    yield from _listed(ENVIRONMENT.items())


def _told(command: Command) -> Iterator[str]:
    yield from (f".SS mgmtnet {_escaped(command.name)}", _escaped(command.summary))
    yield from _listed((place.metavar, place.told) for place in command.places)
    yield from _listed((_heading(names, metavar), told) for names, metavar, told in command.listed())
    yield from (".PP", "Examples:", ".nf", *(f"  {_escaped(line)}" for line in EXAMPLES.get(command.name, ())), ".fi")
    own = STATUSES.get(command.name, {})
    if own:
        yield from (".PP", "Exit status:")
        yield from _listed((str(number), what) for number, what in sorted(own.items()))


def _heading(names: Iterable[str], metavar: str) -> str:
    return ", ".join(names) + (f" {metavar}" if metavar else "")


def _listed(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, what in rows:
        yield from (".TP", f"\\fB{_escaped(name)}\\fR", _escaped(what or "see the README"))


def _escaped(text: str) -> str:
    """``text`` in which nothing is a command of roff's; hyphens are those that can be typed."""
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"))
