"""VDSM's own networks, as each age describes them."""

from collections.abc import Mapping
from typing import Any

from planner.host.addressing import read_ip
from planner.host.findings import Findings
from planner.host.model import Bridge, Device, Network, Vlan
from planner.host.scalars import flag, names, number, text


def read_networks(
    records: Mapping[str, dict[str, Any]],
    lower: Mapping[str, Device],
    vlans: Mapping[str, Vlan],
    bridges: Mapping[str, Bridge],
    findings: Findings,
) -> tuple[dict[str, Network], dict[str, Bridge]]:
    """The networks, and the bridges that a partial capture tells only by them. ``lower``: nics and bonds."""
    networks: dict[str, Network] = {}
    made: dict[str, Bridge] = {}
    for name, record in records.items():
        network = _network(name, record, {**lower, **vlans} if len(records) == 1 else lower, vlans, bridges, findings)
        networks[name] = network
        if network.bridged and network.device not in bridges:
            made[network.device] = Bridge(
                network.device, network.path, network.mtu, "", network.ip, network.ports, network.stp
            )
    return networks, made


def _network(
    name: str,
    record: dict[str, Any],
    lower: Mapping[str, Device],
    vlans: Mapping[str, Vlan],
    bridges: Mapping[str, Bridge],
    findings: Findings,
) -> Network:
    path = f"networks.{name}"
    bridged = flag(record, "bridged", path, findings)
    if bridged is None:
        bridged = "interface" not in record
    device = text(record, "iface", path, findings) or name
    if not bridged:
        device = text(record, "interface", path, findings) or device
    bridge = bridges.get(device) if bridged else None
    ports = names(record, "ports", path, findings) or (bridge.ports if bridge is not None else ())
    southbound = text(record, "southbound", path, findings) or _southbound(device, ports, lower, vlans, bridged=bridged)
    vlan = vlans.get(southbound)
    tag = number(record, "vlanid", "a VLAN id", path, findings, 4095)
    ip = read_ip(record, path, findings)
    if bridge is not None and not ip.addresses:
        ip = bridge.ip
    elif bridge is not None and "dhcpv4" not in record and "bootproto4" not in record and bridge.ip.dhcpv4:
        ip = ip._replace(dhcpv4=True)
    return Network(
        name=name,
        path=path,
        device=device,
        bridged=bridged,
        ports=ports,
        southbound=southbound,
        tag=vlan.tag if tag < 0 and vlan is not None else tag,
        mtu=number(record, "mtu", "an MTU", path, findings),
        stp=flag(record, "stp", path, findings) if bridged else None,
        switch=text(record, "switch", path, findings),
        ip=ip,
        qos=record.get("hostQos") or None,
        custom=record.get("custom") or None,
    )


def _southbound(
    device: str, ports: tuple[str, ...], lower: Mapping[str, Device], vlans: Mapping[str, Vlan], *, bridged: bool
) -> str:
    """The device under the bridge: the port that is no virtual machine's tap; before 4.30 nothing else tells it."""
    if not bridged:
        return device
    real = sorted(port for port in ports if port in vlans or port in lower)
    others = sorted(port for port in ports if not port.startswith(("vnet", "tap", ";")))
    return next(iter(real or others), "")
