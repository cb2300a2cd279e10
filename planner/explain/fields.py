"""Every kind of fact with its fields, as a page to read: docs/fields.md, and ``mgmtnet rules fields``."""

from collections.abc import Iterator

from planner.explain.lettering import folded
from planner.printing import markdown_code, markdown_text
from planner.vocabulary import ATTACHMENT, KINDS, Field, Kind, absent

WIDTH = 100
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
        yield from folded(meaning.replace("`", ""), WIDTH, first=name.ljust(wide))


def described(name: str) -> Iterator[str]:
    """One kind and its fields as a table."""
    if name == SET:
        yield f"{name}: {MEANINGS[name].replace('`', '')}; null takes a value away"
    else:
        yield from folded(f"{KINDS[name].meaning}; {origin(KINDS[name])}", WIDTH, first=f"{name}: ")
    fields = fields_of(name)
    rows = [(field, holds(name, declared), _meaning(name, declared)) for field, declared in fields.items()]
    wide = max(len(field) for field, _, _ in rows) + 2
    held = max(len(values) for _, values, _ in rows) + 2
    for field, values, meaning in rows:
        first = f"  {field.ljust(wide)}{values.ljust(held)}"
        yield from folded(meaning, WIDTH, first=first, rest=" " * (2 + wide + held))


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
