"""A stand-in engine in front of a stand-in host: what it answers over REST, and what it does to the host.

It knows the host from what it has read last (at the start, on refresh, after a set-up), as the engine does. Left out of
an engine: jobs and events, other hosts (it fences without a proxy), labels, quality of service, permissions.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from planner.standin import vdsm2012
from planner.standin.devices import mode_number
from planner.standin.faults import Mishap
from planner.standin.host import StandIn
from planner.standin.kernel import Record, Refusal
from standin_engine import documents
from standin_engine.documents import Logical, View, identity, is_in_sync

# From the body of POST /hosts/{id}/setupnetworks to the engine's call of VDSM (docs/vdsm.md, The engine's call).


PATIENCE = 120  # seconds: NetworkConnectivityCheckTimeoutInSeconds
DEFAULT_OPTIONS = "mode=4 miimon=100 xmit_hash_policy=2"


class Attach(NamedTuple):
    """A network that shall be on a device; ``addresses`` by "v4" and "v6": (method, {address, netmask, gateway})."""

    network: Logical
    device: str
    addresses: Mapping[str, tuple[str, Mapping[str, str]]]
    nameservers: tuple[str, ...]
    properties: Mapping[str, str]
    mend: bool


class Wish(NamedTuple):
    """What the engine is asked for, by the names that the host has. ``bonds``: slaves and options by name."""

    attach: tuple[Attach, ...]
    detach: tuple[str, ...]
    bonds: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]
    unbond: tuple[str, ...]
    check: bool
    timeout: int
    commit: bool


class UnknownError(Exception):
    """The request names something that the engine does not have."""

    def __init__(self, link: Mapping[str, Any], kind: str) -> None:
        """``link``: how it is called, by name or id."""
        super().__init__(f"Cannot setup Networks. There is no {kind} {link.get('name') or link.get('id')}.")


def wish(action: Record, view: View) -> Wish:
    """The action with every id looked up; UnknownError when one leads nowhere."""
    mended = {one.get("id") for one in _listed(action, "synchronized_network_attachments", "network_attachment")}
    bonds = dict(_bond(one, view) for one in _listed(action, "modified_bonds", "host_nic"))
    devices = {**dict.fromkeys(bonds), **dict.fromkeys(view.devices)}
    modified = _listed(action, "modified_network_attachments", "network_attachment")
    return Wish(
        tuple(_attach(one, mended, devices, view) for one in modified),
        tuple(_detached(one, view) for one in _listed(action, "removed_network_attachments", "network_attachment")),
        bonds,
        tuple(_named(one, dict.fromkeys(view.devices)) for one in _listed(action, "removed_bonds", "host_nic")),
        _true(action.get("check_connectivity", True)),
        int(action.get("connectivity_timeout", PATIENCE)),
        _true(action.get("commit_on_success", False)),
    )


def call_of(wanted: Wish, view: View) -> Record:
    """The parameters of setupNetworks."""
    networks: dict[str, Record] = {name: {"remove": "true"} for name in wanted.detach}
    bonded = {*wanted.bonds, *view.caps.get("bondings", {})}
    for one in wanted.attach:
        networks[one.network.on_host] = _network(one, bonded=one.device in bonded)
    bondings: dict[str, Record] = {name: {"remove": "true"} for name in wanted.unbond}
    for name, (slaves, stated) in wanted.bonds.items():
        text = " ".join(f"{key}={value}" for key, value in stated.items()) or DEFAULT_OPTIONS
        bondings[name] = {"nics": list(slaves), "options": text, "switch": "legacy"}
    options: Record = {"connectivityCheck": str(wanted.check).lower()}
    if wanted.check:
        options["connectivityTimeout"] = wanted.timeout
    return {"networks": networks, "bondings": bondings, "options": options}


def _network(one: Attach, *, bonded: bool) -> Record:
    network: Record = {
        "bonding" if bonded else "nic": one.device,
        "mtu": one.network.bytes,
        "bridged": str(one.network.vm).lower(),
        "switch": "legacy",
        **_ipv4(*one.addresses.get("v4", ("none", {}))),
        **_ipv6(*one.addresses.get("v6", ("none", {})), routed=one.network.default_route),
    }
    if one.network.vlan is not None:
        network["vlan"] = str(one.network.vlan)
    if one.network.vm:
        network["stp"] = "yes" if one.network.stp else "no"
    if one.network.default_route:
        network["defaultRoute"] = True
        if servers := one.nameservers or one.network.nameservers:
            network["nameservers"] = list(servers)
    if one.properties:
        network["custom"] = dict(one.properties)
    return network


def _ipv4(method: str, ip: Mapping[str, str]) -> Record:
    if method == "dhcp":
        return {"bootproto": "dhcp"}
    if method != "static":
        return {}
    netmask = ip["netmask"]
    stated: Record = {"ipaddr": ip["address"], "prefix" if netmask.isdigit() else "netmask": netmask}
    return stated | ({"gateway": ip["gateway"]} if ip.get("gateway") else {})


def _ipv6(method: str, ip: Mapping[str, str], *, routed: bool) -> Record:
    stated: Record = {
        "dhcpv6": method in ("dhcp", "poly_dhcp_autoconf"),
        "ipv6autoconf": method in ("autoconf", "poly_dhcp_autoconf"),
    }
    if method == "static":
        stated |= {"ipv6addr": f"{ip['address']}/{ip['netmask']}"}
        stated["ipv6gateway"] = (ip.get("gateway") or "::") if routed else "::"
    return stated


def _bond(nic: Record, view: View) -> tuple[str, tuple[tuple[str, ...], Mapping[str, str]]]:
    bonding = nic.get("bonding", {})
    devices = dict.fromkeys(view.devices)
    name = str(nic.get("name") or "") or _named(nic, devices)
    slaves = tuple(_named(slave, devices) for slave in _listed(bonding, "slaves", "host_nic"))
    options = {str(one["name"]): str(one.get("value", "")) for one in _listed(bonding, "options", "option")}
    return name, (slaves, options)


def _attach(one: Record, mended: set[Any], devices: Mapping[str, None], view: View) -> Attach:
    network = _network_of(one.get("network", {}), view)
    assignments = _listed(one, "ip_address_assignments", "ip_address_assignment")
    servers = _listed(one.get("dns_resolver_configuration", {}), "name_servers", "name_server")
    return Attach(
        network,
        _named(one.get("host_nic", {}), devices),
        {
            row.get("ip", {}).get("version", "v4"): (row.get("assignment_method", "none"), row.get("ip", {}))
            for row in assignments
        },
        tuple(servers),
        {row["name"]: str(row.get("value", "")) for row in _listed(one, "properties", "property")},
        one.get("id") in mended,
    )


def _detached(one: Record, view: View) -> str:
    for name in view.caps.get("networks", {}):
        if one.get("id") == identity("attachment", name):
            return str(name)
    raise UnknownError(one, "network attachment")


def _network_of(link: Record, view: View) -> Logical:
    for network in view.networks.values():
        if link.get("id") == network.id or (not link.get("id") and link.get("name") == network.name):
            return network
    raise UnknownError(link, "network")


def _named(link: Record, devices: Mapping[str, None]) -> str:
    """The device of that id or name."""
    for name in devices:
        if link.get("id") == identity("nic", name) or (not link.get("id") and link.get("name") == name):
            return name
    raise UnknownError(link, "network interface")


def _listed(document: Record, key: str, kind: str) -> list[Any]:
    return list(document.get(key, {}).get(kind, ()))


def _true(value: object) -> bool:
    return value.lower() == "true" if isinstance(value, str) else bool(value)


# What the engine refuses before the host hears of it (docs/vdsm.md, What the engine refuses).


BOND_NAME = re.compile(r"bond\w+", re.ASCII)
NOT_UNDER_VMS = ("0", "5", "6")


def objection(wanted: Wish, view: View) -> str:
    """The first thing that the engine has against ``wanted``, in its order; ``""`` for none."""
    checks: tuple[Callable[[Wish, View], Iterator[str]], ...] = (_attachments, _removals, _bonds, _together)
    return next((f"Cannot setup Networks. {said}" for check in checks for said in check(wanted, view)), "")


def _attachments(wanted: Wish, view: View) -> Iterator[str]:
    unmanaged = {
        view.devices[device].get("iface", device): network
        for device, network in view.carried().items()
        if network not in view.networks
    }
    for one in wanted.attach:
        name = one.network.name
        if one.device in view.caps.get("vlans", {}):
            yield f"Network {name} cannot be attached to the VLAN device {one.device}."
        if one.device in unmanaged:
            yield f"The unmanaged network {unmanaged[one.device]} is on {one.device}; remove it first."
        present = one.network.on_host in view.caps.get("networks", {})
        if present and not one.mend and not is_in_sync(one.network.on_host, view):
            yield f"Network {name} on the host is different from its definition; synchronize it first."
        methods = {method for method, _ in one.addresses.values()}
        if one.network.default_route and not methods - {"none"}:
            yield f"Network {name} has the role of the default route and needs an IP configuration."
        yield from _addresses(one)


def _addresses(one: Attach) -> Iterator[str]:
    for version, (method, ip) in one.addresses.items():
        details = [key for key in ("address", "netmask", "gateway") if ip.get(key)]
        if method == "static" and not {"address", "netmask"} <= set(details):
            yield f"Network {one.network.name}: a static {version} configuration needs address and netmask."
        if method != "static" and details:
            yield f"Network {one.network.name}: {version} by {method} takes no address, netmask or gateway."
        if version == "v6" and ip.get("gateway") not in (None, "", "::") and not one.network.default_route:
            yield f"Network {one.network.name} has an IPv6 gateway, but not the role of the default route."


def _removals(wanted: Wish, view: View) -> Iterator[str]:
    for name in wanted.detach:
        if name in view.networks and view.networks[name].management:
            yield f"The management network {name} cannot be removed from the host."


def _bonds(wanted: Wish, view: View) -> Iterator[str]:
    plain = view.caps.get("nics", {})
    carried = view.carried()
    bases = {view.devices[device].get("iface", device) for device in carried}
    for name, (slaves, _) in wanted.bonds.items():
        if not BOND_NAME.fullmatch(name):
            yield f"The bond's name {name} has to begin with bond."
        if name in plain or name in view.caps.get("vlans", {}):
            yield f"{name} is no bond."
        if len(slaves) < 2:
            yield f"The bond {name} needs two slaves at least."
        if len(set(slaves)) < len(slaves):
            yield f"A slave of the bond {name} is listed twice."
        for slave in slaves:
            others = [bond for bond, members in _members(wanted, view).items() if slave in members and bond != name]
            if slave not in plain:
                yield f"{slave} is a bond or a VLAN and cannot be a slave of {name}."
            if others:
                yield f"{slave} is a slave of {others[0]} already."
            if slave in bases:
                yield f"{slave} has a network and cannot be a slave of {name}."


def _members(wanted: Wish, view: View) -> dict[str, tuple[str, ...]]:
    present = {name: tuple(bond["slaves"]) for name, bond in view.caps.get("bondings", {}).items()}
    named = {name: slaves for name, (slaves, _) in wanted.bonds.items()}
    return {name: slaves for name, slaves in {**present, **named}.items() if name not in wanted.unbond}


def _together(wanted: Wish, view: View) -> Iterator[str]:
    """What concerns all networks of a device, those that are there already among them."""
    for device, networks in _after(wanted, view).items():
        untagged = [name for name, network in networks.items() if network[0] is None]
        if len(untagged) > 1:
            yield f"{device} can have one untagged network only, not {' and '.join(sorted(untagged))}."
        if untagged and len({mtu for _, mtu, _ in networks.values()}) > 1:
            yield f"The networks on {device} have different MTUs, and one is untagged."
        mode = _mode(device, wanted, view)
        if mode in (*NOT_UNDER_VMS, None) and any(vm for _, _, vm in networks.values()):
            yield f"The mode of the bond {device} cannot serve a VM network."


def _after(wanted: Wish, view: View) -> Mapping[str, dict[str, tuple[int | None, int, bool]]]:
    """The known networks by base device, as they will be: VLAN, MTU, for VMs."""
    found: dict[str, dict[str, tuple[int | None, int, bool]]] = {}
    asked = {one.network.on_host: one.device for one in wanted.attach}
    present = {name: view.devices[device].get("iface", device) for device, name in view.carried().items()}
    for name, device in {**present, **asked}.items():
        network = view.networks.get(name)
        if network is not None and name not in wanted.detach:
            found.setdefault(device, {})[name] = (network.vlan, network.bytes, network.vm)
    return found


def _mode(device: str, wanted: Wish, view: View) -> str | None:
    """The bond's mode; ``""`` for a device that is no bond, None for a mode that the engine cannot read."""
    bond = view.caps.get("bondings", {}).get(device)
    if device in wanted.bonds and wanted.bonds[device][1]:
        return mode_number(wanted.bonds[device][1].get("mode", ""))
    if device in wanted.bonds:
        return "4"
    return mode_number(str(bond.get("opts", {}).get("mode", "0"))) if bond else ""


COMMITS_ITSELF = (4, 30)  # VDSM since which commitOnSuccess is its own; before, the engine commits with a call
FENCING = {"start": ("on",), "stop": ("off",), "restart": ("off", "on"), "status": ("status",)}
LOST = "Network error during communication with the Host."
UNANSWERED = ("late", "power-cut", "dies")  # faults by which VDSM never answers the engine
BUSY = "Cannot {action}. Related operation is currently in progress. Please try again later."
DEFAULT = (Logical(management=True, default_route=True),)

Meanwhile = Callable[[Callable[[], object]], AbstractContextManager[object]]


class Answer(NamedTuple):
    """HTTP status and document; ``mishap``: what shall become of it on the wire."""

    status: int
    document: Record
    mishap: Mishap | None = None


def fault(status: int, detail: str, mishap: Mishap | None = None) -> Answer:
    """A failed action as the engine answers it."""
    told = {"reason": "Operation Failed", "detail": f"[{detail}]"}
    return Answer(status, {"status": "failed", "fault": told}, mishap)


class StandInEngine:
    """An engine that has one host. `answer` may be called from any number of threads."""

    def __init__(
        self,
        stand_in: StandIn,
        networks: Iterable[Logical] = DEFAULT,
        *,
        name: str = "host1",
        meanwhile: Meanwhile | None = None,
    ) -> None:
        """``networks``: those of the cluster; ``name``: of the host.

        ``meanwhile(action)``: a context in which ``action`` is done again and again, every half second: the engine's
        signs to a VDSM that is setting up networks. None: the engine gives no sign.
        """
        self.stand_in = stand_in
        self.name = name
        self.address = stand_in.address
        self.log: list[tuple[str, Record]] = []
        self._networks = {network.on_host: network for network in networks}
        self._meanwhile = meanwhile or (lambda _action: nullcontext())
        self._under_way: dict[str, object] = {}
        self._view = self._read()

    @property
    def reached(self) -> bool:
        """Whether the engine reaches the host, wherever its name leads by now."""
        return self.stand_in.address in self.stand_in.addresses()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Record) -> Answer:
        """One request below /ovirt-engine/api; ``path`` without a slash at its beginning."""
        if method == "POST":
            action = re.fullmatch(r"hosts/([^/]+)/([a-z]+)", path)
            known = self._actions().get(action[2]) if action and self._is_host(action[1]) else None
            if known is None or action is None:
                return Answer(404, {})
            self.log.append((action[2], body))
            return known(body)
        document = self._shown(path, query)
        return Answer(404, {}) if document is None else Answer(200, document)

    def _shown(self, path: str, query: Mapping[str, str]) -> Record | None:
        host = documents.host(self._view, self.name, self.address, "up" if self.reached else "non_responsive")
        if path == "hosts":
            stated = re.findall(r'(?:name|address)="([^"]*)"', query.get("search", ""))
            return {"host": [host]} if not query.get("search") or {self.name, self.address} & set(stated) else {}
        if path == f"clusters/{host['cluster']['id']}/networks":
            return {"network": [network.document() for network in self._networks.values()]}
        shown: dict[str, Callable[[], Record]] = {
            "": lambda: host,
            "/nics": lambda: {"host_nic": documents.nics(self._view)},
            "/networkattachments": lambda: {"network_attachment": documents.attachments(self._view)},
            "/fenceagents": lambda: {"agent": self._agents()},
        }
        make = shown.get(path.removeprefix(f"hosts/{host['id']}")) if path.startswith("hosts/") else None
        return None if make is None else {key: value for key, value in make().items() if value != []}

    def _is_host(self, identity: str) -> bool:
        own: str = documents.host(self._view, self.name, self.address, "")["id"]
        return identity == own

    def _agents(self) -> list[Record]:
        return [{"address": one, "type": "ipmilan"} for one in self.stand_in.controllers.addresses_of(self.stand_in)]

    def _actions(self) -> dict[str, Callable[[Record], Answer]]:
        return {
            "refresh": lambda _: self._alone("refresh the host", self._refresh),
            "setupnetworks": lambda body: self._alone("setup Networks", lambda: self._set_up(body)),
            "commitnetconfig": lambda _: self._alone("save the network configuration", self._commit),
            "fence": self._fence,
        }

    def _alone(self, what: str, action: Callable[[], Answer]) -> Answer:
        """One action on the host at a time."""
        mine = object()
        if self._under_way.setdefault("host", mine) is not mine:
            return fault(409, BUSY.format(action=what))
        try:
            return action() if self.reached else fault(409, f"Cannot {what}. The host is not operational.")
        finally:
            del self._under_way["host"]

    def _refresh(self) -> Answer:
        done = self._ask("getCapabilities", {})
        if done.status == 200:
            self._view = self._read()
        return done

    def _set_up(self, body: Record) -> Answer:
        try:
            wanted = wish(body, self._view)
        except UnknownError as unknown:
            return fault(409, str(unknown))
        said = objection(wanted, self._view)
        if said:
            return fault(409, said)
        call = call_of(wanted, self._view)
        commits = self.stand_in.age.version >= COMMITS_ITSELF
        call["options"] |= {"commitOnSuccess": wanted.commit} if commits else {}
        with self._meanwhile(self._confirm):
            done = self._ask("setupNetworks", call)
        if done.status == 200 and wanted.commit and not commits:
            done = self._commit()
        if self.reached:
            self._view = self._read()
        return done

    def _confirm(self) -> None:
        if self.reached:
            self.stand_in.call("confirmConnectivity", {})

    def _commit(self) -> Answer:
        return self._ask("setSafeNetworkConfig", {})

    def _fence(self, body: Record) -> Answer:
        order, agents = FENCING.get(str(body.get("fence_type"))), self._agents()
        if order is None or not agents:
            return fault(409, "Cannot fence the host. Power Management is not set up, or the operation is unknown.")
        told: Record = {}
        for action in order:
            answered = self.stand_in.controllers.act(agents[0]["address"], agents[0]["type"], action)
            if isinstance(answered, Refusal):
                return fault(400, answered.message)
            told = {"power_management": {"status": answered["power"]}} if action == "status" else {}
        return Answer(200, {"status": "complete", **told})

    def _ask(self, verb: str, parameters: Record) -> Answer:
        """One call to VDSM. An engine that has lost the host on the way does not know what became of it."""
        value, mishap = self.stand_in.call(verb, parameters)
        if mishap is not None and mishap.kind in UNANSWERED:
            return fault(400, LOST, mishap)
        if isinstance(value, Refusal):
            return fault(400, value.message, mishap)
        if not self.reached:
            return fault(400, LOST, mishap)
        return Answer(200, {"status": "complete"}, mishap)

    def _read(self) -> View:
        caps = self.stand_in.caps()
        return View(vdsm2012.modernised(caps) if self.stand_in.age.has_cfg else caps, self._networks)


class Hosts(NamedTuple):
    """An engine that has several hosts: what each of them says that has only that."""

    each: tuple[StandInEngine, ...]

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Record) -> Answer:
        """As `StandInEngine.answer`."""
        answers = [one.answer(method, path, query, body) for one in self.each]
        if path == "hosts":
            return Answer(200, {"host": [host for one in answers for host in one.document.get("host", ())]})
        return next((one for one in answers if one.status != 404), Answer(404, {}))
