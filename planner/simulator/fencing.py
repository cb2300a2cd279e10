"""Baseboard controllers that a host reaches with fenceNode (vdsm.md 8.3)."""

from typing import Protocol

from planner.simulator.answers import NO_FENCE_AGENT, Refusal, crash
from planner.simulator.kernel import Record

AGENTS = ("ipmilan", "ilo4", "ilo5", "drac5", "drac7", "apc", "rsa", "redfish")
ACTIONS = ("status", "on", "off", "reboot")


class Powered(Protocol):
    """A host that can be switched off and on."""

    @property
    def powered(self) -> bool:
        """Whether it has power."""
        ...

    def power(self, *, on: bool) -> None:
        """Switch it on (it boots) or off (it is gone at once)."""
        ...


class Controllers:
    """The controllers of a site, by address; one table serves all its hosts."""

    def __init__(self) -> None:
        """None yet."""
        self._hosts: dict[str, Powered] = {}

    def register(self, address: str, host: Powered) -> None:
        """Put ``host``'s controller at ``address``."""
        self._hosts[address] = host

    def addresses_of(self, host: Powered) -> tuple[str, ...]:
        """Where the controllers of ``host`` are."""
        return tuple(address for address, other in self._hosts.items() if other is host)

    def act(self, address: str, agent: str, action: str) -> Record | Refusal:
        """What VDSM answers to fenceNode: the power for ``status``, otherwise what became of the order."""
        if action not in ACTIONS:
            return crash(f"illegal action {action}")
        if agent not in AGENTS:
            return Refusal(NO_FENCE_AGENT, f"fence_{agent}: agent not found")
        host = self._hosts.get(address)
        if host is None:
            return Refusal(1, f"Connection timed out to {address}")
        if action == "status":
            return {"power": "on" if host.powered else "off"}
        if action in ("off", "reboot"):
            host.power(on=False)
        if action in ("on", "reboot"):
            host.power(on=True)
        return {"power": "unknown", "operationStatus": "initiated"}
