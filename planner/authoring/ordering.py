"""The keys of a rule file or a manifest in their canonical order, moved as lines with the comments above them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from planner.documents.node import Entry, Node
from planner.policy.consequences import WORDS
from planner.policy.manifests import KEYS as MANIFEST_KEYS
from planner.policy.parsing import KEYS as RULE_KEYS

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
MANIFEST = Order(MANIFEST_KEYS, {"disable": Order(("rule", "reason"))})


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
