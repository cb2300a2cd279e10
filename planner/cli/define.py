"""``mgmtnet define``: a first definition out of what the host is; what has to be decided stands in comments."""

import argparse
from collections.abc import Iterator

import planner
from planner.cli.inputs import Inputs, on_host
from planner.cli.output import complain, say, tell
from planner.definition import DEFAULT_MTU, DEFAULT_NETWORK, LARGEST_MTU, LARGEST_TAG, SMALLEST_MTU, read_definition
from planner.explain.summary import HEADLINES
from planner.host import graph
from planner.host.model import Host, Ip, Network, Vlan
from planner.plan.plan import Management, Plan
from planner.printing import printable
from planner.problem import errors
from planner.yamltext import dump_yaml


@on_host
def run_define(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the definition, and tell what the host would come to with it; the exit status."""
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    if plan.management is None:
        complain(errors(plan.problems))
        return 1
    text = "".join(f"{printable(line)}\n" for line in _lines(inputs.host, plan.management))
    say(text)
    again = read_definition(text, "the definition").definition
    if again is not None:
        _outlook(planner.plan(inputs.host, again, inputs.rules, inputs.addresses))
    return 0


def _outlook(plan: Plan) -> None:
    """Tell what the plan comes to with the definition as it is printed."""
    tell(f"{plan.network}: {HEADLINES[plan.outcome]}, if it is defined so")
    complain(errors(plan.problems))


def _lines(host: Host, management: Management) -> Iterator[str]:
    device, network = management.device, _network(host, management.device)
    ip = graph.ip_of(host, device)
    yield f"# What the host is: {management.address or 'no address'} on {management.kind} {device}."
    yield "# A beginning: the data centre has one definition for all its hosts; `mgmtnet plan` tells what comes of it."
    yield dump_yaml({"network": network.name if network is not None else DEFAULT_NETWORK}).rstrip()
    yield ""
    if network is None:
        yield "# Decide: true gives the network a bridge, which virtual machines need to be on it; false does without."
        yield "vm_network: true"
    else:
        yield f"vm_network: {_word(network.bridged)}"
    yield from _tag(host, device, network)
    yield from _mtu(host, device, network)
    if network is not None and network.bridged:
        yield f"stp: {_word(bool(network.stp))}"
    yield ""
    yield from _route(host, device, ip)
    yield from _method(host, ip)
    yield from _nameservers(host)


def _network(host: Host, device: str) -> Network | None:
    """VDSM's network with its address on the device."""
    return graph.network_on(host).get(device)


def _word(told: bool) -> str:  # noqa: FBT001  it is what is written
    return "true" if told else "false"


def _tag(host: Host, device: str, network: Network | None) -> Iterator[str]:
    vlans = [host.vlans[name] for name in graph.stack(host, device) if name in host.vlans]
    tag = network.tag if network is not None else vlans[0].tag if vlans else -1
    if 0 < tag <= LARGEST_TAG:
        yield f"vlan: {tag}" + (f"  # of {_standing(vlans[0])}" if vlans else "")
    elif vlans:
        yield f"# Decide: no definition has the tag of {_standing(vlans[0])}; move the address to another one."
    else:
        yield "# vlan: TAG  # untagged as the host is; a tag that it has not got is refused"


def _standing(vlan: Vlan) -> str:
    return f"{vlan.name} over {vlan.base}" if vlan.base else vlan.name


def _mtu(host: Host, device: str, network: Network | None) -> Iterator[str]:
    found = graph.device(host, device)
    mtu = network.mtu if network is not None else found.mtu if found is not None else -1
    if SMALLEST_MTU <= mtu <= LARGEST_MTU:
        yield (
            f"mtu: {mtu}  # of {device}; every switch on the way has to carry it" if mtu != DEFAULT_MTU else "mtu: 1500"
        )
    else:
        yield "# mtu: 1500  # the capture does not tell the host's"


def _route(host: Host, device: str, ip: Ip) -> Iterator[str]:
    gateways = [gateway for gateway in (ip.gateway4, ip.gateway6) if gateway]
    elsewhere = [
        found.name for found in graph.devices(host) if found.name != device and (found.ip.gateway4 or found.ip.gateway6)
    ]
    if gateways or not elsewhere:
        yield "default_route: true"
    else:
        yield f"# Decide: the host's default route is over {', '.join(elsewhere[:3])}; true moves it to this network."
        yield "default_route: false"
    if gateways:
        yield f"# gateway: {gateways[0]}  # as the host has it; only to overrule it"
    elif {"gateway", "ipv6gateway"} & set(host.lacks):
        yield "# Decide: the capture tells no gateway; if the host has one, name it."
        yield "# gateway: 192.0.2.1"


def _method(host: Host, ip: Ip) -> Iterator[str]:
    four = [address.text for address in ip.addresses if address.family == 4]
    if "dhcpv4" in host.lacks and four:
        seen = "has a lifetime, as a lease has" if ip.dhcpv4 else "has no lifetime; a lease may have none"
        yield f"# Decide: static or dhcp? The capture does not tell; {four[0]} {seen}."
        yield f"# ipv4: {'dhcp' if ip.dhcpv4 else 'static'}"
    elif ip.dhcpv4 and len(four) > 1:
        yield f"# Decide: {', '.join(four[:3])} are leased or set by hand, and the capture does not tell which."
        yield "# ipv4: dhcp"


def _nameservers(host: Host) -> Iterator[str]:
    if host.nameservers:
        yield f"# nameservers: [{', '.join(host.nameservers)}]  # as the host has them; only to overrule them"
    else:
        untold = "nameservers" in host.lacks
        yield f"# nameservers: [192.0.2.53]  # {'the capture does not tell them' if untold else 'the host has none'}"
