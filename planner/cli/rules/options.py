"""The command line of ``mgmtnet rules``: every subcommand with its options."""

import argparse
import os
from collections.abc import Callable

from planner.language import STAGES


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


def _fmt(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "places", metavar="DIR|FILE", nargs="*", help="folders with rulesets, rule files; without: this folder"
    )
    command.add_argument("--check", action="store_true", help="write nothing; status 1 if a file is not formatted")


def _new(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="ID", help="the new rule's name, like vlan-over-bond")
    command.add_argument("--like", metavar="RULE", required=True, help="the rule that it is to be a copy of")
    command.add_argument("--into", metavar="DIR", default=".", help="the ruleset it goes into; without: this folder")
    command.add_argument("--stage", choices=STAGES, help="its stage, if not that of RULE")
    command.add_argument(
        "--rules", metavar="NAME[@VERSION]|DIR", default=os.environ.get("MGMTNET_RULES") or None, help="where RULE is"
    )


def _release(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", help="the ruleset's folder")
    command.add_argument("--changelog", metavar="FILE", help="where its entry goes, too")


SUBCOMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "list": ("listing", "every rule, a line each", _ruleset),
    "check": ("check", "what is wrong with the rules, file by file", _ruleset),
    "doc": ("doc", "the rules as a page to read (docs/rules.md)", _ruleset),
    "fmt": ("fmt", "rule files and manifests in their canonical form", _fmt),
    "new": ("new", "a new rule, copied from one that is like it", _new),
    "release": ("release", "seal a version: its digest, and what is new in it", _release),
    "digest": ("digest", "what a released version is sealed with", _ruleset),
}
