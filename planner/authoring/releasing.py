"""Sealing a version of a ruleset: its digest in the manifest, and what is new in it for the changelog."""

from collections.abc import Iterator

from planner.authoring.edits import meaning
from planner.documents.findings import Findings
from planner.documents.node import Node
from planner.language import STAGES, Rule, Ruleset
from planner.policy.manifests import KEYS, parse_manifest
from planner.policy.seal import MANIFEST
from planner.printing import markdown_text
from planner.problem import Problem


def with_line(name: str, value: str, text: str) -> str:
    """The text of a manifest without errors, with ``name`` (a line of its seal) anew; no other line of it changes."""
    manifest, _ = parse_manifest(text, MANIFEST)
    entries = manifest.entries if manifest is not None else {}
    lines = text.split("\n")
    if name in entries:
        lines[entries[name].key.line - 1] = f"{name}: {value}"
        return "\n".join(lines)
    after = KEYS[KEYS.index(name) + 1 :]
    following = [entry.key.line - 1 for key, entry in entries.items() if key in after]
    place = min(following, default=len(lines))
    while place and (not lines[place - 1].strip() or (following and lines[place - 1].startswith("#"))):
        place -= 1
    return "\n".join([*lines[:place], f"{name}: {value}", *lines[place:]])


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


def entry(ruleset: Ruleset, last: Ruleset | None) -> str:
    """The changelog's entry: what is otherwise than in the ``last`` version that was sealed.

    Without one: the rules that are new by what they say of themselves, stage by stage, and those a site disables.
    """
    old = {rule.name: rule for rule in last.rules} if last else {}
    now = {rule.name: rule for rule in ruleset.rules}
    own = _own(ruleset)
    new = [rule for rule in own if (rule.name not in old if last else rule.since == ruleset.version)]
    changed = [rule for rule in own if rule.name in old and meaning(rule) != meaning(old[rule.name])]
    gone = {name for name, _ in ruleset.disabled}
    before = {name for name, _ in last.disabled} if last else frozenset()
    removed = [rule for name, rule in old.items() if name not in now and name not in gone]
    inherited = {rule.name for rule in ruleset.rules} - {rule.name for rule in own}
    base = [now[name] for name in inherited if last and (name not in old or meaning(now[name]) != meaning(old[name]))]
    disabled = [(name, reason) for name, reason in ruleset.disabled if name not in before]
    sections = [
        *((stage, _told([rule for rule in new if rule.stage == stage])) for stage in STAGES),
        ("changed", _told(changed)),
        ("removed", _told(removed)),
        ("disabled", (f"- `{name}`: {markdown_text(reason)}" for name, reason in disabled)),
        ("enabled again", _told([now[name] for name in before - gone if name in now])),
        ("new or changed in what it extends", _told([rule for rule in base if rule.name not in before])),
    ]
    told = [line for title, lines in sections if (said := list(lines)) for line in ("", f"### {title}", "", *said)]
    return "\n".join([heading(ruleset), *(told or ["", "No rule is new, changed, removed or disabled."]), ""])


def heading(ruleset: Ruleset) -> str:
    """The line with which the entry begins."""
    return f"## {ruleset.name} {ruleset.version}"


def entered(changelog: str, ruleset: Ruleset, last: Ruleset | None) -> str:
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
    return "\n".join([*(before or ["# Changelog"]), "", *entry(ruleset, last).splitlines(), *after]) + "\n"


def _own(ruleset: Ruleset) -> list[Rule]:
    return [rule for rule in ruleset.rules if rule.origin == f"{ruleset.name}@{ruleset.version}"]


def _told(rules: list[Rule]) -> Iterator[str]:
    """Each rule in a line; the rows of a table that have no summary of their own are one."""
    tables: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.name):
        tables.setdefault((rule.table, rule.summary), []).append(rule)
    for (table, summary), rows in tables.items():
        name = rows[0].name if len(rows) == 1 else f"{table}/…"
        yield f"- `{name}`: {markdown_text(summary)}"


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
