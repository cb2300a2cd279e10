"""Two rulesets over many hosts as a page: a sum, then the hosts.

First those that cannot be planned, with the reasons; then each whose plan changes, drawn as it would be by both.
"""

from collections.abc import Iterator, Sequence

from planner.authoring.comparing import KINDS, Difference
from planner.authoring.comparison import Changed, Comparison, Undecided
from planner.authoring.frame import framed
from planner.explain.drawing_svg import render
from planner.explain.topology import pictures
from planner.plans.model import Plan
from planner.printing import html_text

# Hosts drawn: with more of them a browser takes seconds for the page, and nobody looks at that many.
DRAWN = 200
GRAVE = ("refused", "no longer refused", "attachment")


def page(comparison: Comparison, before: str, after: str) -> str:
    """The page, whole; ``before`` and ``after`` say which rulesets these are."""
    body = [*_sum(comparison), *_undecided(comparison.undecided, before, after), *_hosts(comparison, before, after)]
    return framed(f"{before} → {after}", comparison.headline, body)


def _sum(comparison: Comparison) -> Iterator[str]:
    if not comparison.changed:
        yield "" if comparison.undecided else '<p class="good">No plan changes.</p>'
        return
    yield "<table><tr><th>hosts</th><th>what becomes of them</th></tr>"
    for kind, count in comparison.summary.items():
        yield f'<tr><td class=n>{count}</td><td class="{_class(kind)}">{html_text(KINDS[kind])}</td></tr>'
    yield "</table>"


def _undecided(hosts: Sequence[Undecided], before: str, after: str) -> Iterator[str]:
    """The hosts of which nothing can be told, each with the reasons."""
    if not hosts:
        return
    rulesets = {"before": before, "after": after}
    yield '<h2 class="bad">Cannot be planned</h2>'
    yield "<table><tr><th>host</th><th>by</th><th>why</th><th>what to do</th></tr>"
    for host in hosts:
        by = " and ".join(rulesets[side] for side in host.by) or "any rules"
        for problem in host.problems:
            cells = (host.name, by, f"{problem.code}: {problem.message}", problem.hint)
            yield f"<tr>{''.join(f'<td>{html_text(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _hosts(comparison: Comparison, before: str, after: str) -> Iterator[str]:
    for number, host in enumerate(comparison.changed):
        opened = " open" if number == 0 else ""
        yield (
            f"<details{opened}><summary><b>{html_text(host.case.name)}</b> "
            f'<span class="{_class(host.kind)}">{html_text(KINDS[host.kind])}</span> '
            f"<span class=soft>{html_text(', '.join(host.rules))}</span></summary>"
        )
        yield "<table>" + "".join(_row(difference) for difference in host.differences) + "</table>"
        if number < DRAWN:
            yield _figure(host, host.before, before)
            yield _figure(host, host.after, after)
        yield "</details>"


def _row(difference: Difference) -> str:
    return (
        f'<tr><td class="{_class(difference.kind)}">{html_text(difference.what)}</td>'
        f"<td>{html_text(difference.before) or '<span class=soft>none</span>'}</td>"
        f"<td>{html_text(difference.after) or '<span class=soft>none</span>'}</td>"
        f"<td><code>{html_text(', '.join(difference.rules))}</code></td></tr>"
    )


def _figure(host: Changed, plan: Plan, by: str) -> str:
    drawing = render(*pictures(host.case.host, plan.document()))
    return f"<figure><figcaption>by {html_text(by)}: {html_text(plan.outcome)}</figcaption>{drawing}</figure>"


def _class(kind: str) -> str:
    return "bad" if kind in GRAVE else "soft" if kind == "reason" else "warn"
