"""What the data centre wants of the management network, as its definition says it.

A definition is YAML or JSON. Booleans and numbers may be spelled as text, as the engine's REST interface
does; an MTU of 0 is the default and a vlan of 0 means untagged, as in the engine.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from planner.problem import Problem, required
from planner.yamltext import Entry, Findings, Node, spelled

DEFAULT_NETWORK = "ovirtmgmt"
DEFAULT_MTU = 1500  # bytes
SMALLEST_MTU, LARGEST_MTU = 68, 65535  # RFC 791's smallest link; what an IP packet's length field holds
LARGEST_NUMBER = 2**63  # Python refuses to print really large ones
BONDS = ("bond", "bonding", "bondings", "bonds")  # what people write who want one made
CAPTURED = {"nics", "bondings"}  # what getVdsCaps always has
PLANNED = {"attachment", "outcome"}  # what a plan always has
LARGEST_TAG = 4094  # IEEE 802.1Q; 4095 is reserved


class Definition(NamedTuple):
    """A management network as it is defined.

    ``vlan`` None: untagged. ``nameservers`` None: as the host has them. ``gateway4`` and ``gateway6``:
    ``""`` as the host reports it, ``none``, or an address. ``ipv4``: ``""`` as the host reports it, ``dhcp``
    or ``static``. ``digest`` names the content: equal digests, equal definitions.
    """

    network: str = DEFAULT_NETWORK
    vm_network: bool = True
    vlan: int | None = None
    mtu: int = DEFAULT_MTU
    stp: bool = False
    default_route: bool = True
    default_route_stated: bool = False
    nameservers: tuple[str, ...] | None = None
    gateway4: str = ""
    gateway6: str = ""
    ipv4: Literal["", "dhcp", "static"] = ""
    digest: str = ""


class DefinitionReading(NamedTuple):
    """A definition, or None and at least one error."""

    definition: Definition | None
    problems: tuple[Problem, ...]

    def required(self) -> Definition:
        """Return the definition; where there is none, raise an `InputError` with the problems."""
        return required(self.definition, self.problems)


def read_definition(content: str | bytes | Mapping[str, Any], source: str = "definition") -> DefinitionReading:
    """Read a definition from YAML text, JSON text, or a document that was parsed already.

    Args:
        content: the text or its bytes (UTF-8), or a mapping of field to value.
        source: what problems call it, such as the file's name.

    Returns:
        The definition, or None if an error is among the problems.

    Raises:
        TypeError: ``content`` is of another type, such as a path.

    >>> read_definition("{network: ovirtmgmt, vlan: 3000}", "definition.yaml").required().mtu
    1500
    """
    if not isinstance(content, str | bytes | Mapping):
        message = f"content is a {type(content).__name__}: give a definition's text, its bytes, or a mapping"
        raise TypeError(message)
    if isinstance(content, Mapping):
        return _definition(_node(content), Findings(source))
    if isinstance(content, bytes):
        from planner.yamltext import decode

        text = decode(content, source)
        if isinstance(text, Problem):
            return DefinitionReading(None, (text,))
        content = text
    document = _json(content)
    reading = _definition(document, Findings(source)) if document is not None else None
    if reading is not None and not reading.problems:
        return reading
    # JSON is YAML too, and read as YAML it has positions to report; text that only JSON takes keeps its paths.
    from planner.yamltext import parse_yaml

    node, problems = parse_yaml(content, source)
    if reading is not None and (node is None or problems):
        return reading
    if node is None:
        return DefinitionReading(None, tuple(problems))
    findings = Findings(source, content)
    findings.problems += problems
    return _definition(node, findings)


def _json(text: str) -> Node | None:
    """The nodes of a JSON text, without positions; None if it is not JSON, or has to be read with positions."""
    if not text.lstrip().startswith("{"):
        return None
    import json

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        return _node(json.loads(text, object_pairs_hook=distinct))
    except (ValueError, RecursionError):
        return None


def _node(value: object, level: int = 0) -> Node:
    """A value of a document that was read already, as a node without a position; two levels are looked into."""
    if isinstance(value, Mapping):
        entries = (Entry(Node("text", str(key)), _node(inner, 1)) for key, inner in value.items())
        return Node("map", entries=tuple(entries) if level == 0 else ())
    if isinstance(value, list | tuple):
        return Node("list", items=tuple(_node(item, 2) for item in value) if level == 1 else ())
    if isinstance(value, bool):
        return Node("bool", value)
    if isinstance(value, int):
        return Node("int", value) if abs(value) < LARGEST_NUMBER else Node("text", "an enormous number")
    return Node("null") if value is None else Node("text", str(value))


def written(definition: Definition) -> dict[str, Any]:
    """The definition as one writes it; what is left out of it, or is by default, is not there."""
    gateways = [gateway for gateway in (definition.gateway4, definition.gateway6) if gateway]
    stated: dict[str, Any] = {
        "network": definition.network,
        "vm_network": definition.vm_network,
        "vlan": definition.vlan,
        "mtu": definition.mtu,
        "stp": definition.stp or None,
        "default_route": definition.default_route if definition.default_route_stated else None,
        "nameservers": list(definition.nameservers) if definition.nameservers is not None else None,
        "gateway": "none" if "none" in gateways else gateways[0] if len(gateways) == 1 else gateways or None,
        "ipv4": definition.ipv4 or None,
    }
    return {key: value for key, value in stated.items() if value is not None}


def _definition(node: Node, findings: Findings) -> DefinitionReading:
    if CAPTURED.issubset(entry.name for entry in node.entries):
        message = "this is a capture: a definition says what is wanted of a host, not what it is"
        hint = (
            "give the capture itself before it: mgmtnet plan CAPTURE --network DEFINITION; `mgmtnet define` makes one"
        )
        findings.report(node, "not-a-definition", message, hint)
        return DefinitionReading(None, findings.in_order())
    if PLANNED.issubset(entry.name for entry in node.entries):
        message = "this is a plan, which holds the definition that it was made by"
        findings.report(node, "not-a-definition", message, "mgmtnet apply [HOST] --plan PLAN, without --network")
        return DefinitionReading(None, findings.in_order())
    for entry in (entry for entry in node.entries if entry.name in BONDS):
        _bond(entry, findings)
    others = tuple(entry for entry in node.entries if entry.name not in BONDS)
    entries = findings.fields(node._replace(entries=others), "the definition", READERS)
    given = {name: entry for name, entry in entries.items() if entry.value.kind not in ("null", "broken")}
    stated = {name: READERS[name](entry, findings) for name, entry in given.items()}
    if findings.problems:
        return DefinitionReading(None, findings.in_order())
    gateways = stated.pop("gateway", None) or {}
    definition = Definition(**stated, **gateways, default_route_stated="default_route" in stated)
    return DefinitionReading(_signed(definition), ())


def _signed(definition: Definition) -> Definition:
    import hashlib
    import json

    canonical = json.dumps(definition._asdict(), sort_keys=True, separators=(",", ":")).encode()
    return definition._replace(digest="sha256:" + hashlib.sha256(canonical).hexdigest())


def _wrong(entry: Entry, findings: Findings, message: str, hint: str, node: Node | None = None) -> None:
    findings.report(node or entry.value, f"{entry.name.replace('_', '-')}-invalid", message, hint, path=entry.name)


def _bond(entry: Entry, findings: Findings) -> None:
    message = (
        "a bond is never made here: the one that has the host's address is taken over as it stands, with its options"
    )
    hint = f"make the bond on the host first and move the address to it, capture again, and leave `{entry.name}` out"
    findings.report(entry.key, "bond-not-made", message, hint, path=entry.name)


def _network(entry: Entry, findings: Findings) -> str:
    name = str(entry.value.value)
    if entry.value.kind != "text" or not name:
        said = spelled(entry.value) if name else "empty"
        _wrong(entry, findings, f"the network's name is {said}", 'give a name, in quotes if need be: "ovirtmgmt"')
    elif not name.isprintable() or any(character.isspace() or character == "/" for character in name):
        hint = "use letters, digits, - and _"
        _wrong(entry, findings, f"a network cannot be called {name!r}: no blanks, slashes or control characters", hint)
    return name


def _flag(entry: Entry, findings: Findings) -> bool:
    spelling = entry.value.value
    if isinstance(spelling, bool):
        return spelling
    if spelling not in ("true", "false"):
        _wrong(entry, findings, f"{entry.name} is {spelled(entry.value)}", "write true or false")
    return spelling == "true"


def _whole(node: Node) -> int | None:
    """The number that a node holds, be it as text; None if it is not a number."""
    if node.kind == "int":
        return int(node.value or 0)
    text = str(node.value)
    plain = node.kind == "text" and text.isascii() and text.isdigit() and len(text) < len("1000000")
    return int(text) if plain else None


def _vlan(entry: Entry, findings: Findings) -> int | None:
    tag = _whole(entry.value)
    if tag is None or not 0 <= tag <= LARGEST_TAG:
        hint = f"give a tag from 1 to {LARGEST_TAG}, or leave vlan out for an untagged network"
        _wrong(entry, findings, f"{spelled(entry.value)} is not a vlan tag", hint)
    return tag or None


def _mtu(entry: Entry, findings: Findings) -> int:
    mtu = _whole(entry.value)
    if mtu is None or not (mtu == 0 or SMALLEST_MTU <= mtu <= LARGEST_MTU):
        hint = f"give bytes from {SMALLEST_MTU} to {LARGEST_MTU}, or leave mtu out for {DEFAULT_MTU}"
        _wrong(entry, findings, f"{spelled(entry.value)} is not an MTU", hint)
    return mtu or DEFAULT_MTU


def _nameservers(entry: Entry, findings: Findings) -> tuple[str, ...]:
    if entry.value.kind != "list":
        hint = "write a list: [192.0.2.53]; leave it out, or empty, to keep the host's"
        _wrong(entry, findings, f"nameservers is {spelled(entry.value)}", hint)
    addresses = []
    for item in entry.value.items:
        address = _address(item)
        if address is None:
            _wrong(entry, findings, f"the name server {spelled(item)} is no IP address", "give its address", item)
        else:
            addresses.append(address)
    return tuple(dict.fromkeys(addresses))


def _gateway(entry: Entry, findings: Findings) -> dict[str, str]:
    if entry.value.value == "none":
        return {"gateway4": "none", "gateway6": "none"}
    items = entry.value.items if entry.value.kind == "list" else (entry.value,)
    hint = "give an address without prefix length, a list of one per family, or none"
    if not items:
        _wrong(entry, findings, "gateway is an empty list", "write `gateway: none`, or leave it out")
    gateways: dict[str, str] = {}
    for item in items:
        address = _address(item)
        if address is None or "%" in address or not _reachable(address):
            _wrong(entry, findings, f"{spelled(item)} cannot be a gateway", hint, item)
            continue
        family = "6" if ":" in address else "4"
        if f"gateway{family}" in gateways:
            _wrong(entry, findings, f"{spelled(item)} is a second IPv{family} gateway", "keep one per family", item)
        gateways["gateway" + family] = address
    return gateways


def _address(node: Node) -> str | None:
    """The canonical text of an IP address, with its zone if it has one; None if the text is no address."""
    import ipaddress

    text = str(node.value)
    zone = text.partition("%")[2].replace(".", "").replace("-", "").replace("_", "")
    if node.kind != "text" or (zone and not zone.isalnum()):
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _reachable(address: str) -> bool:
    """Whether a host can have ``address``."""
    import ipaddress

    parsed = ipaddress.ip_address(address)
    return not (parsed.is_unspecified or parsed.is_multicast or parsed.is_loopback)


def _ipv4(entry: Entry, findings: Findings) -> str:
    if entry.value.value not in ("dhcp", "static"):
        hint = "write dhcp or static, or leave it out to keep what the host reports"
        _wrong(entry, findings, f"ipv4 is {spelled(entry.value)}", hint)
    return str(entry.value.value)


READERS: dict[str, Callable[[Entry, Findings], Any]] = {
    "network": _network,
    "vm_network": _flag,
    "vlan": _vlan,
    "mtu": _mtu,
    "stp": _flag,
    "default_route": _flag,
    "nameservers": _nameservers,
    "gateway": _gateway,
    "ipv4": _ipv4,
}
