"""Make the real machine what a `Machine` says: see, change the devices, see again, change what they have.

Every step does only what is missing, so that a machine that is right already is not touched.
"""

import os
from collections.abc import Iterator

from lab.agent import bonds, dhcp
from lab.agent.announcing import announce
from lab.agent.iproute import told
from lab.agent.looking import RESOLVER, look
from lab.agent.machine import METRICS, Link, Machine, machine_of

ORDER = ("nic", "bond", "vlan", "bridge")


def become(wanted: Machine) -> None:
    """Make this machine ``wanted``. Raises `iproute.KernelRefusedError` in the middle of it."""
    present = machine_of(look())
    doomed = _doomed(present, wanted)
    for name, link in present.links.items():
        if link.client and (name in doomed or not _same_client(link, wanted.links[name])):
            dhcp.stop(name)
    told(_devices(present, wanted, doomed))
    present = machine_of(look())
    told(_freed(present, wanted))
    for name, link in wanted.links.items():
        if link.quiet != present.links[name].quiet:
            _silence(name, off=link.quiet)
    told(_properties(present, wanted))
    told(_given(present, wanted))
    announce(present, wanted)
    running = dhcp.clients()
    for name, link in wanted.links.items():
        if link.client and name not in running:
            dhcp.start(name, link.client, _mac(name), metric=METRICS[link.kind], identity=link.identity)
    told(_routes(machine_of(look()), wanted))
    _resolve(wanted)


def _doomed(present: Machine, wanted: Machine) -> set[str]:
    """The devices that go, or have to be made anew: options of a bond can be set only while it has no slaves."""
    gone: set[str] = set()
    for name in sorted(present.links, key=lambda name: ORDER.index(present.links[name].kind)):
        old, new = present.links[name], wanted.links.get(name)
        if old.kind == "nic":
            continue
        same = new is not None and (new.kind, new.base, new.tag) == (old.kind, old.base, old.tag)
        remade = new is not None and old.kind == "bond" and new.options != old.options
        if not same or remade or old.base in gone:
            gone.add(name)
    return gone


def _same_client(old: Link, new: Link) -> bool:
    return (old.client, old.identity) == (new.client, new.identity) and new.mac in ("", old.mac)


def _devices(present: Machine, wanted: Machine, doomed: set[str]) -> Iterator[str]:
    """Delete, free, make and attach devices, in this order."""
    there = {name: link for name, link in present.links.items() if name not in doomed}
    for name in sorted(doomed, key=lambda name: -ORDER.index(present.links[name].kind)):
        if present.links[name].base not in doomed:  # a vlan goes with its base
            yield f"link del {name}"
    for name, link in wanted.links.items():
        old = there.get(name)
        if old is not None and old.master in there and old.master != link.master:
            yield f"link set {name} nomaster"
    for name, link in _upwards(wanted):
        if there.get(name) is None or there[name].options != link.options:
            yield from _made(name, link, anew=name not in there)
        if link.kind == "bond":
            yield from _enslave(name, wanted, there)
    for name, link in wanted.links.items():
        old = there.get(name)
        attached = old is not None and old.master == link.master and link.master in there
        if _kind(wanted, link.master) == "bridge" and not attached:
            yield f"link set {name} master {link.master}"


def _made(name: str, link: Link, *, anew: bool) -> Iterator[str]:
    if not anew:  # bonds with other options are among the doomed
        yield f"link set {name} type bridge stp_state {link.options['stp']}"
        return
    address = f" address {link.mac}" if link.mac else ""
    if link.kind == "bond":
        yield f"link add {name}{address} type bond {bonds.arguments(link.options)}"
    elif link.kind == "vlan":
        yield f"link add link {link.base} name {name} type vlan id {link.tag}"
    elif link.kind == "bridge":
        yield f"link add {name}{address} type bridge stp_state {link.options['stp']}"


def _enslave(bond: str, wanted: Machine, there: dict[str, Link]) -> Iterator[str]:
    for name, link in wanted.links.items():
        if link.master == bond and not (bond in there and there[name].master == bond):
            yield f"link set {name} down"
            yield f"link set {name} master {bond}"
    primary = wanted.links[bond].options.get("primary")
    if primary and bond not in there:
        yield f"link set {bond} type bond primary {primary}"


def _properties(present: Machine, wanted: Machine) -> Iterator[str]:
    """MAC, MTU (raised from below, lowered from above: no vlan may exceed its base) and up or down."""
    slaves = {name for name, link in wanted.links.items() if _kind(wanted, link.master) == "bond"}
    links = [(name, link) for name, link in _upwards(wanted) if name not in slaves]
    for name, link in links:
        if link.mac and link.mac != present.links[name].mac:
            yield f"link set {name} address {link.mac}"
    for name, link in links:
        if link.mtu > present.links[name].mtu:
            yield f"link set {name} mtu {link.mtu}"
    for name, link in reversed(links):
        if link.mtu < present.links[name].mtu:
            yield f"link set {name} mtu {link.mtu}"
    for name, link in _upwards(wanted):
        if link.up != present.links[name].up:
            yield f"link set {name} {'up' if link.up else 'down'}"


def _freed(present: Machine, wanted: Machine) -> Iterator[str]:
    """Addresses that go, and those of devices that get others: an address may move from one device to another."""
    for name, link in wanted.links.items():
        if link.addresses != present.links[name].addresses:
            # The last first: with the first of a subnet the kernel takes the others of that subnet away.
            for address in reversed(present.links[name].addresses):
                yield f"addr del {address} dev {name}"


def _given(present: Machine, wanted: Machine) -> Iterator[str]:
    for name, link in wanted.links.items():
        if link.addresses != present.links[name].addresses:
            for address in link.addresses:
                yield f"addr add {address} dev {name}"


def _routes(present: Machine, wanted: Machine) -> Iterator[str]:
    for rule in present.rules:
        if rule not in wanted.rules:
            yield f"rule del {rule}"
    for route in present.routes:
        if route not in wanted.routes:
            yield f"route del {route.words()}"
    missing = [route for route in wanted.routes if route not in present.routes]
    for route in sorted(missing, key=lambda route: bool(route.gateway)):  # what is on the link first
        yield f"route add {route.words()}"
    for rule in wanted.rules:
        if rule not in present.rules:
            yield f"rule add {rule}"


def _resolve(wanted: Machine) -> None:
    client = dhcp.clients().get(wanted.resolver)
    servers = client.nameservers if client and client.lease else wanted.nameservers
    text = "".join(f"nameserver {server}\n" for server in servers)
    with open(RESOLVER, "w", encoding="utf-8") as file:
        file.write(text)


def _upwards(machine: Machine) -> list[tuple[str, Link]]:
    """Devices, what they stand on first; a vlan over a vlan comes after it."""

    def height(name: str) -> int:
        link = machine.links.get(name)
        return 0 if link is None else 1 + height(link.base) if link.base else ORDER.index(link.kind)

    return sorted(machine.links.items(), key=lambda entry: (ORDER.index(entry[1].kind), height(entry[0])))


def _kind(machine: Machine, name: str) -> str:
    return machine.links[name].kind if name in machine.links else ""


def _mac(name: str) -> str:
    return str(look().links[name]["address"])


def _silence(name: str, *, off: bool) -> None:
    path = f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6"
    if os.path.exists(path):
        with open(path, "w", encoding="ascii") as file:
            file.write(str(int(off)))
