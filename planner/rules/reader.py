"""A rule file to its rule, or to those of its table, with every problem that the file alone can show."""

import re
from collections.abc import Iterator, Mapping

from planner.facts.vocabulary import Stage
from planner.problem import Problem
from planner.rules.consequences import Then, read_then
from planner.rules.model import INVARIANTS, Invariant, Rule
from planner.rules.patterns import Scope, read_when
from planner.yamltext import Entry, Findings, parse_yaml

KEYS = ("rule", "since", "summary", "why", "advisory", "shadow", "overrides", "when", "table", "then", "examples")
NEEDED = ("rule", "since", "summary", "when", "then")
ROWS_NEED = ("rule", "since", "summary", "when", "table")
INVARIANT_KEYS = ("invariant", "since", "summary", "why", "never", "rests_on")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")


def parse_rules(text: str, source: str, stage: Stage, file: str) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """The rule in ``text``, or those of its table, by row; none if there is an error.

    ``source`` is how problems call the file, ``file`` its path inside the ruleset, whose folder is the stage.
    """
    node, problems = parse_yaml(text, source)
    if node is None:
        return (), tuple(problems)
    findings = Findings(source, text)
    findings.problems += problems
    tabular = any(entry.name == "table" for entry in node.entries)
    entries = findings.fields(node, "a rule", KEYS, ROWS_NEED if tabular else NEEDED)
    name = _name(entries.get("rule"), file, findings)
    rule = Rule(name, stage, file, entries["rule"].key.line if "rule" in entries else 1, source=source)
    rules = tuple(_rows(rule, entries, findings)) if tabular else (_filled_in(rule, entries, findings),)
    return () if findings.problems else rules, findings.in_order()


def parse_rule(text: str, source: str, stage: Stage, file: str) -> tuple[Rule | None, tuple[Problem, ...]]:
    """The one rule of a file without a table; None if it has an error."""
    rules, problems = parse_rules(text, source, stage, file)
    return next(iter(rules), None), problems


def parse_invariant(text: str, source: str, file: str) -> tuple[Invariant | None, tuple[Problem, ...]]:
    """The invariant in ``text``, as `parse_rules` has a rule; None if it has an error."""
    node, problems = parse_yaml(text, source)
    if node is None:
        return None, tuple(problems)
    findings = Findings(source, text)
    findings.problems += problems
    entries = findings.fields(node, "an invariant", INVARIANT_KEYS, INVARIANT_KEYS[:-1])
    never = entries.get("never")
    invariant = Invariant(
        name=_name(entries.get("invariant"), file, findings, "invariant"),
        file=file,
        line=entries["invariant"].key.line if "invariant" in entries else 1,
        since=_since(entries.get("since"), findings),
        summary=findings.string(entries.get("summary"), "summary"),
        why=findings.string(entries.get("why"), "why"),
        never=read_when(never.value, INVARIANTS, findings)[0] if never else (),
        rests_on=_names(entries.get("rests_on"), "rests_on", findings),
        source=source,
    )
    return None if findings.problems else invariant, findings.in_order()


def _rows(rule: Rule, entries: Mapping[str, Entry], findings: Findings) -> Iterator[Rule]:
    """Each row of the table as a rule; what is wrong with what they share is told once."""
    from planner.rules.tables import read_rows

    scope = Scope(doubtful=True)
    if "when" in entries:
        _, scope = read_when(entries["when"].value, rule.stage, findings)
    for row in read_rows(entries, scope, findings):
        own = Findings(findings.source, findings.text)
        named = rule._replace(name=f"{rule.name}/{row.name}", line=row.line)
        yield row.placed(_filled_in(named, row.entries, own))
        findings.join(own)


def _filled_in(rule: Rule, entries: Mapping[str, Entry], findings: Findings) -> Rule:
    """The rule with everything that its ``entries`` say but for its name."""
    when = entries.get("when")
    patterns, scope = read_when(when.value, rule.stage, findings) if when else ((), Scope(doubtful=True))
    then = read_then(entries["then"].value, rule.stage, scope, findings) if "then" in entries else Then()
    fires, silent = _examples(entries.get("examples"), findings)
    advisory = entries.get("advisory")
    if advisory is not None and not any(verdict.severity == "error" for verdict in then.verdicts):
        hint = "take `advisory` out: it is why no invariant rests on a refusal"
        findings.report(advisory.key, "idle-advisory", "the rule is advisory, and refuses nothing", hint)
    return rule._replace(
        since=_since(entries.get("since"), findings),
        summary=findings.string(entries.get("summary"), "summary"),
        why=findings.string(entries.get("why"), "why"),
        advisory=findings.string(advisory, "advisory"),
        when=patterns,
        sets=then.sets,
        concludes=then.concludes,
        verdicts=then.verdicts,
        overrides=_names(entries.get("overrides"), "overrides", findings),
        shadow=findings.flag(entries.get("shadow"), "shadow"),
        fires=fires,
        silent=silent,
    )


def _name(entry: Entry | None, file: str, findings: Findings, what: str = "rule") -> str:
    name = findings.string(entry, what)
    stem = file.rpartition("/")[2].removesuffix(".yaml")
    if entry is None or not name:
        return name
    if not NAME.fullmatch(name):
        findings.report(entry.value, "bad-name", f'"{name}" cannot be a rule\'s name', "spell it like vlan-over-bond")
    elif name != stem:
        hint = f"call the {what} {stem}, or the file {name}.yaml"
        findings.report(entry.value, "name-mismatch", f"the {what} {name} is in the file {stem}.yaml", hint)
    return name


def _since(entry: Entry | None, findings: Findings) -> str:
    version = findings.string(entry, "since")
    if entry is not None and version and not VERSION.fullmatch(version):
        findings.report(entry.value, "bad-version", f'"{version}" is not a version', 'write it like "1.0"')
    return version


def _names(entry: Entry | None, what: str, findings: Findings) -> tuple[str, ...]:
    return tuple(name for name, _ in findings.strings(entry, what))


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
