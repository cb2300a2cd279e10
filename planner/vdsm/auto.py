"""JSON-RPC, or XML-RPC when the peer is a VDSM that does not speak STOMP (4.16 and earlier).

It is found out by the first call itself and kept for the next ones. No call can be carried out twice: XML-RPC is only
tried when STOMP broke down before the request was sent.
"""

from collections.abc import Callable
from typing import TypeVar

from planner.vdsm.channel import Deadline
from planner.vdsm.client import Document, Done, Failure, FenceAction, FenceAgent, Power, Speaker
from planner.vdsm.jsonrpc import NOT_STOMP, JsonRpc
from planner.vdsm.xmlrpc import XmlRpc

Answer = TypeVar("Answer")


class Auto:
    """A Speaker."""

    def __init__(self, newer: JsonRpc, older: XmlRpc, chosen: Speaker | None = None) -> None:
        """Both ways to the same host, and the one that is known to be right."""
        self._newer = newer
        self._older = older
        self._chosen = chosen

    def ping(self, *, timeout: float) -> Done | Failure:
        """By whichever way the host speaks."""
        return self._call(lambda way, left: way.ping(timeout=left), timeout)

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """By whichever way the host speaks."""
        return self._call(lambda way, left: way.capabilities(timeout=left), timeout)

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """By whichever way the host speaks."""
        return self._call(lambda way, left: way.set_up(request, timeout=left), timeout)

    def confirm(self, *, timeout: float) -> Done | Failure:
        """By whichever way the host speaks."""
        return self._call(lambda way, left: way.confirm(timeout=left), timeout)

    def commit(self, *, timeout: float) -> Done | Failure:
        """By whichever way the host speaks."""
        return self._call(lambda way, left: way.commit(timeout=left), timeout)

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """By whichever way the host speaks."""
        return self._call(lambda way, left: way.fence(agent, action, timeout=left), timeout)

    def at(self, address: str) -> "Auto":
        """The same host, and the way that was found, at another address."""
        chosen = self._chosen.at(address) if self._chosen is not None else None
        return Auto(self._newer.at(address), self._older.at(address), chosen)

    def _call(self, call: Callable[[Speaker, float], Answer | Failure], timeout: float) -> Answer | Failure:
        if self._chosen is not None:
            return call(self._chosen, timeout)
        deadline = Deadline(timeout)
        answer = call(self._newer, timeout)
        if not (isinstance(answer, Failure) and answer.name == NOT_STOMP and not answer.sent):
            if _spoke(answer):
                self._chosen = self._newer
            return answer
        second = call(self._older, deadline.left)
        if _spoke(second):
            self._chosen = self._older
            return second
        # Neither: the first is the likelier way, and its Failure the better hint. But one that may have been carried
        # out must not be lost.
        return second if isinstance(second, Failure) and second.sent else answer


def _spoke(answer: object) -> bool:
    """Whether this was VDSM in that protocol: an answer, or an error of VDSM's."""
    return not isinstance(answer, Failure) or answer.kind in ("vdsm", "busy", "recovering")
