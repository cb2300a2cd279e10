"""A page for each rule and for each problem's code: what, why, and hosts on which it fires and on which it is silent.

As Markdown they are docs/rules/ and docs/codes/; `mgmtnet explain` prints them for a terminal.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from planner.explain.codes import CHAPTERS, CODES
from planner.explain.handbook import asked, does
from planner.explain.lettering import folded
from planner.language import STAGES, Rule, Ruleset
from planner.printing import markdown_text

WIDTH = 100
VERBS = {"error": "refuses the host", "warning": "warns", "note": "notes"}


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
    """What pages are written from: the rules, their hosts, and the invariants that rules carry, by rule.

    ``draw`` gives a rule's host by its golden; None where that is not at hand.
    """

    ruleset: Ruleset
    draw: Callable[[Rule, str], Drawn | None]
    invariants: Mapping[str, str] = {}


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
        yield Block("item", f"It {VERBS[verdict.severity]} ({verdict.code}): {verdict.message}.")
        yield from _hint_and_event(verdict.hint, verdict.event)
    overriders = [other.name for other in book.ruleset.rules if rule.name in other.overrides]
    for names, told in ((rule.overrides, "It speaks instead of"), (overriders, "It is silent where these fire:")):
        if names:
            yield Block("item", f"{told} {_code(names)}.")
    if rule.name in book.invariants:
        yield Block("heading", "What it keeps")
        yield Block("text", book.invariants[rule.name])
    yield from _hosts(rule, book)


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
                yield Block("item", f"It {VERBS[verdict.severity]}: {verdict.message}.")
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
    lines += [f"## Of the rules {ruleset.name}@{ruleset.version}", "", "| code | when | rules |", "|---|---|---|"]
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
    lines = [f"# The rules of {ruleset.name}@{ruleset.version}, a page each", ""]
    lines += ["Written by `make docs`. `mgmtnet explain RULE` prints the page of a rule; docs/rules.md has all in one."]
    for stage in STAGES:
        lines += ["", f"## {stage}", "", "| rule | when |", "|---|---|"]
        rules = sorted((rule for rule in ruleset.rules if rule.stage == stage), key=lambda rule: rule.name)
        lines += [f"| [{rule.name}]({rule.name}.md) | {markdown_text(rule.summary)} |" for rule in rules]
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
