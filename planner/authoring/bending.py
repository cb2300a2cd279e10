"""A host changed just so far that a pattern finds its fact: what a field of a fact is in the capture."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from planner.authoring.samples import passing
from planner.authoring.shapes import Shape
from planner.facts.vocabulary import KINDS
from planner.rules.comparison import holds
from planner.rules.model import Fact, Pattern, Reference, Rule, Scalar, Test

SECTIONS = {"nic": "nics", "bond": "bondings", "vlan": "vlans", "bridge": "bridges", "network": "networks"}
# Where a fact's field stands in the record of its device.
KEYS = {
    **{name: name for name in ("mtu", "hwaddr", "stp", "switch")},
    "partner": "ad_partner_mac",
}
OPTIONS = ("mode", "fail_over_mac")  # of a bond
# Fields of a definition that are written as they are called; the others follow from them.
DEFINED = ("network", "vm_network", "vlan", "mtu", "stp", "default_route", "ipv4")
FLAGS = ("vm_network", "stp", "default_route")
MOST_FACTS = 4  # of a kind that are tried; a shape has three nics


def bent(shape: Shape, pattern: Pattern, facts: list[Fact], bound: Mapping[str, Fact]) -> Iterator[Shape]:
    """Versions of ``shape`` in which some fact comes nearer to what ``pattern`` asks for, or a blocker is gone."""
    tests = tuple(_settled(test, bound) for test in pattern.tests)
    taken = list(bound.values())
    of_kind = [fact for fact in facts if fact.kind == pattern.kind and fact not in taken][:MOST_FACTS]
    if pattern.negated:
        yield from _without(shape, pattern.kind)
        return
    for fact in of_kind:
        changed: Shape | None = shape
        for name in dict.fromkeys(test.field for test in tests):
            asked = [test for test in tests if test.field == name]
            if name == "name":  # a device is renamed wherever it is named, so that what refers to it goes along
                asked = [test for test, own in zip(tests, pattern.tests, strict=True) if _fixed(test, own, name)]
            if changed is None or all(holds(test.op, fact.fields[name], test.value) for test in asked):
                continue
            value = passing(KINDS[fact.kind].fields[name], asked)
            changed = None if value is None else _changed(changed, fact, name, value)
        if changed is not None and changed is not shape:
            yield changed
    yield from _referred(shape, pattern, of_kind, bound)


def varied(shape: Shape, rule: Rule, facts: list[Fact]) -> Iterator[Shape]:
    """Versions in which a field that ``rule`` takes a value from has another one."""
    kinds = {pattern.alias: pattern.kind for pattern in rule.when}
    for assignment in rule.sets:
        if not isinstance(assignment.value, Reference) or not assignment.value.field:
            continue
        kind, name = kinds[assignment.value.alias], assignment.value.field
        for fact in [fact for fact in facts if fact.kind == kind][:MOST_FACTS]:
            other = passing(KINDS[kind].fields[name], [Test(name, "not", fact.fields[name], 0, 0)])
            changed = None if other is None else _changed(shape, fact, name, other)
            if changed is not None:
                yield changed


def _fixed(test: Test, own: Test, name: str) -> bool:
    return test.field == name and not isinstance(own.value, Reference)


def _settled(test: Test, bound: Mapping[str, Fact]) -> Test:
    """The test with the value that its reference has."""
    if isinstance(test.value, Reference):
        return test._replace(value=bound[test.value.alias].fields[test.value.field])
    return test


def _referred(shape: Shape, pattern: Pattern, facts: list[Fact], bound: Mapping[str, Fact]) -> Iterator[Shape]:
    """Versions in which it is the other side of a reference that changes."""
    for test in pattern.tests:
        if isinstance(test.value, Reference) and test.op in ("is", "not"):
            other = bound[test.value.alias]
            for fact in facts:
                wanted = Test(test.value.field, test.op, fact.fields[test.field], 0, 0)
                value = passing(KINDS[other.kind].fields[test.value.field], [wanted])
                changed = None if value is None else _changed(shape, other, test.value.field, value)
                if changed is not None:
                    yield changed


def _without(shape: Shape, kind: str) -> Iterator[Shape]:
    """Versions without a fact of ``kind``, for those that a host may lack."""
    if kind == "wanted" and shape.address:
        yield shape._replace(address="")
    if kind == "client":
        yield _edited(shape, lambda document: document.update(lastClientIface=""))
    if kind == "nameserver":
        yield _edited(shape, lambda document: document.update(nameservers=[]))


def _changed(shape: Shape, fact: Fact, name: str, value: Scalar) -> Shape | None:
    """The shape in which the field of ``fact`` is ``value``; None where that is not for a capture to say."""
    if fact.kind == "definition":
        return _redefined(shape, name, value)
    told = _surroundings(name, value) if fact.kind in ("vdsm", "host") else {}
    if told:
        return _edited(shape, lambda document: document.update(told))
    device = str(fact.fields.get("name", ""))
    if fact.kind not in SECTIONS or device not in shape.document[SECTIONS[fact.kind]]:
        return None
    return _renamed(shape, device, str(value)) if name == "name" else _rebuilt(shape, fact, name, value)


def _surroundings(name: str, value: Scalar) -> dict[str, Any]:
    """What the host as a whole reports."""
    if name == "version" and isinstance(value, int) and value >= 0:
        return {"software_version": f"{value // 100}.{value % 100}"}
    if name == "dirty":
        return {"netConfigDirty": str(value == 1)}
    return {"nameservers": str(value).split(",") if value else []} if name == "nameservers" else {}


def _rebuilt(shape: Shape, fact: Fact, name: str, value: Scalar) -> Shape | None:
    """The shape in which the device or network of ``fact`` is made otherwise."""
    section, device = SECTIONS[fact.kind], str(fact.fields["name"])
    if name in ("tag", "vlan"):
        return _retagged(shape, device if fact.kind == "vlan" else str(fact.fields["port"]), value)
    if fact.kind == "bond" and name in OPTIONS:
        return _edited(shape, lambda document: document[section][device]["opts"].update({name: str(value)}))
    if name not in KEYS:
        return None
    written: Any = ("on" if value == 1 else "off") if name == "stp" else str(value)
    return _edited(shape, lambda document: document[section][device].update({KEYS[name]: written}))


def _retagged(shape: Shape, device: str, tag: Scalar) -> Shape | None:
    """The vlan ``device`` with another tag, its name and its network's tag along with it."""
    vlan = shape.document["vlans"].get(device)
    if vlan is None or tag in (0, -1):
        return None

    def edit(document: dict[str, Any]) -> None:
        document["vlans"][device]["vlanid"] = tag
        for network in document["networks"].values():
            if network["southbound"] == device:
                network["vlanid"] = tag

    conventional = device == f"{vlan['iface']}.{vlan['vlanid']}"
    changed = _edited(shape, edit)
    return _renamed(changed, device, f"{vlan['iface']}.{tag}") if conventional else changed


def _redefined(shape: Shape, name: str, value: Scalar) -> Shape | None:
    definition = dict(shape.definition)
    stated = {"nameservers_stated": "nameservers", "default_route_stated": "default_route"}
    if name in DEFINED:
        absent = value in ("", -1)
        definition[name] = None if absent else bool(value) if name in FLAGS else value
    elif name == "nameservers" or (name == "nameservers_stated" and value == 1):
        definition["nameservers"] = str(value).split(",") if name == "nameservers" and value else ["192.0.2.54"]
    elif name == "default_route_stated" and value == 1:
        definition["default_route"] = definition.get("default_route", True)
    elif name in stated:
        definition.pop(stated[name], None)
    elif name in ("gateway4", "gateway6"):
        address = {"gateway4": "192.0.2.1", "gateway6": "2001:db8:1::1"}[name]
        definition["gateway"] = "none" if value == "none" else [address] if value else None
    else:
        return None
    return shape._replace(definition=definition)


def _edited(shape: Shape, edit: Callable[[dict[str, Any]], object]) -> Shape:
    document = deepcopy(shape.document)
    edit(document)
    return shape._replace(document=document)


def _renamed(shape: Shape, old: str, new: str) -> Shape | None:
    """The device ``old`` called ``new`` wherever the capture names it, vlans over it along with it."""
    if not new or any(new in shape.document[section] for section in SECTIONS.values()):
        return None
    names = {old: new}
    for vlan, record in shape.document["vlans"].items():
        if record["iface"] == old and vlan.startswith(f"{old}."):
            names[vlan] = new + vlan.removeprefix(old)
    document: dict[str, Any] = _respelled(shape.document, names)
    return shape._replace(document=document)


def _respelled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _respelled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_respelled(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value
