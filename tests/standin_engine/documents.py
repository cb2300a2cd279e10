"""What an engine shows of a host over REST, from the getVdsCaps that it has read last (pure).

Shapes: types/Host, HostNic, NetworkAttachment of oVirt/ovirt-engine-api-model; numbers and booleans are text. The
engine keeps no bridges: a network's addresses are shown at the device below it, and of other bridges it shows nothing.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from planner.definition import DEFAULT_MTU, Definition
from planner.host.model import MODES
from planner.standin.kernel import Record

# The data centre behind a stand-in engine: its logical networks, and their names on hosts
# (docs/vdsm.md, From the definition to the request).


MANAGEMENT = "ovirtmgmt"
HOSTS_TAKE = re.compile(r"[0-9a-zA-Z_-]{1,15}")


def identity(kind: str, name: str) -> str:
    """The engine's id for something: the same each time, so that a test can be read."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))


class Logical(NamedTuple):
    """A logical network. ``vlan`` None: untagged; ``mtu`` 0: the default; ``nameservers`` (): none defined."""

    name: str = MANAGEMENT
    vm: bool = True
    vlan: int | None = None
    mtu: int = 0
    stp: bool = False
    management: bool = False
    default_route: bool = False
    nameservers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The engine's."""
        return identity("network", self.name)

    @property
    def on_host(self) -> str:
        """The name that hosts know it by."""
        if HOSTS_TAKE.fullmatch(self.name):
            return self.name
        return "on" + "".join(char for char in self.id if char.isalnum())[:13]

    @property
    def bytes(self) -> int:
        """The MTU in force."""
        return self.mtu or DEFAULT_MTU

    def document(self) -> Record:
        """As GET /clusters/{id}/networks lists it."""
        roles = {"vm": self.vm, "management": self.management, "default_route": self.default_route}
        document: Record = {
            "id": self.id,
            "name": self.name,
            "vdsm_name": self.on_host,
            "mtu": str(self.mtu),
            "stp": str(self.stp).lower(),
            "usages": {"usage": [role for role, has in roles.items() if has]},
        }
        if self.vlan is not None:
            document["vlan"] = {"id": str(self.vlan)}
        if self.nameservers:
            document["dns_resolver_configuration"] = {"name_servers": {"name_server": list(self.nameservers)}}
        return document


def logical(definition: Definition) -> Logical:
    """The management network as a definition has it."""
    return Logical(
        definition.network,
        definition.vm_network,
        definition.vlan,
        0 if definition.mtu == DEFAULT_MTU else definition.mtu,
        definition.stp,
        management=True,
        default_route=definition.default_route,
        nameservers=definition.nameservers or (),
    )


SECTIONS = ("nics", "vlans", "bondings")
MEGABIT = 1_000_000
LEGACY = "legacy"


class View(NamedTuple):
    """What the engine knows: getVdsCaps as of today's VDSM, and the cluster's networks by the name hosts have."""

    caps: Record
    networks: Mapping[str, Logical]

    @property
    def devices(self) -> dict[str, Record]:
        """Nics, vlans and bonds by name."""
        return {name: record for section in SECTIONS for name, record in self.caps.get(section, {}).items()}

    def below(self, network: str) -> str:
        """The device that a network of VDSM's stands on; ``""`` when the engine does not find it."""
        record, devices = self.caps["networks"][network], self.devices
        ports = record.get("ports") or self.caps.get("bridges", {}).get(network, {}).get("ports") or ()
        named = (record.get("southbound"), record.get("interface"), *ports, record.get("iface"))
        return next((str(name) for name in named if name in devices), "")

    def carried(self) -> dict[str, str]:
        """The networks of VDSM's by the device that they stand on."""
        found = {self.below(network): network for network in self.caps.get("networks", {})}
        return {device: network for device, network in found.items() if device}


def nics(view: View) -> list[Record]:
    """GET /hosts/{id}/nics."""
    carried = view.carried()
    return [_nic(name, record, section, carried.get(name, ""), view) for section, name, record in _devices(view)]


def _devices(view: View) -> Iterator[tuple[str, str, Record]]:
    for section in SECTIONS:
        for name, record in view.caps.get(section, {}).items():
            yield section, name, record


def _nic(name: str, record: Record, section: str, network: str, view: View) -> Record:
    reported = view.caps["networks"][network] if network else {}
    bridged = bool(reported.get("bridged"))
    nic: Record = {
        "id": identity("nic", name),
        "name": name,
        "mtu": str(record.get("mtu", 0)),
        "bridged": str(bridged).lower(),
        "custom_configuration": "false",
        "status": "up",
        **_addresses({**record, **reported} if bridged else record),
    }
    if record.get("hwaddr"):
        nic["mac"] = {"address": record["hwaddr"]}
    if int(record.get("speed", 0)) > 0:
        nic["speed"] = str(int(record["speed"]) * MEGABIT)
    if "ad_aggregator_id" in record:
        nic["ad_aggregator_id"] = str(record["ad_aggregator_id"])
    if section == "vlans":
        nic |= {"vlan": {"id": str(record["vlanid"])}, "base_interface": record["iface"]}
    if section == "bondings":
        nic["bonding"] = _bonding(record, view)
    if network:
        known = view.networks.get(network)
        nic["network"] = {"id": known.id} if known else {"name": network}
    return nic


def _bonding(record: Record, view: View) -> Record:
    """Of the slaves those that are listed themselves, options only when there are any."""
    options = [{"name": key, "value": value} for key, value in record.get("opts", {}).items()]
    for option in options:
        if option["name"] == "mode" and option["value"].isdigit():
            option["type"] = MODES[int(option["value"])]
    slaves = [{"id": identity("nic", slave)} for slave in record["slaves"] if slave in view.devices]
    bonding: Record = {"slaves": {"host_nic": slaves}}
    if options:
        bonding["options"] = {"option": options}
    if record.get("active_slave"):
        bonding["active_slave"] = {"id": identity("nic", record["active_slave"])}
    if record.get("ad_partner_mac"):
        bonding["ad_partner_mac"] = {"address": record["ad_partner_mac"]}
    return bonding


def _addresses(record: Record) -> Record:
    """One address of each family, and its origin (docs/vdsm.md, IP configuration as the engine reads it)."""
    first6 = (record.get("ipv6addrs") or [""])[0]
    four = {key: record.get(name) or "" for key, name in (("address", "addr"), ("netmask", "netmask"))}
    address, _, prefix = first6.partition("/")
    six = {"address": address, "netmask": prefix, "gateway": record.get("ipv6gateway") or ""}
    return {
        "boot_protocol": "dhcp" if record.get("dhcpv4") else "static" if record.get("addr") else "none",
        "ipv6_boot_protocol": _method6(record),
        "ip": {"version": "v4", **_stated({**four, "gateway": record.get("gateway") or ""})},
        "ipv6": {"version": "v6", **_stated(six)},
    }


def _method6(record: Record) -> str:
    if record.get("dhcpv6"):
        return "poly_dhcp_autoconf" if record.get("ipv6autoconf") else "dhcp"
    if record.get("ipv6autoconf"):
        return "autoconf"
    return "static" if record.get("ipv6addrs") else "none"


def _stated(values: Record) -> Record:
    return {key: value for key, value in values.items() if value}


def attachments(view: View) -> list[Record]:
    """GET /hosts/{id}/networkattachments: the networks on the host that the cluster knows."""
    carried = {network: device for device, network in view.carried().items() if network in view.networks}
    return [_attachment(network, device, view) for network, device in carried.items()]


def _attachment(network: str, device: str, view: View) -> Record:
    wanted, devices = view.networks[network], view.devices
    addresses = _addresses({**devices[device], **view.caps["networks"][network]})
    methods = {"v4": (addresses["boot_protocol"], addresses["ip"])}
    methods["v6"] = (addresses["ipv6_boot_protocol"], addresses["ipv6"])
    rows = [
        {
            "name": name,
            "expected_value": expected,
            "actual_value": actual,
            "in_sync": str(expected == actual).lower(),
        }
        for name, expected, actual in _compared(network, device, view)
    ]
    return {
        "id": identity("attachment", network),
        "network": {"id": wanted.id},
        "host_nic": {"id": identity("nic", devices[device].get("iface", device))},
        "in_sync": str(all(row["in_sync"] == "true" for row in rows)).lower(),
        "ip_address_assignments": {
            "ip_address_assignment": [{"assignment_method": method, "ip": ip} for method, ip in methods.values()]
        },
        "reported_configurations": {"reported_configuration": rows},
    }


def is_in_sync(network: str, view: View) -> bool:
    """Whether a network that is on the host is there as it is defined."""
    device = next((device for device, carried in view.carried().items() if carried == network), "")
    return not device or all(expected == actual for _, expected, actual in _compared(network, device, view))


def _compared(network: str, device: str, view: View) -> list[tuple[str, str, str]]:
    """What the engine compares: its name for it, as defined, as reported."""
    wanted, has, record = view.networks[network], view.caps["networks"][network], view.devices[device]
    served = has.get("ipv4defaultroute", record.get("ipv4defaultroute"))
    rows = [
        ("mtu", str(wanted.bytes), str(has.get("mtu", record.get("mtu", "")))),
        ("bridged", str(wanted.vm).lower(), str(bool(has.get("bridged"))).lower()),
        ("vlan", str(wanted.vlan or ""), str(record.get("vlanid", ""))),
        ("switchType", LEGACY.upper(), str(has.get("switch", LEGACY)).upper()),
        ("default_route", str(wanted.default_route).lower(), str(bool(served)).lower()),
    ]
    if wanted.default_route:
        servers = ",".join(view.caps.get("nameservers", ()))
        rows.append(("dns_configuration", ",".join(wanted.nameservers) or servers, servers))
    return rows


def host(view: View, name: str, address: str, status: str) -> Record:
    """GET /hosts/{id}."""
    packages = view.caps.get("packages2")
    packaged = packages.get("vdsm") if isinstance(packages, dict) else None
    version = str((packaged or {}).get("version") or view.caps.get("software_version") or "")
    parts = [part.partition("-")[0] for part in version.split(".")]
    document: Record = {
        "id": identity("host", name),
        "name": name,
        "address": address,
        "status": status,
        "cluster": {"id": identity("cluster", "Default")},
        "network_operation_in_progress": "false",
    }
    if len(parts) > 1:
        document["version"] = {"major": parts[0], "minor": parts[1], "full_version": f"vdsm-{version}-1.el9"}
    if view.caps.get("uuid"):
        document["hardware_information"] = {"uuid": view.caps["uuid"]}
    return document
