"""A playbook with the one task of `ovirt.ovirt.ovirt_host_network` that asks the engine for the network.

Source: the module's argument specification and how it words the engine's setupnetworks (oVirt/ovirt-ansible-collection,
plugins/modules/ovirt_host_network.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from planner.dialects.rest import beside_engine, lost_by_engine
from planner.dialects.wording import Made
from planner.plan.attachment import IpPlan
from planner.plan.request import static_ipv4
from planner.yamltext import dump_yaml

MODULE = "ovirt.ovirt.ovirt_host_network"
# What the module sets in these modes where nothing is said, and the kernel does not.
MIIMON_ADDED, HASH_ADDED = (1, 2, 3), 4
METHODS = ("none", "static", "dhcp")
# Without an `auth` of its own, if an empty one, the module does not look at the environment.
AUTH, HOST = "{{ ovirt_auth | default({}) }}", "{{ ovirt_host }}"
TEMPLATES = ("{{", "{%", "{#")


def lost(made: Made) -> Iterator[str]:
    """What the module has no parameter for."""
    attachment, bond = made.attachment, made.attachment.bond
    v4, v6 = attachment.ipv4, attachment.ipv6
    if v4.method != "none" and v6.method != "none":
        yield f"the module takes one boot protocol for a network: either IPv4 ({v4.method}) or IPv6 ({v6.method})"
    if v6.method not in METHODS:
        yield "the module's boot protocols are none, static and dhcp: what routers advertise is not among them"
    others = sorted(made.host.networks.keys() - {made.network})
    if made.owned and others:
        yield f"to change {made.network} the module synchronizes all networks of the host, {', '.join(others)}, too"
    if attachment.nameservers and (v4.method == "dhcp" or attachment.nameservers != made.host.nameservers):
        yield f"the module has no parameter for name servers: {', '.join(attachment.nameservers)} would be lost"
    yield from lost_by_engine(made)
    if any(opening in words(made).replace(HOST, "").replace(AUTH, "") for opening in TEMPLATES):
        yield "a name has braces, which Ansible would take for a template and carry out"
    if bond is not None and bond.mode in MIIMON_ADDED and "miimon" not in dict(bond.options):
        yield f"the module adds miimon=100 to {bond.name}, which has none"


def words(made: Made) -> str:
    """The playbook as YAML."""
    attachment = made.attachment
    task: dict[str, Any] = {"auth": AUTH, "name": HOST, **_device(made), "networks": [_network(made)]}
    task |= {"sync_networks": True} if made.owned else {}
    task |= {"check": made.wanted.checked, "save": True}
    play = {
        "name": f"Make {made.network} on the host",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [{"name": f"Attach {made.network} to {attachment.iface}", MODULE: task}],
    }
    return dump_yaml([play])


def beside(made: Made) -> Iterator[str]:
    """How it is run, and what is not in it."""
    yield "  ansible-playbook FILE -e ovirt_host=NAME; the engine is that of ovirt_auth, or of OVIRT_URL,"
    yield "  OVIRT_USERNAME, OVIRT_PASSWORD and OVIRT_CAFILE; it saves the change once it has seen the host again"
    yield from beside_engine(made)


def _device(made: Made) -> dict[str, Any]:
    bond = made.attachment.bond
    if bond is None:
        return {"interface": made.attachment.iface}
    stated = {name: value for name, value in bond.options if name != "mode"}
    unchanged = {"xmit_hash_policy": "0"} if bond.mode == HASH_ADDED else {}
    options = unchanged | stated
    settings = {"name": bond.name, "mode": bond.mode, "interfaces": sorted(bond.members)}
    return {"bond": settings | ({"options": options} if options else {})}


def _network(made: Made) -> dict[str, Any]:
    v4, v6 = made.attachment.ipv4, made.attachment.ipv6
    network = {"name": made.network} | (_assigned(v6, "v6") if v4.method == "none" else _assigned(v4, "v4"))
    custom = made.wanted.networks[0].custom
    if isinstance(custom, Mapping) and custom:
        network["custom_properties"] = [{"name": name, "value": str(value)} for name, value in custom.items()]
    return network


def _assigned(ip: IpPlan, version: str) -> dict[str, Any]:
    if ip.method != "static":
        return {"boot_protocol": ip.method, "version": version}
    netmask = static_ipv4(ip)["netmask"] if version == "v4" else str(ip.prefix)
    told = {"boot_protocol": "static", "version": version, "address": ip.address, "netmask": netmask}
    return told | ({"gateway": ip.gateway} if ip.gateway else {})
