"""What is wrong with a ruleset whose files read well one by one.

Rules that cannot fire, overrides that lead nowhere or in a circle, and rules that nobody has explained or
tested.
"""

from collections.abc import Collection, Mapping

from planner.documents.findings import Findings
from planner.documents.node import Node
from planner.language import Pattern, Rule, Ruleset
from planner.policy.consequences import WORKED_OUT
from planner.policy.contradictions import contradiction, refuted
from planner.problem import Problem
from planner.vocabulary import KINDS


def lint(
    ruleset: Ruleset, sources: Mapping[str, str], fired: Mapping[str, Collection[str]] | None = None
) -> list[Problem]:
    """Every error and warning, file by file; ``sources`` are the texts that `assemble` had.

    ``fired``: the goldens on which each rule fires, if they were run; else what its ``examples`` claim counts.
    """
    known = {rule.name: rule for rule in ruleset.rules}
    gone = {name for name, _ in ruleset.disabled}
    concluded = {conclusion.kind for rule in ruleset.rules for conclusion in rule.concludes}
    problems: list[Problem] = []
    for rule in sorted(ruleset.rules, key=lambda rule: rule.source):
        findings = Findings(rule.source, sources.get(rule.source, ""))
        _patterns(rule, concluded, findings)
        _overrides(rule, known, gone, findings)
        _documentation(rule, fired, findings)
        problems += findings.in_order()
    return problems + _tables(ruleset, sources)


def _tables(ruleset: Ruleset, sources: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the decision tables as tables."""
    tables: dict[str, list[Rule]] = {}
    for rule in ruleset.rules:
        if rule.name != rule.table:
            tables.setdefault(rule.source, []).append(rule)
    problems: list[Problem] = []
    for source, rows in sorted(tables.items()):
        from planner.policy.completeness import check_table  # most rulesets have no table

        findings = Findings(source, sources.get(source, ""))
        check_table(rows, findings)
        problems += findings.in_order()
    return problems


def _patterns(rule: Rule, concluded: Collection[str], findings: Findings) -> None:
    positive = [pattern for pattern in rule.when if not pattern.negated]
    for pattern in rule.when:
        here = Node("text", pattern.kind, pattern.line, pattern.column)
        impossible = contradiction(pattern)
        if impossible and pattern.negated:
            message = f"no {pattern.kind} can be {impossible}: this `no` always holds"
            findings.report(here, "never-matters", message, "take one of the tests out", severity="warning")
        elif impossible:
            message = f"the rule can never fire: no {pattern.kind} can be {impossible}"
            findings.report(here, "never-fires", message, "take one of the tests out")
        elif pattern.negated and (required := refuted(pattern, positive)):
            message = f"the rule can never fire: line {required.line} asks for what this `no` excludes"
            findings.report(here, "never-fires", message, f"test the {pattern.kind} for something more")
        elif not pattern.negated and _unconcluded(pattern, concluded):
            message = f"the rule can never fire: no rule concludes {pattern.kind}"
            findings.report(here, "never-fires", message, "add one that does, or disable this one", severity="warning")


def _unconcluded(pattern: Pattern, concluded: Collection[str]) -> bool:
    made = KINDS[pattern.kind].concluded_in and pattern.kind not in WORKED_OUT
    return bool(made) and pattern.kind not in concluded


def _overrides(rule: Rule, known: Mapping[str, Rule], gone: Collection[str], findings: Findings) -> None:
    for name in rule.overrides:
        here = _override(rule, name, findings)
        if name == rule.name:
            findings.report(here, "overrides-itself", f"{name} overrides itself", "name the rule it is to silence")
        elif name not in known and name not in gone:
            findings.unknown(here, "unknown-rule", f'there is no rule "{name}" to override', known)
    circle = _circle(rule, known)
    if circle:
        here = _override(rule, circle[1], findings)
        message = f"the rules override each other: {' -> '.join(circle)}"
        findings.report(here, "override-circle", message, "take one `overrides` out")


def _override(rule: Rule, name: str, findings: Findings) -> Node:
    """Where ``name`` stands under ``overrides``."""
    lines = findings.text.splitlines()
    line = next((number for number, line in enumerate(lines, 1) if line.startswith("overrides")), rule.line)
    return findings.word(Node("text", name, line, 1), name)


def _circle(rule: Rule, known: Mapping[str, Rule]) -> list[str]:
    """The way from ``rule`` back to itself along ``overrides``, told once, of the rule with the first name."""
    came_from: dict[str, str] = {}
    waiting = [rule.name]
    while waiting:
        name = waiting.pop()
        for other in known[name].overrides if name in known else ():
            if other == rule.name and name != rule.name:
                way = [other, name]
                while way[-1] != rule.name:
                    way.append(came_from[way[-1]])
                return way[::-1] if min(way) == rule.name else []
            if other not in came_from and other != rule.name:
                came_from[other] = name
                waiting.append(other)
    return []


def _documentation(rule: Rule, fired: Mapping[str, Collection[str]] | None, findings: Findings) -> None:
    here = Node("text", rule.name, rule.line, 1)
    if not rule.why:
        hint = "add `why:` for whoever wonders whether it can go"
        findings.report(here, "no-reason", f"{rule.name} does not say why it is there", hint, severity="warning")
    if not (rule.fires if fired is None else fired.get(rule.name)):
        hint = "add `examples: {fires: [golden]}`" if fired is None else "add a host on which it does"
        findings.report(here, "untested-rule", f"{rule.name} fires on no golden", hint, severity="warning")
