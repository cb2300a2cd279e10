"""The coverage of rules as a page: what is missing first, then every rule."""

from collections.abc import Iterator

from planner.authoring.coverage import Coverage, Covered, Term
from planner.authoring.frame import framed
from planner.printing import html_text

SHOWN = 6  # hosts named for a rule; the page is for gaps, `rules coverage -o json` has them all


def page(covered: Coverage) -> str:
    """The page, whole."""
    fired = len(covered.rules) - len(covered.unfired)
    subtitle = (
        f"{fired} of {len(covered.rules)} rules fire on {covered.cases} hosts; {covered.percent:.1f} % of rules and "
        f"terms covered, {covered.percent_deciding:.1f} % with terms that decide"
    )
    return framed("Coverage of the rules", subtitle, [*_gaps(covered), *_table(covered)])


def _gaps(covered: Coverage) -> Iterator[str]:
    yield "<h2>What no host shows</h2>"
    gaps = [rule for rule in covered.rules if not rule.fired_on or rule.never_false]
    if not gaps:
        yield '<p class="good">Nothing: each rule fires somewhere, each term is false somewhere.</p>'
        return
    yield "<table><tr><th>rule</th><th>what is missing</th></tr>"
    for rule in gaps:
        missing = ['<span class="bad">fires on no host</span>'] if not rule.fired_on else []
        missing += [f'<span class="warn">never false:</span> {_term(term)}' for term in rule.never_false]
        yield f"<tr><td>{_name(rule)}</td><td>{'<br>'.join(missing)}</td></tr>"
    yield "</table>"


def _table(covered: Coverage) -> Iterator[str]:
    yield "<h2>Every rule</h2>"
    yield "<table><tr><th>rule</th><th>fires on</th><th>blocked on</th><th>terms false</th><th></th></tr>"
    for rule in covered.rules:
        terms = len(rule.terms)
        false = terms - len(rule.never_false)
        share = 100 * false / terms if terms else 100
        fires = _hosts(rule.fired_on) or '<span class="bad">none</span>'
        yield (
            f"<tr><td>{_name(rule)}<br><span class=soft>{html_text(rule.rule.summary)}</span></td><td>{fires}</td>"
            f"<td class=n>{len(rule.blocked_on)}</td><td class=n>{false} of {terms}</td>"
            f'<td><div class=bar><i style="width:{share:.0f}%"></i></div></td></tr>'
        )
    yield "</table>"


def _name(rule: Covered) -> str:
    return f"<code>{html_text(rule.rule.stage)}/{html_text(rule.rule.name)}</code>"


def _term(term: Term) -> str:
    return f"<code>{html_text(term.pattern)} {{{html_text(term.text)}}}</code> <span class=soft>line {term.line}</span>"


def _hosts(names: tuple[str, ...]) -> str:
    shown = ", ".join(html_text(name) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
