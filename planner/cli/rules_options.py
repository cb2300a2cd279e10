"""The command line of ``mgmtnet rules``: every subcommand with its options."""

import argparse
import os
from collections.abc import Callable

from planner.facts.vocabulary import STAGES
from planner.rules.digest import MANIFEST

# Where no ruleset is named.
UNNAMED = "without: that of this folder, else of MGMTNET_POLICY, else the shipped rules"


def subcommands(command: argparse.ArgumentParser) -> None:
    """Give ``command`` its subcommands; each names the module and the function that runs it."""
    actions = command.add_subparsers(title="subcommands", metavar="SUBCOMMAND", required=True)
    for name, (module, summary, build) in SUBCOMMANDS.items():
        one = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
        one.set_defaults(module=module, function=f"run_{name}")
        build(one)


def _ruleset(command: argparse.ArgumentParser) -> None:
    what = f"NAME, NAME@VERSION or a folder; {UNNAMED}"
    command.add_argument("ruleset", metavar="RULES", nargs="?", default=_at_hand(), help=what)


def _at_hand() -> str | None:
    return "." if os.path.isfile(MANIFEST) else os.environ.get("MGMTNET_POLICY") or None


def _list(command: argparse.ArgumentParser) -> None:
    _ruleset(command)
    _output(command, ("text", "json"))


def _check(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "rulesets",
        metavar="RULES",
        nargs="*",
        default=[place for place in [_at_hand()] if place],
        help=f"NAME, NAME@VERSION, a folder, or a file in one; {UNNAMED}",
    )
    command.add_argument("--fix", action="store_true", help="mend in place what needs no judgement")
    command.add_argument("--quick", action="store_true", help="read only: ask nothing about all hosts, try none")
    command.add_argument("--redundant", action="store_true", help="ask, too, what can be left out of rules (a minute)")
    command.add_argument("--strict", action="store_true", help="whatever is said or not decided fails the check")
    command.add_argument(
        "--hosts", metavar="DIR", action="append", default=[], help="goldens or captures to look for conflicts on, too"
    )
    command.add_argument("--witness", metavar="DIR", help="where to write the hosts that show a finding")
    command.add_argument("-o", "--output", choices=("text", "json", "sarif"), default="text")


def _show(command: argparse.ArgumentParser) -> None:
    command.add_argument("rule", metavar="RULE", help="the rule's name")
    _ruleset(command)
    _goldens(command)


def _test(command: argparse.ArgumentParser) -> None:
    _ruleset(command)
    _goldens(command)
    command.add_argument(
        "--only",
        metavar="GLOB",
        action="append",
        default=[],
        help="only the rules and goldens of this name, like 'vlan-*' (may be repeated)",
    )
    command.add_argument("--watch", action="store_true", help="run again whenever a file is saved")
    _output(command, ("text", "json", "junit"))


def _coverage(command: argparse.ArgumentParser) -> None:
    _ruleset(command)
    _goldens(command)
    _hosts(command, "further hosts")
    command.add_argument("--strict", action="store_true", help="count a term only where it alone decided")
    command.add_argument(
        "--fail-under", metavar="PERCENT", type=_percent, default=0.0, help="status 1 if less is covered"
    )
    _output(command, ("text", "json", "html"))


def _mutate(command: argparse.ArgumentParser) -> None:
    _ruleset(command)
    _goldens(command)
    command.add_argument("--reasons", metavar="FILE", help="why survivors may survive (YAML); who lacks one is told")
    command.add_argument(
        "--fail-under", metavar="PERCENT", type=_percent, default=95.0, help="status 1 if less is noticed (95)"
    )
    command.add_argument("--page", metavar="FILE", help="write the score and the survivors with their reasons there")


def _prove(command: argparse.ArgumentParser) -> None:
    _ruleset(command)
    command.add_argument(
        "--invariant", metavar="NAME", action="append", default=[], help="this one only; may be given several times"
    )
    command.add_argument(
        "--carried",
        choices=("declared", "all"),
        nargs="?",
        const="declared",
        help="take out each rule that the invariant says it rests on, and see whether the planner breaks it then; "
        "`--carried=all`: each that may be one (takes long)",
    )
    command.add_argument("--jobs", metavar="N", type=int, default=1, help="prove so many at a time; without: 1")
    _output(command, ("text", "json", "sarif"))


def _diff(command: argparse.ArgumentParser) -> None:
    what = "a folder, NAME@VERSION, or a git revision (REV or REV:FOLDER)"
    command.add_argument("before", metavar="A", help=f"the rules as they were: {what}")
    command.add_argument("after", metavar="B", help="the rules as they are to be, named the same way")
    _hosts(command, "the hosts; without: the goldens of the working folder")
    what = "whether every host there can be gets the same plan, or one that does not; without --hosts nothing but that"
    command.add_argument("--prove", action="store_true", help=what)
    _output(command, ("text", "json", "html"))


def _goldens(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--goldens",
        metavar="DIR",
        help="the goldens; without: the folder `golden` of the rules, or of the working folder",
    )


def _hosts(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument(
        "--hosts", metavar="DIR", nargs="+", default=[], help=f"{what}: folders of goldens or captures, or captures"
    )
    command.add_argument("--network", metavar="DEFINITION", help="what is wanted of the captures among them")


def _output(command: argparse.ArgumentParser, kinds: tuple[str, ...]) -> None:
    command.add_argument("-o", "--output", choices=kinds, default=kinds[0])


def _percent(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if 0 <= number <= 100:
        return number
    told = f"{text!r} is no percentage from 0 to 100"
    raise argparse.ArgumentTypeError(told)


def _doc(command: argparse.ArgumentParser) -> None:
    _ruleset(command)
    command.add_argument("--pages", metavar="DIR", help="write a page for each rule and each code there, too")
    _goldens(command)


def _fields(command: argparse.ArgumentParser) -> None:
    what = "one kind of fact, or `set` for what rules give values to; without: every kind, a line each"
    command.add_argument("kind", metavar="KIND", nargs="?", help=what)
    _output(command, ("text", "json", "markdown"))


def _fmt(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "places", metavar="DIR|FILE", nargs="*", help="folders with rulesets, rule files; without: this folder"
    )
    command.add_argument("--check", action="store_true", help="write nothing; status 1 if a file is not formatted")


def _init(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", help="a folder that is not there yet, or empty")
    command.add_argument(
        "--extends", metavar="NAME[@VERSION]", help="the ruleset that it is to change; without: ovirtmgmt"
    )


def _new(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="ID", help="the new rule's name, like vlan-over-bond")
    command.add_argument("--like", metavar="RULE", required=True, help="the rule that it is to be a copy of")
    command.add_argument("--into", metavar="DIR", default=".", help="the ruleset it goes into; without: this folder")
    command.add_argument("--stage", choices=STAGES, help="its stage, if not that of RULE")
    command.add_argument("--rules", metavar="NAME[@VERSION]|DIR", help="where RULE is")


def _release(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", help="the ruleset's folder")
    command.add_argument("--changelog", metavar="FILE", help="where its entry goes, too")
    command.set_defaults(only=[], output="text")  # everything is tested first
    _goldens(command)


SUBCOMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "list": ("rules_look", "every rule, a line each: stage, name, since when, whose it is, summary", _list),
    "show": ("rules_look", "one rule: what it says and asks, who overrides it, on which goldens it fires", _show),
    "check": ("rules_check", "what is wrong with the rules, file by file", _check),
    "test": ("rules_try", "run every example and every golden", _test),
    "coverage": ("rules_try", "which rules fire, and which of their terms ever mattered", _coverage),
    "mutate": ("rules_try", "whether goldens and examples notice a slip in a rule: a term lost or turned", _mutate),
    "prove": ("rules_prove", "whether the rules keep their invariants on every host, or on which they do not", _prove),
    "diff": ("rules_diff", "which hosts' plans change between two rulesets, how, and by which rule", _diff),
    "doc": ("rules_look", "the rules as a page to read (docs/rules.md)", _doc),
    "fields": ("rules_look", "the kinds of facts that rules match, and the fields of each (docs/fields.md)", _fields),
    "fmt": ("rules_edit", "rule files and manifests in their canonical form", _fmt),
    "init": ("rules_edit", "a site's policy to begin with: a rule, its goldens, and the schemas for editors", _init),
    "new": ("rules_edit", "a new rule, copied from one that is like it", _new),
    "release": ("rules_edit", "test a version, seal it by its digest, and tell what is new in it", _release),
    "digest": ("rules_look", "the digest of its files", _ruleset),
}
