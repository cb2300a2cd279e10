"""What a plan changes on a host, as a list and as the text an administrator reads: like a diff."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from planner.explain.words import address_text, method_words, mode_words, refusals
from planner.host import graph
from planner.host.model import Bond, Bridge, Device, Host, Ip, Network, Vlan
from planner.plan.after import future
from planner.printing import aligned, counted, folded, legible, listing

WIDTH = 100
Sign = Literal["+", "-", "~"]
Things = dict[tuple[str, str], dict[str, str]]


class Change(NamedTuple):
    """One line: ``~ bond bond4   MTU 1500 -> 9000``."""

    sign: Sign
    kind: str
    name: str
    details: str

    def __str__(self) -> str:
        """``~ bond bond4``."""
        return f"{self.sign} {self.kind} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Changes:
    """All that a plan changes; ``unchanged`` maps a kind to the devices that stay as they are."""

    outcome: str
    network: str
    changes: tuple[Change, ...]
    unchanged: tuple[tuple[str, tuple[str, ...]], ...]
    refusals: tuple[str, ...] = ()


def changes(host: Host, document: Mapping[str, Any]) -> Changes:
    """What the plan ``document`` (schemas/plan.schema.json) changes on ``host``, from the nics up to the addresses."""
    coming = future(host, document)
    touched, unchanged = _touched(host, coming)
    past, present = _things(host, touched), _things(coming, touched)
    found = [
        change for key in _in_order({**past, **present}) if (change := _change(key, past.get(key), present.get(key)))
    ]
    if host.nameservers != coming.nameservers:
        details = f"{listing(host.nameservers) or 'none'} -> {listing(coming.nameservers)}"
        found.append(Change("~", "nameservers", "", details))
    return Changes(str(document["outcome"]), str(document["network"]), tuple(found), unchanged, refusals(document))


def text(found: Changes, width: int = WIDTH) -> str:
    """The changes as lines of at most ``width`` columns."""
    if found.outcome == "refused":
        lines = [line for reason in found.refusals for line in folded(reason, width, first="  ")]
        return "\n".join(["refused: nothing changes", *lines]) + "\n"
    if not found.changes:
        return f"{legible(found.network)} is as defined: nothing changes\n"
    heads = aligned(((str(change), "") for change in found.changes), 1)
    wide = min(max(map(len, heads)), width // 2) + 3
    lines = [
        line
        for head, change in zip(heads, found.changes, strict=True)
        for line in folded(change.details, width, first=head.ljust(wide), rest=" " * wide)
    ]
    same = "; ".join(f"{counted(len(names), kind)} ({listing(names)})" for kind, names in found.unchanged)
    return "\n".join([*lines, *(folded(f"unchanged: {same}", width, first="  ") if same else [])]) + "\n"


def _touched(host: Host, coming: Host) -> tuple[set[str], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The names of what differs, and what does not, kind by kind: what was not remade is the very same object."""
    touched: set[str] = set()
    unchanged = []
    for kind, past, present in _tables(host, coming):
        different = {name for name in {**past, **present} if past.get(name) is not present.get(name)}
        touched |= different
        same = tuple(name for name in past if name not in different)
        if same:
            unchanged.append((kind, same))
    return touched, tuple(unchanged)


def _tables(host: Host, coming: Host) -> Iterator[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    for kind in ("nic", "bond", "vlan", "bridge", "network"):
        yield kind, getattr(host, f"{kind}s"), getattr(coming, f"{kind}s")


def _things(host: Host, names: set[str]) -> Things:
    """What ``host`` has under ``names``: kind and name to what is worth comparing, in words."""
    things: Things = {}
    kinds: tuple[Mapping[str, Device], ...] = (host.nics, host.bonds, host.vlans, host.bridges)
    for kind in kinds:
        for name in kind:
            if name in names:
                things[kind[name].kind, name] = _said(_device(kind[name]))
                things |= _addresses(name, graph.ip_of(host, name))
    things |= {("network", name): _said(_network(host.networks[name], host)) for name in host.networks if name in names}
    return things


def _said(facts: Iterator[tuple[str, str]]) -> dict[str, str]:
    return {label: value for label, value in facts if value}


def _device(device: Device) -> Iterator[tuple[str, str]]:
    yield "MTU", _number(device.mtu)
    match device:
        case Bond():
            yield "mode", mode_words(device.mode)
            yield "members", listing(sorted(device.members))
            yield (
                "options",
                legible(" ".join(f"{key}={value}" for key, value in sorted(device.options) if key != "mode")),
            )
        case Vlan():
            yield "tag", _number(device.tag)
            yield "over", legible(device.base)
        case Bridge():
            yield "port", listing(device.ports)
            yield "STP", "on" if device.stp else ""
        case _:
            pass


def _network(network: Network, host: Host) -> Iterator[tuple[str, str]]:
    vlan = host.vlans.get(network.southbound)
    yield "", "VM network" if network.bridged else f"bridgeless on {legible(network.southbound)}"
    yield "tag", _number(network.tag if network.tag >= 0 or vlan is None else vlan.tag)
    yield "MTU", _number(network.mtu)
    yield "default route", {True: "yes", False: "no", None: ""}[network.ip.default_route4]
    yield "switch", "" if network.switch == "legacy" else legible(network.switch)


def _addresses(device: str, ip: Ip) -> Things:
    things: Things = {}
    for address in ip.addresses:
        gateway = ip.gateway4 if address.family == 4 else ip.gateway6
        facts = (("", method_words(address, ip)), ("gateway", "" if gateway == "::" else legible(gateway)))
        things["address", f"{address_text(address)} on {device}"] = _said(iter(facts))
    return things


def _number(number: int) -> str:
    return str(number) if number >= 0 else ""


def _in_order(things: Things) -> list[tuple[str, str]]:
    """Nics first and addresses last; an address that moves is first taken away and then given."""
    order = ("nic", "bond", "vlan", "bridge", "network", "address")
    return sorted(things, key=lambda key: order.index(key[0]))


def _change(key: tuple[str, str], past: dict[str, str] | None, present: dict[str, str] | None) -> Change | None:
    kind, name = key[0], legible(key[1], 80)
    if past == present:
        return None
    if past is None or present is None:
        stated = present or past or {}
        facts = ", ".join(f"{label} {value}" if label else value for label, value in stated.items())
        return Change("+" if past is None else "-", kind, name, facts if past is None else "")
    differing = (label for label in {**past, **present} if past.get(label) != present.get(label))
    return Change("~", kind, name, ", ".join(_difference(label, past, present) for label in differing))


def _difference(label: str, past: dict[str, str], present: dict[str, str]) -> str:
    without = "off" if label == "STP" else "none"
    values = f"{past.get(label, without)} -> {present.get(label, without)}"
    return f"{label} {values}" if label else values
