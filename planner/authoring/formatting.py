"""Rule files and manifests in their canonical form, comments kept: the one module that knows ruamel.yaml.

Keys are put in order as lines, and ruamel.yaml lays the result out. What comes out is read again: if it does not say
the same, or a comment is missing, the file stays as it is.
"""

import io
import textwrap
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from planner.authoring.alignment import aligned
from planner.authoring.layout import MARGIN, WIDTH, lay_out
from planner.authoring.ordering import MANIFEST, RULE, Order, put_in_order
from planner.documents.node import Node
from planner.documents.sources import Span, parse_yaml, plain, scalar_spans
from planner.problem import Problem, Where

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
