"""Host and definition as flat facts, each with the path it was read from.

The relations that every rule would have to join (what stands on what, how many, what VDSM would call it)
are computed here once, so that rules stay short. Kinds and fields: `planner.vocabulary`.
"""

from collections.abc import Callable, Iterable

from planner.definition import Definition
from planner.facts.addressing import address_facts, ip_facts, route_facts
from planner.facts.candidates import candidate_facts, client_facts
from planner.facts.devices import (
    bond_facts,
    bridge_facts,
    member_facts,
    network_facts,
    nic_facts,
    port_facts,
    vlan_facts,
)
from planner.facts.surroundings import definition_facts, host_facts, nameserver_facts, vdsm_facts, wanted_facts
from planner.facts.view import View
from planner.host.model import Host
from planner.language import Fact

READERS: dict[str, Callable[[View], Iterable[Fact]]] = {
    "definition": definition_facts,
    "wanted": wanted_facts,
    "vdsm": vdsm_facts,
    "host": host_facts,
    "nic": nic_facts,
    "bond": bond_facts,
    "member": member_facts,
    "vlan": vlan_facts,
    "bridge": bridge_facts,
    "port": port_facts,
    "network": network_facts,
    "address": address_facts,
    "ip": ip_facts,
    "route": route_facts,
    "nameserver": nameserver_facts,
    "client": client_facts,
    "candidate": candidate_facts,
}


def facts_of(
    host: Host,
    definition: Definition,
    addresses: tuple[str, ...] = (),
    kinds: Iterable[str] = tuple(READERS),
) -> list[Fact]:
    """Every fact of the given ``kinds``, in the order of the vocabulary and of the capture.

    ``addresses`` are the management addresses that were asked for, in canonical text; none: the rules fall
    back on lastClientIface and on the default route. A ruleset names the ``kinds`` that it reaches.
    """
    view = View(host, definition, addresses)
    reached = frozenset(kinds)
    return [fact for kind, read in READERS.items() if kind in reached for fact in read(view)]
