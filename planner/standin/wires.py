"""STOMP 1.2 as VDSM's broker speaks it: frames, subscriptions, heartbeats. No I/O.

Source: docs/vdsm.md, JSON-RPC over STOMP.
"""

import json
import re
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from xml.parsers.expat import ExpatError

from planner.standin.faults import Mishap
from planner.standin.host import Outcome
from planner.standin.kernel import INTERNAL, UNEXPECTED, Refusal, crash

COMMANDS = (
    "CONNECT",
    "STOMP",
    "SEND",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "DISCONNECT",
    "ACK",
    "NACK",
    "BEGIN",
    "COMMIT",
    "ABORT",
)
REQUESTS = ("jms.topic.vdsm_requests", "jms.topic.vdsm_irs_requests")
SHORTEST_BEAT = 1000  # ms
LONGEST_BEAT = 24 * 3600 * 1000
LARGEST_FRAME = 64 * 1024 * 1024  # bytes; a setup of thousands of networks has 2 MB
LARGEST_HEAD = 64 * 1024
BEAT, BLANK = re.compile(rb"[\r\n]*"), re.compile(rb"\n\r?\n")
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c"}
ESCAPED = {"n": "\n", "r": "\r", "c": ":", "\\": "\\"}


class Frame(NamedTuple):
    """One STOMP frame."""

    command: str
    headers: Mapping[str, str]
    body: bytes = b""

    def encoded(self) -> bytes:
        """As bytes, with its closing NUL."""
        lines = [self.command, *(f"{_escaped(key)}:{_escaped(value)}" for key, value in self.headers.items())]
        return "\n".join([*lines, "", ""]).encode() + self.body + b"\0"


class MalformedError(Exception):
    """What came is not STOMP."""


class Frames:
    """Bytes to frames; no byte is looked at twice, however they come."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._buffer = bytearray()
        self._searched = 0
        self._head: tuple[str, dict[str, str], int | None] | None = None

    @property
    def midway(self) -> bool:
        """Whether a frame has begun that has not ended."""
        return bool(self._buffer or self._head)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete with ``data``; heartbeats between them are skipped."""
        self._buffer += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        if self._head is None:
            self._head = self._next_head()
        if self._head is None:
            return None
        command, headers, length = self._head
        close = self._found(b"\0") if length is None else length
        if close < 0 or len(self._buffer) <= close:
            if len(self._buffer) > LARGEST_FRAME:
                raise MalformedError
            return None
        if self._buffer[close] != 0:
            raise MalformedError
        body = bytes(self._buffer[:close])
        del self._buffer[: close + 1]
        self._head, self._searched = None, 0
        return Frame(command, headers, body)

    def _next_head(self) -> tuple[str, dict[str, str], int | None] | None:
        """Command, headers and content-length, once the empty line after them has come."""
        beats = BEAT.match(self._buffer)
        begin = beats.end() if beats is not None else 0
        del self._buffer[:begin]
        self._searched = max(0, self._searched - begin)
        blank = BLANK.search(self._buffer, max(0, self._searched - 2))
        if blank is None:
            self._searched = len(self._buffer)
            if len(self._buffer) > LARGEST_HEAD:
                raise MalformedError
            return None
        command, headers = _head(bytes(self._buffer[: blank.start()]).rstrip(b"\r"))
        del self._buffer[: blank.end()]
        self._searched = 0
        stated = headers.get("content-length", "")
        if stated and (number := whole(stated, LARGEST_FRAME)) is None:
            raise MalformedError
        return command, headers, number if stated else None

    def _found(self, what: bytes) -> int:
        place = self._buffer.find(what, self._searched)
        self._searched = len(self._buffer)
        return place


def whole(text: str, largest: int) -> int | None:
    """The number that ``text`` spells, None if it spells none or a larger one."""
    fits = text.isascii() and text.isdigit() and len(text) <= len(str(largest))
    return int(text) if fits and int(text) <= largest else None


def _head(head: bytes) -> tuple[str, dict[str, str]]:
    try:
        command, *lines = head.decode().replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as failure:
        raise MalformedError from failure
    headers: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon:
            raise MalformedError
        headers.setdefault(_unescaped(key), _unescaped(value))
    return command, headers


def _escaped(text: str) -> str:
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    signs = iter(text)
    return "".join(ESCAPED.get(next(signs, ""), "") if sign == "\\" else sign for sign in signs)


class Request(NamedTuple):
    """A body for VDSM, and the destination that the answer goes to."""

    body: bytes
    reply_to: str


class Session:
    """The broker's side of one connection."""

    def __init__(self) -> None:
        """Nobody has said CONNECT yet."""
        self._frames = Frames()
        self._subscriptions: dict[str, str] = {}
        self.beat = 0.0
        self.over = False

    @property
    def midway(self) -> bool:
        """Whether a frame has begun that has not ended."""
        return self._frames.midway

    def feed(self, data: bytes) -> list[bytes | Request]:
        """What ``data`` makes the broker send, and what it asks of VDSM, in order; `over`: hang up afterwards."""
        try:
            frames = self._frames.feed(data)
        except MalformedError:
            return self._error("Malformed frame")
        return [reaction for frame in frames if not self.over for reaction in self._react(frame)]

    def answer(self, reply_to: str, body: bytes) -> list[bytes]:
        """The MESSAGE frames that bring ``body`` to whoever subscribed to ``reply_to``."""
        length = str(len(body))
        return [
            Frame(
                "MESSAGE",
                {
                    "destination": reply_to,
                    "content-type": "application/json",
                    "subscription": identity,
                    "content-length": length,
                },
                body,
            ).encoded()
            for identity, destination in self._subscriptions.items()
            if destination == reply_to
        ]

    def error(self, message: str) -> bytes:
        """An ERROR frame; the connection is over with it."""
        self.over = True
        body = message.encode()
        headers = {"content-type": "text/plain", "message": message, "content-length": str(len(body))}
        return Frame("ERROR", headers, body).encoded()

    def _error(self, message: str) -> list[bytes | Request]:
        return [self.error(message)]

    def _react(self, frame: Frame) -> list[bytes | Request]:
        headers = frame.headers
        if frame.command in ("CONNECT", "STOMP"):
            return self._connect(headers)
        if frame.command == "SUBSCRIBE":
            return self._subscribe(headers)
        if frame.command == "SEND":
            return self._send(frame)
        if frame.command == "UNSUBSCRIBE" and headers.get("id") in self._subscriptions:
            del self._subscriptions[headers["id"]]
            return []
        if frame.command == "DISCONNECT" and "receipt" in headers:
            self.over = True
            return [Frame("RECEIPT", {"receipt-id": headers["receipt"]}).encoded()]
        return self._error(f"Invalid command {frame.command}"[:200])

    def _connect(self, headers: Mapping[str, str]) -> list[bytes | Request]:
        if headers.get("accept-version") != "1.2":
            return self._error("Version unsupported")
        beats = [whole(beat.strip(), LONGEST_BEAT) for beat in headers.get("heart-beat", "0,0").split(",")]
        if len(beats) != 2 or None in beats:
            return self._error("Malformed heart-beat header")
        sent, wanted = (max(beat, SHORTEST_BEAT) if beat else 0 for beat in beats)
        self.beat = wanted / 1000
        return [Frame("CONNECTED", {"version": "1.2", "heart-beat": f"{wanted},{sent}"}).encoded()]

    def _subscribe(self, headers: Mapping[str, str]) -> list[bytes | Request]:
        identity, destination = headers.get("id", ""), headers.get("destination", "")
        if not identity or not destination:
            return self._error("Missing destination or subscription id header")
        if identity in self._subscriptions:
            return self._error("Subscription id already exists")
        self._subscriptions[identity] = destination
        return []

    def _send(self, frame: Frame) -> list[bytes | Request]:
        destination = frame.headers.get("destination", "")
        if destination.startswith(REQUESTS):
            return [Request(frame.body, frame.headers.get("reply-to", ""))]
        if destination in self._subscriptions.values():
            return [*self.answer(destination, frame.body)]
        return self._error("Subscription not available")


# The names that VDSM's verbs have on the wires, and the parameters that they take in order.


CarryOut = Callable[[str, Mapping[str, Any]], Outcome]
SETUP = ("networks", "bondings", "options")
FENCE = ("addr", "port", "agent", "username", "password", "action", "secure", "options", "policy")


class Verb(NamedTuple):
    """A verb of `planner.standin.host.StandIn.call`.

    ``parameters``: in their order; the first ``required`` of them have no default.
    """

    name: str
    parameters: tuple[str, ...] = ()
    required: int = 0


JSONRPC = {
    "Host.getCapabilities": Verb("getCapabilities"),
    "Host.getNetworkCapabilities": Verb("getNetworkCapabilities"),
    "Host.setupNetworks": Verb("setupNetworks", SETUP, 3),
    "Host.setSafeNetworkConfig": Verb("setSafeNetworkConfig"),
    "Host.confirmConnectivity": Verb("confirmConnectivity"),
    "Host.ping": Verb("ping"),
    "Host.ping2": Verb("ping2"),
    "Host.getStats": Verb("getStats"),
    "Host.getVMList": Verb("getVMList", ("fullStatus", "vmList", "onlyUUID")),
    "Host.fenceNode": Verb("fenceNode", FENCE, 6),
}
XMLRPC = {  # setupNetworks had defaults for all its parameters
    "getVdsCapabilities": Verb("getCapabilities"),
    "getVdsStats": Verb("getStats"),
    "list": Verb("getVMList", ("fullStatus", "vmList", "onlyUUID")),
    "setupNetworks": Verb("setupNetworks", SETUP),
    "setSafeNetworkConfig": Verb("setSafeNetworkConfig"),
    "ping": Verb("ping"),
    "fenceNode": Verb("fenceNode", FENCE, 6),
}


def named(verb: Verb, given: Sequence[Any]) -> dict[str, Any] | None:
    """The parameters by name that came in order; None if there are too many."""
    return dict(zip(verb.parameters, given, strict=False)) if len(given) <= len(verb.parameters) else None


def missing(verb: Verb, given: Mapping[str, Any]) -> list[str]:
    """The parameters that ``verb`` cannot do without, and that are not ``given``."""
    return [name for name in verb.parameters[: verb.required] if name not in given]


# JSON-RPC 2.0 as VDSM speaks it: requests, answers and errors (docs/vdsm.md, JSON-RPC over STOMP). No I/O.


PARSE, INVALID, NO_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602
INVALID_REQUEST = Refusal(INVALID, "The JSON sent is not a valid Request object.")


class Reply(NamedTuple):
    """What goes back: ``body``, or None when nothing does; ``mishap`` is what shall happen to it."""

    body: bytes | None
    mishap: Mishap | None = None


def answered_jsonrpc(body: bytes, carry_out: CarryOut) -> Reply:
    """Carry out what ``body`` asks for, and write the answer."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        refusal = Refusal(PARSE, "Invalid JSON was received by the server.")
        return Reply(_encoded(_response(None, refusal)))
    if not isinstance(document, list):
        response, mishap = _one(document, carry_out)
        return Reply(None if response is None else _encoded(response), mishap)
    if not document:
        return Reply(_encoded(_response(None, INVALID_REQUEST)))
    outcomes = [_one(request, carry_out) for request in document]
    responses = [response for response, _ in outcomes if response is not None]
    mishap = next((met for _, met in outcomes if met is not None), None)
    return Reply(_encoded(responses) if responses else None, mishap)


def _one(request: Any, carry_out: CarryOut) -> tuple[dict[str, Any] | None, Mishap | None]:
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0" or not isinstance(request.get("method"), str):
        return _response(None, INVALID_REQUEST), None
    method, given, identity = request["method"], request.get("params", {}), request.get("id")
    verb = JSONRPC.get(method)
    mishap = None
    value: Any
    if verb is None:
        value = Refusal(NO_METHOD, f"The method does not exist or is not available: {{'method': {method!r}}}")
    else:
        parameters = named(verb, given) if isinstance(given, list) else given
        if not isinstance(parameters, dict):
            value = Refusal(BAD_PARAMS, "Invalid method parameter(s).")
        elif lacking := missing(verb, parameters):
            value = crash(f"Attempt to call function: {method} error: missing argument(s): {', '.join(lacking)}")
        else:
            value, mishap = carry_out(verb.name, parameters)
    # Without an id it is a notification, and those are not answered, not even with an error.
    return (_response(identity, value) if "id" in request else None), mishap


def _response(identity: Any, value: Any) -> dict[str, Any]:
    if isinstance(value, Refusal):
        return {"jsonrpc": "2.0", "id": identity, "error": {"code": value.code, "message": value.message}}
    return {"jsonrpc": "2.0", "id": identity, "result": value}


def _encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


# XML-RPC over HTTP as VDSM spoke it up to 4.19 (docs/vdsm.md, XML-RPC). No I/O: bytes in, bytes out.


LARGEST_BODY = LARGEST_FRAME

PATHS = ("/", "/RPC2")
METHODS = (b"POST", b"GET ", b"PUT ", b"HEAD")
ANSWERED_AS = {"getCapabilities": "info", "getStats": "info", "getVMList": "vmList"}
DONE = {"code": 0, "message": "Done"}


class Head(NamedTuple):
    """The head of an HTTP request; ``length``: of the body."""

    method: str
    path: str
    length: int
    keeps: bool


def read_head(head: bytes) -> Head | None:
    """The request line and what matters of the headers; None if it is no HTTP."""
    line, *rest = head.decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3:
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (other.partition(":") for other in rest)}
    stated = headers.get("content-length", "0")
    length = whole(stated, LARGEST_BODY)
    if length is None:
        return None
    wish = headers.get("connection", "keep-alive" if words[2] == "HTTP/1.1" else "close").lower()
    return Head(words[0], words[1], length, wish == "keep-alive")


def response(status: str, body: bytes = b"", *, keeps: bool = False) -> bytes:
    """An HTTP response."""
    connection = "keep-alive" if keeps else "close"
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/xml",
        f"Content-Length: {len(body)}",
        f"Connection: {connection}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def answered_xmlrpc(body: bytes, carry_out: CarryOut) -> Reply:
    """Carry out the methodCall in ``body``, and write the methodResponse."""
    try:
        given, method = xmlrpc.client.loads(body)
    except (xmlrpc.client.ResponseError, ExpatError, ValueError, TypeError, LookupError) as failure:
        return Reply(_dumped(xmlrpc.client.Fault(1, str(failure))))
    verb = XMLRPC.get(method or "")
    parameters = None if verb is None else named(verb, given)
    if verb is None or parameters is None or missing(verb, parameters):
        return Reply(_dumped(xmlrpc.client.Fault(1, f"method {method!r} is not supported with these parameters")))
    value, mishap = carry_out(verb.name, parameters)
    return Reply(_dumped((_answer(verb.name, value),)), mishap)


def _answer(verb: str, value: Any) -> Any:
    if isinstance(value, Refusal):
        code = UNEXPECTED if value.code == INTERNAL else value.code
        return {"status": {"code": code, "message": value.message}}
    if verb in ANSWERED_AS:
        return {"status": DONE, ANSWERED_AS[verb]: _without_none(value)}
    return {"status": DONE, **(value if verb == "fenceNode" else {})}


def _without_none(value: Any) -> Any:
    """XML-RPC has no None: what is nothing is left out."""
    if isinstance(value, Mapping):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


def _dumped(answer: Any) -> bytes:
    return xmlrpc.client.dumps(answer, methodresponse=True).encode()
