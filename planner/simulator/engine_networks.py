"""The data centre behind a stand-in engine: its logical networks, and their names on hosts (vdsm.md 2.5)."""

import re
import uuid
from typing import NamedTuple

from planner.definition import DEFAULT_MTU, Definition
from planner.simulator.kernel import Record

MANAGEMENT = "ovirtmgmt"
HOSTS_TAKE = re.compile(r"[0-9a-zA-Z_-]{1,15}")


def identity(kind: str, name: str) -> str:
    """The engine's id for something: the same each time, so that a test can be read."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))


class Logical(NamedTuple):
    """A logical network. ``vlan`` None: untagged; ``mtu`` 0: the default; ``nameservers`` (): none defined."""

    name: str = MANAGEMENT
    vm: bool = True
    vlan: int | None = None
    mtu: int = 0
    stp: bool = False
    management: bool = False
    default_route: bool = False
    nameservers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The engine's."""
        return identity("network", self.name)

    @property
    def on_host(self) -> str:
        """The name that hosts know it by."""
        if HOSTS_TAKE.fullmatch(self.name):
            return self.name
        return "on" + "".join(char for char in self.id if char.isalnum())[:13]

    @property
    def bytes(self) -> int:
        """The MTU in force."""
        return self.mtu or DEFAULT_MTU

    def document(self) -> Record:
        """As GET /clusters/{id}/networks lists it."""
        roles = {"vm": self.vm, "management": self.management, "default_route": self.default_route}
        document: Record = {
            "id": self.id,
            "name": self.name,
            "vdsm_name": self.on_host,
            "mtu": str(self.mtu),
            "stp": str(self.stp).lower(),
            "usages": {"usage": [role for role, has in roles.items() if has]},
        }
        if self.vlan is not None:
            document["vlan"] = {"id": str(self.vlan)}
        if self.nameservers:
            document["dns_resolver_configuration"] = {"name_servers": {"name_server": list(self.nameservers)}}
        return document


def logical(definition: Definition) -> Logical:
    """The management network as a definition has it."""
    return Logical(
        definition.network,
        definition.vm_network,
        definition.vlan,
        0 if definition.mtu == DEFAULT_MTU else definition.mtu,
        definition.stp,
        management=True,
        default_route=definition.default_route,
        nameservers=definition.nameservers or (),
    )
