"""What the check of a ruleset comes to: problems, each with the host that shows it, as text, as JSON, and counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from planner.authoring.golden import Case
from planner.facts.vocabulary import Fact
from planner.printing import printable
from planner.problem import Fix, Problem, Where
from planner.proof.witness import Witness
from planner.rules.model import Reference, Rule

NAMES = ("name", "device", "network", "address")  # by which a fact is called, the first that it has
PLURALS = {"error": "errors", "warning": "warnings", "note": "notes"}


class Shown(NamedTuple):
    """A host that shows a finding: the case, its capture if it was made for that, and what is to be seen on it."""

    case: Case
    witness: Witness | None
    lines: tuple[str, ...] = ()


class Finding(NamedTuple):
    """A problem, and the host that shows it where there is one."""

    problem: Problem
    shown: Shown | None = None


def excerpt(facts: Iterable[Fact], rules: Sequence[Rule]) -> tuple[str, ...]:
    """The facts, each with the fields that ``rules`` look at, as ``vlan eth0.100: base=eth0 tag=100``."""
    looked_at = _fields(rules)
    lines = []
    for fact in facts:
        name = next((str(fact.fields[key]) for key in NAMES if key in fact.fields), "")
        shown = [f"{key}={fact.fields[key]}" for key in fact.fields if (fact.kind, key) in looked_at and key != "name"]
        lines.append(printable(f"{fact.kind} {name}".strip() + (f": {' '.join(shown)}" if shown else "")))
    return tuple(dict.fromkeys(lines))


def _fields(rules: Sequence[Rule]) -> set[tuple[str, str]]:
    """Every field, with its kind, that a rule tests, or sets something to."""
    found: set[tuple[str, str]] = set()
    for rule in rules:
        kinds = {pattern.alias: pattern.kind for pattern in rule.when}
        found.update((pattern.kind, test.field) for pattern in rule.when for test in pattern.tests)
        values = [test.value for pattern in rule.when for test in pattern.tests]
        values += [assignment.value for assignment in rule.sets if assignment.value is not None]
        found.update((kinds[value.alias], value.field) for value in values if isinstance(value, Reference))
    return found


def document(
    titles: Sequence[str], findings: Sequence[Finding], decided: int, undecided: Sequence[str]
) -> dict[str, Any]:
    """The findings for a program, and how many questions were ``decided``; those ``undecided`` in words."""
    return {
        "format": "mgmtnet/findings@1",
        "rulesets": list(titles),
        "findings": [_entry(finding) for finding in findings],
        "counts": counts(findings),
        "questions": {"decided": decided, "undecided": list(undecided)},
    }


def _entry(finding: Finding) -> dict[str, Any]:
    problem, shown = finding
    places = [{"file": place.source, "line": place.line, "column": place.column} for place in problem.where]
    named = {name: getattr(problem, name) for name in ("code", "severity", "message", "hint", "rule")}
    fixes = [fix._asdict() for fix in problem.fixes]
    return {**named, "places": places, "fixes": fixes, "witness": witness_document(shown)}


def witness_document(shown: Shown | None) -> dict[str, Any] | None:
    """The host that shows a finding; its capture where it was made for that."""
    if shown is None:
        return None
    made = shown.witness
    return {"host": shown.case.name, "facts": list(shown.lines), **(made._asdict() if made else {})}


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many errors, warnings and notes."""
    counted: Counter[str] = Counter(finding.problem.severity for finding in findings)
    return {plural: counted[severity] for severity, plural in PLURALS.items()}


# Findings as SARIF 2.1.0, OASIS' Static Analysis Results Interchange Format, which code hosts show at the line.


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(version: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """The log of one run of ``mgmtnet rules check``."""
    codes = sorted({finding.problem.code for finding in findings})
    driver = {"name": "mgmtnet", "version": version, "rules": [{"id": code, "name": _pascal(code)} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, codes: list[str]) -> dict[str, Any]:
    problem = finding.problem
    text = problem.message + (f"\nhint: {problem.hint}" if problem.hint else "")
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": problem.severity,
        "message": {"text": text},
        "locations": [_location(place) for place in problem.where[:1]],
    }
    if len(problem.where) > 1:
        result["relatedLocations"] = [_location(place) for place in problem.where[1:]]
    if problem.fixes and problem.where:
        result["fixes"] = [_fix(problem, fix) for fix in problem.fixes]
    witness = witness_document(finding.shown)
    return {**result, "properties": {"witness": witness}} if witness else result


def _location(place: Where) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.source)}}
    if place.line:
        physical["region"] = {"startLine": place.line, "startColumn": max(place.column, 1)}
    return {"physicalLocation": physical}


def _fix(problem: Problem, fix: Fix) -> dict[str, Any]:
    end = fix.column + len(fix.old)
    region = {"startLine": fix.line, "startColumn": fix.column, "endLine": fix.line, "endColumn": end}
    replacement = {"deletedRegion": region, "insertedContent": {"text": fix.new}}
    change = {"artifactLocation": {"uri": _uri(problem.where[0].source)}, "replacements": [replacement]}
    said = f"write {fix.new.strip()}" + (f" for {fix.old}" if fix.old else "")
    return {"description": {"text": said}, "artifactChanges": [change]}


def _uri(source: str) -> str:
    return ("file://" if source.startswith("/") else "") + quote(source.replace("\\", "/"), errors="surrogateescape")


def _pascal(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("-"))
