"""Environment variables that stand in for options."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from planner.cli.output import say, tell_whole
from planner.printing import printable

# Words of one command that may mean nothing to another: there the variable is not looked at.
SHARED = ("--output", "--reboot")
YES = ("1", "yes", "true", "on")


class Parser(argparse.ArgumentParser):
    """A parser that prints as everything here does: what was typed comes from outside, too."""

    def error(self, message: str) -> NoReturn:
        """As argparse has it, on one line."""
        super().error(printable(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        (say if file is sys.stdout else tell_whole)(message)


class Command(Parser):
    """A command each of whose options --name has its variable MGMTNET_NAME; what is typed wins."""

    def __init__(self, *arguments: Any, **how: Any) -> None:
        """As argparse has it."""
        self._lists: dict[str, str] = {}
        super().__init__(*arguments, **how)

    def add_argument(self, *names: Any, stood_in_for: bool = True, **how: Any) -> argparse.Action:
        """An option, or an argument; ``stood_in_for`` False: an option that no variable stands in for."""
        name = names[-1][2:].replace("-", "_").upper() if names[-1].startswith("--") else ""
        stated = variable(name) if name and stood_in_for else None
        choices = tuple(how.get("choices") or (stated,))
        if stated is None or (stated not in choices and names[-1] in SHARED):
            return super().add_argument(*names, **how)
        kind = how.get("action")
        if "choices" in how:  # argparse holds what is typed against them, and not what stands in for it
            how["type"] = _one_of(choices, f"MGMTNET_{name}")
        if kind != "append":
            how["default"] = stated.lower() in YES if kind == "store_true" else stated
            how.pop("required", None)
        option = super().add_argument(*names, **how)
        if kind == "append":
            self._lists[option.dest] = stated
        return option

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Where nothing was typed for an option that may be repeated, the words of its variable count."""
        options, rest = super().parse_known_args(args, namespace)
        for name, stated in self._lists.items():
            if not getattr(options, name, None):
                setattr(options, name, stated.split())
        return options, rest


def variable(name: str) -> str | None:
    """What MGMTNET_NAME says; an empty one says nothing."""
    return os.environ.get(f"MGMTNET_{name}") or None


def _one_of(choices: tuple[str, ...], variable: str) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text in choices:
            return text
        told = f"{text!r} ({variable}) is none of {', '.join(choices)}"
        raise argparse.ArgumentTypeError(told)

    return chosen
