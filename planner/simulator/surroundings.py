"""What is around a stand-in host: the switch's VLANs, the path's MTU, DHCP servers and routers."""

import ipaddress
from collections.abc import Collection, Mapping
from typing import NamedTuple

UNTAGGED = 0
LARGEST_MTU = 9216


class Lease(NamedTuple):
    """What a DHCP server hands out: ``address`` with prefix, gateway ("" if none), name servers."""

    address: str
    gateway: str = ""
    nameservers: tuple[str, ...] = ()


class Router(NamedTuple):
    """What a router advertises: ``prefix`` (a /64) and its own link-local address."""

    prefix: str
    gateway: str


class Surroundings(NamedTuple):
    """The network around the host; what is not stated is learned from the capture.

    ``tags``: the VLANs that the switch carries to the host (0: untagged), None: all. ``mtu``: the largest packet that
    the path carries; a host that sends larger ones is not heard. ``segments``: the VLAN (tag) on which a subnet
    lives. ``leases``: by MAC address and tag; ``pools``: by tag, the first lease for a MAC that has none of its own.
    ``leases6``, ``pools6``: the same for DHCPv6, addresses with their prefix. ``client_ids``: the host's own profiles
    ask DHCP by an identifier other than the MAC address, which nmstate's do not carry on; DHCPv6 is always asked so.
    ``routers``: by tag. ``routed``: the client is behind the gateway, so that without a default route no answer
    reaches it. ``silent``: what cannot reach the host waits in vain, as behind a real switch, instead of being
    refused at once.
    """

    tags: frozenset[int] | None = None
    mtu: int = LARGEST_MTU
    segments: Mapping[str, int] = {}
    leases: Mapping[tuple[str, int], Lease] = {}
    pools: Mapping[int, Lease] = {}
    leases6: Mapping[tuple[str, int], str] = {}
    pools6: Mapping[int, str] = {}
    client_ids: bool = False
    routers: Mapping[int, Router] = {}
    routed: bool = False
    silent: bool = False


def carries(surroundings: Surroundings, address: str, tag: int, mtu: int) -> bool:
    """Whether a host that has ``address`` on VLAN ``tag`` and sends packets of up to ``mtu`` bytes is heard."""
    if mtu > surroundings.mtu or (surroundings.tags is not None and tag not in surroundings.tags):
        return False
    parsed = ipaddress.ip_address(address)
    homes = [home for subnet, home in surroundings.segments.items() if parsed in ipaddress.ip_network(subnet)]
    return not homes or tag in homes


def lease_for(surroundings: Surroundings, known: Mapping[tuple[str, int], Lease], mac: str, tag: int) -> Lease | None:
    """What a DHCP server on VLAN ``tag`` gives to ``mac``, when ``known`` leases are out; None: nobody answers.

    A MAC that the server does not know gets an address next to those that are given away.
    """
    if surroundings.tags is not None and tag not in surroundings.tags:
        return None
    everybody = {**surroundings.leases, **known}
    own = everybody.get((mac.lower(), tag))
    if own is not None:
        return own
    there = [lease for (_, where), lease in everybody.items() if where == tag]
    model = surroundings.pools.get(tag) or (there[0] if there else None)
    if model is None:
        return None
    taken = {lease.address.partition("/")[0] for lease in there} | {model.gateway}
    return model._replace(address=_next_to(model.address, taken))


def lease6_for(surroundings: Surroundings, known: Mapping[tuple[str, int], str], mac: str, tag: int) -> str:
    """The same for DHCPv6: an address with its prefix; ``""``: nobody answers."""
    if surroundings.tags is not None and tag not in surroundings.tags:
        return ""
    everybody = {**surroundings.leases6, **known}
    there = [address for (_, where), address in everybody.items() if where == tag]
    model = surroundings.pools6.get(tag) or next(iter(there), "")
    own = everybody.get((mac.lower(), tag))
    return own or (_next_to(model, {address.partition("/")[0] for address in there}) if model else "")


def _next_to(address: str, taken: Collection[str]) -> str:
    """The first address from ``address`` on that is not ``taken``, with its prefix."""
    subnet = ipaddress.ip_interface(address)
    candidate = subnet.ip
    while str(candidate) in taken:
        candidate += 1
    return f"{candidate}/{subnet.network.prefixlen}"


def autoconfigured(router: Router, mac: str) -> str:
    """The address that a host with ``mac`` gives itself from a router's advertisement (EUI-64)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    network = ipaddress.IPv6Network(router.prefix)
    return f"{network.network_address + int.from_bytes(identifier, 'big')}/{network.prefixlen}"
