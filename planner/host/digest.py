"""A name for what a host is: equal digests, equal plans, whatever the capture's format and spelling."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from planner.host.model import NO_IP, Device, Host, Ip, Network

T = TypeVar("T")


def digest_of(host: Host) -> str:
    """``sha256:`` over the content that planning reads; not over what changes by itself, nor over who asked."""
    rows = [
        [_device(nic) for nic in _sorted(host.nics)],
        [[*_device(bond), sorted(bond.members), bond.mode, bond.options, bond.switch] for bond in _sorted(host.bonds)],
        [[*_device(vlan), vlan.base, vlan.tag] for vlan in _sorted(host.vlans)],
        [[*_device(bridge), sorted(bridge.ports), bridge.stp] for bridge in _sorted(host.bridges)],
        [_network(network) for network in _sorted(host.networks)],
        host.nameservers,
        host.version,
        host.nmstate,
        host.enterprise_linux,
        host.lacks,
    ]
    content = json.dumps(rows, separators=(",", ":"), sort_keys=True, default=repr)
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()


def _sorted(table: Mapping[str, T]) -> list[T]:
    return [table[name] for name in sorted(table)]


def _device(device: Device) -> list[Any]:
    return [device.name, device.mtu, device.hwaddr, _ip(device.ip)]


def _network(network: Network) -> list[Any]:
    kept = [network.name, network.device, network.bridged, sorted(network.ports), network.southbound, network.tag]
    kept += [network.contradicted, network.mtu, network.stp, network.switch]
    return [*kept, _ip(network.ip), network.qos, network.custom]


def _ip(ip: Ip) -> list[Any] | None:
    if ip is NO_IP:
        return None
    addresses = [(address.text, address.prefix) for address in ip.addresses]
    gateways = [ip.primary4, ip.gateway4, ip.gateway6, ip.default_route4]
    return [addresses, *gateways, ip.dhcpv4, ip.dhcpv6, ip.autoconf]
