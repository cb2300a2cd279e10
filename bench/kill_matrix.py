"""`make kill-matrix`: the executor killed before, during and after every step and started again; and every fault.

Writes its section of docs/reliability.md. The status is 1 if a host ends otherwise than as planned and saved, as before
or adopted, or if a report does not tell the truth.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from typing import NamedTuple

from doomed_service import killed_and_started
from hosts_on_stage import ROOT, stage
from page_sections import write_section

from planner.standin.faults import Mishap, parse_mishap

HEADING = "Killed at every step"
ADOPTING = ("announce-adopt", "adopt", "verify-adopt")
CHANGING = ("announce", "set-up", "verify", "commit", "prove", "power-off", "power-on", "return")
# How each wire is spoken, on which host: VDSM 4.50, whose first network is adopted and then changed; 4.10; the engine,
# which has no adopting.
HOSTS = {"jsonrpc": "seed-vlan-over-bond", "xmlrpc": "bond-static-on-4-10", "engine": "vlan-over-bond"}
STEPS = {"jsonrpc": ("look", *ADOPTING, *CHANGING)} | dict.fromkeys(("xmlrpc", "engine"), ("look", *CHANGING))
INSTANTS = ("before", "during", "after")
# A run that was begun over HTTP, which has no reboot: the service is killed with it, and started again.
SERVICE = "over HTTP"
OVER_HTTP = ("look", *ADOPTING, *CHANGING[: CHANGING.index("prove") + 1])
COLUMNS = (*((transport, instant) for transport in HOSTS for instant in INSTANTS), (SERVICE, "before"))
# The setupNetworks that makes the change: of a host that is adopted first it is the second.
CHANGE = {"jsonrpc": 2, "xmlrpc": 1, "engine": 1}
# Steps that only a fault leads to: of the call that adopts, or of the one that changes.
TROUBLED = {
    "settle-adopt": "setupNetworks:lost-reply:adopt",
    "settle": "setupNetworks:lost-reply:change",
    "undo": "setupNetworks:wrong-mtu:change",
}
MISHAPS = ("lost-reply", "reset", "half-open", "slow=3", "busy", "recovering", "crash", "error-frame")
# A call that is lost, and carried out in the midst of waiting for it.
OF_SETUP = (*MISHAPS, "late=8", "checkpoint", "wrong-mtu", "no-bridge", "power-cut", *(f"dies={n}" for n in range(4)))
FAULTS = (
    *(f"setupNetworks:{mishap}:{call}" for mishap in OF_SETUP for call in ("adopt", "change")),
    "setupNetworks:crash:every",
    "setupNetworks:checkpoint:every",
    *(f"setSafeNetworkConfig:{mishap}:1" for mishap in MISHAPS),
    *(f"getCapabilities:{mishap}" for mishap in ("lost-reply:2", "reset:2", "half-open:3", "busy:2", "recovering:3")),
    *("connect:refuses-tls:3", "connect:plain-tcp:4", "reboot:never-ends:1"),
)
NOT_KILLED = "not killed"
GOOD = ("as planned and saved", "as before", "adopted")
# What no executor can mend, and the report has to say just that: VDSM died when it had taken the address from its old
# device, which since 4.40 no reboot gives back.
UNMENDABLE = ("setupNetworks:dies=2:adopt", "setupNetworks:dies=2:change")
# What VDSM's own connection suffers is between it and the engine, which has its own ways.
DIRECT = ("connect:",)
WITHIN = 240  # seconds for a run: a healthy one takes 10


class Case(NamedTuple):
    """One run: where it is killed ("" nowhere), and what goes wrong ("" nothing)."""

    transport: str
    doom: str
    fault: str


# Through the engine nobody confirms what is carried out after the engine has given it up, and a first network is not
# adopted there.
LATE_FOR_THE_ENGINE = Case("engine", "", "setupNetworks:late=8:change")


class Ended(NamedTuple):
    """How it ended: by the report, in truth, and how often setupNetworks was received.

    ``sent``: the change; ``back``: what adopts the host, which is the way back, too (before 4.40 that alone).
    """

    said: str
    truth: str
    sent: int
    detail: str = ""
    back: int = 0

    def good(self, case: Case) -> bool:
        """Whether the host is as it may be, and the report says so."""
        if (case.fault in UNMENDABLE or case == LATE_FOR_THE_ENGINE) and self.said == "unknown":
            return self.truth == "neither"
        return self.said == self.truth and self.said in GOOD


def play(case: Case, instant: float = 0.0) -> Ended:
    """Kill once, at the case's step or so many seconds after the start, start again, see."""
    if case.transport == SERVICE:
        return _play_service(case.doom.partition(":")[0])
    mishap = parse_mishap(_numbered(case)) if case.fault else None
    assert mishap is None or isinstance(mishap, Mishap), mishap
    with stage(HOSTS[case.transport], case.transport, [mishap] if mishap else []) as scene:
        arguments = [sys.executable, str(ROOT / "bench/doomed.py"), str(scene.folder / "order.json"), scene.journal]
        environ = os.environ | {"MGMTNET_FENCE_PASSWORD": "matrix"}
        if case.doom or instant:
            with suppress(subprocess.TimeoutExpired) if instant else nullcontext():  # that was the kill
                killed = subprocess.run(
                    [*arguments, case.doom], env=environ, capture_output=True, timeout=instant or WITHIN, check=False
                )
                if killed.returncode != -9:
                    told = killed.stderr.decode()[-300:] + killed.stdout.decode()[-300:]
                    return Ended(NOT_KILLED, scene.truth, 0, told)
        ran = subprocess.run(arguments, env=environ, capture_output=True, text=True, timeout=WITHIN, check=False)
        setups = [given for verb, given in scene.stand_in.log if verb == "setupNetworks"]
        last = scene.order.plan["steps"][-1]
        changes = [given for given in setups if given["networks"] == last["request"]["networks"]]
        # The engine writes the request itself, and knows neither adopting nor a way back.
        sent = len(setups) if case.transport == "engine" else len(changes)
        back = len(setups) - sent
        if ran.returncode:
            return Ended("failed", scene.truth, sent, ran.stderr[-500:])
        document = json.loads(ran.stdout)
        detail = " > ".join(f"{step['name']} ({step['said']})" for step in document["steps"])
        detail += f": {(document['problem'] or {}).get('message', '')}"
        return Ended(document["standing"], scene.truth, sent, detail, back)


def _play_service(step: str) -> Ended:
    """Kill a service and its run before ``step``, start the service again, see."""
    with stage(HOSTS["jsonrpc"], "jsonrpc", fenced=False) as scene:
        found = killed_and_started(scene, HOSTS["jsonrpc"], OVER_HTTP.index(step))
        setups = [given for verb, given in scene.stand_in.log if verb == "setupNetworks"]
        last = scene.order.plan["steps"][-1]
        sent = sum(given["networks"] == last["request"]["networks"] for given in setups)
        detail = " > ".join(f"{one['name']} ({one['said']})" for one in found["steps"])
        return Ended(found["standing"], scene.truth, sent, detail, len(setups) - sent)


def _numbered(case: Case) -> str:
    """The fault with the number of the call that it strikes."""
    number = CHANGE[case.transport]
    return case.fault.replace(":adopt", ":1").replace(":change", f":{number}")


def troubled(transport: str) -> dict[str, str]:
    """The steps that only a fault leads to, over ``transport``."""
    return {step: fault for step, fault in TROUBLED.items() if applies(transport, fault)}


def cases() -> Iterable[Case]:
    """Every case of both matrices."""
    for transport in HOSTS:
        for instant in INSTANTS:
            yield from (Case(transport, f"{step}:{instant}", "") for step in STEPS[transport])
            yield from (Case(transport, f"{step}:{instant}", fault) for step, fault in troubled(transport).items())
        yield from (Case(transport, "", fault) for fault in FAULTS if applies(transport, fault))
    yield from (Case(SERVICE, f"{step}:before", "") for step in OVER_HTTP[1:])


def applies(transport: str, fault: str) -> bool:
    """Whether a fault can strike a run over ``transport``: before 4.40, and over the engine, nothing is adopted."""
    if fault.endswith(":adopt") and CHANGE[transport] == 1:
        return False
    return transport != "engine" or not fault.startswith(DIRECT)


def main(pattern: str = "") -> int:
    """Play all whose text contains ``pattern``; the document is written when all are."""
    chosen = [case for case in cases() if pattern in " ".join(case)]
    with ThreadPoolExecutor(int(os.environ.get("MATRIX_JOBS", "4"))) as pool:
        ended = dict(zip(chosen, pool.map(play, chosen), strict=True))
    bad = {case: end for case, end in ended.items() if not end.good(case)}
    for case, end in bad.items():
        print("BAD", " ".join(case), *end, sep=" | ")
    print(f"{len(ended) - len(bad)} of {len(ended)} ended well")
    if not pattern:
        write_section(ROOT / "docs/reliability.md", HEADING, section(ended))
    return 1 if bad else 0


def section(ended: dict[Case, Ended]) -> list[str]:
    """Its section of docs/reliability.md."""
    killed = [case for case in ended if case.doom]
    good = sum(ended[case].good(case) for case in killed)
    every = sum(end.good(case) for case, end in ended.items())
    lines = [
        "Written by `make kill-matrix`. The executor is killed (`kill -9`) at every step: before it (it has begun),",
        "during it (its request is under way) and after it (it has ended, the journal does not know yet), and started",
        "again. Each cell says how the host ended, by the report and in truth, how often the change's setupNetworks",
        "reached it, and how often the call that adopts it, which is its way back, too. `saved` is *as planned and",
        "saved*, `before` *as before*, `adopted` *adopted*: the address as before, on a saved bridgeless network.",
        "Over HTTP the service is killed with the run that it has begun, and started again; it goes on by itself.",
        "",
        f"**{good} of {len(killed)} runs that were killed ended in one of these three, and the report said so;**",
        f"**{every} of {len(ended)} with the faults below: there, *unknown* is a host that nobody can reach.**",
        "",
        f"| step | {' | '.join(f'{transport}, {instant}' for transport, instant in COLUMNS)} |",
        f"|---|{'---|' * len(COLUMNS)}",
    ]
    for step in (*STEPS["jsonrpc"], *TROUBLED):
        row = [Case(transport, f"{step}:{instant}", TROUBLED.get(step, "")) for transport, instant in COLUMNS]
        lines.append(f"| {step} | {' | '.join(cell(ended.get(case)) for case in row)} |")
    told = ", ".join(f"{step} (after `{fault}`)" for step, fault in TROUBLED.items())
    lines += ["", f"Only a fault leads to {told}.", "", "### Faults", ""]
    lines += [
        "What goes wrong at the host, nobody killed: at which verb, what, at which of its calls; of setupNetworks at",
        "the one that adopts or the one that changes. `mgmtnet simulate --fault` has them, by the number of the call.",
        "",
        f"| fault | {' | '.join(HOSTS)} |",
        f"|---|{'---|' * len(HOSTS)}",
    ]
    for fault in FAULTS:
        lines.append(f"| `{fault}` | {' | '.join(cell(ended.get(Case(way, '', fault))) for way in HOSTS)} |")
    lines += [
        "",
        "A change that reached the host twice was refused the first time (40, 99: another verb runs, VDSM starts; a",
        "checkpoint of somebody else's), or a power cut ended it before VDSM had recorded it, or it was sent through",
        "the engine, which takes no network back: after `wrong-mtu` it is asked once more for what is planned, and the",
        "host is read again.",
        "",
        "*unknown* is a host that nobody can reach: the engine's request for a first network was carried out after",
        "the engine had given it up (`late`: nobody confirms it then, and VDSM's rollback leaves a host that was not",
        "adopted without an address: there speak with VDSM), or VDSM died when it had just taken the only address",
        "that the host had (one that is reached over another network is mended). To 4.30 a reboot put the old files",
        "back (xmlrpc, VDSM 4.10); since 4.40 it leads back to what is saved: once the host is adopted that is its",
        "address, before that nothing on the host gives it back. The report says so.",
        "",
        "These are whole processes, one blow each. Every order of two faults and two kills, at every instant of a run,",
        "is played by `make explore`: docs/exploration.md.",
    ]
    return lines


def cell(end: Ended | None) -> str:
    """A cell of the tables; empty where the transport has no such step."""
    if end is None:
        return ""
    short = {"as planned and saved": "saved", "as before": "before"}.get(end.said, end.said)
    told = "" if end.said == end.truth else f" (in truth {end.truth})"
    return f"{short}{told}, {end.sent} x" + (f", adopted {end.back} x" if end.back else "")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
