"""XML-RPC over HTTPS with client certificates, port 54321: VDSM up to 4.19 (oVirt 3.0 to 4.1).

Every answer is a struct with "status": {"code", "message"}; getVdsCapabilities adds "info". Any request confirms the
connectivity. Nothing here is sent a second time by itself.
"""

import xmlrpc.client
from typing import Any, NamedTuple

from planner.host.formats.xmlrpc import parse_xmlrpc
from planner.vdsm import http, tls
from planner.vdsm.channel import LIMIT, Channel, Deadline, dial
from planner.vdsm.client import (
    Document,
    Done,
    Failure,
    FenceAction,
    FenceAgent,
    Power,
    Target,
    discreet,
    excerpt,
    vdsm_failure,
)
from planner.vdsm.credentials import Credentials

IS_IT_VDSM = "is it VDSM up to 4.19 that listens there? Newer ones speak JSON-RPC: --transport jsonrpc"
POWERS = ("on", "off", "unknown")
OK = 200


class XmlRpc(NamedTuple):
    """A Speaker; each call has a connection of its own. `limit`: the most bytes that an answer may have."""

    target: Target
    credentials: Credentials
    pin: str | None = None
    check_name: bool = False
    limit: int = LIMIT

    def ping(self, *, timeout: float) -> Done | Failure:
        """Ping."""
        return self._done("ping", (), timeout)

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """getVdsCapabilities: its "info"."""
        answer = self._call("getVdsCapabilities", (), timeout)
        if isinstance(answer, Failure):
            return answer
        info = answer.get("info")
        return info if isinstance(info, dict) else self._odd("getVdsCapabilities", "there is no info in the answer")

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """Call setupNetworks with its three arguments."""
        arguments = tuple(request.get(part, {}) for part in ("networks", "bondings", "options"))
        return self._done("setupNetworks", arguments, timeout)

    def confirm(self, *, timeout: float) -> Done | Failure:
        """Any request will do."""
        return self.ping(timeout=timeout)

    def commit(self, *, timeout: float) -> Done | Failure:
        """Call setSafeNetworkConfig."""
        return self._done("setSafeNetworkConfig", (), timeout)

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """Call fenceNode about another host's BMC; VDSM takes all values as text."""
        secure = "true" if agent.secure else "false"
        arguments = (agent.address, agent.port, agent.agent, agent.username, agent.password, action, secure)
        answer = self._call("fenceNode", (*arguments, agent.options), timeout, agent.password)
        if isinstance(answer, Failure):
            return discreet(answer, agent.password)
        power = answer.get("power", "unknown")
        return power if power in POWERS else discreet(self._odd("fenceNode", f"the power is {power!r}"), agent.password)

    def at(self, address: str) -> "XmlRpc":
        """The same host at another address."""
        return self._replace(target=self.target.at(address))

    def _done(self, method: str, arguments: tuple[Any, ...], timeout: float) -> Done | Failure:
        answer = self._call(method, arguments, timeout)
        return answer if isinstance(answer, Failure) else Done(excerpt(str(answer["status"].get("message", "Done"))))

    def _call(
        self, method: str, arguments: tuple[Any, ...], timeout: float, secret: str = ""
    ) -> dict[str, Any] | Failure:
        """The answer, whose status is then 0."""
        deadline = Deadline(timeout)
        try:
            body = xmlrpc.client.dumps(arguments, method).encode()
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            return Failure("protocol", f"{method}: XML-RPC cannot say the request: {error}", "plan anew")
        pair = (self.credentials.certificate, self.credentials.key)
        context = tls.context(self.credentials.ca, pair, check_name=self.check_name)
        if isinstance(context, Failure):
            return context

        def dialer() -> Channel:
            channel = dial(self.target, context, deadline, self.pin, self.limit)
            channel.capped = True
            return channel

        url = f"https://{self.target.authority}/RPC2"
        reply = http.exchange("POST", url, {"Content-Type": "text/xml"}, body, dialer)
        return reply if isinstance(reply, Failure) else self._read(method, reply, secret)

    def _read(self, method: str, reply: http.Reply, secret: str) -> dict[str, Any] | Failure:
        if reply.status != OK:
            return self._odd(method, f"HTTP status {reply.status}")
        parsed = parse_xmlrpc(reply.body.decode(errors="replace"), method)
        problem = parsed.problems[0] if parsed.problems else None
        if problem is not None and problem.code == "capture-failed":  # XML-RPC's fault, which has no code of VDSM's
            return Failure("vdsm", f"{self.target}: {method}: {excerpt(problem.message)}", IS_IT_VDSM, sent=True)
        if problem is not None:
            return self._odd(method, f"no XML-RPC answer: {excerpt(problem.message)}")
        answer = parsed.document
        code = answer["status"].get("code") if isinstance(answer, dict) and _has_status(answer) else None
        if not isinstance(code, int):
            return self._odd(method, "an answer without a status")
        message = str(answer["status"].get("message", ""))
        return vdsm_failure(method, code, message, secret) if code else answer

    def _odd(self, method: str, what: str) -> Failure:
        return Failure("protocol", f"{self.target}: {method}: {excerpt(what)}", IS_IT_VDSM, sent=True)


def _has_status(answer: dict[str, Any]) -> bool:
    return isinstance(answer.get("status"), dict)
