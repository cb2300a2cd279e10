"""The ``when`` of a rule: patterns, and the tests in them."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from planner.facts.vocabulary import KINDS, STAGES, Field, Scalar, absent, known_word
from planner.printing import listing
from planner.rules.model import INVARIANTS, OPERATORS, Pattern, Reference, Test
from planner.rules.regex import explosive
from planner.yamltext import Entry, Findings, Node, near, spelled

# Values in a rule: literals, and references to what an earlier pattern has matched.


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
        """The field that ``alias.name`` names; None (and a problem at ``node``) if it does not exist."""
        kind = self.kind(node, alias, findings)
        if not kind:
            return None
        fields = KINDS[kind].fields
        if name not in fields:
            _unknown_field(node._replace(value=name), kind, name, findings)
        return fields.get(name)


def _unknown_field(node: Node, kind: str, name: str, findings: Findings) -> None:
    fields = KINDS[kind].fields
    theirs = [] if near(name, fields) else [other for other, declared in KINDS.items() if name in declared.fields]
    message = f'{kind} has no field "{name}"' + (f", which is one of {listing(theirs)}" if theirs else "")
    findings.unknown(node, "unknown-field", message, fields)


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


MOST_PATTERNS = 15  # durable_rules fails with error 304 at 17, and nobody can follow a rule of 15
ALIAS = re.compile(r"[a-z][a-z0-9_]*")
ORDERING = ("lt", "le", "gt", "ge")
LISTS = ("in", "not-in")
# What operators are called elsewhere.
SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("==", "=", "eq", "equals", "equal"), "is"),
        **dict.fromkeys(("!=", "<>", "ne", "neq", "is-not", "isnt"), "not"),
        **dict.fromkeys(("<", "lower", "below", "less_than", "less-than"), "lt"),
        **dict.fromkeys(("<=", "lte", "max", "at-most", "at_most"), "le"),
        **dict.fromkeys((">", "greater", "above", "greater_than", "greater-than"), "gt"),
        **dict.fromkeys((">=", "gte", "min", "at-least", "at_least"), "ge"),
        **dict.fromkeys(("one-of", "any-of", "anyOf"), "in"),
        **dict.fromkeys(("not_in", "notin", "nin", "none-of", "!in"), "not-in"),
        **dict.fromkeys(("=~", "regex", "regexp", "pattern", "like"), "matches"),
    }
)


class _Heading(NamedTuple):
    """``kind``, ``kind as alias``, ``no kind`` or ``no kind as alias``."""

    kind: str
    alias: str
    negated: bool


SEEING = (*STAGES, INVARIANTS)  # each sees what those before it concluded


def read_when(node: Node, stage: str, findings: Findings) -> tuple[tuple[Pattern, ...], Scope]:
    """The patterns, and the aliases they bind; ``stage`` is one of `SEEING`."""
    if not findings.expect(node, "list", "when", "write each pattern on its own line: `- kind: {field: value}`"):
        return (), Scope(doubtful=True)
    if not node.items:
        hint = "begin with `- management: {}`"
        findings.report(node, "no-pattern", "when is empty: there is nothing to fire on", hint)
    if len(node.items) > MOST_PATTERNS:
        message = f"{len(node.items)} patterns; the engine takes {MOST_PATTERNS}"
        findings.report(node.items[MOST_PATTERNS], "too-many-patterns", message, "conclude something in between")
    entries = [entry for item in node.items if (entry := _entry(item, findings)) is not None]
    headings = [_heading(entry, findings) for entry in entries]
    later = tuple(heading.alias for heading in headings if heading and not heading.negated)
    clear = [heading for heading in headings if heading is not None and heading.kind in KINDS]
    scope = Scope(later, doubtful=len(clear) < len(node.items))
    patterns = []
    for entry, heading in zip(entries, headings, strict=True):
        if heading is None:
            continue
        known = _known(entry, heading, stage, findings)
        scope.current = "" if heading.negated or heading.alias in scope.kinds else heading.alias
        tests = _tests(entry.value, heading, scope, findings) if known else ()
        patterns.append(Pattern(*heading, tests, entry.key.line, entry.key.column))
        _bind(entry, heading, scope, findings, known=known)
    scope.current = ""
    if patterns and patterns[0].negated:
        message = "the first pattern is a `no`: there is nothing yet to hold it against"
        findings.report(entries[0].key, "no-comes-first", message, "begin with what must be there: `- management: {}`")
    return tuple(patterns), scope


def _entry(item: Node, findings: Findings) -> Entry | None:
    """The one key of a pattern with its tests."""
    if item.kind == "text":
        whole = f"{item.value}: {{}}"
        message = f"the pattern {item.value} has no tests"
        findings.report(item, "wrong-type", message, f"write `{whole}`", instead=(whole,))
        return None
    if not findings.expect(item, "map", "a pattern", "write `- kind: {field: value}`"):
        return None
    if len(item.entries) != 1:
        message = f"a pattern has one kind; here are {len(item.entries)}"
        findings.report(item, "bad-pattern", message, "begin each pattern with a dash of its own, tests in {braces}")
        return None
    return item.entries[0]


def _heading(entry: Entry, findings: Findings) -> _Heading | None:
    words = entry.name.split()
    negated = words[:1] == ["no"] and len(words) > 1
    words = words[negated:]
    if not (len(words) == 1 or (len(words) == 3 and words[1] == "as")):
        hint = "write `kind`, `kind as alias`, `no kind` or `no kind as alias`"
        findings.report(entry.key, "bad-pattern", f'"{entry.name}" is not a pattern', hint)
        return None
    if not ALIAS.fullmatch(words[-1]) and len(words) > 1:
        where = findings.word(entry.key, words[-1])
        findings.report(where, "bad-name", f'"{words[-1]}" cannot be an alias', "use small letters, digits and _")
        return None
    return _Heading(words[0], words[-1], negated)


def _known(entry: Entry, heading: _Heading, stage: str, findings: Findings) -> bool:
    """Whether the kind exists (if not, that is noted), and, noted too, whether it does so at this stage."""
    where = findings.word(entry.key, heading.kind)
    if heading.kind not in KINDS:
        findings.unknown(where, "unknown-kind", f'there is no kind of fact "{heading.kind}"', KINDS)
        return False
    since = KINDS[heading.kind].concluded_in
    if since and SEEING.index(since) >= SEEING.index(stage):
        message = f"{heading.kind} is concluded in the {since} stage, and not yet known in {stage}"
        later = STAGES[STAGES.index(since) + 1 :]
        hint = f"move the rule to {' or '.join(later)}/" if later else "no rule can see it; only the plan does"
        findings.report(where, "stage-violation", message, hint)
    return True


def _bind(entry: Entry, heading: _Heading, scope: Scope, findings: Findings, *, known: bool) -> None:
    if heading.negated:
        scope.negated.add(heading.alias)
    elif heading.alias in scope.kinds:
        where = findings.word(entry.key, heading.alias)
        hint = f"give this one a name of its own: `{heading.kind} as other`"
        findings.report(where, "duplicate-alias", f"an earlier pattern is called {heading.alias} too", hint)
    elif known:
        scope.kinds[heading.alias] = heading.kind


def _tests(node: Node, heading: _Heading, scope: Scope, findings: Findings) -> tuple[Test, ...]:
    if not findings.expect(node, "map", f"what {heading.kind} is tested for", f"write `{heading.kind}: {{}}` for any"):
        return ()
    fields = KINDS[heading.kind].fields
    tests: list[Test] = []
    for entry in node.entries:
        if entry.name not in fields:
            _unknown_field(entry.key, heading.kind, entry.name, findings)
            continue
        target = Target(f"{heading.kind}.{entry.name}", fields[entry.name])
        for op, value in _operations(entry, findings):
            tested = _value(op, value, target, scope, findings)
            if tested is not None:
                tests.append(Test(entry.name, op, tested, entry.key.line, entry.key.column))
    return tuple(tests)


def _operations(entry: Entry, findings: Findings) -> list[tuple[str, Node]]:
    """A test's operators with their values; a bare value is tested with ``is``."""
    if entry.value.kind == "list":
        hint = f"write {entry.name}: {{in: [...]}}"
        findings.report(entry.value, "wrong-type", "a list is no value of a field", hint)
        return []
    if entry.value.kind != "map":
        return [("is", entry.value)]
    if not entry.value.entries:
        hint = "leave it out, or write a value"
        findings.report(entry.value, "no-operator", f"{entry.name} is tested for nothing", hint)
    operations = []
    for operation in entry.value.entries:
        if operation.name in OPERATORS:
            operations.append((operation.name, operation.value))
        else:
            message = f'there is no operator "{operation.name}"'
            findings.unknown(operation.key, "unknown-operator", message, OPERATORS, SYNONYMS)
    return operations


def _value(
    op: str, node: Node, target: Target, scope: Scope, findings: Findings
) -> Scalar | tuple[Scalar, ...] | Reference | None:
    """What a field is tested against; None and a problem if that is nothing ``op`` can take."""
    if op == "matches":
        return _regex(node, target, findings)
    if op in LISTS:
        if not findings.expect_list(node, f"the value of {op}", f"write {op}: [...]"):
            return None
        values = [_plain(item, target, findings) for item in node.items]
        return tuple(value for value in values if value is not None)
    if reference(node) is not None:
        return referred(node, target, scope, findings)
    if op in ORDERING and (target.field.type is str or node.kind == "null"):
        # Two names in order are told apart by a reference; an order of fixed words would mean nothing.
        findings.report(node, "type-clash", f"{op} compares {target.name} with a number or a reference", "use is or in")
        return None
    return _plain(node, target.open() if op in ORDERING else target, findings)


def _plain(node: Node, target: Target, findings: Findings) -> Scalar | None:
    if reference(node) is not None:
        hint = "give each its own rule, or write {is: $alias.field}"
        findings.report(node, "bad-reference", f"a list holds no references: {spelled(node)}", hint)
        return None
    return absent(target.field) if node.kind == "null" else literal(node, target, findings)


def _regex(node: Node, target: Target, findings: Findings) -> str | None:
    if target.field.type is not str:
        findings.report(node, "type-clash", f"matches tests text, {target.name} is a number", "use is, in, lt or gt")
        return None
    if not findings.expect(node, "text", "the value of matches", "write a regular expression in '...'"):
        return None
    fault, _, advice = (explosive(str(node.value)) or "").partition("; ")
    if fault:
        findings.report(node, "bad-regex", f"the expression will not do: {fault}", advice or "see Python's `re`")
        return None
    return str(node.value)
