"""The ``then`` of a rule: what it sets, concludes, refuses, warns of and notes."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from planner.facts.vocabulary import ATTACHMENT, KINDS, Scalar, Stage
from planner.rules.model import Assignment, Conclusion, Reference, Verdict
from planner.rules.patterns import PLACEHOLDER, Scope, Target, literal, reference, referred
from planner.yamltext import Entry, Findings, Node

CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
EVENT = re.compile(r"[A-Z][A-Z0-9_]*")
SEVERITIES: dict[str, Literal["error", "warning", "note"]] = {"refuse": "error", "warn": "warning", "note": "note"}
WORDS = ("set", "conclude", *SEVERITIES)
VERDICT = ("code", "message", "hint", "event")

# Concluded by the planner itself once the devise stage is over, from what the rules have set.
WORKED_OUT = ("attachment", "addressing", "foreseen", "outcome", "problem")


class Then(NamedTuple):
    """What a rule does when it fires."""

    sets: tuple[Assignment, ...] = ()
    concludes: tuple[Conclusion, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


def read_then(node: Node, stage: Stage, scope: Scope, findings: Findings) -> Then:
    """Everything under ``then``."""
    entries = findings.fields(node, "then", WORDS)
    if node.kind == "map" and not node.entries:
        findings.report(node, "no-effect", "the rule does nothing when it fires", "add one of: " + ", ".join(WORDS))
    sets = tuple(_sets(entries["set"], stage, scope, findings)) if "set" in entries else ()
    concludes = tuple(_concludes(entries["conclude"], stage, scope, findings)) if "conclude" in entries else ()
    verdicts = tuple(
        verdict for word in SEVERITIES if word in entries for verdict in _verdicts(entries[word], scope, findings)
    )
    return Then(sets, concludes, verdicts)


def _sets(entry: Entry, stage: Stage, scope: Scope, findings: Findings) -> Iterator[Assignment]:
    if stage != "devise":
        message = f"set in the {stage} stage: the attachment is devised in devise/"
        findings.report(entry.key, "stage-violation", message, "move the rule to devise/, or conclude something")
    seen: dict[str, int] = {}
    for name, field in _flat(entry.value, "", findings):
        if name not in ATTACHMENT:
            findings.unknown(
                field.key._replace(value=name), "unknown-attachment-field", f'set knows no "{name}"', ATTACHMENT
            )
        elif name in seen:
            message = f"{name} is set twice; first in line {seen[name]}"
            findings.report(field.key, "duplicate-key", message, "keep one of them")
        else:
            seen[name] = field.key.line
            target = Target(name, ATTACHMENT[name])
            yield from _assigned(field, target, scope, findings, bond=name == "bonding")


def _flat(node: Node, prefix: str, findings: Findings) -> Iterator[tuple[str, Entry]]:
    """The entries of ``set`` with their names dotted."""
    if findings.expect(node, "map", "set", "write `field: value`"):
        for entry in node.entries:
            if entry.value.kind == "map":
                yield from _flat(entry.value, f"{prefix}{entry.name}.", findings)
            else:
                yield prefix + entry.name, entry


def _assigned(
    entry: Entry, target: Target, scope: Scope, findings: Findings, *, bond: bool = False
) -> Iterator[Assignment]:
    """The assignment of one field, if its value will do."""
    node, line = entry.value, entry.key.line
    value: Scalar | Reference | None
    if node.kind == "null":
        yield Assignment(target.name, None, line)
        return
    if bond:
        value = _whole_bond(node, scope, findings)
    elif reference(node) is not None:
        value = referred(node, target, scope, findings)
    else:
        value = literal(node, target, findings)
    most = target.field.most
    if isinstance(value, int) and most is not None and not -1 <= value <= most:
        findings.report(node, "out-of-range", f"{target.name} is from 0 to {most}", "null stands for none")
    elif value is not None:
        yield Assignment(target.name, value, line)


def _whole_bond(node: Node, scope: Scope, findings: Findings) -> Reference | None:
    """A bond that travels along with its members and options."""
    found = reference(node)
    hint = "write `bonding: $bond`, for a pattern `bond: {...}`"
    if found is None or not found.alias or found.field:
        findings.report(node, "bad-reference", "bonding takes a bond whole", hint)
        return None
    kind = scope.kind(node, found.alias, findings)
    if kind not in ("", "bond"):
        findings.report(node, "type-clash", f"bonding takes a bond, ${found.alias} is a {kind}", hint)
    return found if kind == "bond" else None


def _concludes(entry: Entry, stage: Stage, scope: Scope, findings: Findings) -> Iterator[Conclusion]:
    for facts in _each(entry):
        if not findings.expect(facts, "map", "conclude", "write `kind: {field: value}`"):
            continue
        for fact in facts.entries:
            if not _concludable(fact, stage, findings):
                continue
            given: list[Assignment] = []
            for field in _declared(fact, findings):
                target = Target(field.name, KINDS[fact.name].fields[field.name], converts=True)
                given.extend(_assigned(field, target, scope, findings))
            yield Conclusion(fact.name, tuple(given), fact.key.line)


def _declared(fact: Entry, findings: Findings) -> Iterator[Entry]:
    """The fields of a conclusion that its kind has."""
    known = KINDS[fact.name].fields
    if findings.expect(fact.value, "map", f"the conclusion {fact.name}", f"write {fact.name}: {{field: value}}"):
        for field in fact.value.entries:
            if field.name in known:
                yield field
            else:
                findings.unknown(field.key, "unknown-field", f'{fact.name} has no field "{field.name}"', known)


def _concludable(fact: Entry, stage: Stage, findings: Findings) -> bool:
    """Whether rules of this stage may conclude the fact; if not, that is noted."""
    ours = [name for name, kind in KINDS.items() if kind.concluded_in == stage and name not in WORKED_OUT]
    if fact.name not in KINDS:
        findings.unknown(fact.key, "unknown-kind", f'there is no kind of fact "{fact.name}"', ours)
    elif fact.name in WORKED_OUT:
        message = f"{fact.name} is worked out by the planner from what the devise rules set"
        findings.report(fact.key, "stage-violation", message, "use set in the devise stage")
    elif fact.name not in ours:
        since = KINDS[fact.name].concluded_in
        message = f"{fact.name} is concluded in the {since} stage" if since else f"{fact.name} is read from the capture"
        can = f"in {stage}/ rules conclude " + " and ".join(ours)
        findings.report(fact.key, "stage-violation", message, f"move the rule to {since}/" if since else can)
    return fact.name in ours


def _verdicts(entry: Entry, scope: Scope, findings: Findings) -> Iterator[Verdict]:
    severity = SEVERITIES[entry.name]
    for node in _each(entry):
        fields = findings.fields(node, entry.name, VERDICT, ("code", "message"))
        words = {name: findings.string(fields.get(name), name) for name in VERDICT}
        if node.kind == "map" and severity == "error" and "hint" not in fields:
            message = "a refusal without a hint leaves the administrator alone"
            findings.report(entry.key, "refusal-without-hint", message, "add `hint:` and say what to do")
        for name, form, example in (("code", CODE, "vlan-tag-mismatch"), ("event", EVENT, "VLAN_ID_MISMATCH")):
            if words[name] and not form.fullmatch(words[name]):
                message = f'"{words[name]}" cannot be {"a code" if name == "code" else "an event"}'
                findings.report(fields[name].value, "bad-name", message, f"spell it like {example}")
        for name in ("message", "hint"):
            if words[name]:
                _placeholders(fields[name].value, scope, findings)
        line = node.entries[0].key.line if node.entries else node.line
        yield Verdict(severity, words["code"], words["message"], words["hint"], words["event"], line)


def _placeholders(node: Node, scope: Scope, findings: Findings) -> None:
    """Every brace must belong to an ``{alias.field}`` that there is."""
    text = str(node.value)
    for found in PLACEHOLDER.finditer(text):
        scope.field(findings.word(node, found[0]), found[1], found[2], findings)
    for brace in re.findall(r"\{[^{}]*\}?|\}", PLACEHOLDER.sub("", text)):
        where = findings.word(node, brace)
        findings.report(where, "bad-placeholder", f"{brace} is no placeholder", "write {alias.field}")


def _each(entry: Entry) -> tuple[Node, ...]:
    """One map, or a list of them."""
    return entry.value.items if entry.value.kind == "list" else (entry.value,)
