"""What a configuration of VDSM's wants a machine to be: pure, from a machine to a machine (docs/vdsm.md, Carrying out).

The configurations are `planner.standin.kernel.Config`: canonical networks and bonds (docs/vdsm.md, Canonical form).
"""

import ipaddress
import zlib

from lab.agent import bonds
from lab.agent.iproute import Record
from lab.agent.machine import METRICS, OWN_PRIORITY, Link, Machine, Route
from planner.standin.canonical import base_of, port_of
from planner.standin.kernel import Config, Fault
from planner.standin.validation import kept_gateways, objection, touched

DEFAULT_MTU = 1500
MAIN = "main"


def configured(present: Machine, before: Config, after: Config) -> Machine | Fault:
    """``present`` with all that ``after`` wants, and without what only ``before`` wanted."""
    taken = touched(before, after)
    gateways = [route for route in present.routes if route.destination.endswith("/0") and route.device not in taken]
    fault = objection(before, after, {6 if ":" in route.destination else 4 for route in gateways})
    if fault is not None:
        return fault
    draft = _Draft(present)
    for name, old in before.networks.items():
        draft.dismantle(name, old, after)
    for name in before.bonds.keys() - after.bonds.keys():
        draft.remove(name)
    for name, bond in after.bonds.items():
        draft.bond(name, bond, known=name in before.bonds)
    for name, network in after.networks.items():
        fault = _unfit(name, network, draft.links) or draft.attach(name, network)
        if fault is not None:
            return fault
    draft.set_mtus(before, after)
    for name, network in after.networks.items():
        draft.address(name, network, before.networks.get(name, {}))
    return draft.machine(before, after)


def _unfit(name: str, network: Record, links: dict[str, Link]) -> Fault | None:
    """What the lab's host cannot do, or nothing: the kernel itself refuses the rest."""
    if network.get("dhcpv6"):
        return Fault("the lab's host has no DHCPv6 client")
    base = base_of(network)
    if base and base not in links:
        return Fault(f"{base}: no such device")
    taken = links.get(name)
    if network["bridged"] and taken is not None and taken.kind != "bridge":
        return Fault(f"{name} is a {taken.kind}, no bridge")
    return None


class _Draft:
    """A machine that is being thought about."""

    def __init__(self, present: Machine) -> None:
        self.present = present
        self.links = dict(present.links)
        self.routes = list(present.routes)
        self.rules = list(present.rules)

    def change(self, name: str, **fields: object) -> None:
        self.links[name] = Link(**{**self.links[name]._asdict(), **fields})

    def forget_routes(self, name: str) -> None:
        table = table_of(name)
        self.routes = [route for route in self.routes if route.device != name]
        self.rules = [rule for rule in self.rules if not rule.endswith(f" lookup {table}")]

    def clear(self, name: str) -> None:
        if name in self.links:
            self.change(name, addresses=(), client="", identity="")
            self.forget_routes(name)

    def remove(self, name: str) -> None:
        """Take a device away, and the vlans on it; what belonged to it is free."""
        freed = self.links.pop(name, None)
        if freed is None:
            return
        self.forget_routes(name)
        for other, link in list(self.links.items()):
            if link.master == name:
                # A slave has its own MTU again; the kernel does that, and knows only what it was when it was enslaved.
                own = {"mtu": DEFAULT_MTU} if freed.kind == "bond" else {}
                self.change(other, master="", quiet=False, **own)
            if link.base == name:
                self.remove(other)

    def dismantle(self, name: str, old: Record, after: Config) -> None:
        new, port = after.networks.get(name), port_of(old)
        if new is not None and (port_of(new), new["bridged"]) == (port, old["bridged"]):
            return
        if old["bridged"]:
            if name not in self.links:
                return  # it is not there: after a reboot, the port is as the host's own files made it
            if new is None or not new["bridged"]:
                self.remove(name)
        if not port or port in {port_of(network) for network in after.networks.values()}:
            return
        if "vlan" in old:
            self.remove(port)
        else:
            self.clear(port)

    def bond(self, name: str, bond: Record, *, known: bool) -> None:
        options = bonds.configured(bond.get("options", ""))
        if name not in self.links:
            self.links[name] = Link("bond", DEFAULT_MTU)
        mac = bond.get("hwaddr") or self.links[name].mac
        self.change(name, options=options, mac=mac, up=True)
        if not known:
            self.clear(name)
        for nic, link in list(self.links.items()):
            if nic in bond["nics"]:
                self.clear(nic)
                self.change(nic, master=name, up=True)
            elif link.master == name:
                self.change(nic, master="", mtu=DEFAULT_MTU)

    def attach(self, name: str, network: Record) -> Fault | None:
        base, port = base_of(network), port_of(network)
        if "vlan" in network and port not in self.links:
            self.links[port] = Link("vlan", network["mtu"], base=base, tag=network["vlan"])
        for device in {base, port} - {""}:
            self.change(device, up=True)
        if not network["bridged"]:
            self.change(port, master="", quiet=False)
            return None
        if name not in self.links:
            self.links[name] = Link("bridge", network["mtu"])
        for device, link in list(self.links.items()):
            if link.master == name and device != port:
                self.change(device, master="", quiet=False)
        stood = self.present.links.get(port)
        pinned = self._visible_mac(port) if stood is not None else self.links[name].mac
        self.change(name, up=True, mac=pinned, options={"stp": str(int(bool(network.get("stp"))))})
        if port:
            self.clear(port)
            self.change(port, master=name, quiet=True)
        return None

    def _visible_mac(self, port: str) -> str:
        """The port's present MAC, unless a bond below it gets another one."""
        link = self.links[port]
        return self.links[link.base].mac if link.base and self.links[link.base].kind == "bond" else link.mac

    def set_mtus(self, before: Config, after: Config) -> None:
        for name, network in after.networks.items():
            for device in {name, port_of(network)}:
                if device in self.links and self.links[device].kind in ("vlan", "bridge"):
                    self.change(device, mtu=network["mtu"])
        stood_on = {base_of(network) for network in (*before.networks.values(), *after.networks.values())}
        for base in sorted(stood_on & self.links.keys()):
            own = [net["mtu"] for net in after.networks.values() if base_of(net) == base and "vlan" not in net]
            tagged = [link.mtu for link in self.links.values() if link.base == base]
            self.change(base, mtu=max((*own, *tagged), default=DEFAULT_MTU))
        for name, link in list(self.links.items()):
            if link.master in self.links and self.links[link.master].kind == "bond":
                self.change(name, mtu=self.links[link.master].mtu)

    def address(self, name: str, network: Record, past: Record) -> None:
        """Exactly the addresses that ``network`` wants, on its top device; its static routes stay."""
        top = name if network["bridged"] else port_of(network)
        routes = [route for route in self.routes if route.device == top and route.table == MAIN and route.gateway]
        self.clear(top)
        kept = kept_gateways(past, network)
        own = table_of(top)
        addresses = []
        if network.get("bootproto") == "dhcp":
            self.change(top, client=MAIN if network.get("defaultRoute") else own)
        elif network.get("ipaddr"):
            interface = ipaddress.IPv4Interface(f"{network['ipaddr']}/{network['netmask']}")
            addresses.append(str(interface))
            gateway = network.get("gateway") or kept.get("gateway")
            if gateway:
                self._route_out(top, interface.network, gateway, default=bool(network.get("defaultRoute")))
        if network.get("ipv6addr"):
            addresses.append(str(network["ipv6addr"]))
            gateway = network.get("ipv6gateway") or kept.get("ipv6gateway")
            if gateway:
                self.routes.append(Route(top, "::/0", gateway, metric=METRICS[self.links[top].kind]))
        self.change(top, addresses=tuple(addresses))
        subnets = [ipaddress.ip_interface(address).network for address in addresses]
        for route in routes:
            near = any(ipaddress.ip_address(route.gateway) in subnet for subnet in subnets)
            if near and not route.destination.endswith("/0"):
                self.routes.append(route)

    def _route_out(self, top: str, subnet: ipaddress.IPv4Network, gateway: str, *, default: bool) -> None:
        own = table_of(top)
        tables = (own, MAIN) if default else (own,)
        # Gateways outside the subnet are accepted by VDSM; the kernel wants to be told that they are on the link.
        flags = "" if ipaddress.ip_address(gateway) in subnet else "onlink"
        metric = METRICS[self.links[top].kind]
        self.routes += [Route(top, "0.0.0.0/0", gateway, table, metric, flags=flags) for table in tables]
        self.routes.append(Route(top, str(subnet), "", own, metric, scope="link"))
        self.rules.append(f"priority {OWN_PRIORITY} from {subnet} lookup {own}")
        self.rules.append(f"priority {OWN_PRIORITY} from all to {subnet} iif {top} lookup {own}")

    def machine(self, before: Config, after: Config) -> Machine:
        """The result; the name servers are those of the network with the default route, and go with it."""
        routes = tuple(route for route in self.routes if route.device in self.links)
        wanted = Machine(self.links, routes, tuple(self.rules), self.present.nameservers)
        for name, network in after.networks.items():
            if not network.get("defaultRoute"):
                continue
            if network.get("nameservers") or network.get("bootproto") != "dhcp":
                return wanted._replace(nameservers=tuple(network.get("nameservers", ())))
            return wanted._replace(resolver=name if network["bridged"] else port_of(network))
        lost = any(network.get("defaultRoute") for network in before.networks.values())
        return wanted._replace(nameservers=()) if lost else wanted


def table_of(device: str) -> str:
    """The number of a device's own routing table, as VDSM numbers it (docs/vdsm.md, Addresses and routes)."""
    return str(zlib.adler32(device.encode()))
