"""Which maps and lists of a rule file stand in a block, and which in {braces} or [brackets].

The document is ruamel.yaml's: dicts and lists whose ``fa`` says how they are written, and whose ``ca`` holds comments.
"""

from typing import Any

from planner.authoring.ordering import MANIFEST, Order
from planner.policy.consequences import SEVERITIES

WIDTH = 120  # of prose: as wide as the code
BRACES = 128  # of a map in {braces}: narrower breaks patterns that read well in one line, wider hides their ends
MARGIN = 2
QUOTED = ("SingleQuotedScalarString", "DoubleQuotedScalarString")


def lay_out(document: Any, order: Order) -> None:
    """Give every map and list of a rule or a manifest its style, and those that become blocks their order."""
    document.fa.set_block_style()
    _sort(document, order)
    if order is MANIFEST:
        for item in _block(document.get("disable")):
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
