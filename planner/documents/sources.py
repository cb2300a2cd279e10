"""YAML text to nodes with positions, and values to YAML text: the one module that knows PyYAML.

Only what every reader of YAML takes alike gets through: maps with distinct words for keys, lists, text,
whole numbers, true, false and null. Anchors, tags, merges and whatever YAML 1.1 and 1.2 disagree about are
refused with advice.
"""

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from planner.documents.findings import Findings
from planner.documents.node import Entry, Node, NodeKind
from planner.documents.places import written_at
from planner.documents.scalars import Unclear, resolve
from planner.printing import printable_lines
from planner.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

# The largest rule file is 4 kB. Smaller and a generated definition with many name servers might not fit;
# larger and a file of nothing but braces takes seconds.
LONGEST_TEXT = 1 << 20
# Rules nest 6 deep. More serves nobody, and unlimited would end in a RecursionError further on.
DEEPEST = 24

# C0 and C1 controls, line separators that editors do not count as lines, marks that reverse the reading
# direction, surrogates, byte order marks inside the text and non-characters.
UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)

# A line of a map without depth that needs neither quotes nor a second look, or that says nothing.
PLAIN_LINE = re.compile("(?:([a-z][a-z0-9_]*): +([A-Za-z0-9](?:[A-Za-z0-9._:/-]*[A-Za-z0-9])?))?(?:(?:^| +)#[ -~]*)? *")

UNREADABLE = "yaml-syntax"  # of a text that is not YAML at all
QUOTE_IT = "quote the word"

# What the parser says -> what it means, and what to do. The first that is found in its words counts.
SYNTAX: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "a second colon in one value", "quote the text that holds `: `"),
    ("scanning a quoted scalar", "the quote opened here is never closed", "close it"),
    ("unknown escape character", "the backslash begins no escape", "use '...', in which a backslash is a backslash"),
    ("escape character", "the backslash begins no escape", "use '...', in which a backslash is a backslash"),
    ("cannot start any token", "the character cannot begin a word", QUOTE_IT),
    ("flow mapping", "the { opened here is not closed, or a comma is missing", "text with , { } or : wants quotes"),
    ("flow sequence", "the [ opened here is not closed, or a comma is missing", "text with , [ ] or : wants quotes"),
    ("flow node", "a value is missing between the brackets", "write one, or close the bracket"),
    (
        "sequence entries are not",
        "a list cannot begin on the line of its key",
        "begin it on the next line, or use [...]",
    ),
    ("block collection", "the line belongs to no list", "indent it like the `- ` above"),
    ("block mapping", "the line belongs to no map", "indent it like the key above"),
    ("could not find expected ':'", "a colon is missing after the key", "write `key: value`"),
    ("document start", "the line belongs to nothing above it", "indent it like what it belongs to"),
    ("alias", "a name is missing after * or &", "quote text that begins with * or &"),
    ("anchor", "a name is missing after * or &", "quote text that begins with * or &"),
    ("tag", "a tag is malformed", "quote text that begins with !"),
)


class _Open(NamedTuple):
    """A map or list that is still being read."""

    kind: NodeKind
    line: int
    column: int
    items: list[Node]


class Span(NamedTuple):
    """From where to where a key or a value stands, counted from 0, and what it is quoted with (``>``: a block)."""

    line: int
    begin: int
    last: int
    end: int
    style: str


class _Unreadable(Exception):  # noqa: N818  the way out of the event loop; never leaves this module
    pass


def parse_yaml(text: str, source: str) -> tuple[Node | None, list[Problem]]:
    """The document in ``text``, or None if it is none, and everything that is wrong with its form."""
    text = text.removeprefix("\ufeff")
    findings = Findings(source, text)
    if len(text) > LONGEST_TEXT:
        findings.report(Node("null"), "too-large", f"longer than {LONGEST_TEXT >> 10} KiB", "is it the right file?")
    for unprintable in UNPRINTABLE.finditer(text[:LONGEST_TEXT]):
        message = f"the character U+{ord(unprintable.group()):04X} cannot be seen"
        findings.report(_at(text, unprintable.start()), "control-character", message, 'take it out, or write "\\u...."')
    for indent in TAB_INDENT.finditer(text[:LONGEST_TEXT]):
        findings.report(_at(text, indent.end() - 1), "yaml-tab", "a tab in the indentation", "indent with spaces")
    if findings.problems:
        return None, findings.problems
    flat = _flat(text)
    if flat is not None:
        return flat, []
    try:
        return _read(text, findings), findings.problems
    except _Unreadable:
        return None, findings.problems


def _flat(text: str) -> Node | None:
    """The map in ``text`` if each of its lines is plain, as most definitions are: PyYAML takes 20 ms to import."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        plain = PLAIN_LINE.fullmatch(line)
        if plain is None or plain.group(1) in entries:
            return None
        if plain.group(1):
            key, value = (resolve(word) for word in plain.groups())
            if isinstance(key, Unclear) or isinstance(value, Unclear) or key.kind != "text":
                return None
            nodes = (Node(*word, number, plain.start(place) + 1) for place, word in ((1, key), (2, value)))
            entries[plain.group(1)] = Entry(*nodes)
    first = next(iter(entries.values()), None)
    return None if first is None else Node("map", None, first.key.line, 1, entries=tuple(entries.values()))


def _at(text: str, index: int) -> Node:
    return Node("null", None, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _read(text: str, findings: Findings) -> Node:
    """Fold the parser's events into one node; ``opened`` are the collections that are not closed yet."""
    root: Node | None = None
    opened: list[_Open] = []
    for name, event in _events(text, findings):
        node = None
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if name == "DocumentStartEvent" and root is not None:
            here = Node("null", None, line, column)
            _give_up(findings, here, "yaml-documents", "a second document", "take the --- out")
        elif name == "AliasEvent":
            node = _refused(findings, "*" + event.anchor, line, column)
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            _plainly(findings, event, line, column)
            _open(findings, opened, _Open("map" if name[0] == "M" else "list", line, column, []))
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            node = _closed(findings, opened.pop())
        elif name == "ScalarEvent":
            _plainly(findings, event, line, column)
            key = bool(opened) and opened[-1].kind == "map" and len(opened[-1].items) % 2 == 0
            node = _scalar(findings, event, line, column, key=key)
        if node is not None and opened:
            opened[-1].items.append(node)
        elif node is not None:
            root = node
    if root is None:
        _give_up(findings, Node("null"), "empty-document", "there is nothing in it", "is it the right file?")
    return root


def _events(text: str, findings: Findings) -> "Iterator[tuple[str, Any]]":
    import yaml  # 20 ms: a plan from JSON, by a plain definition and compiled rules, does without

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, loader):
            yield type(event).__name__, event
    except yaml.MarkedYAMLError as failure:
        said = f"{failure.context or ''}: {failure.problem or ''}"
        opening = "quoted scalar" in said or "flow mapping" in said or "flow sequence" in said
        mark = (failure.context_mark if opening else None) or failure.problem_mark or failure.context_mark
        here = _within(text, mark.line + 1, mark.column + 1) if mark else Node("null")
        for words, message, hint in SYNTAX:
            if words in said:
                instead = _quoted(text, here) if hint == QUOTE_IT else ()
                _give_up(findings, here, UNREADABLE, message, hint, instead)
        _give_up(findings, here, UNREADABLE, f"not YAML: {said.strip(': ')}", "look at the line before, too")
    except yaml.YAMLError as failure:
        _give_up(findings, Node("null"), UNREADABLE, f"not YAML: {failure}", "is it the right file?")


def scalar_spans(text: str) -> "Iterator[Span]":
    """Where each key and each value of a well-formed document stands."""
    for name, event in _events(text, Findings("")):
        if name == "ScalarEvent":
            begin, end = event.start_mark, event.end_mark
            yield Span(begin.line, begin.column, end.line, end.column, event.style or "")


def _within(text: str, line: int, column: int) -> Node:
    """The place, or the end of the text where the parser points behind it."""
    lines = text.rstrip().splitlines() or [""]
    return Node("null", None, *((line, column) if line <= len(lines) else (len(lines), len(lines[-1]) + 1)))


def _quoted(text: str, here: Node) -> tuple[str, ...]:
    """The word at a place in quotes, if it needs no more than them."""
    word = written_at(text, here.line, here.column)
    return (f'"{word}"',) if word and not set(word) & set('"\\') else ()


def _give_up(
    findings: Findings, node: Node, code: str, message: str, hint: str, instead: tuple[str, ...] = ()
) -> NoReturn:
    findings.report(node, code, message, hint, instead=instead)
    raise _Unreadable


def _refused(findings: Findings, word: str, line: int, column: int) -> Node:
    findings.report(
        Node("null", None, line, column),
        "yaml-alias",
        f"{word} stands for something written elsewhere",
        "write it out here; quote text that begins with * or &",
    )
    return Node("broken", None, line, column)


def _plainly(findings: Findings, event: Any, line: int, column: int) -> None:
    """Report an anchor or a tag, which nothing here needs."""
    if event.anchor is not None:
        _refused(findings, "&" + event.anchor, line, column)
    if event.tag is not None:
        here = Node("null", None, line, column)
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        findings.report(here, "yaml-tag", f"the tag {tag}", "leave it out; quote text that begins with !")


def _scalar(findings: Findings, event: Any, line: int, column: int, *, key: bool) -> Node:
    if event.style:
        return Node("text", event.value, line, column)
    meaning = resolve(event.value)
    here = Node("null", None, line, column)
    if isinstance(meaning, Unclear):
        hint = f'quote it: "{event.value}"' if key else meaning.hint
        findings.report(here, meaning.code, meaning.message, hint, instead=meaning.instead)
        return Node("broken", None, line, column)
    if key and event.value == "<<":
        findings.report(here, "yaml-merge", "<< merges another map into this one", "write its keys out here")
        return Node("broken", None, line, column)
    return Node(meaning.kind, meaning.value, line, column)


def _open(findings: Findings, opened: list[_Open], collection: _Open) -> None:
    opened.append(collection)
    if len(opened) > DEEPEST:
        here = Node("null", None, collection.line, collection.column)
        _give_up(findings, here, "yaml-depth", f"more than {DEEPEST} levels deep", "nothing here nests so deep")


def _closed(findings: Findings, collection: _Open) -> Node:
    kind, line, column, items = collection
    if kind == "list":
        return Node("list", None, line, column, items=tuple(items))
    entries: dict[str, Entry] = {}
    for key, value in zip(items[::2], items[1::2], strict=True):
        if key.kind != "text":
            findings.report(key, "yaml-key", "a key must be a word", "quote it")
        elif str(key.value) in entries:
            first = entries[str(key.value)].key.line
            message = f'the key "{key.value}" is there twice; the first is in line {first}'
            findings.report(key, "duplicate-key", message, "keep one of them")
        else:
            entries[str(key.value)] = Entry(key, value)
    return Node("map", None, line, column, entries=tuple(entries.values()))


def plain(node: Node) -> Any:
    """The document without positions: dicts, lists and scalars."""
    if node.kind == "map":
        return {entry.name: plain(entry.value) for entry in node.entries}
    return [plain(item) for item in node.items] if node.kind == "list" else node.value


def dump_yaml(document: Any) -> str:
    """A document as YAML, in its own order."""
    import yaml

    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    if text != printable_lines(text):  # PyYAML escapes what its readers refuse, and not what steers a terminal
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=120)
    return text
