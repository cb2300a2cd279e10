"""JSON-RPC 2.0 as VDSM speaks it: one request or a batch, answers and errors (vdsm.md 8.2). No I/O."""

import json
from typing import Any, NamedTuple

from planner.simulator.answers import Refusal, crash
from planner.simulator.faults import Mishap
from planner.simulator.verbs import JSONRPC, CarryOut, missing, named

PARSE, INVALID, NO_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602
INVALID_REQUEST = Refusal(INVALID, "The JSON sent is not a valid Request object.")


class Reply(NamedTuple):
    """What goes back: ``body``, or None when nothing does; ``mishap`` is what shall happen to it."""

    body: bytes | None
    mishap: Mishap | None = None


def answered(body: bytes, carry_out: CarryOut) -> Reply:
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
