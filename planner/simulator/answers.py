"""What VDSM says to a call: done, or a code with a message (vdsm.md 5.5)."""

from typing import NamedTuple

LOST_CONNECTION = 10
UNEXPECTED = 16
BAD_PARAMS = 21
BAD_ADDRESS = 22
BAD_NIC = 23
USED_NIC = 24
BAD_BONDING = 25
BAD_VLAN = 26
BAD_BRIDGE = 27
USED_BRIDGE = 28
USED_BOND = 31
BUSY = 40
NO_FENCE_AGENT = 43
RECOVERING = 99
INTERNAL = -32603  # JSON-RPC's internal error: what a client sees of a crash


class Refusal(NamedTuple):
    """An error answer: VDSM's ``code`` (`INTERNAL` for a crash without one) and its text."""

    code: int
    message: str


def crash(text: str) -> Refusal:
    """What a client sees of an exception that has no code of its own: ``text``, without its type."""
    return Refusal(INTERNAL, f"Internal JSON-RPC error: {{'reason': {text!r}}}")
