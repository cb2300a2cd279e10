"""The command line of ``mgmtnet rules``: every subcommand with its options."""

import argparse
from collections.abc import Callable


def subcommands(command: argparse.ArgumentParser) -> None:
    """Give ``command`` its subcommands; each names the module of this package that runs it."""
    actions = command.add_subparsers(title="subcommands", metavar="SUBCOMMAND", required=True)
    for name, (module, summary, build) in SUBCOMMANDS.items():
        one = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
        one.set_defaults(module=f"rules.{module}")
        build(one)


def _ruleset(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "ruleset", metavar="RULES", nargs="?", help="NAME, NAME@VERSION or a folder; without: the shipped rules"
    )


SUBCOMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "list": ("listing", "every rule, a line each", _ruleset),
    "check": ("check", "what is wrong with the rules, file by file", _ruleset),
    "doc": ("doc", "the rules as a page to read (docs/rules.md)", _ruleset),
    "digest": ("digest", "what a released version is sealed with", _ruleset),
}
