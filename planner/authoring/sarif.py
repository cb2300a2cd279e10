"""Findings as SARIF 2.1.0, OASIS' Static Analysis Results Interchange Format, which code hosts show at the line."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from planner.authoring.findings import Finding, witness_document
from planner.problem import Fix, Problem, Where

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
    witness = witness_document(finding.witness)
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
