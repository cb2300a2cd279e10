"""VDSM's error codes: their names, and one line of advice each (from the sources of VDSM 4.9 to 4.50)."""

import re
from typing import NamedTuple

from planner.vdsm.failure import Failure, Kind, excerpt, redact

BUSY = 40
RECOVERING = 99
NO_SUCH_METHOD = -32601
UNEXPECTED, INTERNAL_ERROR = 16, -32603
CRASHED = (UNEXPECTED, INTERNAL_ERROR)  # VDSM failed within, as XML-RPC and JSON-RPC say it


class Code(NamedTuple):
    """What a number means, and what to do about it."""

    name: str
    advice: str


CODES = {
    1: Code("FENCE_FAILED", "the fence agent failed: try it by hand on that host with the same address and user"),
    10: Code("LOST_CONNECTION", "VDSM heard nobody after the change and rolled it back: look at switch port and VLAN"),
    UNEXPECTED: Code("UNEXPECTED", "VDSM failed within: its reason is in vdsm.log and supervdsm.log of the host"),
    21: Code("BAD_PARAMS", "VDSM rejects the request as a whole: the host changed since the plan, or plan it anew"),
    22: Code("BAD_ADDR", "VDSM rejects an address: check address, netmask and gateway; DHCP goes with none of them"),
    23: Code("BAD_NIC", "the host has no such device: capture it again and plan anew"),
    24: Code("USED_NIC", "another network, bond or VLAN has the device: free it first"),
    25: Code(
        "BAD_BONDING", "VDSM rejects the bond: its name is bond and letters or digits, its options those of sysfs"
    ),
    26: Code("BAD_VLAN", "VDSM rejects the VLAN: tags go from 0 to 4094 and need a nic or a bond below"),
    27: Code("BAD_BRIDGE", "VDSM rejects the bridge's name: up to 15 characters, no blank, dot or colon"),
    28: Code("USED_BRIDGE", "the bridge is in use by another network"),
    29: Code("FAILED_IFUP", "a device did not come up: no DHCP answer, or the kernel refused; see supervdsm.log"),
    31: Code("USED_BOND", "the bond is in use by another network: remove that first"),
    32: Code("OVS_CONNECTION", "VDSM cannot reach Open vSwitch: is openvswitch running on the host?"),
    40: Code("RESOURCE_UNAVAILABLE", "another network change is under way on the host: try again when it has ended"),
    43: Code("FENCE_AGENT_MISSING", "the proxy host has no such fence agent: install fence-agents-all there"),
    78: Code("HOOK_ERROR", "a hook script on the host failed: see /usr/libexec/vdsm/hooks and vdsm.log"),
    99: Code("RECOVERING", "VDSM is starting or recovering from a crash: try again shortly"),
    -32700: Code("PARSE_ERROR", "VDSM could not parse the request: report it"),
    -32600: Code("INVALID_REQUEST", "VDSM does not take this for a JSON-RPC request: report it"),
    NO_SUCH_METHOD: Code("NO_SUCH_METHOD", "this VDSM is too old, or too new, for the call"),
    -32602: Code("INVALID_PARAMS", "VDSM does not take these arguments: is the plan made for this version of VDSM?"),
    INTERNAL_ERROR: Code("INTERNAL_ERROR", "VDSM or nmstate failed within: see vdsm.log and supervdsm.log of the host"),
}
# NetworkManager has one checkpoint at a time for a device, and nmstate makes one of all devices before it touches any:
# how nmstate 1 and 2 and NetworkManager itself word it.
CONFLICT = re.compile(
    r"NmstateConflictError|existing checkpoint|checkpoint\b.*\bexists|included in checkpoint", re.IGNORECASE
)
CHECKPOINT = Code(
    "CHECKPOINT_HELD",
    "somebody else (nmstatectl, Cockpit, a tool of NetworkManager's) has a checkpoint open on the host, which is "
    "untouched: let it be confirmed or taken back, then try again",
)
UNKNOWN = Code("UNKNOWN", "see vdsm.log and supervdsm.log of the host")
KINDS: dict[int, Kind] = {BUSY: "busy", RECOVERING: "recovering"}


def vdsm_failure(call: str, code: int, message: str, secret: str = "") -> Failure:
    """VDSM's answer to `call` with an error: busy for 40, recovering for 99, else vdsm. It was `sent`, of course.

    Busy also where NetworkManager is: VDSM has no code for that. `secret`: what the call carried and must not be
    repeated.
    """
    held = code in CRASHED and CONFLICT.search(message) is not None
    known = CHECKPOINT if held else CODES.get(code, UNKNOWN)
    text = f"{call}: VDSM answered {code} {known.name}: {excerpt(redact(message, secret))}"
    kind = "busy" if held else KINDS.get(code, "vdsm")
    return Failure(kind, text, known.advice, sent=True, code=code, name=known.name)
