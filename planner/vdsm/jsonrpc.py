"""JSON-RPC 2.0 over STOMP over mutual TLS, port 54321: VDSM 4.17 and later.

Request {"jsonrpc": "2.0", "method", "params", "id"}; answer {"jsonrpc": "2.0", "id"} with "result" or "error"
{"code", "message"}, where VDSM's own codes pass through.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple, cast
from uuid import uuid4

from planner.vdsm import tls
from planner.vdsm.channel import LIMIT, Broken, Channel, Deadline
from planner.vdsm.codes import NO_SUCH_METHOD, vdsm_failure
from planner.vdsm.connecting import dial
from planner.vdsm.credentials import Credentials
from planner.vdsm.failure import Failure, discreet, excerpt
from planner.vdsm.speaker import Document, Done, FenceAction, FenceAgent, Power
from planner.vdsm.stomp_call import exchange, part
from planner.vdsm.target import Target

BEAT = 5000  # milliseconds
AS_DOCUMENTED = "is it a release of VDSM? What it answered is not as its schema has it"
POWERS = ("on", "off", "unknown")


class JsonRpc(NamedTuple):
    """A Speaker; each call has a connection of its own.

    `limit`: the most bytes that an answer may have. `beat`: milliseconds between heartbeats, 0 for none.
    """

    target: Target
    credentials: Credentials
    pin: str | None = None
    check_name: bool = False
    limit: int = LIMIT
    beat: int = BEAT

    def ping(self, *, timeout: float) -> Done | Failure:
        """Host.ping2, before 4.17 (and where it is missing) ping."""
        return self._either("Host.ping2", "Host.ping", timeout)

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """Host.getCapabilities: the document itself."""
        answer = self._call("Host.getCapabilities", {}, timeout)
        if isinstance(answer, Failure) or isinstance(answer.result, dict):
            return answer if isinstance(answer, Failure) else cast("Document", answer.result)
        return self._odd("Host.getCapabilities", answer.result)

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """Host.setupNetworks. Without heartbeats: the connection may be dumb while the network moves."""
        return self._done("Host.setupNetworks", dict(request), timeout, beat=0)

    def confirm(self, *, timeout: float) -> Done | Failure:
        """Host.confirmConnectivity, before 4.20 ping."""
        return self._either("Host.confirmConnectivity", "Host.ping", timeout)

    def commit(self, *, timeout: float) -> Done | Failure:
        """Host.setSafeNetworkConfig."""
        return self._done("Host.setSafeNetworkConfig", {}, timeout)

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """Host.fenceNode about another host's BMC; VDSM takes all values as text."""
        params = {
            "addr": agent.address,
            "port": agent.port,
            "agent": agent.agent,
            "username": agent.username,
            "password": agent.password,
            "action": action,
            "secure": "true" if agent.secure else "false",
            "options": agent.options,
        }
        answer = self._call("Host.fenceNode", params, timeout, secret=agent.password)
        if isinstance(answer, Failure):
            return discreet(answer, agent.password)
        power = answer.result.get("power") if isinstance(answer.result, dict) else None
        return power if power in POWERS else discreet(self._odd("Host.fenceNode", answer.result), agent.password)

    def at(self, address: str) -> "JsonRpc":
        """The same host at another address."""
        return self._replace(target=self.target.at(address))

    def _either(self, method: str, older: str, timeout: float) -> Done | Failure:
        deadline = Deadline(timeout)
        answer = self._done(method, {}, timeout)
        if isinstance(answer, Failure) and answer.code == NO_SUCH_METHOD:
            return self._done(older, {}, deadline.left)
        return answer

    def _done(
        self, method: str, params: Mapping[str, Any], timeout: float, *, beat: int | None = None
    ) -> Done | Failure:
        """VDSM says true, or {"code": 0, "message": "Done"}, also wrapped as "status" in some releases."""
        answer = self._call(method, params, timeout, beat=beat)
        if isinstance(answer, Failure):
            return answer
        result = answer.result
        status = result.get("status", result) if isinstance(result, dict) else result
        if isinstance(status, dict):
            code, message = status.get("code", 0), str(status.get("message", "Done"))
            if isinstance(code, int):
                return vdsm_failure(method, code, message) if code else Done(excerpt(message))
        return Done() if status is True or status is None or status == "" else self._odd(method, result)

    def _call(
        self, method: str, params: Mapping[str, Any], timeout: float, *, beat: int | None = None, secret: str = ""
    ) -> "_Answer | Failure":
        deadline = Deadline(timeout)
        call = _Call(method, str(uuid4()), secret)
        try:
            body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": call.id}).encode()
        except (TypeError, ValueError, RecursionError) as error:
            return Failure("protocol", f"{method}: the request is no JSON: {error}", "plan anew")
        context = tls.context(
            self.credentials.ca, (self.credentials.certificate, self.credentials.key), check_name=self.check_name
        )
        if isinstance(context, Failure):
            return context
        try:
            channel = dial(self.target, context, deadline, self.pin, self.limit)
        except Broken as broken:
            return broken.failure
        try:
            return call.over(channel, body, self.beat if beat is None else beat)
        finally:
            channel.close()

    def _odd(self, method: str, result: object) -> Failure:
        text = f"{self.target}: {method} answered {excerpt(repr(result)[:200])}"
        return Failure("protocol", text, AS_DOCUMENTED, sent=True)


class _Answer(NamedTuple):
    result: Any


class _Call:
    """One call by its id, and how many answers to other calls came instead."""

    def __init__(self, method: str, own: str, secret: str) -> None:
        self.method = method
        self.secret = secret
        self.id = own
        self.ignored = 0

    def over(self, channel: Channel, body: bytes, beat: int) -> _Answer | Failure:
        try:
            answer = self.first(channel, exchange(channel, body, beat))
        except Broken as broken:
            failure = broken.failure
            if failure.kind == "timeout" and self.ignored:
                message = f"{failure.message}; {self.ignored} answers to other calls were ignored"
                return replace(failure, message=message)
            return failure
        channel.answered = True
        with suppress(Broken):  # the answer is complete: how the connection ends does not matter any more
            part(channel)
        return answer

    def first(self, channel: Channel, messages: Iterator[bytes]) -> _Answer | Failure:
        while True:  # until the answer is there, or the channel is Broken
            if (answer := self.read(channel, next(messages))) is not None:
                return answer

    def read(self, channel: Channel, message: bytes) -> _Answer | Failure | None:
        """The answer to this call; None when `message` is another's."""
        try:
            answer = json.loads(message)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
            channel.fail("protocol", f"{channel.peer}: the answer to {self.method} is no JSON-RPC", AS_DOCUMENTED)
        # A request that VDSM could not read is answered without its id, and this connection has no other.
        if answer.get("id") != self.id and not (answer.get("id") is None and answer.get("error")):
            self.ignored += 1
            return None
        return (
            _failed(self.method, answer["error"], self.secret) if answer.get("error") else _Answer(answer.get("result"))
        )


def _failed(method: str, error: object, secret: str) -> Failure:
    code = error.get("code") if isinstance(error, dict) else None
    message = str(error.get("message", "")) if isinstance(error, dict) else str(error)
    return vdsm_failure(method, code if isinstance(code, int) else 0, message, secret)
