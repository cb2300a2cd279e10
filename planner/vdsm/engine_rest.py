"""The engine's REST API, one call's worth of it: a token, JSON both ways, faults as values.

Source: oVirt/ovirt-engine-api-model. The token is from POST /ovirt-engine/sso/oauth/token; engines before 4.0 have none
and take the password with each request. Nothing of the account stands in a Failure.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from planner.vdsm import https, tls
from planner.vdsm.channel import LIMIT, Channel, Deadline
from planner.vdsm.connecting import dial
from planner.vdsm.credentials import EngineAccount
from planner.vdsm.engine_fault import ACCOUNT, IS_IT_ENGINE, refusal
from planner.vdsm.failure import Failure, excerpt, redact
from planner.vdsm.target import Target, parse_target

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

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> https.Reply | Failure:
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
        return https.exchange(method, url, {"Accept": JSON, **headers}, body, dialer)

    def _judge(self, reply: https.Reply, *, sent: bool) -> Reply | Failure:
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
    """The object in `body`; None when there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
