"""``mgmtnet rules diff``: which hosts' plans change between two rulesets, how, and by which rule."""

import argparse
import os
from collections.abc import Iterator

from planner.authoring.comparing import KINDS
from planner.authoring.comparison import Comparison, compare
from planner.cli.counting import counted
from planner.cli.output import complain, say
from planner.cli.rules.reading import GOLDENS, compiled_of, definition_of, hosts_in, point_out
from planner.policy.compiled import Compiled, compile_ruleset
from planner.printing import json_text
from planner.problem import Problem
from planner.shelf import installed

CHANGED = 4  # the exit status of `plan --exit-code` for a change
LISTED = 6  # differences told of a host; -o json has them all


def run(options: argparse.Namespace) -> int:
    """Compare, print; status 0 when no plan changes, 4 when one does."""
    before, after = _rules(options.before), _rules(options.after)
    definition = definition_of(options.network)
    if before is None or after is None or definition is None:
        return 1
    cases = list(hosts_in(options.hosts or [GOLDENS], definition))
    if not cases:
        complain([Problem("no-hosts", "there is no host to compare on", "name goldens or captures by --hosts")])
        return 1
    comparison = compare(before, after, counted(cases, "hosts planned twice"))
    say(_printed(comparison, options))
    return CHANGED if comparison.changed else 0


def _rules(spec: str) -> Compiled | None:
    """The ruleset in a folder, an installed one, or that of a git revision."""
    name = spec.partition("@")[0]
    if os.path.isdir(spec) or any(name in (one, one.partition("@")[0]) for one in installed()):
        return compiled_of(spec)
    from planner.cli.rules.revisions import ruleset_at

    ruleset, problems, texts = ruleset_at(spec)
    point_out(problems, texts)
    return None if ruleset is None else compile_ruleset(ruleset)


def _printed(comparison: Comparison, options: argparse.Namespace) -> str:
    if options.output == "json":
        return json_text(_document(comparison, options))
    if options.output == "html":
        from planner.authoring.comparison_page import page

        return page(comparison, options.before, options.after)
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    for host in comparison.changed:
        yield f"{host.case.name}: {KINDS[host.kind]} ({', '.join(host.rules)})"
        yield from (f"  {difference}" for difference in host.differences[:LISTED])
        if len(host.differences) > LISTED:
            yield f"  and {len(host.differences) - LISTED} more"
    if comparison.changed:
        yield ""
    yield f"{len(comparison.changed)} of {comparison.hosts} hosts get another plan"
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
    }
