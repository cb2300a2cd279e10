"""Rule files and manifests in their canonical form, comments kept: the one module that knows ruamel.yaml.

Keys are put in order as lines, and ruamel.yaml lays the result out. What comes out is read again: if it does not say
the same, or a comment is missing, the file stays as it is.
"""

import io
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from planner.problem import Problem, Where
from planner.rules.consequences import SEVERITIES, WORDS
from planner.rules.reader import KEYS as RULE_KEYS
from planner.rules.ruleset import KEYS as MANIFEST_KEYS
from planner.yamltext import Entry, Node, Span, parse_yaml, plain, scalar_spans

# The keys of a rule file or a manifest in their canonical order, moved as lines with the comments above them.


HEADING = "# yaml-language-server"


class Order(NamedTuple):
    """The order of a map's keys, and of the maps (or of those in the lists) under some of them."""

    keys: tuple[str, ...]
    inner: Mapping[str, "Order"] = {}


VERDICTS = Order(("code", "event", "message", "hint"))
RULE = Order(
    RULE_KEYS,
    {
        "table": Order(("columns", "rows")),
        "then": Order(WORDS, dict.fromkeys(WORDS[2:], VERDICTS)),
        "examples": Order(("fires", "silent")),
    },
)
MANIFEST = Order(MANIFEST_KEYS, {"disable": Order(("rule", "reason")), "give_up": Order(("invariant", "reason"))})


def put_in_order(text: str, node: Node, order: Order) -> str:
    """The document ``text``, read as ``node``, with the keys of its block maps in ``order``."""
    lines = text.splitlines()
    head, foot = head_of(lines), len(lines)
    while foot > head and lines[foot - 1][:1] in ("#", ""):
        foot -= 1
    return "\n".join([*lines[:head], *_ordered(lines, node, head, foot, order), *lines[foot:]]) + "\n"


def head_of(lines: list[str]) -> int:
    """How many lines belong to the file rather than to its first key."""
    comments = next((index for index, line in enumerate(lines) if line.strip() and line[0] != "#"), len(lines))
    for index in range(comments):
        if lines[index].startswith(HEADING):
            return index + 1
    blank = [index for index in range(comments) if not lines[index].strip()]
    return blank[-1] + 1 if blank else comments


def blocks_of(lines: list[str], node: Node, first: int, last: int) -> Iterator[tuple[Entry, int, int]]:
    """Each entry of a block map on the lines from ``first`` up to ``last``, with its own: comments above included."""
    starts = [first, *(_start(lines, entry, first) for entry in node.entries[1:]), last]
    yield from zip(node.entries, starts, starts[1:], strict=False)


def _ordered(lines: list[str], node: Node, first: int, last: int, order: Order) -> list[str]:
    """The lines from ``first`` up to ``last``, which hold the block map ``node``, in order."""
    top = node.entries[0].key
    before = lines[first][: top.column - 1] if top.line == first + 1 else ""
    blocks: list[tuple[int, list[str]]] = []
    for entry, begin, end in blocks_of(lines, node, first, last):
        rank = order.keys.index(entry.name) if entry.name in order.keys else len(order.keys)
        inner = order.inner.get(entry.name)
        blocks.append((rank, _inside(lines, entry, begin, end, inner) if inner is not None else lines[begin:end]))
    if before.strip():  # the dash of a list stays before whatever comes first
        blocks[0][1][0] = " " * len(before) + blocks[0][1][0][len(before) :]
    moved = [line for _, block in sorted(blocks, key=lambda block: block[0]) for line in block]
    return _with_dash(moved, before) if before.strip() else moved


def _with_dash(lines: list[str], before: str) -> list[str]:
    """The lines of a map with the dash before its first key; comments above that stand above the dash."""
    first = next(index for index, line in enumerate(lines) if not line.lstrip().startswith("#"))
    indent = " " * (len(before) - len(before.lstrip()))
    comments = [indent + line.lstrip() for line in lines[:first]]
    return [*comments, before + lines[first][len(before) :], *lines[first + 1 :]]


def _inside(lines: list[str], entry: Entry, begin: int, end: int, order: Order) -> list[str]:
    """The lines of an entry with the map under it, or each map of the list under it, in order."""
    maps = entry.value.items if entry.value.kind == "list" else (entry.value,)
    if not maps or any(node.line <= entry.key.line for node in maps):
        return lines[begin:end]
    firsts = [_first(lines, node, entry.key.line) for node in maps]
    done = lines[begin : firsts[0]]
    for node, first, last in zip(maps, firsts, [*firsts[1:], end], strict=True):
        done += _ordered(lines, node, first, last, order) if _is_block(lines, node) else lines[first:last]
    return done


def _first(lines: list[str], node: Node, floor: int) -> int:
    return _start(lines, node.entries[0], floor) if node.entries else node.line - 1


def _is_block(lines: list[str], node: Node) -> bool:
    return bool(node.entries) and not lines[node.line - 1][node.column - 1 :].startswith("{")


def _start(lines: list[str], entry: Entry, first: int) -> int:
    """The first of the lines of an entry: that of its key, or of the comments above that are as far to the left."""
    line = entry.key.line - 1
    indent = " " * (entry.key.column - 1)
    while line > first and (not lines[line - 1].strip() or lines[line - 1].startswith(f"{indent}#")):
        line -= 1
    return line


# Which maps and lists of a rule file stand in a block, and which in {braces} or [brackets].
# In ruamel.yaml's documents ``fa`` says how a map or list is written, and ``ca`` holds its comments.


WIDTH = 120  # of prose: as wide as the code
BRACES = 128  # of a map in {braces}: narrower breaks patterns that read well in one line, wider hides their ends
MARGIN = 2
QUOTED = ("SingleQuotedScalarString", "DoubleQuotedScalarString")


def lay_out(document: Any, order: Order) -> None:
    """Give every map and list of a rule or a manifest its style, and those that become blocks their order."""
    document.fa.set_block_style()
    _sort(document, order)
    if order is MANIFEST:
        for key in ("disable", "give_up"):
            for item in _block(document.get(key)):
                _block(item)
        return
    _flow(document.get("overrides"))
    for pattern in _block(document.get("when")):
        _brace(_block(pattern), 2 * MARGIN, always=True)
    table = _block(document.get("table"))
    _flow(_get(table, "columns"))
    for row in _values(_block(_get(table, "rows"))):
        _flow(row)
    then = _block(document.get("then"))
    _brace(_block(_get(then, "set")), 2 * MARGIN)
    for facts in _each(_get(then, "conclude")):
        _brace(_block(facts), 2 * MARGIN)
    for word in SEVERITIES:
        for verdict in _each(_get(then, word)):
            _block(verdict)
    for goldens in _values(_block(document.get("examples"))):
        _flow(goldens)


def _sort(document: Any, order: Order) -> None:
    """Put the keys in order of maps in {braces}; those in blocks are already."""
    for one in document if _is_list(document) else [document]:
        if _is_map(one):
            for key, inner in order.inner.items():
                _sort(one.get(key), inner)
            keys = sorted(one, key=lambda key: order.keys.index(key) if key in order.keys else len(order.keys))
            if keys != [*one]:
                for key in keys:
                    one.move_to_end(key)


def _block(value: Any) -> Any:
    """``value`` as a block, unless it is empty."""
    if value and (_is_list(value) or _is_map(value)):
        value.fa.set_block_style()
        return value
    return ()


def _flow(value: Any) -> None:
    if _is_list(value) and not _commented(value):
        value.fa.set_flow_style()


def _brace(block: Any, indent: int, *, always: bool = False) -> None:
    """Put the maps of a block in {braces}, where they fit on the line, if the author did; or ``always``."""
    for key, value in block.items() if _is_map(block) else ():
        if _is_map(value):
            fits = indent + len(str(key)) + 2 + _width(value) <= BRACES and not _commented(value)
            if not value or (fits and (always or value.fa.flow_style())):
                value.fa.set_flow_style()
            else:
                value.fa.set_block_style()
                _brace(value, indent + MARGIN, always=always)


def _width(value: Any) -> int:
    """How many columns a value takes in one line."""
    if _is_map(value):
        return sum(len(str(key)) + 2 + _width(inner) + 2 for key, inner in value.items()) or 2
    if _is_list(value):
        return sum(_width(inner) + 2 for inner in value) or 2
    if value is None:
        return len("null")
    quoted = type(value).__name__ in QUOTED or (isinstance(value, str) and not {*",[]{}"}.isdisjoint(value))
    return len(str(value)) + 2 * quoted


def _commented(value: Any) -> bool:
    if not (_is_list(value) or _is_map(value)):
        return False
    inner = value.values() if _is_map(value) else value
    return bool(value.ca.items or value.ca.comment) or any(map(_commented, inner))


def _each(value: Any) -> list[Any]:
    """The map, or those of the list."""
    if _is_list(value):
        return list(_block(value))
    return [value] if _is_map(value) else []


def _get(value: Any, key: str) -> Any:
    return value.get(key) if _is_map(value) else None


def _values(value: Any) -> list[Any]:
    return list(value.values()) if _is_map(value) else []


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


# The cells of a decision table under each other.


WIDEST = 200  # columns: a table that is wider is wrapped by most editors, and then blanks only disturb
OPENING, CLOSING = "[{", "]}"


def aligned(text: str, source: str) -> str:
    """A rule file with the cells of its table, if it has one, under each other; one row must be one line each."""
    node, _ = parse_yaml(text, source)
    table = _under(node, "table")
    heading, rows = _under(table, "columns"), _under(table, "rows")
    if heading is None or rows is None:
        return text
    lines = text.splitlines()
    numbers = [heading.line - 1, *(entry.value.line - 1 for entry in rows.entries)]
    split = [split_row(lines[number]) for number in numbers]
    cut = [parts for parts in split if parts is not None]
    if len(cut) < len(split) or len({len(cells) for _, cells, _ in cut}) != 1:
        return text
    head = max(len(begin) for begin, _, _ in cut)
    widths = [max(map(len, column)) for column in zip(*(cells for _, cells, _ in cut), strict=True)]
    if head + sum(widths) + 2 * len(widths) > WIDEST:
        return text
    for number, (begin, cells, rest) in zip(numbers, cut, strict=True):
        padded = [f"{cell},".ljust(width + 1) for cell, width in zip(cells[:-1], widths, strict=False)]
        lines[number] = f"{begin.ljust(head)} [{' '.join([*padded, cells[-1]])}]{rest}"
    return "\n".join(lines) + "\n"


def _under(node: Node | None, name: str) -> Node | None:
    entries = node.entries if node is not None else ()
    return next((entry.value for entry in entries if entry.name == name), None)


def split_row(line: str) -> tuple[str, list[str], str] | None:
    """``name: [a, b]  # c`` as ``name:``, the cells, and what follows; None if it is no such line."""
    begin, opening, rest = line.partition(": [")
    if not opening:
        return None
    cells, cell, depth, quote = [], "", 0, ""
    for position, letter in enumerate(rest):
        if quote:
            quote = "" if letter == quote and not (quote == '"' and _escaped(rest, position)) else quote
        elif letter in "\"'" and (not cell.strip() or cell.rstrip()[-1] in "[{:,"):
            quote = letter
        elif depth == 0 and letter in ",]":
            cells.append("~" if cell.strip() in ("null", "~", "") else cell.strip())
            cell = ""
            if letter == "]":
                comment = rest[position + 1 :].strip()
                return f"{begin}:", cells, f"  {comment}" if comment else ""
            continue
        depth += (letter in OPENING) - (letter in CLOSING) if not quote else 0
        cell += letter
    return None


def _escaped(text: str, position: int) -> bool:
    before = text[:position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


BLOCKS = ("|", ">")  # styles of a text that is a block of lines


def formatted(text: str, source: str, *, manifest: bool = False) -> str | Problem:
    """The canonical form of a file that reads without an error; or why it has none."""
    from ruamel.yaml.error import YAMLError

    order = MANIFEST if manifest else RULE
    text = text.removeprefix("\ufeff")
    try:
        laid = _laid_out(_bare(text), source, order)
        same = laid is not None and _saying(laid, source) == _saying(text, source)
        if laid is not None and same and _comments(laid) == _comments(text):
            return laid
    except YAMLError:  # it reads YAML more narrowly than we do
        pass
    message = "this cannot be laid out without loss; the file is left as it is"
    hint = "move comments out of {braces}, [brackets] and texts, each above the line that it is about"
    return Problem("not-formattable", message, hint, where=(Where(source, line=1, column=1),))


def _laid_out(text: str, source: str, order: Order) -> str | None:
    node, problems = parse_yaml(text, source)
    if node is None or node.kind != "map" or problems:
        return None
    ordered = put_in_order(text, node, order) if text[_offset(text, node)] != "{" else text
    yaml = _yaml()
    document = yaml.load(ordered)
    if isinstance(document.get("why"), str):
        document["why"] = _folded(document["why"])
    lay_out(document, order)
    stream = io.StringIO()
    yaml.dump(document, stream)
    laid = _bare(stream.getvalue())  # after prose ruamel.yaml may add a blank line
    return laid if order is MANIFEST else aligned(laid, source)


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1 << 20  # whatever is broken over lines here is broken by us
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(type(None), lambda own, _: own.represent_scalar("tag:yaml.org,2002:null", "null"))
    return yaml


def _folded(text: str) -> Any:
    """Prose as ``>`` shows it: in the author's own lines, or broken anew where one is too long."""
    from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString

    if isinstance(text, LiteralScalarString):
        return text
    ends = [*getattr(text, "fold_pos", ()), len(text)]
    lines = [len(line) for begin, end in pairwise([0, *ends]) for line in text[begin:end].split("\n")]
    if isinstance(text, FoldedScalarString) and max(lines) <= WIDTH - MARGIN:
        return text
    paragraphs = [
        textwrap.wrap(part, WIDTH - MARGIN, break_long_words=False, break_on_hyphens=False)
        for part in text.strip().split("\n")
    ]
    folded = FoldedScalarString("\n".join(" ".join(lines) for lines in paragraphs) + "\n")
    at = 0
    folded.fold_pos = []
    for paragraph in paragraphs:
        for line in paragraph[:-1]:
            at += len(line)
            folded.fold_pos.append(at)
            at += 1
        at += len(paragraph[-1]) + 1 if paragraph else 1
    return folded


def _offset(text: str, node: Node) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: node.line - 1])) + node.column - 1


def _bare(text: str) -> str:
    """The text without blank lines and marks of a document's beginning and end, but for what stands in prose."""
    prose = _prose(text, scalar_spans(text))
    lines = text.splitlines()
    kept = [
        line.rstrip() if number not in prose else line
        for number, line in enumerate(lines)
        if number in prose or (line.strip() and line.rstrip() not in ("---", "..."))
    ]
    return "\n".join(kept) + "\n"


def _prose(text: str, spans: Iterable[Span]) -> set[int]:
    """The numbers of the lines inside texts of several lines, blank ones at their end left out."""
    lines = text.splitlines()
    prose: set[int] = set()
    for span in spans:
        first, last = span.line + 1, span.last
        if span.style in BLOCKS:
            indent = len(lines[span.line]) - len(lines[span.line].lstrip())
            outside = (
                number
                for number in range(first, len(lines))
                if lines[number].strip() and len(lines[number]) - len(lines[number].lstrip()) <= indent
            )
            last = next(outside, len(lines)) - 1
            while last >= first and not lines[last].strip():
                last -= 1
        prose.update(range(first, last + 1))
    return prose


def _comments(text: str) -> Counter[str]:
    """Every comment, by its words."""
    lines = text.splitlines()
    spans = list(scalar_spans(text))
    prose = _prose(text, spans)
    for span in spans:
        if span.style not in BLOCKS and span.line == span.last:
            line = lines[span.line]
            lines[span.line] = line[: span.begin] + "x" * (span.end - span.begin) + line[span.end :]
    found = (f" {line}".partition(" #")[2].strip() for number, line in enumerate(lines) if number not in prose)
    return Counter(comment for comment in found if comment)


def _saying(text: str, source: str) -> Any:
    """What the document says; in which lines prose is broken does not count."""
    node, _ = parse_yaml(text, source)
    return _words(plain(node)) if node is not None else None


def _words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _words(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_words(inner) for inner in value]
    return " ".join(value.split()) if isinstance(value, str) else value
