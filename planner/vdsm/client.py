"""What the executor asks of a host, whichever way it is spoken to.

Every call has a connection of its own: a management network that moves takes connections with it, and only a fresh one
proves that the host can be reached.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol

# What can go wrong between here and a host, as a value: a call answers with what it asked for or with a Failure.


Kind = Literal["unreachable", "tls", "protocol", "vdsm", "timeout", "busy", "recovering", "credentials", "refused"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call.

    `kind`: unreachable (no connection), tls (no handshake: expired, wrong CA, wrong name, no client certificate),
    credentials (files missing or unreadable, password rejected), protocol (what came is not the protocol), timeout (no
    answer in time), vdsm (VDSM answered with an error: `code` and `name`, e.g. 23 BAD_NIC), busy (VDSM's 40),
    recovering (VDSM's 99), refused (the engine's validation said no).
    `sent`: whether the request may have reached the host. A call that changes the host and failed with `sent` may have
    been carried out: only re-reading the host can tell.
    """

    kind: Kind
    message: str
    hint: str
    sent: bool = False
    code: int | None = None
    name: str | None = None

    @property
    def retryable(self) -> bool:
        """Whether the same call may be made again without asking what became of the first one."""
        return self.kind in ("busy", "recovering") or (self.kind in ("unreachable", "timeout") and not self.sent)

    def not_sent(self) -> "Failure":
        """The same, of a call that came before the one that matters, or that asked only."""
        return replace(self, sent=False)


LONGEST = 400  # characters of a peer's text that help; more of it hides the rest of the message


def excerpt(text: str) -> str:
    """Return a peer's text on one line, without control characters, cut to `LONGEST` characters."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST]).split())
    return plain if len(plain) <= LONGEST else plain[:LONGEST] + " ..."


def redact(text: str, secret: str) -> str:
    """Return `text` without `secret`, also where it is quoted as JSON, Python or XML does."""
    quoted = repr(secret)[1:-1]
    json = secret.replace("\\", "\\\\").replace('"', '\\"')
    xml = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for form in sorted({secret, quoted, json, xml} - {""}, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def discreet(failure: Failure, secret: str) -> Failure:
    """Return `failure` without `secret`, which the call carried and the peer may repeat.

    VDSM's own errors have been redacted where they were read, in full. Of what is no answer of VDSM's nothing is shown:
    it was shortened, and half a password is still one.
    """
    if failure.kind in ("protocol", "vdsm") and failure.code is None:
        return replace(failure, message="no answer of VDSM's (it is not shown: it may repeat the agent's password)")
    return replace(failure, message=redact(failure.message, secret))


Document = Mapping[str, Any]


class Done(NamedTuple):
    """VDSM's "Done": the call was carried out."""

    message: str = "Done"


class FenceAgent(NamedTuple):
    """A power management agent (BMC) as fenceNode takes it. The password never shows: see `__repr__`."""

    address: str
    agent: str  # ipmilan, ilo4, ...
    username: str
    password: str
    port: str = ""  # "" is the agent's default
    secure: bool = False
    options: str = ""  # key=value, one a line

    def __repr__(self) -> str:
        """Everything but the password."""
        return f"FenceAgent({self.agent} at {self.address})"


Power = Literal["on", "off", "unknown"]
FenceAction = Literal["status", "on", "off"]


class Speaker(Protocol):
    """A client of one host's VDSM. Timeouts are seconds, and no call lasts longer; failures are returned."""

    def ping(self, *, timeout: float) -> Done | Failure:
        """Host.ping2 (ping before 4.17): whether VDSM answers; says nothing of the network."""

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """getVdsCaps: the document that planner.host reads."""

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """Host.setupNetworks with {"networks", "bondings", "options"} exactly as the plan has them."""

    def confirm(self, *, timeout: float) -> Done | Failure:
        """Host.confirmConnectivity (before 4.20: ping): tells a waiting setupNetworks that it did not cut us off."""

    def commit(self, *, timeout: float) -> Done | Failure:
        """Host.setSafeNetworkConfig: what runs is what the next boot restores."""

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """Host.fenceNode, sent to a proxy host about another host's BMC; actions answer "unknown"."""

    def at(self, address: str) -> "Speaker":
        """The same host at another address: where it is foreseen to be after the change."""


# VDSM's error codes: their names, and one line of advice each (from the sources of VDSM 4.9 to 4.50).


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
    """Make a failure of VDSM's error `code` to `call`: kind busy for 40, recovering for 99, else vdsm; always `sent`.

    Busy also where NetworkManager is: VDSM has no code for that. `secret`: what the call carried and must not be
    repeated.
    """
    held = code in CRASHED and CONFLICT.search(message) is not None
    known = CHECKPOINT if held else CODES.get(code, UNKNOWN)
    text = f"{call}: VDSM answered {code} {known.name}: {excerpt(redact(message, secret))}"
    kind = "busy" if held else KINDS.get(code, "vdsm")
    return Failure(kind, text, known.advice, sent=True, code=code, name=known.name)


# Whom to speak to: a host name or address, and a port.


VDSM_PORT = 54321
HOST_NAME = re.compile(r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,251}[0-9A-Za-z.])?")
ADDRESS = re.compile(r"[0-9A-Za-z:.]+(%[0-9A-Za-z_.-]{1,15})?")
LAST_PORT = 65535


class Target(NamedTuple):
    """A host and a TCP port.

    `name` is what its certificate is held against where names are checked: it stays when the host is looked for at
    another address.
    """

    host: str
    port: int
    name: str

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """As it stands in a URL: without the interface of a link-local address."""
        return str(self._replace(host=self.host.partition("%")[0]))

    def at(self, address: str) -> "Target":
        """The same host, under the same name, at another address."""
        bare = address[1:-1] if address.startswith("[") and address.endswith("]") else address
        return self._replace(host=bare)


def parse_target(text: str, port: int = VDSM_PORT) -> Target | Failure:
    """Read `host`, `host:port`, an IPv6 address (also in brackets) or `[v6]:port`; `port` is the default."""
    host, written = _split(text.strip())
    if (written and not _is_port(written)) or not (_is_address(host) or HOST_NAME.fullmatch(host)):
        hint = "write host, host:port, an address, or [IPv6 address]:port"
        return Failure("unreachable", f"{text!r} is no host", hint)
    return Target(host, int(written) if written else port, host)


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        return (host, rest[1:]) if closed and (not rest or rest.startswith(":")) and ":" in host else ("", "")
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return (host, port) if port else ("", "")
    return text, ""


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PORT)) and 0 < int(text) <= LAST_PORT


def _is_address(text: str) -> bool:
    if not ADDRESS.fullmatch(text):  # the interface of a link-local address could otherwise be any text
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
