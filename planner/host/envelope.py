"""What stands around getVdsCaps in an answer: JSON-RPC's envelope, VDSM's status; and answers that are failures."""

from typing import Any, NamedTuple

from planner.host.findings import AGAIN, quoted

SECTIONS = ("networks", "bridges", "bondings", "vlans", "nics")
DEEPEST = 4  # envelopes: JSON-RPC's, VDSM's, and as many again of whoever stored the answer
NOT_READY = "99"  # VDSM's code for a daemon that is still starting


class Opened(NamedTuple):
    """The answer without its envelopes; ``keys`` lead to it; ``failure`` and ``hint``: VDSM's own complaint."""

    answer: Any
    keys: tuple[str, ...] = ()
    jsonrpc: bool = False
    failure: str = ""
    hint: str = ""


def is_caps(document: Any) -> bool:
    """Whether ``document`` holds at least one section of getVdsCaps."""
    return isinstance(document, dict) and any(key in document for key in SECTIONS)


def opened(document: Any) -> Opened:
    """``document`` without what stands around it."""
    keys: list[str] = []
    jsonrpc = False
    while isinstance(document, dict) and not is_caps(document) and len(keys) <= DEEPEST:
        jsonrpc = jsonrpc or "jsonrpc" in document
        failure = document.get("error") or _failed_status(document.get("status"))
        if failure:
            return Opened(document, tuple(keys), jsonrpc, *_told(failure))
        key = next((key for key in ("result", "info") if isinstance(document.get(key), dict)), None)
        if key is None:
            break
        document = document[key]
        keys.append(key)
    return Opened(document, tuple(keys), jsonrpc)


def _failed_status(status: Any) -> Any:
    """The status of an answer, if it tells of a failure: VDSM's code 0 is success."""
    return status if isinstance(status, dict) and str(status.get("code") or "0") != "0" else None


def _told(failure: Any) -> tuple[str, str]:
    code = failure.get("code") if isinstance(failure, dict) else None
    said = failure.get("message", failure) if isinstance(failure, dict) else failure
    numbered = f" {code}" if isinstance(code, int | str) and len(str(code)[:8]) < 8 else ""
    hint = (
        "VDSM is still starting: ask again in a minute" if numbered == f" {NOT_READY}" else f"{AGAIN} once VDSM answers"
    )
    return f"VDSM answered with error{numbered}: {quoted(said)}", hint
