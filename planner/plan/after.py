"""The host as it will be: an attachment and its foreseen effects applied to the host as it is."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from planner.host import graph
from planner.host.model import NO_IP, Address, Bond, Bridge, Host, Ip, Network, Nic, Vlan
from planner.plan.attachment import Attachment, IpPlan, read_attachment
from planner.plan.effects import foresee


class Holder(NamedTuple):
    """The device that has the management address today, and the address; both ``""`` when nothing was found."""

    device: str = ""
    address: str = ""


def after(host: Host, network: str, attachment: Attachment, holder: Holder) -> Host:
    """Return ``host`` as it will be with ``network`` attached as ``attachment`` says.

    ``holder``: the device and address it is managed by today. Leases and advertised addresses are taken to stay.
    """
    return _Remaking(host, network, attachment, holder).host()


class _Remaking:
    """Own copies of a host's tables, changed step by step."""

    def __init__(self, host: Host, name: str, attachment: Attachment, holder: Holder) -> None:
        self.past = host
        self.name = name
        self.attachment = attachment
        self.holder = holder
        self.nics: dict[str, Nic] = dict(host.nics)
        self.bonds: dict[str, Bond] = dict(host.bonds)
        self.vlans: dict[str, Vlan] = dict(host.vlans)
        self.bridges: dict[str, Bridge] = dict(host.bridges)
        self.networks: dict[str, Network] = dict(host.networks)

    def host(self) -> Host:
        effects = foresee(self.past, self.name, self.attachment, *self.holder)
        cleared = [effect.device for effect in effects if effect.effect == "address-dropped"]
        present = graph.ip_of(self.past, self.holder.device, self.name)
        ip = _ip(present, self.attachment, self.holder.address)
        self._bond()
        self._vlan()
        for device in (self.holder.device, self.attachment.port, *cleared):
            self._change(device, ip=NO_IP)
        self._network(ip)
        for effect in effects:
            if effect.effect == "mtu":
                self._change(effect.device, mtu=int(effect.after))
        return self.past._replace(
            nics=self.nics,
            bonds=self.bonds,
            vlans=self.vlans,
            bridges=self.bridges,
            networks=self.networks,
            nameservers=self.attachment.nameservers or self.past.nameservers,
        )

    def _bond(self) -> None:
        bond = self.attachment.bond
        if bond is not None:
            present = self.bonds.get(bond.name, bond)
            unchanged = sorted(bond.members) == sorted(present.members)
            members = present.members if unchanged else bond.members
            self.bonds[bond.name] = present._replace(members=members, mode=bond.mode, options=bond.options)

    def _vlan(self) -> None:
        port, tag = self.attachment.port, self.attachment.tag
        if tag >= 0:
            present = self.vlans.get(port) or Vlan(port, "", base=self.attachment.iface, tag=tag)
            self.vlans[port] = present._replace(mtu=self.attachment.mtu)

    def _network(self, ip: Ip) -> None:
        attachment, port = self.attachment, self.attachment.port
        device = attachment.top_device(self.name)
        if attachment.bridged:
            present = self.bridges.get(self.name) or Bridge(self.name, "")
            ports = present.ports if port in present.ports else (port, *present.ports)
            self.bridges[self.name] = present._replace(mtu=attachment.mtu, ports=ports, stp=attachment.stp, ip=ip)
        else:
            self.bridges.pop(self.name, None)
            self._change(device, ip=ip)
        self.networks[self.name] = Network(
            self.name,
            "",
            device=device,
            bridged=attachment.bridged,
            ports=(port,) if attachment.bridged else (),
            southbound=port,
            tag=attachment.tag,
            mtu=attachment.mtu,
            stp=attachment.stp if attachment.bridged else None,
            switch=attachment.switch,
            ip=ip,
        )

    def _change(self, device: str, **fields: Ip | int) -> None:
        """Give ``device`` another IP configuration or MTU, whatever it is."""
        kinds: tuple[dict[str, Any], ...] = (self.nics, self.bonds, self.vlans, self.bridges)
        for kind in kinds:
            if device in kind:
                kind[device] = kind[device]._replace(**fields)
                return


def _ip(present: Ip, attachment: Attachment, address: str) -> Ip:
    """The IP configuration of the planned network, which follows on ``present``."""
    v4, v6 = attachment.ipv4, attachment.ipv6
    held4 = _held(present, 4, address or present.primary4)[:1]
    held6 = _held(present, 6, address)
    held6 = held6 if "auto" in v6.method else held6[:1]
    return Ip(
        addresses=tuple(_addresses(v4, 4, held4)) + tuple(_addresses(v6, 6, held6)),
        primary4=v4.address or (held4[0].text if held4 and v4.method == "dhcp" else ""),
        gateway4=_gateway(v4, present.gateway4),
        gateway6=_gateway(v6, present.gateway6),
        dhcpv4=v4.method == "dhcp",
        dhcpv6="dhcp" in v6.method,
        autoconf="auto" in v6.method,
        default_route4=attachment.default_route if v4.method != "none" else None,
    )


def _held(ip: Ip, family: int, preferred: str) -> list[Address]:
    return sorted(
        (address for address in ip.addresses if address.family == family),
        key=lambda address: (address.text != preferred, address.text != ip.primary4),
    )


def _addresses(planned: IpPlan, family: int, held: Iterable[Address]) -> Iterable[Address]:
    if planned.method == "static":
        return (Address(planned.address, family, planned.prefix, ""),)
    return () if planned.method == "none" else held


def _gateway(planned: IpPlan, reported: str) -> str:
    if planned.method == "static":
        return planned.gateway
    return "" if planned.method == "none" else reported


# The host as a plan's document (schemas/plan.schema.json) will leave it.


def future(host: Host, document: Mapping[str, Any]) -> Host:
    """Return ``host`` as it will be after the plan ``document``: unchanged unless its outcome is a change."""
    if document["outcome"] != "change":
        return host
    attachment = read_attachment(document["attachment"], host.bonds)
    return after(host, str(document["network"]), attachment, Holder(holder_of(document), address_of(document)))


def holder_of(document: Mapping[str, Any]) -> str:
    """Return the device that has the management address today; ``""`` if the plan found no such device."""
    return str((document.get("management") or {}).get("device") or "")


def address_of(document: Mapping[str, Any]) -> str:
    """Return the management address; ``""`` if the plan found none."""
    return str((document.get("management") or {}).get("address") or "")


def top_of(document: Mapping[str, Any]) -> str:
    """Return the device that will have the management address after the plan."""
    attachment = document["attachment"]
    tag = attachment["vlan"]
    port = attachment["iface"] if tag is None else f"{attachment['iface']}.{tag}"
    return str(document["network"] if attachment["bridged"] else port)
