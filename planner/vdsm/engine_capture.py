"""From what the engine tells of a host to getVdsCaps: the same host, as good as REST can tell it (pure, no I/O).

Shapes: types/Host, HostNic, NetworkAttachment of oVirt/ovirt-engine-api-model; numbers and booleans may be text. The
engine keeps a network's address at the nic, bond or vlan below the bridge: here it goes back to the bridge.

REST does not tell, and so it is left absent: bridges that are no network of VDSM's (and with them an address that such
a bridge holds), further ports of a network's bridge, stp, secondary addresses and every IPv6 address but the first,
permanent MAC addresses of slaves, the MAC address of a vlan, host QoS, lastClientIface, netConfigDirty. Of the default
route, the switch type and the name servers only a network that the cluster knows tells (reported_configurations of its
attachment), and of name servers only the one that has the default route's role.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Document

Object = dict[str, Any]
MEGABIT = 1_000_000
DHCPV6 = ("dhcp", "poly_dhcp_autoconf")
AUTOCONF = ("autoconf", "poly_dhcp_autoconf")
NO_ROUTE6 = "::"
DEFAULT_ROUTE = "ipv4defaultroute"
REPORT_IT = "look at what the engine tells of the host (GET /ovirt-engine/api/hosts/ID/nics); report it"


class Told(NamedTuple):
    """What the engine lists of a host: itself, its nics (bonds and vlans too), attachments, its cluster's networks."""

    host: Object
    nics: tuple[Object, ...]
    attachments: tuple[Object, ...]
    networks: tuple[Object, ...]


def capture_of(told: Told) -> Document | Failure:
    """The getVdsCaps document of the host."""
    try:
        return _translated(told)
    except (TypeError, ValueError, AttributeError, KeyError) as error:  # a shape that is not the documented one
        return Failure("protocol", f"what the engine tells of the host has a shape of its own: {error}", REPORT_IT)


def _translated(told: Told) -> Object:
    names = {str(nic["id"]): str(nic["name"]) for nic in told.nics if nic.get("id")}
    document: Object = {"networks": {}, "bridges": {}, "nics": {}, "bondings": {}, "vlans": {}}
    for nic in told.nics:
        name = str(nic["name"])
        section, record = _device(nic, names)
        document[section][name] = record
        network = _network_on(nic, told.networks)
        if not network:
            continue
        attachment = _attachment(nic, told.attachments)
        reported = _reported(attachment)
        if "default_route" in reported:
            record[DEFAULT_ROUTE] = _true(reported["default_route"])
        document["networks"][network] = _network(network, nic, record, attachment)
        if _true(nic.get("bridged", True)):
            document["bridges"][network] = {"ports": [name], **record_ip(record)}
            document[section][name] = {key: value for key, value in record.items() if key != DEFAULT_ROUTE} | no_ip()
    servers = [server for attachment in told.attachments for server in _nameservers(attachment)]
    told_of_host = told.host.get("dns_resolver_configuration", {}).get("name_servers", {}).get("name_server", ())
    if found := list(dict.fromkeys((*told_of_host, *servers))):
        document["nameservers"] = found
    return document | _of_the_host(told.host)


def _of_the_host(host: Object) -> Object:
    found: Object = {}
    if version := _version(host.get("version", {})):
        found["software_version"] = version
    if uuid := host.get("hardware_information", {}).get("uuid"):
        found["uuid"] = str(uuid)
    return found


def _version(version: Object) -> str:
    """VDSM's: full_version is its package's ("vdsm-4.50.5.1-1.el9"), and 3.x told no more than major and minor."""
    package = str(version.get("full_version", "")).removeprefix("vdsm-").partition("-")[0]
    parts = [str(version[key]) for key in ("major", "minor") if version.get(key) is not None]
    return package or (".".join(parts) if len(parts) == 2 else "")


def _device(nic: Object, names: Mapping[str, str]) -> tuple[str, Object]:
    """The section of getVdsCaps where a nic of the engine's belongs, and its record there."""
    record = _ip(nic)
    if nic.get("mtu"):
        record["mtu"] = str(int(nic["mtu"]))
    if "vlan" in nic:
        base = nic.get("base_interface") or str(nic["name"]).rpartition(".")[0]
        return "vlans", {"iface": base, "vlanid": int(nic["vlan"]["id"]), **record}
    if mac := nic.get("mac", {}).get("address"):
        record["hwaddr"] = mac
    if nic.get("speed"):
        record["speed"] = int(nic["speed"]) // MEGABIT
    if nic.get("ad_aggregator_id") is not None:
        record["ad_aggregator_id"] = str(nic["ad_aggregator_id"])
    return ("bondings", record | _bond(nic["bonding"], names)) if "bonding" in nic else ("nics", record)


def _bond(bonding: Object, names: Mapping[str, str]) -> Object:
    slaves = bonding.get("slaves", {}).get("host_nic", ())
    bond: Object = {"slaves": [slave.get("name") or names[str(slave["id"])] for slave in slaves]}
    # A bond without options was reported without any, which says nothing of its mode.
    if options := bonding.get("options", {}).get("option"):
        bond["opts"] = {str(option["name"]): str(option.get("value", "")) for option in options}
    if active := bonding.get("active_slave"):
        bond["active_slave"] = active.get("name") or names.get(str(active.get("id")), "")
    if partner := bonding.get("ad_partner_mac", {}).get("address"):
        bond["ad_partner_mac"] = partner
    return bond


def no_ip() -> Object:
    """The IP keys of a device that has no addresses, as far as the engine tells of any."""
    none: Object = {"addr": "", "netmask": "", "ipv4addrs": [], "gateway": "", "dhcpv4": False}
    return none | {"ipv6addrs": [], "ipv6gateway": NO_ROUTE6, "dhcpv6": False, "ipv6autoconf": False}


def record_ip(record: Object) -> Object:
    """The IP keys and the MTU of a device's record."""
    return {key: record[key] for key in (*no_ip(), DEFAULT_ROUTE, "mtu") if key in record}


def _ip(nic: Object) -> Object:
    found = no_ip()
    four, six = nic.get("ip", {}), nic.get("ipv6", {})
    if address := four.get("address"):
        found |= {"addr": address, "netmask": four.get("netmask") or ""}
        if four.get("netmask"):
            found["ipv4addrs"] = [ipaddress.IPv4Interface(f"{address}/{four['netmask']}").with_prefixlen]
    found["gateway"] = four.get("gateway") or ""
    if address := six.get("address"):
        found["ipv6addrs"] = [f"{address}/{six['netmask']}" if six.get("netmask") else address]
    found["ipv6gateway"] = six.get("gateway") or NO_ROUTE6
    method = nic.get("ipv6_boot_protocol")
    found["dhcpv4"] = nic.get("boot_protocol") == "dhcp"
    return found | {"dhcpv6": method in DHCPV6, "ipv6autoconf": method in AUTOCONF}


def _network_on(nic: Object, networks: tuple[Object, ...]) -> str:
    """The network on a device, by the name that it has on the host; one that the cluster does not know has a name."""
    link = nic.get("network")
    if not link:
        return ""
    known = next((one for one in networks if link.get("id") and one.get("id") == link["id"]), link)
    return str(known.get("vdsm_name") or known.get("name") or "")


def _attachment(nic: Object, attachments: tuple[Object, ...]) -> Object:
    network = nic["network"].get("id")
    return next((one for one in attachments if network and one.get("network", {}).get("id") == network), {})


def _reported(attachment: Object) -> dict[str, str]:
    """What the host has, by the engine's names: mtu, bridged, vlan, default_route, dns_configuration, switchType."""
    listed = attachment.get("reported_configurations", {}).get("reported_configuration", ())
    return {str(one.get("name")): str(one["actual_value"]) for one in listed if one.get("actual_value") is not None}


def _nameservers(attachment: Object) -> Iterator[str]:
    """What the host has, where the engine says so; else what the attachment was given."""
    reported = _reported(attachment)
    if "dns_configuration" in reported:
        yield from (server.strip() for server in reported["dns_configuration"].split(",") if server.strip())
    else:
        yield from attachment.get("dns_resolver_configuration", {}).get("name_servers", {}).get("name_server", ())


def _network(name: str, nic: Object, record: Object, attachment: Object) -> Object:
    bridged = _true(nic.get("bridged", True))
    device = str(nic["name"])
    network: Object = {"bridged": bridged, "southbound": device, **record_ip(record)}
    network |= {"iface": name, "ports": [device]} if bridged else {"iface": device, "interface": device}
    if "vlanid" in record:
        network["vlanid"] = record["vlanid"]
    if switch := _reported(attachment).get("switchType"):
        network["switch"] = switch.lower()
    properties = attachment.get("properties", {}).get("property", ())
    if properties:
        network["custom"] = {str(one["name"]): str(one.get("value", "")) for one in properties}
    return network


def _true(value: object) -> bool:
    return value.lower() == "true" if isinstance(value, str) else bool(value)
