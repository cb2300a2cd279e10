"""``mgmtnet rules diff``: which hosts' plans change between two rulesets, how, and by which rule."""

import argparse
import os
from collections.abc import Iterator

from planner.authoring.comparing import KINDS
from planner.authoring.comparison import Comparison, Undecided, compare
from planner.authoring.trial import Case
from planner.cli.counting import counted
from planner.cli.goldens import Found, cases_in
from planner.cli.output import advice, complain, say, say_json, say_lines
from planner.cli.rules.reading import GOLDENS, compiled_of, definition_of, point_out
from planner.policy.compiled import Compiled, compile_ruleset
from planner.problem import Problem, errors
from planner.shelf import installed

CHANGED = 4  # the exit status of `plan --exit-code` for a change
UNDECIDED = 1  # that of bad input: what a host gets that cannot be planned, nobody can tell
LISTED = 6  # differences told of a host; -o json has them all


def run(options: argparse.Namespace) -> int:
    """Compare, print; status 0 when no plan changes, 4 when one does, and 1 when of some host that cannot be told."""
    before, after = _rules(options.before), _rules(options.after)
    definition = definition_of(options.network) if options.network else None  # which nobody but the user can know
    if before is None or after is None or (options.network and definition is None):
        return 1
    folders = {folder: list(cases_in([folder], definition)) for folder in options.hosts or [GOLDENS]}
    empty = [folder for folder, hosts in folders.items() if not hosts]
    if empty:
        hint = "name goldens or captures by --hosts"
        complain([Problem("no-hosts", f"there is no host in {folder}", hint) for folder in empty])
        return 1
    cases = [_case(found) for hosts in folders.values() for found in hosts]
    comparison = compare(before, after, counted(cases, "hosts planned twice"))
    _print(comparison, options)
    if comparison.undecided:
        return UNDECIDED
    return CHANGED if comparison.changed else 0


def _case(found: Found) -> Case | Undecided:
    faults = tuple(errors(found.problems))
    if found.case is None or faults:
        return Undecided(os.path.basename(os.path.normpath(found.path)), faults)
    return found.case


def _rules(spec: str) -> Compiled | None:
    """The ruleset in a folder, an installed one, or that of a git revision."""
    name = spec.partition("@")[0]
    if os.path.isdir(spec) or any(name in (one, one.partition("@")[0]) for one in installed()):
        return compiled_of(spec)
    from planner.cli.rules.revisions import ruleset_at

    ruleset, problems, texts = ruleset_at(spec)
    point_out(problems, texts)
    return None if ruleset is None else compile_ruleset(ruleset)


def _print(comparison: Comparison, options: argparse.Namespace) -> None:
    if options.output == "json":
        say_json(_document(comparison, options))
    elif options.output == "html":
        from planner.authoring.comparison_page import page

        say(page(comparison, options.before, options.after))
    else:
        say_lines(_lines(comparison, options))


def _lines(comparison: Comparison, options: argparse.Namespace) -> Iterator[str]:
    for unplanned in comparison.undecided:
        by = " and ".join(getattr(options, side) for side in unplanned.by)
        yield f"{unplanned.name}: cannot be planned" + (f" by {by}" if by else "")
        yield from (f"  {line}" for problem in unplanned.problems[:LISTED] for line in advice(problem))
        if len(unplanned.problems) > LISTED:
            yield f"  and {len(unplanned.problems) - LISTED} more"
    for host in comparison.changed:
        yield f"{host.case.name}: {KINDS[host.kind]} ({', '.join(host.rules)})"
        yield from (f"  {difference}" for difference in host.differences[:LISTED])
        if len(host.differences) > LISTED:
            yield f"  and {len(host.differences) - LISTED} more"
    if comparison.changed or comparison.undecided:
        yield ""
    yield comparison.headline
    yield from (f"  {count:>5}  {KINDS[kind]}" for kind, count in comparison.summary.items())


def _document(comparison: Comparison, options: argparse.Namespace) -> dict[str, object]:
    return {
        "format": "mgmtnet/rules-diff@1",
        "before": options.before,
        "after": options.after,
        "hosts": comparison.hosts,
        "summary": comparison.summary,
        "changed": [
            {
                "host": host.case.name,
                "kind": host.kind,
                "rules": list(host.rules),
                "outcome": {"before": host.before.outcome, "after": host.after.outcome},
                "differences": [difference._asdict() for difference in host.differences],
            }
            for host in comparison.changed
        ],
        "undecided": [
            {
                "host": host.name,
                "by": list(host.by),
                "problems": [problem.document() for problem in host.problems],
            }
            for host in comparison.undecided
        ],
    }
