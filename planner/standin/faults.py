"""Faults on tap: what shall go wrong, at which call of which verb, spelt as text."""

from typing import NamedTuple

from planner.problem import Problem
from planner.standin.kernel import Config
from planner.yamltext import suggest

EVERY = 0

VERBS = (
    "setupNetworks",
    "setSafeNetworkConfig",
    "getCapabilities",
    "getNetworkCapabilities",
    "confirmConnectivity",
    "ping",
    "ping2",
    "getStats",
    "getVMList",
    "fenceNode",
    "reboot",
    "connect",
)
ON_CALLS = {
    "lost-reply": "carried out, but the answer is never sent",
    "reset": "carried out, the connection is reset in the middle of the answer",
    "half-open": "not carried out; the connection goes silent without being closed",
    "slow": "the answer comes after slow=SECONDS",
    "busy": "refused with 40, as if another network verb ran",
    "recovering": "refused with 99, as if VDSM had just started",
    "crash": "refused with -32603, as if VDSM's code had raised an exception",
    "error-frame": "a STOMP ERROR frame (or HTTP status 500), and the connection is closed",
}
ON_SETUP = {
    "wrong-mtu": "says Done, but the machine has another MTU than asked for",
    "no-bridge": "says Done, but there is no bridge",
    "dies": "VDSM dies at step dies=N: a removal, a bond, a network's links, its addresses are a step each",
    "late": "the call is lost, and carried out all the same late=SECONDS later",
    "power-cut": "the machine loses power once it is changed, before VDSM has recorded that; it boots again",
    "checkpoint": "fails and changes nothing: somebody else holds a checkpoint of NetworkManager's",
}
ON_CONNECT = {
    "refuses-tls": "the connection is closed at the client's first bytes",
    "plain-tcp": "no TLS is spoken on the port",
}
ON_REBOOT = {"never-ends": "the host does not come back"}
WITH_NUMBER = ("slow", "dies", "late")


class Mishap(NamedTuple):
    """One fault: ``kind`` at the ``occurrence``-th call of ``verb`` (`EVERY`: at each); ``amount``: its number."""

    verb: str
    kind: str
    occurrence: int = 1
    amount: float = 0.0

    def __str__(self) -> str:
        kind = f"{self.kind}={self.amount:g}" if self.kind in WITH_NUMBER else self.kind
        return f"{self.verb}:{kind}:{self.occurrence or 'every'}"


def kinds_of(verb: str) -> dict[str, str]:
    """The faults that ``verb`` can have, each with what it does."""
    if verb == "connect":
        return ON_CONNECT
    if verb == "reboot":
        return ON_REBOOT
    return {**ON_CALLS, **ON_SETUP} if verb == "setupNetworks" else ON_CALLS


def parse_mishap(text: str) -> Mishap | Problem:
    """A fault from ``verb:fault[:occurrence]``, as in ``setupNetworks:lost-reply:1`` or ``ping:slow=3:every``."""
    verb, _, rest = text.partition(":")
    stated, _, turn = rest.partition(":")
    kind, _, number = stated.partition("=")
    if verb not in VERBS:
        return Problem("fault-verb-unknown", f"fault {text!r}: there is no verb {verb!r}", suggest(verb, VERBS))
    if kind not in kinds_of(verb):
        said = f"fault {text!r}: {verb} has no fault {kind!r}"
        return Problem("fault-unknown", said, suggest(kind, kinds_of(verb)))
    amount = _amount(number)
    if (kind in WITH_NUMBER) != bool(number) or amount < 0:
        hint = f"write {kind}=NUMBER" if kind in WITH_NUMBER else f"write {kind} alone"
        return Problem("fault-amount", f"fault {text!r}: {stated!r} is not understood", hint)
    if turn not in ("", "every") and not (turn.isascii() and turn.isdigit() and int(turn) > 0):
        hint = "write the number of the call, from 1, or every"
        return Problem("fault-occurrence", f"fault {text!r}: {turn!r} is not a number of a call", hint)
    occurrence = EVERY if turn == "every" else int(turn or 1)
    return Mishap(verb, kind, occurrence, amount)


def _amount(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return -1.0


def spoilt(after: Config, kind: str) -> Config:
    """What the machine gets instead of ``after`` by the faults that lie about the result."""
    if kind == "wrong-mtu":
        networks = {
            name: {**network, "mtu": 1400 if network["mtu"] == 1500 else 1500}
            for name, network in after.networks.items()
        }
        return Config(networks, after.bonds)
    if kind == "no-bridge":
        return Config({name: {**network, "bridged": False} for name, network in after.networks.items()}, after.bonds)
    return after


def interrupted(before: Config, after: Config, steps: int) -> Config:
    """How far VDSM gets from ``before`` to ``after`` in ``steps`` steps: removals, bonds, then networks.

    A network is two steps: its links first, then its addresses. In between the host has no address.
    """
    networks, bonds = dict(before.networks), dict(before.bonds)
    done = 0
    for name in [name for name in before.networks if name not in after.networks]:
        if done < steps:
            del networks[name]
            done += 1
    for name, bond in after.bonds.items():
        if done < steps and bonds.get(name) != bond:
            bonds[name] = bond
            done += 1
    bare = {"ipaddr": "", "netmask": "", "gateway": "", "ipv6addr": "", "ipv6gateway": "", "bootproto": "none"}
    for name, network in after.networks.items():
        if networks.get(name) == network:
            continue
        if done < steps:
            networks[name] = {**network, **bare, "dhcpv6": False, "ipv6autoconf": False, "nameservers": []}
            done += 1
        if done < steps:
            networks[name] = network
            done += 1
    return Config(networks, bonds)
