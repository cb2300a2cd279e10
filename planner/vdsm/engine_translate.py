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

from planner.vdsm.client import Document, Failure

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
        return _captured_translated(told)
    except (TypeError, ValueError, AttributeError, KeyError) as error:  # a shape that is not the documented one
        return Failure("protocol", f"what the engine tells of the host has a shape of its own: {error}", REPORT_IT)


def _captured_translated(told: Told) -> Object:
    names = {str(nic["id"]): str(nic["name"]) for nic in told.nics if nic.get("id")}
    document: Object = {"networks": {}, "bridges": {}, "nics": {}, "bondings": {}, "vlans": {}}
    for nic in told.nics:
        name = str(nic["name"])
        section, record = _device(nic, names)
        document[section][name] = record
        network = _network_on(nic, told.networks)
        if not network:
            continue
        attachment = _captured_attachment(nic, told.attachments)
        reported = _reported(attachment)
        if "default_route" in reported:
            record[DEFAULT_ROUTE] = _captured_true(reported["default_route"])
        document["networks"][network] = _captured_network(network, nic, record, attachment)
        if _captured_true(nic.get("bridged", True)):
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
    return ("bondings", record | _captured_bond(nic["bonding"], names)) if "bonding" in nic else ("nics", record)


def _captured_bond(bonding: Object, names: Mapping[str, str]) -> Object:
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


def _captured_attachment(nic: Object, attachments: tuple[Object, ...]) -> Object:
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


def _captured_network(name: str, nic: Object, record: Object, attachment: Object) -> Object:
    bridged = _captured_true(nic.get("bridged", True))
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


def _captured_true(value: object) -> bool:
    return value.lower() == "true" if isinstance(value, str) else bool(value)


# From VDSM's setupNetworks to the engine's: the same wish as a REST action (pure, no I/O).
#
# What the engine keeps itself (VLAN, MTU, bridge, of the data centre's network) cannot be asked for here: where the
# request wants it otherwise than the engine has it, the call is refused before anything is sent, for the engine would
# build something else than was planned. Shapes: services/HostService.java of oVirt/ovirt-engine-api-model; a list is an
# object with one member, e.g. {"host_nic": [...]}.


PLAN_ANEW = "plan with the definition that the engine has, or change the network in the data centre"
DEFAULT_MTU = 1500
FALSE = ("false", "no", "off", "0", "")


class Known(NamedTuple):
    """What the engine lists: the cluster's networks, the host's nics (bonds too) and its attachments."""

    networks: tuple[Object, ...]
    nics: tuple[Object, ...]
    attachments: tuple[Object, ...]


def action_of(request: Document, known: Known) -> Object | Failure:
    """The body of POST /hosts/{id}/setupnetworks for `request`."""
    try:
        return _requested_translated(request, known)
    except (TypeError, ValueError, AttributeError, KeyError) as error:  # a shape that is not the documented one
        text = f"the request, or what the engine tells of the host, has a shape of its own: {error}"
        return Failure("protocol", text, "plan anew; if it stays so, report it")


def _requested_translated(request: Document, known: Known) -> Object | Failure:
    action: Object = {}
    attachments = []
    removed = []
    outdated: list[Object] = []
    for name, wanted in request.get("networks", {}).items():
        network = _requested_network(name, known)
        if isinstance(network, Failure):
            return network
        present = _present(network, known)
        if _requested_true(wanted.get("remove")):
            removed += [{"id": present}] if present else []
            continue
        if failure := _differs(name, wanted, network) or _unaskable(wanted):
            return failure
        attachments.append(_requested_attachment(wanted, network, present))
        if present and not _in_sync(present, known):
            outdated.append({"id": present})
    bonds = request.get("bondings", {}).items()
    if unpinned := [name for name, bond in bonds if bond.get("hwaddr") == ""]:
        text = f"the engine cannot tell VDSM to pin no MAC address to {unpinned[0]}, and nmstate would refuse one"
        return Failure("refused", text, "apply the plan to VDSM itself, or take fail_over_mac off the bond")
    lists = {
        "modified_network_attachments": ("network_attachment", attachments),
        "removed_network_attachments": ("network_attachment", removed),
        # A network that is on the host otherwise than it is defined: the engine changes it only when told to mend it.
        "synchronized_network_attachments": ("network_attachment", outdated),
        "modified_bonds": (
            "host_nic",
            [_requested_bond(name, bond, known) for name, bond in bonds if not _requested_true(bond.get("remove"))],
        ),
        "removed_bonds": (
            "host_nic",
            [_id(name, known) for name, bond in bonds if _requested_true(bond.get("remove"))],
        ),
    }
    action |= {key: {kind: values} for key, (kind, values) in lists.items() if values}
    return action | _options(request.get("options", {}))


def _options(options: Mapping[str, Any]) -> Object:
    wanted: Object = {"check_connectivity": _requested_true(options.get("connectivityCheck", True))}
    if "connectivityTimeout" in options:
        wanted["connectivity_timeout"] = int(options["connectivityTimeout"])
    return wanted | {"commit_on_success": _requested_true(options.get("commitOnSuccess", False))}


def _requested_network(name: str, known: Known) -> Object | Failure:
    """By the name that it has on the host, which for long names is not the one in the data centre."""
    for key in ("vdsm_name", "name"):
        for network in known.networks:
            if network.get(key) == name:
                return network
    return Failure("refused", f"the host's cluster has no network {name}", "add the network to the cluster first")


def _present(network: Object, known: Known) -> str:
    """The id of the network's attachment on this host; "" when it has none."""
    wanted = network.get("id")
    found = (one for one in known.attachments if one.get("network", {}).get("id") == wanted)
    return str(next(found, {}).get("id", ""))


def _in_sync(present: str, known: Known) -> bool:
    attachment = next(one for one in known.attachments if str(one.get("id")) == present)
    return _requested_true(attachment.get("in_sync", True))


def _differs(name: str, wanted: Mapping[str, Any], network: Object) -> Failure | None:
    usages = network.get("usages", {}).get("usage", ["vm"])
    pairs = {
        "VLAN": (int(wanted.get("vlan", 0) or 0), int(network.get("vlan", {}).get("id", 0))),
        "MTU": (int(wanted.get("mtu", DEFAULT_MTU)), int(network.get("mtu", 0)) or DEFAULT_MTU),
        "bridge": (_requested_true(wanted.get("bridged", True)), "vm" in usages),
    }
    for what, (asked, has) in pairs.items():
        if asked != has:
            return Failure("refused", f"{name}: the plan has {what} {asked}, the engine {has}", PLAN_ANEW)
    return None


def _unaskable(wanted: Mapping[str, Any]) -> Failure | None:
    """An empty list tells VDSM to take them from routers; of an engine it is no list, and VDSM takes resolv.conf's."""
    if wanted.get("nameservers") != []:
        return None
    text = "the engine cannot ask for the name servers that a router tells: VDSM keeps those of today for good"
    return Failure("refused", text, "name the servers in the definition, or speak with VDSM itself (--transport auto)")


def _requested_attachment(wanted: Mapping[str, Any], network: Object, present: str) -> Object:
    attachment: Object = {
        "network": {"id": network["id"]} if "id" in network else {"name": network["name"]},
        "host_nic": {"name": wanted.get("bonding") or wanted.get("nic")},
        "ip_address_assignments": {"ip_address_assignment": [_ipv4(wanted), _ipv6(wanted)]},
    }
    if present:
        attachment["id"] = present
    if servers := wanted.get("nameservers"):
        attachment["dns_resolver_configuration"] = {"name_servers": {"name_server": list(servers)}}
    if custom := wanted.get("custom"):
        properties = [{"name": key, "value": str(value)} for key, value in custom.items()]
        attachment["properties"] = {"property": properties}
    return attachment  # hostQos is the engine's own, from the network's definition


def _ipv4(wanted: Mapping[str, Any]) -> Object:
    if wanted.get("bootproto") == "dhcp":
        return _assigned("dhcp", "v4")
    if not wanted.get("ipaddr"):
        return _assigned("none", "v4")
    netmask = str(wanted.get("netmask") or wanted.get("prefix") or "")
    return _assigned("static", "v4", wanted["ipaddr"], netmask, wanted.get("gateway", ""))


def _ipv6(wanted: Mapping[str, Any]) -> Object:
    dhcp, auto = _requested_true(wanted.get("dhcpv6")), _requested_true(wanted.get("ipv6autoconf"))
    if dhcp or auto:
        return _assigned("poly_dhcp_autoconf" if dhcp and auto else "dhcp" if dhcp else "autoconf", "v6")
    if not wanted.get("ipv6addr"):
        return _assigned("none", "v6")
    address, _, prefix = str(wanted["ipv6addr"]).partition("/")
    return _assigned("static", "v6", address, prefix or "128", wanted.get("ipv6gateway", ""))


def _assigned(method: str, version: str, address: str = "", netmask: str = "", gateway: str = "") -> Object:
    """For IPv6 the engine's netmask is the prefix' length."""
    values = {"address": address, "netmask": netmask, "gateway": gateway}
    return {"assignment_method": method, "ip": {"version": version, **{key: val for key, val in values.items() if val}}}


def _requested_bond(name: str, bond: Mapping[str, Any], known: Known) -> Object:
    options = [option.partition("=") for option in str(bond.get("options", "")).split()]
    bonding: Object = {"slaves": {"host_nic": [{"name": nic} for nic in bond.get("nics", [])]}}
    if options:
        bonding["options"] = {"option": [{"name": key, "value": value} for key, _, value in options]}
    return {"name": name, **_id(name, known), "bonding": bonding}


def _id(name: str, known: Known) -> Object:
    """A bond that the engine knows is changed by its id; a new one has but its name."""
    found = next((nic for nic in known.nics if nic.get("name") == name), {})
    return {"id": found["id"]} if "id" in found else {"name": name}


def _requested_true(value: object) -> bool:
    """VDSM's booleans of all ages: true, "true", "yes"."""
    return value.lower() not in FALSE if isinstance(value, str) else bool(value)
