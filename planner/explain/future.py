"""The host as it will be: a plan's attachment and foreseen effects applied to the host as it is."""

from collections.abc import Mapping
from typing import Any

from planner.host import graph
from planner.host.model import NO_IP, Address, Bond, Bridge, Host, Ip, Network, Nic, Vlan


def future(host: Host, document: Mapping[str, Any]) -> Host:
    """``host`` after the plan ``document`` (schemas/plan.schema.json); only a change differs from ``host``."""
    attachment = document.get("attachment")
    if document["outcome"] != "change" or not attachment:
        return host
    return _Remaking(host, document, attachment).host()


def holder_of(document: Mapping[str, Any]) -> str:
    """The device that has the management address today, ``""`` when none was found."""
    return str((document.get("management") or {}).get("device") or "")


def top_of(document: Mapping[str, Any]) -> str:
    """The device that will have it."""
    attachment = document["attachment"]
    return str(document["network"]) if attachment["bridged"] else port_of(attachment)


def port_of(attachment: Mapping[str, Any]) -> str:
    """The device right under the network: ``base.tag`` or the base."""
    tag = attachment.get("vlan")
    return str(attachment["iface"]) if tag is None else f"{attachment['iface']}.{tag}"


class _Remaking:
    """Own copies of a host's tables, changed step by step."""

    def __init__(self, host: Host, document: Mapping[str, Any], attachment: Mapping[str, Any]) -> None:
        self.past = host
        self.document = document
        self.attachment = attachment
        self.name = str(document["network"])
        self.nics: dict[str, Nic] = dict(host.nics)
        self.bonds: dict[str, Bond] = dict(host.bonds)
        self.vlans: dict[str, Vlan] = dict(host.vlans)
        self.bridges: dict[str, Bridge] = dict(host.bridges)
        self.networks: dict[str, Network] = dict(host.networks)

    def host(self) -> Host:
        ip = planned_ip(self.past, self.document)
        holder, port = holder_of(self.document), port_of(self.attachment)
        self._bonds()
        self._vlan(port)
        for device in (holder, port, *self._cleared()):
            self._change(device, ip=NO_IP)
        self._network(port, ip)
        for effect in self._foreseen("mtu"):
            self._change(effect["device"], mtu=int(effect["to"]))
        return self.past._replace(
            nics=self.nics,
            bonds=self.bonds,
            vlans=self.vlans,
            bridges=self.bridges,
            networks=self.networks,
            nameservers=tuple(self.attachment.get("nameservers") or ()) or self.past.nameservers,
        )

    def _cleared(self) -> list[str]:
        return [effect["device"] for effect in self._foreseen("address-dropped")]

    def _foreseen(self, kind: str) -> list[Mapping[str, Any]]:
        return [effect for effect in self.document.get("foreseen") or () if effect["effect"] == kind]

    def _bonds(self) -> None:
        for name, wanted in (self.attachment.get("bonding") or {}).items():
            options = {str(key): str(value) for key, value in (wanted.get("options") or {}).items()}
            present = self.bonds.get(name, Bond(name, ""))
            mode = int(options["mode"]) if options.get("mode", "").isdecimal() else present.mode
            members = tuple(wanted["nics"])
            unchanged = sorted(members) == sorted(present.members)
            self.bonds[name] = present._replace(
                members=present.members if unchanged else members, mode=mode, options=tuple(options.items())
            )

    def _vlan(self, port: str) -> None:
        tag = self.attachment.get("vlan")
        if tag is not None:
            present = self.vlans.get(port) or Vlan(port, "", base=self.attachment["iface"], tag=tag)
            self.vlans[port] = present._replace(mtu=self.attachment["mtu"])

    def _network(self, port: str, ip: Ip) -> None:
        attachment, bridged = self.attachment, bool(self.attachment["bridged"])
        device = top_of(self.document)
        if bridged:
            present = self.bridges.get(self.name) or Bridge(self.name, "", ports=(port,))
            ports = present.ports if port in present.ports else (port, *present.ports)
            self.bridges[self.name] = present._replace(
                mtu=attachment["mtu"], ports=ports, stp=bool(attachment["stp"]), ip=ip
            )
        else:
            self.bridges.pop(self.name, None)
            self._change(device, ip=ip)
        tag = attachment.get("vlan")
        self.networks[self.name] = Network(
            self.name,
            "",
            device=device,
            bridged=bridged,
            ports=(port,) if bridged else (),
            southbound=port,
            tag=-1 if tag is None else tag,
            mtu=attachment["mtu"],
            stp=bool(attachment["stp"]) if bridged else None,
            switch=attachment["switch"],
            ip=ip,
        )

    def _change(self, device: str, *, ip: Ip | None = None, mtu: int = -1) -> None:
        """Give ``device`` another IP configuration or MTU, whatever it is."""
        kinds: tuple[dict[str, Any], ...] = (self.nics, self.bonds, self.vlans, self.bridges)
        for kind in kinds:
            if device in kind:
                present = kind[device]
                kind[device] = present._replace(
                    ip=present.ip if ip is None else ip, mtu=present.mtu if mtu < 0 else mtu
                )
                return


def planned_ip(host: Host, document: Mapping[str, Any]) -> Ip:
    """The IP configuration of the planned network; a lease and an advertised address are taken to stay."""
    attachment = document["attachment"]
    present = graph.ip_of(host, holder_of(document), str(document["network"]))
    wanted = str((document.get("management") or {}).get("address") or "")
    v4, v6 = attachment["ipv4"], attachment["ipv6"]
    held4 = _held(present, 4, wanted or present.primary4, every=False)
    held6 = _held(present, 6, wanted, every="auto" in v6["method"])
    return Ip(
        addresses=_addresses(v4, 4, held4) + _addresses(v6, 6, held6),
        primary4=v4.get("address") or (held4[0].text if held4 and v4["method"] == "dhcp" else ""),
        gateway4=_gateway(v4, present.gateway4),
        gateway6=_gateway(v6, present.gateway6),
        dhcpv4=v4["method"] == "dhcp",
        dhcpv6="dhcp" in v6["method"],
        autoconf="auto" in v6["method"],
        default_route4=bool(attachment["default_route"]) if v4["method"] != "none" else None,
    )


def _held(ip: Ip, family: int, preferred: str, *, every: bool) -> tuple[Address, ...]:
    held = sorted(
        (address for address in ip.addresses if address.family == family),
        key=lambda address: (address.text != preferred, address.text != ip.primary4),
    )
    return tuple(held if every else held[:1])


def _addresses(planned: Mapping[str, Any], family: int, held: tuple[Address, ...]) -> tuple[Address, ...]:
    if planned["method"] == "static":
        prefix = planned.get("prefix")
        return (Address(planned["address"], family, -1 if prefix is None else prefix, ""),)
    return () if planned["method"] == "none" else held


def _gateway(planned: Mapping[str, Any], reported: str) -> str:
    if planned["method"] == "static":
        return planned.get("gateway") or ""
    return "" if planned["method"] == "none" else reported
