"""From VDSM's setupNetworks to the engine's: the same wish as a REST action (pure, no I/O).

What the engine keeps itself (VLAN, MTU, bridge, of the data centre's network) cannot be asked for here: where the
request wants it otherwise than the engine has it, the call is refused before anything is sent, for the engine would
build something else than was planned. Shapes: services/HostService.java of oVirt/ovirt-engine-api-model; a list is an
object with one member, e.g. {"host_nic": [...]}.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Document

Object = dict[str, Any]
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
        return _translated(request, known)
    except (TypeError, ValueError, AttributeError, KeyError) as error:  # a shape that is not the documented one
        text = f"the request, or what the engine tells of the host, has a shape of its own: {error}"
        return Failure("protocol", text, "plan anew; if it stays so, report it")


def _translated(request: Document, known: Known) -> Object | Failure:
    action: Object = {}
    attachments = []
    removed = []
    outdated: list[Object] = []
    for name, wanted in request.get("networks", {}).items():
        network = _network(name, known)
        if isinstance(network, Failure):
            return network
        present = _present(network, known)
        if _true(wanted.get("remove")):
            removed += [{"id": present}] if present else []
            continue
        if failure := _differs(name, wanted, network):
            return failure
        attachments.append(_attachment(wanted, network, present))
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
            [_bond(name, bond, known) for name, bond in bonds if not _true(bond.get("remove"))],
        ),
        "removed_bonds": ("host_nic", [_id(name, known) for name, bond in bonds if _true(bond.get("remove"))]),
    }
    action |= {key: {kind: values} for key, (kind, values) in lists.items() if values}
    return action | _options(request.get("options", {}))


def _options(options: Mapping[str, Any]) -> Object:
    wanted: Object = {"check_connectivity": _true(options.get("connectivityCheck", True))}
    if "connectivityTimeout" in options:
        wanted["connectivity_timeout"] = int(options["connectivityTimeout"])
    return wanted | {"commit_on_success": _true(options.get("commitOnSuccess", False))}


def _network(name: str, known: Known) -> Object | Failure:
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
    return _true(attachment.get("in_sync", True))


def _differs(name: str, wanted: Mapping[str, Any], network: Object) -> Failure | None:
    usages = network.get("usages", {}).get("usage", ["vm"])
    pairs = {
        "VLAN": (int(wanted.get("vlan", 0) or 0), int(network.get("vlan", {}).get("id", 0))),
        "MTU": (int(wanted.get("mtu", DEFAULT_MTU)), int(network.get("mtu", 0)) or DEFAULT_MTU),
        "bridge": (_true(wanted.get("bridged", True)), "vm" in usages),
    }
    for what, (asked, has) in pairs.items():
        if asked != has:
            return Failure("refused", f"{name}: the plan has {what} {asked}, the engine {has}", PLAN_ANEW)
    return None


def _attachment(wanted: Mapping[str, Any], network: Object, present: str) -> Object:
    attachment: Object = {
        "network": {"id": network.get("id")},
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
    dhcp, auto = _true(wanted.get("dhcpv6")), _true(wanted.get("ipv6autoconf"))
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


def _bond(name: str, bond: Mapping[str, Any], known: Known) -> Object:
    options = [option.partition("=") for option in str(bond.get("options", "")).split()]
    bonding: Object = {"slaves": {"host_nic": [{"name": nic} for nic in bond.get("nics", [])]}}
    if options:
        bonding["options"] = {"option": [{"name": key, "value": value} for key, _, value in options]}
    return {"name": name, **_id(name, known), "bonding": bonding}


def _id(name: str, known: Known) -> Object:
    """A bond that the engine knows is changed by its id; a new one has but its name."""
    found = next((nic for nic in known.nics if nic.get("name") == name), {})
    return {"id": found["id"]} if "id" in found else {"name": name}


def _true(value: object) -> bool:
    """VDSM's booleans of all ages: true, "true", "yes"."""
    return value.lower() not in FALSE if isinstance(value, str) else bool(value)
