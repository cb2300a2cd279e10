"""Whether a setupNetworks call, whoever sends it, would lose the host.

VDSM takes most calls that lose one. So the call is played to a stand-in for the host, and what carries the management
address afterwards is held against what carries it now: its nics, bond, tags, MTU, network, gateway.

No rules decide here: rules judge a host by a definition, which says what is wanted. A call says only what is done; what
is lost by it is seen by playing it, not by a rule that foresees it. What a site accepts to lose is named by its code.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import planner
from planner.definition import Definition
from planner.explain.words import management_words
from planner.host import graph
from planner.host.capture import read_capture
from planner.host.excerpt import alone
from planner.host.formats.jsontext import line_and_column, repeated_keys
from planner.host.formats.pytext import parse_literal
from planner.host.model import Bond, Host, Ip, Network, maker_of, origin
from planner.plan.plan import Management
from planner.printing import legible, listing
from planner.problem import Problem, Result, Where, advice, errors
from planner.rules.compiled import Compiled
from planner.standin.canonical import base_of, port_of
from planner.standin.clock import VirtualClock
from planner.standin.host import StandIn
from planner.standin.kernel import INTERNAL, Config, Record, Refusal
from planner.yamltext import decode, suggest

FORMAT = "mgmtnet/judgement@1"
HIDING, SHOWING = (4, 50), (4, 50, 7)  # VDSM with libnl 3.8 reports no gateway: docs/vdsm.md, Odd values
NMSTATE = (4, 40)  # VDSM since oVirt 4.4
IPV6_MTU = 1280  # RFC 8200; below it the kernel takes IPv6 off the device

# What may be lost, by the code that tells it; the value: whether a call that loses it is refused.
LOSSES: Mapping[str, bool] = {
    "vdsm-refuses": True,
    "loses-address": True,
    "loses-network": True,
    "loses-tag": True,
    "loses-nics": True,
    "loses-bond": True,
    "loses-bond-mode": True,
    "loses-default-route": True,
    "loses-unseen-gateway": True,
    "loses-bridge": True,
    "address-twice": True,
    "leaves-address": False,
    "changes-lease": False,
    "loses-bond-member": False,
    "loses-further-address": False,
    "moves-default-route": False,
    "lowers-mtu": False,
    "raises-mtu": False,
}


HEADLINES = {
    "accepted": "accepted: the host keeps its management network",
    "refused": "refused: the host could lose its management network",
}


class SetupCall(NamedTuple):
    """The arguments of a setupNetworks call, as they are sent, or as VDSM's hooks are given them."""

    networks: dict[str, Record]
    bondings: dict[str, Record]
    options: Record


class CallVerdict(NamedTuple):
    """What becomes of the management address: ``problems`` that are errors are reasons to refuse the call."""

    management: Management
    network: str
    problems: tuple[Problem, ...]

    @property
    def verdict(self) -> str:
        """``accepted`` or ``refused``."""
        return "refused" if errors(self.problems) else "accepted"

    def document(self) -> dict[str, Any]:
        """As ``mgmtnet judge -o json`` prints it."""
        return {
            "format": FORMAT,
            "verdict": self.verdict,
            "management": {**self.management.document(), "network": self.network or None},
            "problems": [problem.document() for problem in self.problems],
        }

    def text(self) -> str:
        """As ``mgmtnet judge`` prints it."""
        parts = [HEADLINES[self.verdict], "", f"Management address: {management_words(self.document())}"]
        for problem in self.problems:
            parts += ["", *advice(problem)]
        return "\n".join(parts) + "\n"


# A call in JSON: bare, as a hook is given it, or as it is sent over the wire; or in a log of VDSM's.


PARTS = ("networks", "bondings", "options")
# How VDSM logs one: vdsm.log since 4.19; supervdsm.log, and XML-RPC before 4.20; JSON-RPC at DEBUG.
LOGGED = re.compile(
    r"\bSTART setupNetworks\(networks=(?=\{)|\bcall setupNetworks with \((?=\{)"
    r"|\bCalling 'Host\.setupNetworks' in bridge with (?P<whole>)(?=\{)"
)
FOLLOWING = re.compile(r", *(?:(?:bondings|options)=)?(?=\{)")
SHAPE = 'give {"networks": {NAME: {...}}, "bondings": {NAME: {...}}, "options": {...}}, as setupNetworks takes it'


def read_call(content: bytes, source: str = "request") -> Result[SetupCall]:
    """Read a setupNetworks call; ``source`` is how problems call it."""
    text = decode(content, source)
    if isinstance(text, Problem):
        return Result(None, (text,))
    logged = None if text.lstrip().startswith("{") else _logged(text, source)
    if logged is not None:
        return logged
    try:
        document = json.loads(text)
    except RecursionError:
        return _no_call("it nests too deeply", source)
    except json.JSONDecodeError as failure:
        return _no_call(f"no JSON: {failure.msg}", source, line=failure.lineno, column=failure.colno)
    except ValueError:
        return _no_call("it has a number of more digits than anything here", source)
    for path, key, index in repeated_keys(text):
        line, column = line_and_column(text, index)
        return _no_call(f"the key {legible(key)!r} stands twice in one map", source, legible(path), line, column)
    return _call(document, source)


def _logged(text: str, source: str) -> Result[SetupCall] | None:
    """The last call in a log: a dict, or one for each of its parts. None: there is no call in it."""
    logged, document = [*LOGGED.finditer(text)], dict[str, Any]()
    if not logged and "HostSetupNetworksVDSCommand(" in text:
        told = "the engine's log has calls in the engine's words, and not as they are sent"
        return _no_call(told, source, hint="take it from the host's vdsm.log (START setupNetworks) or supervdsm.log")
    if not logged:
        return None
    found = logged[-1]
    at = found.end()
    for part in PARTS:
        written = alone(text, at)
        parsed = parse_literal(written, source)
        if errors(parsed.problems):
            return Result(None, parsed.problems)
        document[part] = parsed.document
        following = FOLLOWING.match(text, at + len(written.lstrip()))
        if following is None:
            break
        at = following.end()
    call = _call(document if found["whole"] is None else document["networks"], source)
    if len(logged) == 1:
        return call
    message = f"call {len(logged)} of {len(logged)} in this log is judged, the last one"
    where = (Where(source, "", line_and_column(text, found.start())[0]),)
    note = Problem(
        "call-taken", message, "keep the line of the one that is meant, if it is another", "note", where=where
    )
    return Result(call.value, (*call.problems, note))


def _call(document: Any, source: str) -> Result[SetupCall]:
    for envelope in ("request", "params"):
        inside = document.get(envelope) if isinstance(document, dict) else None
        if isinstance(inside, dict):
            document = inside
    keys = document.keys() if isinstance(document, dict) else set()
    if "steps" in keys:
        return _no_call("it is a plan, not one of its calls", source, hint="`mgmtnet plan -o vdsm` prints a call")
    if "nics" in keys:
        return _no_call("it is a host's capabilities, not a call", source, hint="these belong to --capture")
    if not keys & {*PARTS}:
        return _no_call("it names neither networks nor bondings", source)
    for part in PARTS:
        table = document.get(part) or {}
        if not isinstance(table, dict):
            return _no_call(f"{part} is no map", source, part)
        for name, record in table.items():
            if part != "options" and not isinstance(record, dict):
                return _no_call(f"{legible(name)} is no map of what is asked of it", source, f"{part}.{legible(name)}")
    return Result(SetupCall(*(document.get(part) or {} for part in PARTS)), ())


def _no_call(
    message: str, source: str, path: str = "", line: int = 0, column: int = 0, hint: str = SHAPE
) -> Result[SetupCall]:
    return Result(None, (Problem("call-malformed", message, hint, where=(Where(source, path, line, column),)),))


# Which device the call must not lose, and whether it can be told what becomes of it.


LOOPBACK = "lo"


def unknown_codes(allowed: Iterable[str]) -> list[Problem]:
    """What of the codes that are allowed is none of `LOSSES`."""
    return [
        Problem("code-unknown", f"no loss that could be allowed is called {legible(code)}", suggest(code, LOSSES))
        for code in allowed
        if code not in LOSSES
    ]


def judged(
    capture: Record,
    definition: Definition,
    addresses: Sequence[str],
    rules: Compiled,
    call: SetupCall,
    allowed: Collection[str] = (),
) -> CallVerdict | list[Problem]:
    """Judge ``call`` on the host of ``capture``, or tell why it cannot be judged there; see `judge_call`."""
    host = read_capture(capture).required()
    if any(network.switch == "ovs" for network in host.networks.values()):
        message = "VDSM has networks on Open vSwitch here: what a call does to those, the stand-in does not know"
        return [Problem("call-unplayable", message, "judge it by hand; VDSM's connectivity check stands")]
    management = _management(host, definition, addresses, rules)
    if not isinstance(management, Management):
        return management
    return judge_call(capture, host, management, definition.network, call, allowed)


def _management(
    host: Host, definition: Definition, addresses: Sequence[str], rules: Compiled
) -> Management | list[Problem]:
    """Where the management address is, by the rules.

    Without one given it is that of the network of this name, if VDSM has it; whoever asked for the capture over
    loopback, on the host itself, has not shown which device it is.
    """
    network = host.networks.get(definition.network)
    if not addresses and network is not None and network.ip.addresses:
        addresses = (network.ip.primary4 or network.ip.addresses[0].text,)
    if host.last_client_iface == LOOPBACK:
        host = host._replace(last_client_iface="")
    plan = planner.plan(host, definition, rules, addresses)
    if plan.management is None or not plan.management.address:
        return errors(plan.problems)
    return plan.management


# Before and after.


class Carrier(NamedTuple):
    """What carries an address: its device, the VDSM network that it is of (``""``: none), and what is under it."""

    device: str
    network: str
    nics: frozenset[str]
    tags: frozenset[int]
    bond: Bond | None
    mtu: int


def carrier(host: Host, device: str) -> Carrier:
    """Tell what carries the addresses of ``device``."""
    stack = graph.stack(host, device)
    found = [one for one in (graph.device(host, name) for name in stack) if one is not None]
    bonds = [one for one in found if isinstance(one, Bond)]
    network = graph.network_on(host).get(device)
    return Carrier(
        device,
        network.name if network is not None else "",
        frozenset(name for name in stack if name in host.nics),
        frozenset(host.vlans[name].tag for name in stack if name in host.vlans),
        bonds[0] if bonds else None,
        min((one.mtu for one in found if one.mtu > 0), default=-1),
    )


def judge_call(
    capture: Record,
    host: Host,
    management: Management,
    name: str,
    call: SetupCall,
    allowed: Collection[str] = (),
) -> CallVerdict:
    """Play ``call`` to a stand-in for the host, and tell what its management address loses.

    Args:
        capture: getVdsCaps, of which `planner.standin.captures` made sure that it can be played.
        host: the same, as it was read.
        management: where the management address is today.
        name: what the management network is called.
        call: what is asked of VDSM.
        allowed: codes of `LOSSES`; what they tell is no reason to refuse.
    """
    network = graph.network_on(host).get(management.device)
    problems = [
        problem._replace(severity="error" if LOSSES[problem.code] and problem.code not in allowed else "warning")
        for problem in _losses(capture, host, management, name, call)
    ]
    problems.sort(key=lambda problem: problem.severity != "error")
    return CallVerdict(management, network.name if network is not None else "", tuple(problems))


def _losses(capture: Record, host: Host, management: Management, name: str, call: SetupCall) -> Iterator[Problem]:
    if not (call.networks or call.bondings):
        return
    network = graph.network_on(host).get(management.device)
    stand_in = StandIn(capture, address=management.address, clock=VirtualClock())
    before = stand_in.running
    # Whether somebody confirms, and what is saved, is no matter of this call alone.
    played = {"networks": call.networks, "bondings": call.bondings, "options": {"connectivityCheck": False}}
    refusal = stand_in.call("setupNetworks", played).value
    after = read_capture(stand_in.caps()).host
    if isinstance(refusal, Refusal) or after is None:
        yield _refused(refusal)
        return
    comparison = _Comparison(host, after, management, network, call, before, stand_in.running)
    if comparison.touched:
        yield from comparison.losses()
    yield from comparison.elsewhere(name)


def _refused(refusal: Any) -> Problem:
    told = refusal.message if isinstance(refusal, Refusal) else "the host cannot be read any more"
    code = f" with {refusal.code}" if isinstance(refusal, Refusal) and refusal.code != INTERNAL else ""
    hint = "mend the call; `mgmtnet explain vdsm-refuses` tells who may have refused it"
    return Problem("vdsm-refuses", f"VDSM would refuse the call{code}: {legible(told)}", hint)


class _Comparison(NamedTuple):
    """The host before and after a call, and what VDSM had and has configured."""

    was: Host
    now: Host
    management: Management
    network: Network | None
    call: SetupCall
    configured: Config
    configuration: Config

    @property
    def kept(self) -> bool:
        """Whether VDSM's network with the address is left alone: it keeps what else it was given by hand, too."""
        name = self.network.name if self.network is not None else ""
        past, present = self.configured.networks.get(name), self.configuration.networks.get(name)
        left = name not in self.call.networks and past is not None and past == present
        return left and self.management.device in _devices(self.now)

    @property
    def touched(self) -> bool:
        """Whether the call is about anything under the address; the stand-in sets up anew all that there is."""
        name = self.network.name if self.network is not None else ""
        if self.configured.networks.get(name) != self.configuration.networks.get(name):
            return True
        if _holders(self.now, self.management.address) - _holders(self.was, self.management.address):
            return True
        named = {*self.call.networks, *self.call.bondings}
        for configured in (self.configured, self.configuration):
            networks = [configured.networks[one] for one in self.call.networks if one in configured.networks]
            bonds = [configured.bonds[one] for one in self.call.bondings if one in configured.bonds]
            named |= {base_of(one) for one in networks} | {port_of(one) for one in networks}
            named |= {nic for bond in bonds for nic in bond["nics"]}
        return not named.isdisjoint({name, *graph.stack(self.was, self.management.device)} - {""})

    @property
    def family(self) -> int:
        """The management address's version of IP."""
        return 6 if ":" in self.management.address else 4

    def losses(self) -> Iterator[Problem]:
        """All that is lost, the gravest first."""
        yield from self._bridge()
        device = self.management.device if self.kept else self._holder()
        if not device:
            device, certain = self._renewed()
            if device and not certain:
                message = f"{device} asks for an address, and nothing shows that it is {self.management.address} again"
                yield Problem("changes-lease", message, f"look for the host at a new address, or make {device} static")
        if not device:
            yield self._address_gone()
            return
        past, present = carrier(self.was, self.management.device), carrier(self.now, device)
        yield from self._standing(past, present)
        yield from self._wires(past, present)
        yield from self._mtu(past, present)
        if not self.kept:
            yield from self._routes(device)
            yield from self._further()

    def _holder(self) -> str:
        """The device with the address afterwards: VDSM's network before what may have been left elsewhere."""
        networks = graph.network_on(self.now)
        held = _holders(self.now, self.management.address)
        return next(iter(sorted(held, key=lambda name: (name not in networks, name != self.management.device))), "")

    def _heir(self) -> str:
        """The network that stands where the management address was: by its name, else by its device."""
        if self.network is not None and self.network.name in self.configuration.networks:
            return self.network.name
        stack = graph.stack(self.was, self.management.device)
        return next((name for name, one in self.configuration.networks.items() if port_of(one) in stack), "")

    def _renewed(self) -> tuple[str, bool]:
        """The device that asks for the address anew, ``""`` if none does; and whether it certainly gets the same.

        DHCPv6 is asked by another identifier than before. Of several IPv4 addresses on a device that asks DHCP, caps do
        not tell which is the lease. nmstate makes an advertised address of the MAC address (EUI-64), and no other.
        """
        address, past = self.management.address, graph.ip_of(self.was, self.management.device)
        asked = self.configuration.networks.get(self._heir(), {})
        device = self._heir() if asked.get("bridged") else port_of(asked)
        came = next((origin(one, past) for one in past.addresses if one.text == address), "hand")
        certain = False
        if self.family == 4:
            several = sum(one.family == 4 for one in past.addresses) > 1
            asks = past.dhcpv4 and several and asked.get("bootproto") == "dhcp"
        elif came == "router":
            macs = {one.hwaddr for one in graph.devices(self.now) if one.name in graph.stack(self.now, device)}
            certain = maker_of(address) in macs - {""}
            asks = bool(asked.get("ipv6autoconf")) and bool(maker_of(address) or () < self.was.version < NMSTATE)
        else:
            asks = came == "lease" and bool(asked.get("dhcpv6"))
        return (device if asks else ""), certain

    def _address_gone(self) -> Problem:
        address, heir = self.management.address, self._heir()
        asked = self.configuration.networks.get(heir, {})
        stated = asked.get("ipaddr" if self.family == 4 else "ipv6addr")
        leased = asked.get("bootproto") == "dhcp" if self.family == 4 else asked.get("dhcpv6")
        if self.network is not None and not heir:
            why = f"{self.network.name} is removed, and nothing takes its place"
        elif stated:
            why = f"{heir} gets {stated} instead"
        elif leased or asked.get("ipv6autoconf"):
            why = f"{heir} asks for one, and nothing shows that it gets the same"
        elif heir:
            why = f"{heir} is asked for without an IPv{self.family} address"
        else:
            why = f"{self.management.device} loses what it has"
        hint = f"ask for {address}, or the way it came by, on what takes the place of {self.management.device}"
        return Problem("loses-address", f"no device has {address} afterwards: {legible(why)}", hint)

    def _standing(self, past: Carrier, present: Carrier) -> Iterator[Problem]:
        address = self.management.address
        if past.network and present.network != past.network:
            instead = f"the network {present.network}" if present.network else f"{present.device}, no network of VDSM's"
            message = f"{address} is of {instead} afterwards, not of {past.network}"
            yield Problem("loses-network", message, f"keep the address on {past.network}, which the engine looks for")
        stack = {*graph.stack(self.now, present.device)}
        others = _holders(self.now, address) - stack - _holders(self.was, address)
        left = (_holders(self.now, address) & {self.management.device}) - stack
        if others | left and not self.kept:
            places = listing(sorted(others | left | {present.device}))
            hint = f"take it off {listing(sorted(others | left))} first; which of them answers is chance"
            yield Problem("address-twice", f"{address} is on several devices afterwards: {places}", hint)

    def _wires(self, past: Carrier, present: Carrier) -> Iterator[Problem]:
        address = self.management.address
        if past.tags != present.tags:
            message = f"{address} has {_tagged(present)} afterwards, {_tagged(past)} today"
            hint = f"ask for {_tagged(past)}, or move the switch port and the host together"
            yield Problem("loses-tag", message, hint)
        common = past.nics & present.nics
        if past.nics and not common:
            message = f"{address} goes over {_named(present.nics)} afterwards, today over {_named(past.nics)}"
            yield Problem("loses-nics", message, "keep at least one of the nics that carry it; another wire is a guess")
        elif past.bond is not None and present.bond is None:
            message = f"{address} is on {_named(present.nics)} alone afterwards, today on {past.bond.name}"
            hint = f"keep {past.bond.name}: a switch that aggregates its ports does not serve one of them"
            yield Problem("loses-bond", message, hint)
        elif past.bond is not None and present.bond is not None:
            yield from _bond(past.bond, present.bond, past.nics - present.nics)

    def _mtu(self, past: Carrier, present: Carrier) -> Iterator[Problem]:
        if past.mtu < 0 or present.mtu < 0 or past.mtu == present.mtu:
            return
        sizes = f"{present.device} sends frames of up to {present.mtu} bytes afterwards, today {past.mtu}"
        if self.family == 6 and present.mtu < IPV6_MTU <= past.mtu:
            message = f"the kernel takes {self.management.address} away: {sizes}, and IPv6 needs {IPV6_MTU}"
            yield Problem("loses-address", message, f"ask for an MTU of {IPV6_MTU} or more")
        elif present.mtu < past.mtu:
            yield Problem("lowers-mtu", sizes, "see that nothing needs the larger frames (storage, migration)")
        else:
            hint = "ping the engine with a full frame first (ping -M do -s ...), switches included"
            yield Problem("raises-mtu", f"{sizes}: nothing shows that the path carries it", hint)

    def _routes(self, device: str) -> Iterator[Problem]:
        past, present = graph.ip_of(self.was, self.management.device), graph.ip_of(self.now, device)
        gateway, remains = _gateway(past, self.family), _gateway(present, self.family)
        advertised = self.family == 6 and (present.dhcpv6 or present.autoconf)  # routers tell it, as before
        elsewhere = [one.name for one in graph.devices(self.now) if _gateway(one.ip, self.family)]
        today = f"today over {self.management.device} and {gateway}"
        if remains or advertised:
            return
        if gateway and elsewhere:
            message = f"the default route leads over {listing(elsewhere)} afterwards, {today}"
            hint = f"give {device} the gateway {gateway} and defaultRoute, if the engine is behind it"
            yield Problem("moves-default-route", message, hint)
        elif gateway:
            message = f"there is no default route afterwards, {today}"
            hint = f"give the network the gateway {gateway} and defaultRoute: an engine behind it is not answered"
            yield Problem("loses-default-route", message, hint)
        elif self._takes_over(device) and not present.dhcpv4 and _hides_gateways(self.was):
            message = "the call names no gateway, and the host reports none: its VDSM may be one that hides them"
            hint = "name the gateway (`ip route show default` on the host tells it); allow this code if there is none"
            yield Problem("loses-unseen-gateway", message, hint)

    def _takes_over(self, device: str) -> bool:
        """Whether the call makes the address VDSM's: of a network that it had, it keeps a gateway that is not named."""
        return self.network is None and carrier(self.now, device).network in self.call.networks

    def elsewhere(self, name: str) -> Iterator[Problem]:
        """The management network, made where the management address is not."""
        asked = self.configuration.networks.get(name)
        if asked is None or asked == self.configured.networks.get(name):
            return
        top = name if asked["bridged"] else port_of(asked)
        held = _holders(self.now, self.management.address)
        if held and top not in held:
            stays = f"{self.management.address} stays on {listing(sorted(held))}"
            hint = f"attach {name} to {self.management.device}, with its tag; or give --address, if it is another one"
            yield Problem("leaves-address", f"{name} is made on {port_of(asked) or 'nothing'}; {stays}", hint)

    def _bridge(self) -> Iterator[Problem]:
        """Virtual machines on the bridge, the engine's own perhaps: their ports are what caps do not list."""
        network = self.network
        bridge = self.was.bridges.get(network.device) if network is not None and network.bridged else None
        if bridge is None or bridge.name in self.now.bridges:
            return
        guests = [port for port in bridge.ports if graph.kind_of(self.was, port) == "unlisted"]
        if guests:
            message = f"{bridge.name} loses its bridge under {listing(guests)}"
            hint = "migrate the virtual machines on it first; a hosted engine may be one of them"
            yield Problem("loses-bridge", message, hint)

    def _further(self) -> Iterator[Problem]:
        held = graph.ip_of(self.was, self.management.device).addresses
        gone = [one.text for one in held if one.text != self.management.address and not _holders(self.now, one.text)]
        if gone:
            message = f"{self.management.device} loses {listing(gone)}"
            yield Problem(
                "loses-further-address", message, "VDSM gives a network one address a family; move what uses it"
            )


def _bond(past: Bond, present: Bond, taken: Collection[str]) -> Iterator[Problem]:
    if past.mode >= 0 and past.mode != present.mode:
        message = f"{present.name} runs in mode {present.mode} afterwards, today in mode {past.mode}"
        yield Problem("loses-bond-mode", message, f"name the bond with its options, mode={past.mode} among them")
    if taken:
        message = f"{present.name} loses {_named(taken)}"
        yield Problem(
            "loses-bond-member", message, "see that what is left has a link; the bond has less to fall back on"
        )


def _devices(host: Host) -> set[str]:
    return {one.name for one in graph.devices(host)}


def _holders(host: Host, address: str) -> set[str]:
    """The devices that have the address, as caps tell it of them or of VDSM's network on them."""
    return {name for name in _devices(host) if address in {one.text for one in graph.ip_of(host, name).addresses}}


def _hides_gateways(host: Host) -> bool:
    """Whether its VDSM may be one of those that report no gateway: on EL9 and later before 4.50.7."""
    affected = not host.version or HIDING <= host.version < SHOWING
    return affected and not 0 < host.enterprise_linux < 9 and not graph.tells_routes(host)


def _gateway(ip: Ip, family: int) -> str:
    """The gateway of the device's default route; one that serves its own table only is none."""
    if family == 6:
        return ip.gateway6
    return ip.gateway4 if ip.default_route4 is not False else ""


def _tagged(carried: Carrier) -> str:
    return f"tag {', '.join(map(str, sorted(carried.tags)))}" if carried.tags else "no tag"


def _named(nics: Collection[str]) -> str:
    return listing(sorted(nics)) if nics else "nothing"
