"""What the executor asks of a host, whichever way it is spoken to.

Every call has a connection of its own: a management network that moves takes connections with it, and only a fresh one
proves that the host can be reached.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Protocol

from planner.vdsm.failure import Failure

Document = Mapping[str, Any]


class Done(NamedTuple):
    """VDSM's "Done": the call was carried out."""

    message: str = "Done"


class FenceAgent(NamedTuple):
    """A power management agent (BMC) as fenceNode takes it. The password never shows: see `__repr__`."""

    address: str
    agent: str  # ipmilan, ilo4, ...
    username: str
    password: str
    port: str = ""  # "" is the agent's default
    secure: bool = False
    options: str = ""  # key=value, one a line

    def __repr__(self) -> str:
        """Everything but the password."""
        return f"FenceAgent({self.agent} at {self.address})"


Power = Literal["on", "off", "unknown"]
FenceAction = Literal["status", "on", "off"]


class Speaker(Protocol):
    """A way to speak with one host. All times are seconds; no call outlives its timeout."""

    def ping(self, *, timeout: float) -> Done | Failure:
        """Host.ping2 (ping before 4.17): whether VDSM answers; says nothing of the network."""

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """getVdsCaps: the document that planner.host reads."""

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """Host.setupNetworks with {"networks", "bondings", "options"} exactly as the plan has them."""

    def confirm(self, *, timeout: float) -> Done | Failure:
        """Host.confirmConnectivity (before 4.20: ping): tells a waiting setupNetworks that it did not cut us off."""

    def commit(self, *, timeout: float) -> Done | Failure:
        """Host.setSafeNetworkConfig: what runs is what the next boot restores."""

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """Host.fenceNode, sent to a proxy host about another host's BMC; actions answer "unknown"."""

    def at(self, address: str) -> "Speaker":
        """The same host at another address: where it is foreseen to be after the change."""
