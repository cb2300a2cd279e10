"""The rules as a page to read: docs/rules.md is what this writes of the shipped ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from planner.explain.codes import CHAPTERS, CODES
from planner.facts.vocabulary import ATTACHMENT, KINDS, STAGES, Field, Kind, absent
from planner.printing import folded, markdown_code, markdown_text
from planner.rules.model import Invariant, Pattern, Reference, Rule, Ruleset, Test, Verdict

INTRODUCTIONS = {
    "locate": "Which device holds the management address.",
    "devise": "How the network is attached to it, and what an existing network has otherwise than it is defined.",
    "guard": "Whether that is safe: refusals, warnings, notes.",
}
SIGNS = {
    "is": "=",
    "not": "≠",
    "lt": "<",
    "le": "≤",
    "gt": ">",
    "ge": "≥",
    "in": "in",
    "not-in": "not in",
    "matches": "matches",
}
VERBS = {"error": "refuses", "warning": "warns", "note": "notes"}


def handbook(ruleset: Ruleset) -> str:
    """Every rule of ``ruleset`` by stage and name, as Markdown."""
    lines = [
        f"# The rules of {ruleset.title}",
        "",
        "Written by `make docs` from the rule files; docs/rule-language.md explains how to read them.",
        f"{len(ruleset.rules)} rules.",
    ]
    for stage in STAGES:
        rules = sorted((rule for rule in ruleset.rules if rule.stage == stage), key=lambda rule: rule.name)
        lines += ["", f"## {stage}", "", INTRODUCTIONS[stage]]
        for rule in rules:
            lines += ["", *_entry(rule)]
    return "\n".join(lines) + "\n"


def _entry(rule: Rule) -> Iterable[str]:
    yield f"### {rule.name}"
    yield ""
    yield markdown_text(f"{rule.summary}. {' '.join(rule.why.split())}")
    yield ""
    yield "When " + "; ".join(asked(rule)) + "."
    yield ""
    yield from (f"- {line}" for line in says(rule))
    if rule.fires:
        yield f"- Fires on {_names(rule.fires)}" + (f"; silent on {_names(rule.silent)}." if rule.silent else ".")


def asked(rule: Rule) -> Iterable[str]:
    """What has to be there for a rule to fire, a pattern each."""
    return map(_pattern, rule.when)


def _pattern(pattern: Pattern) -> str:
    article = "no " if pattern.negated else ""
    called = f" (`{pattern.alias}`)" if pattern.alias != pattern.kind and not pattern.negated else ""
    tests = ", ".join(_test(test) for test in pattern.tests)
    return f"{article}{pattern.kind}{called}" + (f" with {tests}" if tests else "")


def _test(test: Test) -> str:
    return f"`{test.field}` {SIGNS[test.op]} {_literal(test.value)}"


def _literal(value: object) -> str:
    if isinstance(value, Reference):
        return f"`{value.alias}.{value.field}`" if value.field else f"`{value.alias}`"
    if isinstance(value, tuple):
        return ", ".join(_literal(one) for one in value)
    return "nothing" if value in ("", -1, None) else markdown_code(value)


def says(rule: Rule) -> Iterable[str]:
    """What a rule says when it fires, a sentence each."""
    yield from does(rule)
    yield from map(_verdict, rule.verdicts)
    if rule.overrides:
        yield f"Speaks instead of {_names(rule.overrides)}."


def does(rule: Rule) -> Iterable[str]:
    """What a rule decides when it fires: values, and facts for the stages after."""
    for assignment in rule.sets:
        yield f"Sets `{assignment.field}` to {_literal(assignment.value)}."
    for conclusion in rule.concludes:
        fields = ", ".join(f"`{given.field}` {_literal(given.value)}" for given in conclusion.fields)
        yield f"Concludes {conclusion.kind}" + (f": {fields}." if fields else ".")


def _verdict(verdict: Verdict) -> str:
    event = f" ({markdown_text(verdict.event)})" if verdict.event else ""
    hint = f" *{markdown_text(verdict.hint)}*" if verdict.hint else ""
    said = markdown_text(verdict.message)
    return f"{VERBS[verdict.severity].capitalize()} {markdown_code(verdict.code)}{event}: {said}.{hint}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(markdown_code, names))


# A page for each rule and each problem's code: docs/rules/ and docs/codes/, and what `mgmtnet explain` prints.


WIDTH = 100
CONSEQUENCES = {"error": "refuses the host", "warning": "warns", "note": "notes"}


class Block(NamedTuple):
    """A piece of a page. ``made``: an item that is Markdown already; ``drawing``: lines to stay as they are."""

    kind: Literal["title", "heading", "text", "item", "made", "drawing"]
    text: str


class Drawn(NamedTuple):
    """A golden, drawn: what is special about it, what is wanted of it, the drawing, what the rule says or lacks."""

    golden: str
    about: str
    wanted: str
    drawing: str
    said: tuple[str, ...]


class Book(NamedTuple):
    """What pages are written from: the rules, with their invariants, and their hosts.

    ``draw`` gives a rule's host by its golden; None where that is not at hand.
    """

    ruleset: Ruleset
    draw: Callable[[Rule, str], Drawn | None]


def rules_named(ruleset: Ruleset, name: str) -> list[Rule]:
    """The rule of this name, or the rows of the table."""
    return [rule for rule in ruleset.rules if name in (rule.name, rule.table)]


def rules_saying(ruleset: Ruleset, code: str) -> list[Rule]:
    """The rules that say a problem of this code."""
    return [rule for rule in ruleset.rules if any(verdict.code == code for verdict in rule.verdicts)]


def codes_of(ruleset: Ruleset) -> list[str]:
    """Every code that a rule says, or mgmtnet itself."""
    return sorted({*CODES, *(verdict.code for rule in ruleset.rules for verdict in rule.verdicts)})


def rule_page(rule: Rule, book: Book) -> Iterator[Block]:
    """The page of one rule."""
    yield Block("title", rule.name)
    yield from _lead(rule)
    yield Block("heading", "When it fires")
    yield from (Block("made", pattern) for pattern in asked(rule))
    yield Block("heading", "What it says")
    yield from (Block("made", line) for line in does(rule))
    for verdict in rule.verdicts:
        yield Block("item", f"It {CONSEQUENCES[verdict.severity]} ({verdict.code}): {verdict.message}.")
        yield from _hint_and_event(verdict.hint, verdict.event)
    overriders = [other.name for other in book.ruleset.rules if rule.name in other.overrides]
    for names, told in ((rule.overrides, "It speaks instead of"), (overriders, "It is silent where these fire:")):
        if names:
            yield Block("item", f"{told} {_code(names)}.")
    yield from _kept(rule, book.ruleset.invariants)
    yield from _hosts(rule, book)


def _kept(rule: Rule, invariants: Iterable[Invariant]) -> Iterator[Block]:
    """The invariants that would be broken without the rule's refusal, or why none would."""
    carried = [one for one in invariants if rule.name in one.rests_on]
    if carried or rule.advisory:
        yield Block("heading", "What would be broken without it")
    yield from (Block("item", f"`{one.name}`: {one.summary}.") for one in carried)
    if rule.advisory:
        yield Block("text", f"No invariant: the rule is advisory. {rule.advisory}")


def code_page(code: str, book: Book) -> Iterator[Block]:
    """The page of one code: what mgmtnet itself means by it, and the rules that say it."""
    yield Block("title", code)
    if code in CODES:
        yield Block("text", CODES[code].what)
        yield Block("text", f"What to do: {CODES[code].cure}")
    saying = rules_saying(book.ruleset, code)
    for rule in saying:
        yield Block("heading", f"Said by the rule {rule.name}")
        yield from _lead(rule)
        for verdict in rule.verdicts:
            if verdict.code == code:
                yield Block("item", f"It {CONSEQUENCES[verdict.severity]}: {verdict.message}.")
                yield from _hint_and_event(verdict.hint, verdict.event)
    for rule in saying[:1]:
        yield from _hosts(rule, book, f"the rule {rule.name}")


def markdown(page: Iterable[Block]) -> str:
    """The page as a file of the documentation."""
    lines: list[str] = []
    last = ""
    for kind, text in page:
        if lines and not (kind in ("item", "made") and last in ("item", "made")):
            lines.append("")
        last = kind
        if kind == "drawing":
            lines += ["```text", *text.rstrip("\n").split("\n"), "```"]
        else:
            sign = {"title": "# ", "heading": "## ", "item": "- ", "made": "- "}.get(kind, "")
            lines.append(sign + (text if kind == "made" else markdown_text(" ".join(text.split()))))
    return "\n".join(lines) + "\n"


def for_terminal(page: Iterable[Block]) -> Iterator[str]:
    """The page in lines of at most 100 columns."""
    last = ""
    for kind, text in page:
        if last and not (kind in ("item", "made") and last in ("item", "made")):
            yield ""
        last = kind
        if kind == "drawing":
            yield from (f"  {line}".rstrip() for line in text.rstrip("\n").split("\n"))
        elif kind in ("title", "heading"):
            yield text if kind == "title" else text.upper()
        else:
            yield from folded(text.replace("`", ""), WIDTH, first="" if kind == "text" else "  - ")


def code_index(ruleset: Ruleset) -> str:
    """Every code in a line, by what it is about: docs/codes/README.md."""
    lines = ["# Problem codes", "", "Written by `make docs`. `mgmtnet explain CODE` prints the page of a code.", ""]
    lines += [f"## Of the rules {ruleset.title}", "", "| code | when | rules |", "|---|---|---|"]
    for code in sorted({verdict.code for rule in ruleset.rules for verdict in rule.verdicts}):
        rules = rules_saying(ruleset, code)
        names = ", ".join(f"[{rule.name}](../rules/{rule.name}.md)" for rule in rules)
        lines.append(f"| [{code}]({code}.md) | {markdown_text(rules[0].summary)} | {names} |")
    for title, chapter in CHAPTERS.items():
        lines += ["", f"## Of {title}", "", "| code | what |", "|---|---|"]
        for code, meaning in sorted(chapter.items()):
            lines.append(f"| [{code}]({code}.md) | {markdown_text(meaning.what.partition('. ')[0].rstrip('.'))} |")
    return "\n".join(lines) + "\n"


def rule_index(ruleset: Ruleset) -> str:
    """Every rule in a line, by stage: docs/rules/README.md."""
    lines = [f"# The rules of {ruleset.title}, a page each", ""]
    lines += ["Written by `make docs`. `mgmtnet explain RULE` prints the page of a rule; docs/rules.md has all in one."]
    for stage in STAGES:
        lines += ["", f"## {stage}", "", "| rule | when |", "|---|---|"]
        rules = sorted((rule for rule in ruleset.rules if rule.stage == stage), key=lambda rule: rule.name)
        lines += [f"| [{rule.name}]({rule.name}.md) | {markdown_text(rule.summary)} |" for rule in rules]
    return "\n".join(lines) + "\n"


def invariant_index(ruleset: Ruleset) -> str:
    """Every invariant in a line, and every rule that refuses and carries none: docs/invariants.md."""
    lines = [f"# What {ruleset.title} keeps on every host", ""]
    lines += [
        "Written by `make docs`; [proofs.md](proofs.md) tells how it is proved. *Rests on*: without the refusal of any"
    ]
    lines += [
        "one of these rules the planner breaks the invariant on some host. One that rests on none holds by what the"
    ]
    lines += ["rules set, and by what hosts are.", "", "| invariant | what never is | rests on |", "|---|---|---|"]
    for one in sorted(ruleset.invariants, key=lambda one: one.name):
        named = ", ".join(f"[{name}](rules/{name}.md)" for name in one.rests_on) or "none"
        lines.append(f"| {one.name} | {markdown_text(one.summary)} | {named} |")
    refusing = [rule for rule in ruleset.rules if rule.refuses]
    carrying = {name for one in ruleset.invariants for name in one.rests_on}
    lines += ["", "## Refusals that are advisory", ""]
    lines += [f"{len(refusing)} rules refuse; {len(carrying)} carry an invariant. The others say why not:", ""]
    lines += ["| rule | why no invariant rests on it |", "|---|---|"]
    advisory = (rule for rule in refusing if rule.name not in carrying)
    lines += [f"| [{one.name}](rules/{one.name}.md) | {markdown_text(one.advisory)} |" for one in advisory]
    return "\n".join(lines) + "\n"


def _lead(rule: Rule) -> Iterator[Block]:
    """What a rule is and why it is there."""
    shadow = " It is a shadow, which only reports." if rule.shadow else ""
    yield Block("text", f"{rule.summary}. A {rule.stage} rule of {rule.origin}, since {rule.since}.{shadow}")
    if rule.why:
        yield Block("text", rule.why)


def _hint_and_event(hint: str, event: str) -> Iterator[Block]:
    if hint:
        yield Block("item", f"What to do: {hint}.")
    if event:
        yield Block("item", f"The engine's event: `{event}`.")


def _hosts(rule: Rule, book: Book, called: str = "it") -> Iterator[Block]:
    """A host on which the rule fires, and one on which it is silent."""
    yield from _host(f"A host on which {called} fires", rule, rule.fires, book)
    yield from _host(f"A host on which {called} is silent", rule, rule.silent, book)


def _host(title: str, rule: Rule, goldens: Sequence[str], book: Book) -> Iterator[Block]:
    """The first of the goldens that is at hand, drawn."""
    if not goldens:
        return
    yield Block("heading", title)
    drawn = next((found for golden in goldens if (found := book.draw(rule, golden)) is not None), None)
    if drawn is None:
        yield Block("text", f"Golden {_code(goldens)}: not at hand here.")
        return
    yield Block("text", f"Golden `{drawn.golden}`: {drawn.about}. Wanted: {drawn.wanted}.")
    yield Block("drawing", drawn.drawing)
    yield from (Block("item", line) for line in drawn.said)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# Every kind of fact with its fields, as a page to read: docs/fields.md, and ``mgmtnet rules fields``.


WIDTH_OF_FIELDS = 100
SET = "set"  # no kind of fact: what rules of the devise stage give values to
MEANINGS = {**{name: kind.meaning for name, kind in KINDS.items()}, SET: "what a rule of the devise stage may `set`"}


def origin(kind: Kind) -> str:
    """Where facts of the kind come from."""
    return f"concluded in the {kind.concluded_in} stage" if kind.concluded_in else "read from the inputs"


def fields_of(name: str) -> dict[str, Field]:
    """The fields of a kind of fact, or those that may be ``set``."""
    return ATTACHMENT if name == SET else KINDS[name].fields


def holds(name: str, field: Field) -> str:
    """What values a field of the kind ``name`` has: ``0 or 1``, ``number, at most 4095``, ``text``.

    A ``word`` is one of those that the field's meaning lists.
    """
    if field.type is str:
        return "word" if field.words else "text"
    if field.words:
        return "true or false" if name == SET else " or ".join(map(str, field.words))
    return "number" if field.most is None else f"number, at most {field.most}"


def listed() -> Iterator[str]:
    """Each kind in a line."""
    wide = max(map(len, MEANINGS)) + 2
    for name, meaning in MEANINGS.items():
        yield from folded(meaning.replace("`", ""), WIDTH_OF_FIELDS, first=name.ljust(wide))


def described(name: str) -> Iterator[str]:
    """One kind and its fields as a table."""
    if name == SET:
        yield f"{name}: {MEANINGS[name].replace('`', '')}; null takes a value away"
    else:
        yield from folded(f"{KINDS[name].meaning}; {origin(KINDS[name])}", WIDTH_OF_FIELDS, first=f"{name}: ")
    fields = fields_of(name)
    rows = [(field, holds(name, declared), _meaning(name, declared)) for field, declared in fields.items()]
    wide = max(len(field) for field, _, _ in rows) + 2
    held = max(len(values) for _, values, _ in rows) + 2
    for field, values, meaning in rows:
        first = f"  {field.ljust(wide)}{values.ljust(held)}"
        yield from folded(meaning, WIDTH_OF_FIELDS, first=first, rest=" " * (2 + wide + held))


def document(names: list[str]) -> dict[str, object]:
    """The kinds ``names`` for a program."""
    return {
        "format": "mgmtnet/fields@1",
        "kinds": [
            {
                "kind": name,
                "meaning": MEANINGS[name],
                "concluded_in": KINDS[name].concluded_in if name in KINDS else "",
                "fields": [_field(field, declared) for field, declared in fields_of(name).items()],
            }
            for name in names
        ],
    }


def _field(name: str, declared: Field) -> dict[str, object]:
    return {
        "field": name,
        "type": "text" if declared.type is str else "number",
        "meaning": declared.meaning,
        "values": list(declared.words),
        "most": declared.most,
        "absent": absent(declared),
        "absent_in_messages": declared.absent,
    }


def page() -> str:
    """All of it as Markdown."""
    lines = [
        "# The facts that rules match",
        "",
        "Written by `make docs` from the planner's vocabulary. `mgmtnet rules fields KIND` prints one kind, and",
        "`mgmtnet facts CAPTURE` the facts of a host; docs/rule-language.md explains how to match them.",
        "",
        "A fact has every field of its kind: one that the host does not tell is empty text or -1, and a message says",
        "what stands in the last column. A field that holds a word has one of those that its meaning lists.",
        "",
        "| kind | a fact is | comes from |",
        "|---|---|---|",
        *(f"| [{name}](#{name}) | {markdown_text(kind.meaning)} | {origin(kind)} |" for name, kind in KINDS.items()),
        f"| [{SET}](#{SET}) | {markdown_text(MEANINGS[SET])} | |",
    ]
    for name, meaning in MEANINGS.items():
        came = f"{origin(KINDS[name])[:1].upper()}{origin(KINDS[name])[1:]}: " if name in KINDS else ""
        lines += ["", f"## {name}", "", markdown_text(f"{came}{meaning}."), ""]
        lines += ["| field | holds | meaning | absent |", "|---|---|---|---|"]
        for field, declared in fields_of(name).items():
            cells = (holds(name, declared), declared.meaning, "" if name == SET else declared.absent)
            lines.append(f"| {markdown_code(field)} | {' | '.join(map(markdown_text, cells))} |")
    return "\n".join(lines) + "\n"


def _meaning(kind: str, declared: Field) -> str:
    told = declared.meaning.replace("`", "")
    return told if kind == SET or declared.absent in ("none", "unknown") else f"{told} (absent: {declared.absent})"
