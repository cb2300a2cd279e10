"""Values in a rule: literals, and references to what an earlier pattern has matched."""

import re
from typing import NamedTuple

from planner.documents.findings import Findings
from planner.documents.node import Node, spelled
from planner.language import Reference, Scalar
from planner.vocabulary import KINDS, Field, known_word

REFERENCE = re.compile(r"\$([A-Za-z_][\w-]*)(?:\.([\w-]+))?", re.ASCII)
PLACEHOLDER = re.compile(r"\{([a-z_0-9-]+)\.([a-z_0-9]+)\}")
TYPES: dict[type, str] = {str: "text", int: "a number"}


class Scope:
    """What a value may refer to: the aliases bound so far, each with its kind.

    ``negated`` aliases bind nothing; ``later`` ones are bound by a pattern further down; ``current`` is the
    one being read. It is ``doubtful`` whether an alias is unknown when a pattern could not be read.
    """

    def __init__(self, later: tuple[str, ...] = (), *, doubtful: bool = False) -> None:
        """Begin before the first pattern; ``later`` are the aliases that will be bound."""
        self.kinds: dict[str, str] = {}
        self.negated: set[str] = set()
        self.later = later
        self.current = ""
        self.doubtful = doubtful

    def kind(self, node: Node, alias: str, findings: Findings) -> str:
        """The kind of what ``alias`` has matched, ``""`` (and a problem at ``node``) if it has not."""
        if alias in self.kinds:
            return self.kinds[alias]
        if alias == self.current:
            hint = "compare with a field of an earlier pattern"
            findings.report(node, "alias-too-early", f"{alias} is what this very pattern matches", hint)
        elif alias in self.later:
            hint = f"move the pattern of {alias} up"
            findings.report(node, "alias-too-early", f"{alias} is matched only by a later pattern", hint)
        elif alias in self.negated:
            hint = "refer to what a pattern without `no` matches"
            findings.report(node, "alias-of-no", f"{alias} belongs to a `no` pattern, which matches nothing", hint)
        elif not self.doubtful:
            message = f'no pattern above is called "{alias}"'
            if self.kinds:
                findings.unknown(node._replace(value=alias), "unknown-alias", message, self.kinds)
            else:
                hint = f"put a pattern above that matches it: `- {alias if alias in KINDS else 'management'}: {{}}`"
                findings.report(node, "unknown-alias", message, hint)
        return ""

    def field(self, node: Node, alias: str, name: str, findings: Findings) -> Field | None:
        """The field that ``alias.name`` speaks of; None (and a problem at ``node``) if there is none."""
        kind = self.kind(node, alias, findings)
        if not kind:
            return None
        fields = KINDS[kind].fields
        if name not in fields:
            findings.unknown(node._replace(value=name), "unknown-field", f'{kind} has no field "{name}"', fields)
        return fields.get(name)


class Target(NamedTuple):
    """The field that a value is for: how messages call it, what it is, whether numbers may become its text."""

    name: str
    field: Field
    converts: bool = False

    @property
    def holds(self) -> str:
        """What it holds, in a word."""
        return TYPES[self.field.type]

    def open(self) -> "Target":
        """The same, for values that are but compared in order."""
        return self._replace(field=self.field._replace(words=()))

    def takes(self, given: type) -> bool:
        """Whether a value of type ``given`` fits."""
        return given is self.field.type or (self.converts and self.field.type is str)


def reference(node: Node) -> Reference | None:
    """The reference that a text is; None for any other value, ``$$`` at the beginning stands for a ``$``."""
    text = node.value
    if node.kind != "text" or not isinstance(text, str) or not text.startswith("$") or text.startswith("$$"):
        return None
    found = REFERENCE.fullmatch(text)
    return Reference(found[1], found[2] or "") if found else Reference("", "")


def referred(node: Node, target: Target, scope: Scope, findings: Findings) -> Reference | None:
    """The reference at ``node`` if it is one that ``target`` can take; else None and a problem."""
    found = reference(node)
    if found is None or not found.alias:
        hint = 'write $alias.field; a text that begins with a dollar is written "$$..."'
        findings.report(node, "bad-reference", f"{spelled(node)} is not a reference", hint)
        return None
    if not found.field:
        kind = scope.kind(node, found.alias, findings)
        if kind:
            hint = f"name a field: ${found.alias}.{next(iter(KINDS[kind].fields))}"
            findings.report(node, "bad-reference", f"${found.alias} is a whole {kind}", hint)
        return None
    field = scope.field(node, found.alias, found.field, findings)
    if field is None:
        return None
    if not target.takes(field.type):
        message = f"{target.name} is {target.holds}, ${found.alias}.{found.field} is {TYPES[field.type]}"
        findings.report(node, "type-clash", message, "use a field of the same type")
        return None
    return found


def literal(node: Node, target: Target, findings: Findings) -> Scalar | None:
    """The literal at ``node``, true and false as 1 and 0; None and a problem if it does not fit ``target``."""
    value = node.value
    if node.kind not in ("text", "int", "bool"):
        findings.report(node, "wrong-type", f"{target.name} is compared with {spelled(node)}", "write one value")
        return None
    given = str if isinstance(value, str) else int
    if not target.takes(given):
        quoted = f'"{spelled(node)}"'
        hint = f"quote it: {quoted}" if given is int else "write a number, or null for absence"
        instead = (quoted,) if given is int else _number(str(value))
        message = f"{target.name} is {target.holds}, {spelled(node)} is not"
        findings.report(node, "type-clash", message, hint, instead=instead)
        return None
    meant = (value[1:] if value.startswith("$$") else value) if isinstance(value, str) else int(value or 0)
    if not known_word(target.field, meant):
        shown = f'"{meant}"' if isinstance(meant, str) else meant
        words = [str(word) for word in target.field.words]
        findings.unknown(node._replace(value=str(meant)), "unknown-word", f"{target.name} is never {shown}", words)
        return None
    return meant


def _number(written: str) -> tuple[str, ...]:
    """A number that somebody has put in quotes, without them."""
    return (written,) if re.fullmatch(r"0|[1-9][0-9]{0,14}", written) else ()
