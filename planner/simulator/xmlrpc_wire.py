"""XML-RPC over HTTP as VDSM spoke it up to 4.19 (vdsm.md 8.1). No I/O: bytes in, bytes out."""

import xmlrpc.client
from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.parsers.expat import ExpatError

from planner.simulator.answers import INTERNAL, UNEXPECTED, Refusal
from planner.simulator.jsonrpc import Reply
from planner.simulator.stomp_wire import LARGEST_FRAME as LARGEST_BODY
from planner.simulator.stomp_wire import whole
from planner.simulator.verbs import XMLRPC, CarryOut, missing, named

PATHS = ("/", "/RPC2")
METHODS = (b"POST", b"GET ", b"PUT ", b"HEAD")
ANSWERED_AS = {"getCapabilities": "info", "getStats": "info", "getVMList": "vmList"}
DONE = {"code": 0, "message": "Done"}
LARGEST_HEAD = 64 * 1024


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


def answered(body: bytes, carry_out: CarryOut) -> Reply:
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
