"""The host through its engine: what the engine validates, does and records itself.

Mind what this way lacks: the host's own capabilities (they are put together from what the engine tells, see
`planner.vdsm.engine_capture`), and a say in the connectivity check (the engine confirms by itself, so `confirm` has
nothing to do). A host must be in Maintenance, Up or NonOperational.
"""

from typing import Any, NamedTuple
from urllib.parse import quote

from planner.vdsm.channel import Deadline
from planner.vdsm.credentials import Credentials, EngineAccount
from planner.vdsm.engine_capture import Told, capture_of
from planner.vdsm.engine_request import Known, action_of
from planner.vdsm.engine_rest import Reply, Rest
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Document, Done, FenceAction, FenceAgent, Power
from planner.vdsm.target import Target

GONE = ("non_responsive", "down", "connecting", "reboot", "kdumping", "error")
FENCE_TYPES = {"status": "status", "on": "start", "off": "stop"}
NAME_IT = "give the host's name or address as the engine has it (Compute > Hosts)"
Object = dict[str, Any]


class Engine(NamedTuple):
    """A Speaker for the host that the engine knows by the name or address `target.host`."""

    target: Target
    credentials: Credentials
    account: EngineAccount
    pin: str | None = None

    def ping(self, *, timeout: float) -> Done | Failure:
        """Whether the engine finds that VDSM answers: the host's status."""
        host = self._host(self._rest(timeout))
        if isinstance(host, Failure):
            return host
        status = str(host.get("status", "unknown"))
        if status in GONE:
            hint = "wait, or look at the host: the engine cannot speak with its VDSM"
            return Failure("unreachable", f"{self.target.host}: the engine has it as {status}", hint)
        return Done(status)

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """What the engine tells of the host, as getVdsCaps; it reads the host first, for what it has may be old."""
        rest = self._rest(timeout)
        host = self._host(rest)
        if isinstance(host, Failure):
            return host
        read = _act(rest, host, "refresh", {})
        if isinstance(read, Failure):
            return read.not_sent()
        fresh = rest.get(_path(host))
        if isinstance(fresh, Failure):
            return fresh
        known = _known(rest, host)
        if isinstance(known, Failure):
            return known
        return capture_of(Told(fresh.document, known.nics, known.attachments, known.networks))

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """POST setupnetworks; the engine waits for VDSM and answers when it is done or rolled back."""
        rest = self._rest(timeout)
        host = self._host(rest)
        if isinstance(host, Failure):
            return host
        known = _known(rest, host)
        if isinstance(known, Failure):
            return known
        action = action_of(request, known)
        return action if isinstance(action, Failure) else _act(rest, host, "setupnetworks", action)

    def confirm(self, *, timeout: float) -> Done | Failure:  # noqa: ARG002  there is nothing to wait for
        """The engine confirms by itself, while its setupnetworks is under way."""
        return Done("the engine confirms")

    def commit(self, *, timeout: float) -> Done | Failure:
        """POST commitnetconfig."""
        rest = self._rest(timeout)
        host = self._host(rest)
        return host if isinstance(host, Failure) else _act(rest, host, "commitnetconfig", {})

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """POST fence for *this* host; the engine chooses the proxy and has the agent's password.

        With VDSM one asks a proxy about another host. Here the agent has to be one of this host's own, or the wrong
        machine would be switched off.
        """
        rest = self._rest(timeout)
        host = self._host(rest)
        if isinstance(host, Failure):
            return host
        agents = _listed(rest, f"{_path(host)}/fenceagents", "agent")
        if isinstance(agents, Failure):
            return agents
        if agent.address not in {one.get("address") for one in agents}:
            text = f"the engine has no fence agent at {agent.address} for {self.target.host}"
            return Failure(
                "refused", text, "add it to the host's power management, or name the host that it belongs to"
            )
        answer = rest.post(f"{_path(host)}/fence", {"fence_type": FENCE_TYPES[action]})
        if isinstance(answer, Failure):
            return answer
        management = answer.document.get("power_management")
        status = management.get("status") if isinstance(management, dict) and action == "status" else None
        return status if status in ("on", "off") else "unknown"

    def at(self, address: str) -> "Engine":  # noqa: ARG002  the engine itself looks where the host is
        """The same: it is the engine that is spoken to."""
        return self

    def _rest(self, timeout: float) -> Rest:
        return Rest(self.account, self.credentials.ca, Deadline(timeout), self.pin)

    def _host(self, rest: Rest) -> Object | Failure:
        """The one host of that name or address. The engine's search is coarse: what it finds is looked at again."""
        wanted = self.target.host
        hosts = _listed(rest, "hosts", "host", search=f'name="{wanted}" or address="{wanted}"')
        if isinstance(hosts, Failure):
            return hosts
        found = [host for host in hosts if wanted in (host.get("name"), host.get("address")) and host.get("id")]
        if len(found) != 1:
            count = "no host" if not found else f"{len(found)} hosts"
            return Failure("refused", f"the engine has {count} with the name or address {wanted}", NAME_IT)
        return found[0]


def _id(entity: object) -> str:
    return quote(str(entity.get("id", "")), safe="") if isinstance(entity, dict) else ""


def _path(host: Object) -> str:
    return f"hosts/{_id(host)}"


def _known(rest: Rest, host: Object) -> Known | Failure:
    lists = {
        f"clusters/{_id(host.get('cluster'))}/networks": "network",
        f"{_path(host)}/nics": "host_nic",
        f"{_path(host)}/networkattachments": "network_attachment",
    }
    found = []
    for path, kind in lists.items():
        listed = _listed(rest, path, kind)
        if isinstance(listed, Failure):
            return listed
        found.append(listed)
    return Known(*found)


def _listed(rest: Rest, path: str, kind: str, **query: str) -> tuple[Object, ...] | Failure:
    """What a list holds: {kind: [...]}; without any the engine answers {}."""
    reply = rest.get(path, **query)
    if isinstance(reply, Failure):
        return reply
    entries = reply.document.get(kind, [])
    return tuple(entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()


def _act(rest: Rest, host: Object, action: str, body: Object) -> Done | Failure:
    answer = rest.post(f"{_path(host)}/{action}", body)
    return Done(str(answer.document.get("status", "Done"))) if isinstance(answer, Reply) else answer
