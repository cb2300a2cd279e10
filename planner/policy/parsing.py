"""A rule file to a rule, with every problem that the file alone can show."""

import re

from planner.documents.findings import Findings
from planner.documents.node import Entry
from planner.documents.sources import parse_yaml
from planner.language import Rule, Stage
from planner.policy.consequences import Then, read_then
from planner.policy.patterns import read_when
from planner.policy.values import Scope
from planner.problem import Problem

KEYS = ("rule", "since", "summary", "why", "shadow", "overrides", "when", "then", "examples")
NEEDED = ("rule", "since", "summary", "when", "then")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")


def parse_rule(text: str, source: str, stage: Stage, file: str) -> tuple[Rule | None, tuple[Problem, ...]]:
    """The rule in ``text``; None if it has an error.

    ``source`` is how problems call the file, ``file`` its path inside the ruleset, whose folder is the stage.
    """
    node, problems = parse_yaml(text, source)
    if node is None:
        return None, tuple(problems)
    findings = Findings(source, text)
    findings.problems += problems
    entries = findings.fields(node, "a rule", KEYS, NEEDED)
    when = entries.get("when")
    patterns, scope = read_when(when.value, stage, findings) if when else ((), Scope(doubtful=True))
    then = read_then(entries["then"].value, stage, scope, findings) if "then" in entries else Then()
    fires, silent = _examples(entries.get("examples"), findings)
    rule = Rule(
        name=_name(entries.get("rule"), file, findings),
        stage=stage,
        file=file,
        line=entries["rule"].key.line if "rule" in entries else 1,
        since=_since(entries.get("since"), findings),
        summary=findings.string(entries.get("summary"), "summary"),
        why=findings.string(entries.get("why"), "why"),
        when=patterns,
        sets=then.sets,
        concludes=then.concludes,
        verdicts=then.verdicts,
        overrides=_overrides(entries.get("overrides"), findings),
        shadow=findings.flag(entries.get("shadow"), "shadow"),
        fires=fires,
        silent=silent,
        source=source,
    )
    return None if findings.problems else rule, findings.in_order()


def _name(entry: Entry | None, file: str, findings: Findings) -> str:
    name = findings.string(entry, "rule")
    stem = file.rpartition("/")[2].removesuffix(".yaml")
    if entry is None or not name:
        return name
    if not NAME.fullmatch(name):
        findings.report(entry.value, "bad-name", f'"{name}" cannot be a rule\'s name', "spell it like vlan-over-bond")
    elif name != stem:
        hint = f"call the rule {stem}, or the file {name}.yaml"
        findings.report(entry.value, "name-mismatch", f"the rule {name} is in the file {stem}.yaml", hint)
    return name


def _since(entry: Entry | None, findings: Findings) -> str:
    version = findings.string(entry, "since")
    if entry is not None and version and not VERSION.fullmatch(version):
        findings.report(entry.value, "bad-version", f'"{version}" is not a version', 'write it like "1.0"')
    return version


def _overrides(entry: Entry | None, findings: Findings) -> tuple[str, ...]:
    return tuple(name for name, _ in findings.strings(entry, "overrides"))


def _examples(entry: Entry | None, findings: Findings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The goldens on which the rule must fire, and those on which it must not."""
    if entry is None:
        return (), ()
    lists = findings.fields(entry.value, "examples", ("fires", "silent"))
    fires = dict(findings.strings(lists.get("fires"), "the goldens under fires"))
    silent = dict(findings.strings(lists.get("silent"), "the goldens under silent"))
    for golden, node in silent.items():
        if golden in fires:
            message = f"on {golden} the rule is to fire and to be silent"
            findings.report(node, "contradictory-example", message, "keep one of them")
    return tuple(fires), tuple(silent)
