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


def _check(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "rulesets",
        metavar="RULES",
        nargs="*",
        help="NAME, NAME@VERSION, a folder, or a file in one; without: the shipped rules",
    )
    command.add_argument("--fix", action="store_true", help="mend in place what needs no judgement")
    command.add_argument("--quick", action="store_true", help="try no hosts: no search for conflicts and gaps")
    command.add_argument("--strict", action="store_true", help="warnings and notes fail the check, too")
    command.add_argument(
        "--hosts", metavar="DIR", action="append", default=[], help="goldens or captures to look for conflicts on, too"
    )
    command.add_argument("--witness", metavar="DIR", help="where to write the hosts that show a finding")
    command.add_argument("-o", "--output", choices=("text", "json", "sarif"), default="text")


SUBCOMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "list": ("listing", "every rule, a line each", _ruleset),
    "check": ("check", "what is wrong with the rules, file by file", _check),
    "doc": ("doc", "the rules as a page to read (docs/rules.md)", _ruleset),
    "digest": ("digest", "what a released version is sealed with", _ruleset),
}
