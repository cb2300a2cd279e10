"""The host through its engine: what the engine validates, does and records itself.

Mind what this way lacks: the host's own capabilities (they are put together from what the engine tells, see
`planner.vdsm.engine_translate`), and a say in the connectivity check (the engine confirms by itself, so `confirm` has
nothing to do). A host must be in Maintenance, Up or NonOperational.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from planner.vdsm import http, tls
from planner.vdsm.channel import LIMIT, Channel, Deadline, dial
from planner.vdsm.client import (
    BUSY,
    CODES,
    RECOVERING,
    Document,
    Done,
    Failure,
    FenceAction,
    FenceAgent,
    Kind,
    Power,
    Target,
    excerpt,
    parse_target,
    redact,
)
from planner.vdsm.credentials import Credentials, EngineAccount
from planner.vdsm.engine_translate import Known, Told, action_of, capture_of

# What the engine's refusals mean: {"fault": {"reason": "Operation Failed", "detail": "[...]"}} with an HTTP status.
#
# 409 is the engine's own validation ("Cannot setup Networks. ..."): the host has heard nothing. With any other status
# the action was begun, and what the host made of it stands in the detail, in words; numbers of VDSM's are not among
# them.


CONFLICT = 409
IS_IT_ENGINE = "is MGMTNET_ENGINE_URL that of an oVirt engine: https://engine.example.com/ovirt-engine ?"
ACCOUNT = "check MGMTNET_ENGINE_USER (with its profile: admin@internal, admin@ovirt@internalsso) and the password"
RIGHTS = "the account needs the rights of a host administrator"
LOGS = "its engine.log and its events tell more, and the host's vdsm.log and supervdsm.log most"
# How the engine words that it has lost contact with VDSM in the middle of a call.
LOST = "Network error during communication with the Host"
# VDSM's texts for the answers after which the same call may be made again.
AGAIN: dict[str, tuple[Kind, int]] = {
    "Resource unavailable": ("busy", BUSY),
    "Recovering from crash or Initializing": ("recovering", RECOVERING),
}


def refusal(peer: str, status: int, text: str, *, sent: bool, told: bool) -> Failure:
    """An answer of ``peer`` that is not the engine's; ``told``: it has the shape of a fault; ``sent``: to an action."""
    if status == 401:
        return Failure("credentials", f"{peer}: the engine rejects the account: {text}", ACCOUNT, sent=sent)
    if status == 403:
        return Failure("refused", f"{peer}: the engine forbids it: {text}", RIGHTS, sent=sent)
    if not told:
        return Failure("protocol", f"{peer}: {text}", IS_IT_ENGINE, sent=sent)
    if status == CONFLICT or not sent:
        hint = "do as the engine says; its engine.log and its events tell more"
        return Failure("refused", f"{peer}: the engine refused: {text}", hint)
    if LOST in text:
        hint = "the engine does not know what became of it: only reading the host again can tell"
        return Failure("unreachable", f"{peer}: the engine lost the host: {text}", hint, sent=True)
    for words, (kind, code) in AGAIN.items():
        if words in text:
            known = CODES[code]
            return Failure(
                kind, f"{peer}: VDSM does not take it now: {text}", known.advice, sent=True, code=code, name=known.name
            )
    return Failure("vdsm", f"{peer}: the engine could not have it done: {text}", LOGS, sent=True)


# The engine's REST API, one call's worth of it: a token, JSON both ways, faults as values.
#
# Source: oVirt/ovirt-engine-api-model. The token is from POST /ovirt-engine/sso/oauth/token; engines before 4.0 have
# none and take the password with each request. Nothing of the account stands in a Failure.


APPLICATION = "/ovirt-engine"
JSON = "application/json"


class Reply(NamedTuple):
    """A JSON answer with a status of 2xx."""

    document: dict[str, Any]


def find_engine(account: EngineAccount) -> Target | Failure:
    """The engine's host and port."""
    try:
        parts = urlsplit(account.url)
        port, host = parts.port or 443, parts.hostname or ""
    except ValueError:
        return Failure("credentials", "MGMTNET_ENGINE_URL is no URL", IS_IT_ENGINE)
    if parts.scheme != "https" or parts.username or parts.password or parts.query or parts.fragment:
        return Failure("credentials", "MGMTNET_ENGINE_URL is not of the form https://HOST[:PORT]", IS_IT_ENGINE)
    return parse_target(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


class Rest:
    """Requests to the engine that all end at one deadline."""

    def __init__(self, account: EngineAccount, ca: str, deadline: Deadline, pin: str | None = None) -> None:
        """Nothing is sent yet."""
        self.account = account
        self.ca = account.ca or ca
        self.deadline = deadline
        self.pin = pin
        self.authorization = ""

    def get(self, path: str, **query: str) -> Reply | Failure:
        """GET below /ovirt-engine/api. A question changes nothing, so its Failure is never `sent`."""
        asked = "?" + urlencode(query, quote_via=quote) if query else ""
        answer = self._ask("GET", f"/api/{path}{asked}")
        return answer.not_sent() if isinstance(answer, Failure) else answer

    def post(self, path: str, action: Mapping[str, Any]) -> Reply | Failure:
        """POST an action below /ovirt-engine/api."""
        return self._ask("POST", f"/api/{path}", action)

    def _ask(self, method: str, path: str, action: Mapping[str, Any] | None = None) -> Reply | Failure:
        if not self.authorization:
            authorization = self._log_in()
            if isinstance(authorization, Failure):
                return authorization.not_sent()
            self.authorization = authorization
        headers = {"Authorization": self.authorization, "Version": "4", "Content-Type": JSON}
        reply = self._send(method, path, headers, json.dumps(action).encode() if action is not None else None)
        if isinstance(reply, Failure):
            return reply
        return self._judge(reply, sent=action is not None)

    def _log_in(self) -> str | Failure:
        """The Authorization header."""
        account = self.account
        form = {
            "grant_type": "password",
            "scope": "ovirt-app-api",
            "username": account.user,
            "password": account.password,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = self._send("POST", "/sso/oauth/token", headers, urlencode(form).encode())
        if isinstance(reply, Failure):
            return reply
        document = _json(reply.body) or {}
        token = document.get("access_token")
        if isinstance(token, str) and token.isascii() and token.isprintable():
            return f"Bearer {token}"
        if reply.status == 404 and not document:
            return "Basic " + base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
        if document.get("error"):
            told = excerpt(redact(str(document.get("error_description", "")), account.password))
            return Failure("credentials", f"{reply.peer}: the engine rejects the account: {told}", ACCOUNT)
        return Failure("protocol", f"{reply.peer}: no token: HTTP status {reply.status}", IS_IT_ENGINE)

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> http.Reply | Failure:
        target = find_engine(self.account)
        if isinstance(target, Failure):
            return target
        # The engine is known by its name: its clients have always looked, and its password is at stake.
        context = tls.context(self.ca, None, check_name=True)
        if isinstance(context, Failure):
            return context

        def dialer() -> Channel:
            channel = dial(target, context, self.deadline, self.pin, LIMIT)
            channel.capped = True
            return channel

        url = f"https://{target.authority}{APPLICATION}{path}"
        return http.exchange(method, url, {"Accept": JSON, **headers}, body, dialer)

    def _judge(self, reply: http.Reply, *, sent: bool) -> Reply | Failure:
        """2xx is an answer, unless it says that the action failed."""
        found = _json(reply.body)
        document = found or {}
        fault = document.get("fault", document)
        failed = document.get("status") == "failed" or "fault" in document
        if reply.status // 100 == 2 and not failed:
            if found is not None or not reply.body:
                return Reply(document)
            return Failure("protocol", f"{reply.peer}: the answer is no JSON", IS_IT_ENGINE, sent=sent)
        told = isinstance(fault, dict) and (fault.get("detail") or fault.get("reason"))
        text = f"{fault.get('reason', '')}: {fault.get('detail', '')}" if told else f"HTTP status {reply.status}"
        return refusal(
            reply.peer, reply.status, excerpt(redact(text, self.account.password)), sent=sent, told=bool(told)
        )


def _json(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`; None if `body` is something else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


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
