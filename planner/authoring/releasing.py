"""Sealing a version of a ruleset: its digest in the manifest, and what is new in it for the changelog."""

from collections.abc import Iterator

from planner.documents.findings import Findings
from planner.documents.node import Node
from planner.language import STAGES, Rule, Ruleset
from planner.policy.manifests import KEYS, Manifest
from planner.problem import Problem

AFTER = KEYS[KEYS.index("digest") + 1 :]


def sealed(text: str, manifest: Manifest, digest: str) -> str:
    """The text of the manifest with a line for the digest, which changes no other line of it."""
    lines = text.split("\n")
    following = [entry.key.line - 1 for name, entry in manifest.entries.items() if name in AFTER]
    place = min(following, default=len(lines))
    while place and (not lines[place - 1].strip() or (following and lines[place - 1].startswith("#"))):
        place -= 1
    return "\n".join([*lines[:place], f"digest: {digest}", *lines[place:]])


def from_the_future(ruleset: Ruleset) -> list[Problem]:
    """The rules that claim a later version than the one that is released."""
    problems = []
    for rule in _own(ruleset):
        if _number(rule.since) > _number(ruleset.version):
            findings = Findings(rule.source)
            message = f"{rule.name} is there since {rule.since}, and this is {ruleset.name} {ruleset.version}"
            hint = f'write since: "{ruleset.version}", or raise the version'
            findings.report(Node("text", rule.name, rule.line, 1), "since-later", message, hint)
            problems += findings.problems
    return problems


def entry(ruleset: Ruleset) -> str:
    """The changelog's entry: the rules that are new in this version, stage by stage, and those a site disables."""
    lines = [heading(ruleset)]
    for stage in STAGES:
        new = [rule for rule in _own(ruleset) if rule.stage == stage and rule.since == ruleset.version]
        if new:
            lines += ["", f"### {stage}", "", *_told(new)]
    if ruleset.disabled:
        lines += ["", "### disabled", "", *(f"- `{name}`: {reason}" for name, reason in ruleset.disabled)]
    return "\n".join([*lines, *(["", "No new rules."] if len(lines) == 1 else []), ""])


def heading(ruleset: Ruleset) -> str:
    """The line with which the entry begins."""
    return f"## {ruleset.name} {ruleset.version}"


def entered(changelog: str, ruleset: Ruleset) -> str:
    """The changelog with the entry above those of earlier versions; as it is if it has one already."""
    lines = changelog.splitlines()
    if heading(ruleset) in lines:
        return changelog
    earlier = [
        number
        for number, line in enumerate(lines)
        if line.startswith("## ") and line.strip("# []").lower() != "unreleased"
    ]
    place = earlier[0] if earlier else len(lines)
    before = lines[:place]
    while before and not before[-1].strip():
        before.pop()
    after = ["", *lines[place:]] if lines[place:] else []
    return "\n".join([*(before or ["# Changelog"]), "", *entry(ruleset).splitlines(), *after]) + "\n"


def _own(ruleset: Ruleset) -> list[Rule]:
    return [rule for rule in ruleset.rules if rule.origin == f"{ruleset.name}@{ruleset.version}"]


def _told(rules: list[Rule]) -> Iterator[str]:
    """Each rule in a line; the rows of a table that have no summary of their own are one."""
    tables: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.name):
        tables.setdefault((rule.table, rule.summary), []).append(rule)
    for (table, summary), rows in tables.items():
        name = rows[0].name if len(rows) == 1 else f"{table}/…"
        yield f"- `{name}`: {summary}"


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
