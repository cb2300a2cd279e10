"""A new rule's file out of one that is like it: what is of the old one alone is taken out."""

from planner.authoring.alignment import aligned, split_row
from planner.authoring.ordering import HEADING, blocks_of, head_of
from planner.documents.node import Node
from planner.documents.sources import parse_yaml

# A comment: a why that is there and says nothing would be an error, and nobody could try the rule before it is written.
WHY = "# why: what would happen to a host without this rule, and where that is known from"
COLUMNS = ("examples.fires", "examples.silent", "why")


def copied(text: str, name: str, since: str, schema: str) -> str:
    """The file ``text``, which reads well, as that of the rule ``name``: its why and its examples are to be filled in.

    ``schema`` is the path of the rules' schema, for editors.
    """
    node, _ = parse_yaml(text, name)
    if node is None:
        return text
    lines = text.splitlines()
    head = head_of(lines)
    tabular = any(entry.name == "table" for entry in node.entries)
    goldens = ["examples:", *([] if tabular else ["  fires: []"]), "  silent: []"]
    written = {"rule": [f"rule: {name}"], "since": [f'since: "{since}"'], "why": [WHY], "examples": goldens}
    made = [f"{HEADING}: $schema={schema}", *(line for line in lines[:head] if not line.startswith(HEADING))]
    for entry, begin, end in blocks_of(lines, node, head, len(lines)):
        comments = lines[begin : entry.key.line - 1]
        made += [*comments, *written.pop(entry.name, lines[entry.key.line - 1 : end])]
        if entry.name == "summary" and all(other.name != "why" for other in node.entries):
            made += written.pop("why")
    made += [line for block in written.values() for line in block]
    return _without_goldens("\n".join(made) + "\n", name) if tabular else "\n".join(made) + "\n"


def _without_goldens(text: str, source: str) -> str:
    """A table's file with the cells empty that were about the old rows."""
    node, _ = parse_yaml(text, source)
    table = _under(node, "table")
    columns, rows = _under(table, "columns"), _under(table, "rows")
    if columns is None or rows is None:
        return text
    old = [index for index, heading in enumerate(columns.items) if heading.value in COLUMNS]
    lines = text.splitlines()
    for entry in rows.entries:
        split = split_row(lines[entry.value.line - 1])
        if split is not None and len(split[1]) == len(columns.items):
            begin, cells, rest = split
            cells = ["~" if index in old else cell for index, cell in enumerate(cells)]
            lines[entry.value.line - 1] = f"{begin} [{', '.join(cells)}]{rest}"
    return aligned("\n".join(lines) + "\n", source)


def _under(node: Node | None, name: str) -> Node | None:
    entries = node.entries if node is not None else ()
    return next((entry.value for entry in entries if entry.name == name), None)
