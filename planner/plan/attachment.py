"""The attachment: how the network is to stand on the host, in the planner's own words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from planner.facts.vocabulary import Fact, Scalar
from planner.host.model import Bond

UNPINNED = {"hwaddr": ""}  # of a bond, for VDSM: pin no MAC address to it


class IpPlan(NamedTuple):
    """One family: ``method`` none, static, dhcp, auto or auto+dhcp; the rest is for static only."""

    method: str = "none"
    address: str = ""
    prefix: int = -1
    gateway: str = ""

    def document(self) -> dict[str, Any]:
        """As it stands in a plan; only a static configuration carries an address."""
        if self.method != "static":
            return {"method": self.method}
        return {
            "method": self.method,
            "address": self.address,
            "prefix": self.prefix if self.prefix >= 0 else None,
            "gateway": self.gateway or None,
        }


class Attachment(NamedTuple):
    """Where and how a network is attached. ``tag`` -1: untagged; ``mtu`` in bytes; ``bond``: it travels along.

    ``pin_mac``: VDSM pins to a bond that it takes over the MAC address of today.
    """

    iface: str
    tag: int = -1
    bridged: bool = True
    mtu: int = 1500
    stp: bool = False
    bond: Bond | None = None
    pin_mac: bool = True
    ipv4: IpPlan = IpPlan()
    ipv6: IpPlan = IpPlan()
    default_route: bool = False
    nameservers: tuple[str, ...] = ()
    switch: str = "legacy"

    def top_device(self, network: str) -> str:
        """The device that will hold the address of ``network``."""
        return network if self.bridged else self.port

    @property
    def port(self) -> str:
        """The device right under the network: ``base.tag`` or the base."""
        return f"{self.iface}.{self.tag}" if self.tag >= 0 else self.iface

    def document(self) -> dict[str, Any]:
        """As it stands in a plan (schemas/plan.schema.json, ``attachment``)."""
        return {
            "iface": self.iface,
            "vlan": self.tag if self.tag >= 0 else None,
            "bridged": self.bridged,
            "mtu": self.mtu,
            "stp": self.stp,
            "bonding": bonding_document(self.bond, pin_mac=self.pin_mac),
            "ipv4": self.ipv4.document(),
            "ipv6": self.ipv6.document(),
            "default_route": self.default_route,
            "nameservers": list(self.nameservers),
            "switch": self.switch,
        }


def bonding_document(bond: Bond | None, *, pin_mac: bool = True) -> dict[str, Any]:
    """Describe a bond as plans do, with its members and options; ``{}`` for None."""
    if bond is None:
        return {}
    unpinned = {} if pin_mac else UNPINNED
    return {bond.name: {"nics": sorted(bond.members), "options": dict(bond.options), **unpinned}}


def attachment_of(values: Mapping[str, Scalar], bonds: Mapping[str, Bond]) -> Attachment | None:
    """Make an attachment of the values that the devise rules set.

    ``values``: by field of `planner.facts.vocabulary.ATTACHMENT`. ``bonds``: the host's, by name. None if no rule named
    a device.
    """
    iface = str(values.get("iface", ""))
    if not iface:
        return None
    plain = Attachment(iface)
    return plain._replace(
        tag=_number(values, "vlan", plain.tag),
        bridged=bool(values.get("bridged", plain.bridged)),
        mtu=_number(values, "mtu", plain.mtu),
        stp=bool(values.get("stp")),
        bond=bonds.get(str(values["bonding"])) if "bonding" in values else None,
        pin_mac=bool(values.get("pin_mac", plain.pin_mac)),
        ipv4=_ip(values, "ipv4"),
        ipv6=_ip(values, "ipv6"),
        default_route=bool(values.get("default_route")),
        nameservers=tuple(filter(None, str(values.get("nameservers", "")).split(","))),
        switch=str(values.get("switch", "")) or plain.switch,
    )


def read_attachment(document: Mapping[str, Any], bonds: Mapping[str, Bond]) -> Attachment:
    """Read the attachment back from a plan's ``document``; ``bonds`` are the host's, by name."""
    return Attachment(
        iface=document["iface"],
        tag=-1 if document["vlan"] is None else document["vlan"],
        bridged=document["bridged"],
        mtu=document["mtu"],
        stp=document["stp"],
        bond=next((bonds[name] for name in document["bonding"] if name in bonds), None),
        pin_mac=all("hwaddr" not in bond for bond in document["bonding"].values()),
        ipv4=_read_ip(document["ipv4"]),
        ipv6=_read_ip(document["ipv6"]),
        default_route=document["default_route"],
        nameservers=tuple(document["nameservers"]),
        switch=document["switch"],
    )


def _read_ip(document: Mapping[str, Any]) -> IpPlan:
    prefix = document.get("prefix")
    return IpPlan(
        document["method"],
        document.get("address") or "",
        -1 if prefix is None else prefix,
        document.get("gateway") or "",
    )


def attachment_facts(attachment: Attachment) -> tuple[Fact, ...]:
    """Make the ``attachment`` fact of the guard stage and the two ``addressing`` facts, with what follows from them."""
    fields: dict[str, Scalar] = {
        "iface": attachment.iface,
        "vlan": attachment.tag,
        "bridged": int(attachment.bridged),
        "mtu": attachment.mtu,
        "stp": int(attachment.stp),
        "bonding": attachment.bond.name if attachment.bond is not None else "",
        "pin_mac": int(attachment.pin_mac),
        "switch": attachment.switch,
        "default_route": int(attachment.default_route),
        "nameservers": ",".join(attachment.nameservers),
    }
    four = [address for address in attachment.nameservers if ":" not in address]
    six = [address for address in attachment.nameservers if ":" in address]
    return (
        Fact("attachment", fields, ""),
        _addressing_fact(4, attachment.ipv4, four),
        _addressing_fact(6, attachment.ipv6, six),
    )


def _addressing_fact(family: int, ip: IpPlan, nameservers: list[str]) -> Fact:
    fields: dict[str, Scalar] = {
        "family": family,
        "method": ip.method,
        "address": ip.address,
        "prefix": ip.prefix,
        "gateway": ip.gateway,
        "gateway_inside": _inside(ip),
        "nameservers": ", ".join(nameservers),
    }
    return Fact("addressing", fields, "")


def _number(values: Mapping[str, Scalar], name: str, otherwise: int) -> int:
    value = values.get(name)
    return value if isinstance(value, int) else otherwise


def _ip(values: Mapping[str, Scalar], family: str) -> IpPlan:
    method = str(values.get(f"{family}.method", "")) or "none"
    if method != "static":
        return IpPlan(method)
    return IpPlan(
        method,
        str(values.get(f"{family}.address", "")),
        _number(values, f"{family}.prefix", -1),
        str(values.get(f"{family}.gateway", "")),
    )


def _inside(ip: IpPlan) -> int:
    """1: the gateway is in the address's subnet, or link-local; 0: it is not; -1: no gateway, or no subnet."""
    if not ip.gateway or not ip.address or ip.prefix < 0:
        return -1
    import ipaddress

    gateway = ipaddress.ip_address(ip.gateway)
    subnet = ipaddress.ip_interface(f"{ip.address}/{ip.prefix}").network
    return int(gateway in subnet or (gateway.version == 6 and gateway.is_link_local))
