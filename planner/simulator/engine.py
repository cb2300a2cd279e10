"""A stand-in engine in front of a stand-in host: what it answers over REST, and what it does to the host.

It knows the host from what it has read last (at the start, on refresh, after a set-up), as the engine does. Left out of
an engine: jobs and events, other hosts (it fences without a proxy), labels, quality of service, permissions.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from planner.simulator import elder_caps, engine_documents
from planner.simulator.answers import Refusal
from planner.simulator.engine_documents import View
from planner.simulator.engine_networks import Logical
from planner.simulator.engine_orders import UnknownError, call_of, wish
from planner.simulator.engine_validation import objection
from planner.simulator.faults import Mishap
from planner.simulator.kernel import Record
from planner.simulator.standin import StandIn

COMMITS_ITSELF = (4, 30)  # VDSM since which commitOnSuccess is its own; before, the engine commits with a call
FENCING = {"start": ("on",), "stop": ("off",), "restart": ("off", "on"), "status": ("status",)}
LOST = "Network error during communication with the Host."
UNANSWERED = ("late", "power-cut", "dies")  # faults by which VDSM never answers the engine
BUSY = "Cannot {action}. Related operation is currently in progress. Please try again later."
DEFAULT = (Logical(management=True, default_route=True),)

Meanwhile = Callable[[Callable[[], object]], AbstractContextManager[object]]


class Answer(NamedTuple):
    """HTTP status and document; ``mishap``: what shall become of it on the wire."""

    status: int
    document: Record
    mishap: Mishap | None = None


def fault(status: int, detail: str, mishap: Mishap | None = None) -> Answer:
    """A failed action as the engine answers it."""
    told = {"reason": "Operation Failed", "detail": f"[{detail}]"}
    return Answer(status, {"status": "failed", "fault": told}, mishap)


class StandInEngine:
    """An engine that has one host. `answer` may be called from any number of threads."""

    def __init__(
        self,
        stand_in: StandIn,
        networks: Iterable[Logical] = DEFAULT,
        *,
        name: str = "host1",
        meanwhile: Meanwhile | None = None,
    ) -> None:
        """``networks``: those of the cluster; ``name``: of the host.

        ``meanwhile(action)``: a context in which ``action`` is done again and again, every half second: the engine's
        signs to a VDSM that is setting up networks. None: the engine gives no sign.
        """
        self.stand_in = stand_in
        self.name = name
        self.address = stand_in.address
        self.log: list[tuple[str, Record]] = []
        self._networks = {network.on_host: network for network in networks}
        self._meanwhile = meanwhile or (lambda _action: nullcontext())
        self._under_way: dict[str, object] = {}
        self._view = self._read()

    @property
    def reached(self) -> bool:
        """Whether the engine reaches the host, wherever its name leads by now."""
        return self.stand_in.address in self.stand_in.addresses()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Record) -> Answer:
        """One request below /ovirt-engine/api; ``path`` without a slash at its beginning."""
        if method == "POST":
            action = re.fullmatch(r"hosts/([^/]+)/([a-z]+)", path)
            known = self._actions().get(action[2]) if action and self._is_host(action[1]) else None
            if known is None or action is None:
                return Answer(404, {})
            self.log.append((action[2], body))
            return known(body)
        document = self._shown(path, query)
        return Answer(404, {}) if document is None else Answer(200, document)

    def _shown(self, path: str, query: Mapping[str, str]) -> Record | None:
        host = engine_documents.host(self._view, self.name, self.address, "up" if self.reached else "non_responsive")
        if path == "hosts":
            stated = re.findall(r'(?:name|address)="([^"]*)"', query.get("search", ""))
            return {"host": [host]} if not query.get("search") or {self.name, self.address} & set(stated) else {}
        if path == f"clusters/{host['cluster']['id']}/networks":
            return {"network": [network.document() for network in self._networks.values()]}
        shown: dict[str, Callable[[], Record]] = {
            "": lambda: host,
            "/nics": lambda: {"host_nic": engine_documents.nics(self._view)},
            "/networkattachments": lambda: {"network_attachment": engine_documents.attachments(self._view)},
            "/fenceagents": lambda: {"agent": self._agents()},
        }
        make = shown.get(path.removeprefix(f"hosts/{host['id']}")) if path.startswith("hosts/") else None
        return None if make is None else {key: value for key, value in make().items() if value != []}

    def _is_host(self, identity: str) -> bool:
        own: str = engine_documents.host(self._view, self.name, self.address, "")["id"]
        return identity == own

    def _agents(self) -> list[Record]:
        return [{"address": one, "type": "ipmilan"} for one in self.stand_in.controllers.addresses_of(self.stand_in)]

    def _actions(self) -> dict[str, Callable[[Record], Answer]]:
        return {
            "refresh": lambda _: self._alone("refresh the host", self._refresh),
            "setupnetworks": lambda body: self._alone("setup Networks", lambda: self._set_up(body)),
            "commitnetconfig": lambda _: self._alone("save the network configuration", self._commit),
            "fence": self._fence,
        }

    def _alone(self, what: str, action: Callable[[], Answer]) -> Answer:
        """One action on the host at a time."""
        mine = object()
        if self._under_way.setdefault("host", mine) is not mine:
            return fault(409, BUSY.format(action=what))
        try:
            return action() if self.reached else fault(409, f"Cannot {what}. The host is not operational.")
        finally:
            del self._under_way["host"]

    def _refresh(self) -> Answer:
        done = self._ask("getCapabilities", {})
        if done.status == 200:
            self._view = self._read()
        return done

    def _set_up(self, body: Record) -> Answer:
        try:
            wanted = wish(body, self._view)
        except UnknownError as unknown:
            return fault(409, str(unknown))
        said = objection(wanted, self._view)
        if said:
            return fault(409, said)
        call = call_of(wanted, self._view)
        commits = self.stand_in.age.version >= COMMITS_ITSELF
        call["options"] |= {"commitOnSuccess": wanted.commit} if commits else {}
        with self._meanwhile(self._confirm):
            done = self._ask("setupNetworks", call)
        if done.status == 200 and wanted.commit and not commits:
            done = self._commit()
        if self.reached:
            self._view = self._read()
        return done

    def _confirm(self) -> None:
        if self.reached:
            self.stand_in.call("confirmConnectivity", {})

    def _commit(self) -> Answer:
        return self._ask("setSafeNetworkConfig", {})

    def _fence(self, body: Record) -> Answer:
        order, agents = FENCING.get(str(body.get("fence_type"))), self._agents()
        if order is None or not agents:
            return fault(409, "Cannot fence the host. Power Management is not set up, or the operation is unknown.")
        told: Record = {}
        for action in order:
            answered = self.stand_in.controllers.act(agents[0]["address"], agents[0]["type"], action)
            if isinstance(answered, Refusal):
                return fault(400, answered.message)
            told = {"power_management": {"status": answered["power"]}} if action == "status" else {}
        return Answer(200, {"status": "complete", **told})

    def _ask(self, verb: str, parameters: Record) -> Answer:
        """One call to VDSM. An engine that has lost the host on the way does not know what became of it."""
        value, mishap = self.stand_in.call(verb, parameters)
        if mishap is not None and mishap.kind in UNANSWERED:
            return fault(400, LOST, mishap)
        if isinstance(value, Refusal):
            return fault(400, value.message, mishap)
        if not self.reached:
            return fault(400, LOST, mishap)
        return Answer(200, {"status": "complete"}, mishap)

    def _read(self) -> View:
        caps = self.stand_in.caps()
        return View(elder_caps.modernised(caps) if self.stand_in.age.has_cfg else caps, self._networks)
