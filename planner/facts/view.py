"""A host seen from one question: which addresses are wanted, and what stands on what."""

from functools import cached_property

from planner.definition import Definition
from planner.host import graph
from planner.host.model import NO_IP, Address, Device, Host, Ip, Network


class View:
    """Host, definition and wanted addresses, with each relation worked out when it is first asked for."""

    def __init__(self, host: Host, definition: Definition, wanted: tuple[str, ...]) -> None:
        """See ``host``, to be made as ``definition`` says, for the addresses ``wanted``."""
        self.host = host
        self.definition = definition
        self.wanted = wanted

    @cached_property
    def bond_of(self) -> dict[str, str]:
        """Member to bond."""
        return graph.bond_of(self.host)

    @cached_property
    def bridge_of(self) -> dict[str, str]:
        """Port to bridge."""
        return graph.bridge_of(self.host)

    @cached_property
    def vlans_over(self) -> dict[str, tuple[str, ...]]:
        """Base to the vlans on it."""
        return graph.vlans_over(self.host)

    @cached_property
    def owned_bridges(self) -> frozenset[str]:
        """The bridges that belong to a network of VDSM's."""
        return frozenset(graph.owned_bridges(self.host))

    @cached_property
    def network_on(self) -> dict[str, Network]:
        """Device to the VDSM network whose address it holds; the management network first."""
        return graph.network_on(self.host, self.definition.network)

    @property
    def own_network(self) -> Network | None:
        """The management network, if VDSM has made it."""
        return self.host.networks.get(self.definition.network)

    @cached_property
    def devices(self) -> dict[str, Device]:
        """Every device by name; of two with one name the lower one, as the kernel could only mean that."""
        host = self.host
        return {**host.bridges, **host.vlans, **host.bonds, **host.nics}

    def ip_of(self, device: str) -> Ip:
        """How ``device`` got its addresses, and all it has: as its network reports it, else as the device does."""
        network = self.network_on.get(device)
        own = self.devices[device].ip if device in self.devices else NO_IP
        return graph.merged_ip(own, network.ip) if network is not None else own

    def addresses_of(self, device: str) -> tuple[Address, ...]:
        """All addresses of ``device``."""
        return self.ip_of(device).addresses

    @cached_property
    def addressed(self) -> tuple[str, ...]:
        """The names of the devices that have addresses or a gateway, in the order of the capture."""
        named = dict.fromkeys(name for name, device in self.devices.items() if device.ip is not NO_IP)
        for network in self.host.networks.values():
            if network.ip is not NO_IP:
                named[network.device] = None
        return tuple(name for name in named if self.ip_of(name) != NO_IP)
