"""Bytes to text."""

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from planner.printing import printable_lines
from planner.problem import Fix, Problem, Severity, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

BOM = b"\xef\xbb\xbf"


def decode(content: bytes, source: str) -> str | Problem:
    """The UTF-8 text, without a byte order mark; or what is wrong at which place."""
    content = content.removeprefix(BOM)
    try:
        return content.decode()
    except UnicodeDecodeError as failure:
        before = content[: failure.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        return Problem(
            "not-utf8",
            f"byte 0x{content[failure.start]:02x} is not UTF-8 text",
            "save the file as UTF-8",
            where=(Where(source, line=line, column=column),),
        )


# A document as a tree in which every value and every key knows its place.


NodeKind = Literal["map", "list", "text", "int", "bool", "null", "broken"]

NAMES: dict[str, str] = {
    "map": "a map",
    "list": "a list",
    "text": "text",
    "int": "a number",
    "bool": "true or false",
    "null": "empty",
}


class Node(NamedTuple):
    """A value at ``line`` and ``column`` (from 1; 0: unknown).

    ``value`` is a scalar's, ``items`` a list's and ``entries`` a map's, whose keys are distinct text. A
    ``broken`` node has been reported already: whoever meets one says nothing more.
    """

    kind: NodeKind
    value: str | int | bool | None = None
    line: int = 0
    column: int = 0
    items: tuple["Node", ...] = ()
    entries: tuple["Entry", ...] = ()


class Entry(NamedTuple):
    """One key of a map with its value."""

    key: Node
    value: Node

    @property
    def name(self) -> str:
        """The key's text."""
        return str(self.key.value)


def spelled(node: Node) -> str:
    """The value as a message quotes it: as it is written, long ones cut short."""
    if node.kind in ("map", "list", "null"):
        return NAMES[node.kind]
    if node.kind == "bool":
        return "true" if node.value else "false"
    text = str(node.value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}"' if node.kind == "text" else text


# What a plain word of YAML means: the part on which YAML 1.1 and 1.2 readers agree, and advice on the rest.


CONSTANTS: dict[str, tuple[NodeKind, bool | None]] = {
    "": ("null", None),
    "~": ("null", None),
    **dict.fromkeys(("null", "Null", "NULL"), ("null", None)),
    **dict.fromkeys(("true", "True", "TRUE"), ("bool", True)),
    **dict.fromkeys(("false", "False", "FALSE"), ("bool", False)),
}
AFFIRMATIVE = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
NEGATIVE = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))

# Compiled when first matched: most starts need few of them, and the ten take a twentieth of a start.
WHOLE = r"-?(?:0|[1-9][0-9]*)"
DIGITS = r"[-+]?[0-9][0-9_]*"
BASED = r"[-+]?0[box][0-9a-fA-F_]+"
SEXAGESIMAL = r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
FRACTION = r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*\.[0-9_]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?"
NOT_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"

LARGEST = 2**53  # beyond it a JSON reader rounds


class Plain(NamedTuple):
    """What a plain word is."""

    kind: NodeKind
    value: str | int | bool | None


class Unclear(NamedTuple):
    """A plain word that readers of YAML take differently."""

    code: str
    message: str
    hint: str
    instead: tuple[str, ...] = ()


def resolve(word: str) -> Plain | Unclear:
    """The meaning of a scalar written without quotes."""
    if word in CONSTANTS:
        return Plain(*CONSTANTS[word])
    if word in AFFIRMATIVE or word in NEGATIVE:
        instead = "true" if word in AFFIRMATIVE else "false"
        message = f"{word} is a boolean to YAML 1.1 and a word to YAML 1.2"
        return Unclear("yaml-word", message, f'write {instead}, or "{word}"', (f'"{word}"', instead))
    if word[0] in "0123456789+-.":
        return _number(word)
    return Plain("text", word)


def _number(word: str) -> Plain | Unclear:
    if re.fullmatch(WHOLE, word):
        if len(word) > len(str(LARGEST)) or abs(int(word)) > LARGEST:
            return Unclear("yaml-number", f"{_short(word)} is too large a number", "quote it if it is a word")
        return Plain("int", int(word))
    quoted = f'quote it: "{_short(word)}"'
    if re.fullmatch(DIGITS, word) or re.fullmatch(BASED, word):
        return Unclear(
            "yaml-number",
            f"{_short(word)} is another number to YAML 1.1 than to YAML 1.2, or none",
            f"write a plain decimal number, or {quoted}",
            (f'"{word}"',),
        )
    if re.fullmatch(SEXAGESIMAL, word):
        message = f"{_short(word)} is a number in base 60 to YAML 1.1"
        return Unclear("yaml-number", message, quoted, (f'"{word}"',))
    if re.fullmatch(FRACTION, word) or re.fullmatch(NOT_FINITE, word):
        message = f"{_short(word)} is not a whole number"
        return Unclear("yaml-number", message, f"numbers are whole here; {quoted}", (f'"{word}"',))
    return Plain("text", word)


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:37] + "..."


# What stands in a text at a place: the scalar there as it is written, and a word inside it.


QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\''
PLAIN = r"[^\s,\[\]{}#\"'][^\s,\[\]{}]*"


def written_at(text: str, line: int, column: int) -> str:
    """The scalar of one word, or in quotes on one line, that stands at a place; empty if something else does."""
    rest = _rest(text, line, column)
    found = re.match(QUOTED, rest) or re.match(PLAIN, rest)
    return found[0].removesuffix(":") if found else ""


def respelled(text: str, node: Node, word: str, meant: str) -> Fix | None:
    """``word`` in the scalar at ``node`` made ``meant``; None where it does not stand there exactly once."""
    shared = word.rpartition(".")[0]
    if shared and meant.startswith(f"{shared}."):  # a nested map: only the last part of the name is written here
        word, meant = word.removeprefix(f"{shared}."), meant.removeprefix(f"{shared}.")
    whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    written = _rest(text, node.line, node.column)
    places = list(whole.finditer(written, 0, _end(written)))
    return Fix(node.line, node.column + places[0].start(), word, meant) if len(places) == 1 else None


def _end(rest: str) -> int:
    """Where the scalar at the beginning of ``rest`` ends; a placeholder in a text ends at its own brace."""
    if rest.startswith("{"):
        return rest.find("}") + 1
    found = re.match(QUOTED, rest) or re.match(PLAIN, rest)
    return found.end() if found else 0


def _rest(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line - 1][max(column, 1) - 1 :] if 0 < line <= len(lines) else ""


# Advice on a word that is not known.


NEAR = 0.74  # two letters swapped in a word of four; lower, and a word of another meaning is put in its place
CLEARLY = 0.08  # nearer than the next one by this much is the one that was meant
LISTED = 24  # fewer would leave out words of the longest list of fields; more would be no help


def near(word: str, known: Iterable[str]) -> list[str]:
    """The known words that ``word`` may well have been meant to be, as near as the nearest or nearly so."""
    import difflib

    found = difflib.get_close_matches(word[:100], list(known), n=3, cutoff=NEAR)
    likeness = [difflib.SequenceMatcher(None, one, word[:100]).ratio() for one in found]
    return [one for one, ratio in zip(found, likeness, strict=True) if ratio > likeness[0] - CLEARLY]


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or else all of them; nothing where none is known."""
    import difflib  # 9 ms: only somebody who mistyped waits for it

    words = list(known)
    close = difflib.get_close_matches(word[:100].lower(), spelt := {one.lower(): one for one in words}, n=1)
    if close:
        return f"did you mean {spelt[close[0]]}?"
    if not words:
        return ""
    further = len(words) - LISTED
    return "known: " + ", ".join(words[:LISTED]) + (f" and {further} more" if further > 0 else "")


# Taking the expected shapes out of a document, and collecting a problem for whatever is otherwise.


EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "map": "write `key: value`, each key once",
        "list": "write [one, two]",
        "text": "write one text, in quotes if it looks like something else",
        "bool": "write true or false",
    }
)
NO_SYNONYMS: Mapping[str, str] = MappingProxyType({})

# Fewer would make an author run the linter again and again; more and a broken file buries the others.
MOST_PROBLEMS = 50


class Findings:
    """The problems of one document."""

    def __init__(self, source: str, text: str = "") -> None:
        """Begin with none; ``text`` is what the document was read from, to find the place of a word in it."""
        self.source = source
        self.text = text
        self.problems: list[Problem] = []

    def join(self, other: "Findings") -> None:
        """Note what another reading of the same document found, unless it is noted already."""
        room = MOST_PROBLEMS - len(self.problems)
        self.problems += [problem for problem in other.problems if problem not in self.problems][:room]

    def in_order(self) -> tuple[Problem, ...]:
        """The problems from the top of the document to its end."""
        return tuple(sorted(self.problems, key=lambda problem: (problem.where[0].line, problem.where[0].column)))

    def report(
        self,
        node: Node,
        code: str,
        message: str,
        hint: str = "",
        *,
        path: str = "",
        severity: Severity = "error",
        instead: Collection[str] = (),
    ) -> None:
        """Note what is wrong at ``node``; beyond ``MOST_PROBLEMS`` nothing is noted any more.

        ``instead`` is what may stand in place of the scalar at ``node``, word for word, without further thought.
        """
        if len(self.problems) < MOST_PROBLEMS and node.kind != "broken":
            where = Where(self.source, path, node.line, node.column)
            old = written_at(self.text, node.line, node.column) if instead else ""
            fixes = tuple(Fix(node.line, node.column, old, new) for new in instead) if old else ()
            self.problems.append(Problem(code, message, hint, severity, where=(where,), fixes=fixes))

    def unknown(
        self, node: Node, code: str, message: str, known: Collection[str], synonyms: Mapping[str, str] = NO_SYNONYMS
    ) -> None:
        """Note a word that is not in ``known``, with the one that was probably meant."""
        if len(self.problems) < MOST_PROBLEMS:
            word = str(node.value)
            meant = [synonyms[word]] if word in synonyms else near(word, known)
            hint = f"did you mean {synonyms[word]}?" if word in synonyms else suggest(word, known)
            before = len(self.problems)
            self.report(node, code, message, hint)
            fix = respelled(self.text, node, word, meant[0]) if len(meant) == 1 else None
            if fix is not None and len(self.problems) > before:
                self.problems[-1] = self.problems[-1]._replace(fixes=(fix,))

    def word(self, node: Node, word: str) -> Node:
        """A node for ``word`` where it stands in the text of ``node``, or else where ``node`` stands."""
        lines = self.text.splitlines()
        for line in range(node.line, min(len(lines), node.line + 40) + 1):
            start = node.column - 1 if line == node.line else 0
            column = lines[line - 1].find(word, start) + 1
            if column:
                return Node("text", word, line, column)
        return Node("text", word, node.line, node.column)

    def expect(self, node: Node, kind: NodeKind, what: str, hint: str = "") -> bool:
        """Whether ``node`` is of ``kind``; if not, that is noted."""
        if node.kind != kind:
            message = f"{what} must be {NAMES[kind]}, and is {spelled(node)}"
            instead = (f'"{spelled(node)}"',) if kind == "text" and node.kind in ("int", "bool") else ()
            self.report(node, "wrong-type", message, hint or EXPECTED[kind], instead=instead)
        return node.kind == kind

    def expect_list(self, node: Node, what: str, hint: str) -> bool:
        """Whether ``node`` is a list; if it is a word instead, brackets around it cure that."""
        if node.kind not in ("text", "int"):
            return self.expect(node, "list", what, hint)
        written = written_at(self.text, node.line, node.column)
        message = f"{what} must be a list, and is {spelled(node)}"
        self.report(node, "wrong-type", message, hint, instead=(f"[{written}]",))
        return False

    def fields(self, node: Node, what: str, known: Collection[str], needed: Collection[str] = ()) -> dict[str, Entry]:
        """The entries of a map with the ``known`` keys, of which those ``needed`` must be there."""
        if not self.expect(node, "map", what):
            return {}
        entries = {entry.name: entry for entry in node.entries}
        for name, entry in entries.items():
            if name not in known:
                self.unknown(entry.key, "unknown-key", f'{what} has no "{name}"', known)
        for name in needed:
            if name not in entries:
                self.report(node, "missing-key", f"{what} has no {name}", f"add `{name}:`")
        return {name: entry for name, entry in entries.items() if name in known}

    def string(self, entry: Entry | None, what: str) -> str:
        """A text that is not blank, on one line; ``""`` if it is missing or something else."""
        if entry is None:
            return ""
        node = entry.value
        if node.kind in ("int", "bool"):
            quoted = f'"{spelled(node)}"'
            message = f"{what} must be text, and is {spelled(node)}"
            self.report(node, "wrong-type", message, f"quote it: {quoted}", instead=(quoted,))
            return ""
        if not self.expect(node, "text", what):
            return ""
        text = " ".join(str(node.value).split())
        if not text:
            self.report(node, "wrong-type", f"{what} is blank", f"write something, or leave out `{entry.name}`")
        return text

    def strings(self, entry: Entry | None, what: str) -> tuple[tuple[str, Node], ...]:
        """A list of distinct texts, each with its node."""
        if entry is None or not self.expect_list(entry.value, what, f"write {entry.name}: [...]"):
            return ()
        found: dict[str, Node] = {}
        for item in entry.value.items:
            if not self.expect(item, "text", f"an item of {what}"):
                continue
            text = str(item.value)
            if text in found:
                self.report(item, "named-twice", f'{what} name "{text}" twice', "take one out")
            found.setdefault(text, item)
        return tuple(found.items())

    def flag(self, entry: Entry | None, what: str, *, otherwise: bool = False) -> bool:
        """A yes or no."""
        if entry is None or not self.expect(entry.value, "bool", what, "write true or false"):
            return otherwise
        return bool(entry.value.value)


# YAML text to nodes with positions, and values to YAML text: the one module that knows PyYAML.
#
# Only what every reader of YAML takes alike gets through: maps with distinct words for keys, lists, text,
# whole numbers, true, false and null. Anchors, tags, merges and whatever YAML 1.1 and 1.2 disagree about are
# refused with advice.


# The largest rule file is 4 kB. Smaller and a generated definition with many name servers might not fit;
# larger and a file of nothing but braces takes seconds.
LONGEST_TEXT = 1 << 20
# Rules nest 6 deep. More serves nobody, and unlimited would end in a RecursionError further on.
DEEPEST = 24

# C0 and C1 controls, line separators that editors do not count as lines, marks that reverse the reading
# direction, surrogates, byte order marks inside the text and non-characters.
UNPRINTABLE = "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
TAB_INDENT = r"^ *\t"

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
    """The document in ``text``, or None if it is not YAML, and everything that is wrong with its form."""
    text = text.removeprefix("\ufeff")
    flat = _flat(text) if len(text) <= LONGEST_TEXT else None
    if flat is not None:
        return flat, []
    findings = Findings(source, text)
    if len(text) > LONGEST_TEXT:
        findings.report(Node("null"), "too-large", f"longer than {LONGEST_TEXT >> 10} KiB", "is it the right file?")
    for unprintable in re.finditer(UNPRINTABLE, text[:LONGEST_TEXT]):
        message = f"the character U+{ord(unprintable.group()):04X} cannot be seen"
        findings.report(_at(text, unprintable.start()), "control-character", message, 'take it out, or write "\\u...."')
    for indent in re.finditer(TAB_INDENT, text[:LONGEST_TEXT], re.MULTILINE):
        findings.report(_at(text, indent.end() - 1), "yaml-tab", "a tab in the indentation", "indent with spaces")
    if findings.problems:
        return None, findings.problems
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
