"""`make kill-matrix`: the executor killed before, during and after every step and started again; and every fault.

Writes docs/reliability.md. The status is 1 if a host ends otherwise than as planned and saved, or as before, or if a
report does not tell the truth.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from hosts_on_stage import ROOT, stage

from planner.simulator.faults import Mishap, parse_mishap

STEPS = ("look", "announce", "set-up", "verify", "commit", "prove", "power-off", "power-on", "return")
# Steps that only a fault leads to.
TROUBLED = {"settle": "setupNetworks:lost-reply:1", "undo": "setupNetworks:wrong-mtu:1"}
INSTANTS = ("before", "during", "after")
HOSTS = {"jsonrpc": "seed-vlan-over-bond", "xmlrpc": "bond-static-on-4-10", "engine": "vlan-over-bond"}
MISHAPS = ("lost-reply:1", "reset:1", "half-open:1", "slow=3:1", "busy:1", "recovering:1", "crash:1", "error-frame:1")
FAULTS = (
    *(f"{verb}:{mishap}" for verb in ("setupNetworks", "setSafeNetworkConfig") for mishap in MISHAPS),
    *(f"getCapabilities:{mishap}" for mishap in ("lost-reply:2", "reset:2", "half-open:3", "busy:2", "recovering:3")),
    *("setupNetworks:wrong-mtu:1", "setupNetworks:no-bridge:1"),
    *(f"setupNetworks:dies={step}:1" for step in range(4)),
    *("connect:refuses-tls:3", "connect:plain-tcp:4", "reboot:never-ends:1", "setupNetworks:crash:every"),
)
GOOD = ("as planned and saved", "as before")
# What no executor can mend, and the report has to say just that: the host does not come back from its reboot; VDSM died
# when it had taken the address from its old device, which since 4.40 no reboot gives back.
UNMENDABLE = ("reboot:never-ends:1", "setupNetworks:dies=2:1")
# What VDSM's own connection suffers is between it and the engine, which has its own ways.
DIRECT = ("connect:",)
WITHIN = 240  # seconds for a run: a healthy one takes 10


class Case(NamedTuple):
    """One run: where it is killed ("" nowhere), and what goes wrong ("" nothing)."""

    transport: str
    doom: str
    fault: str


class Ended(NamedTuple):
    """How it ended: by the report, in truth, and how often setupNetworks was received: the request, the way back."""

    said: str
    truth: str
    sent: int
    detail: str = ""
    back: int = 0

    def good(self, case: Case) -> bool:
        """Whether the host is as it may be, and the report says so."""
        if case.fault in UNMENDABLE and self.said == "unknown":
            return True
        return self.said == self.truth and self.said in GOOD


def play(case: Case) -> Ended:
    """Kill once, start again, see."""
    mishap = parse_mishap(case.fault) if case.fault else None
    assert mishap is None or isinstance(mishap, Mishap), mishap
    with stage(HOSTS[case.transport], case.transport, [mishap] if mishap else []) as scene:
        arguments = [sys.executable, str(ROOT / "bench/doomed.py"), str(scene.folder / "order.json"), scene.journal]
        environ = os.environ | {"MGMTNET_FENCE_PASSWORD": "matrix"}
        if case.doom:
            killed = subprocess.run(
                [*arguments, case.doom], env=environ, capture_output=True, timeout=WITHIN, check=False
            )
            if killed.returncode != -9:
                return Ended(
                    "not killed", scene.truth, 0, killed.stderr.decode()[-300:] + killed.stdout.decode()[-300:]
                )
        ran = subprocess.run(arguments, env=environ, capture_output=True, text=True, timeout=WITHIN, check=False)
        setups = [given["networks"] for verb, given in scene.stand_in.log if verb == "setupNetworks"]
        back = setups.count(scene.order.plan["revert"]["networks"])
        sent = len(setups) - back
        if ran.returncode:
            return Ended("failed", scene.truth, sent, ran.stderr[-500:])
        document = json.loads(ran.stdout)
        detail = " > ".join(f"{step['name']} ({step['said']})" for step in document["steps"])
        detail += f": {(document['problem'] or {}).get('message', '')}"
        return Ended(document["standing"], scene.truth, sent, detail, back)


def cases() -> Iterable[Case]:
    """Every case of both matrices."""
    for transport in HOSTS:
        for instant in INSTANTS:
            yield from (Case(transport, f"{step}:{instant}", "") for step in STEPS)
            yield from (Case(transport, f"{step}:{instant}", fault) for step, fault in TROUBLED.items())
        yield from (Case(transport, "", fault) for fault in FAULTS if applies(transport, fault))


def applies(transport: str, fault: str) -> bool:
    """Whether a fault can strike a run over ``transport``."""
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
        (ROOT / "docs/reliability.md").write_text(document(ended))
    return 1 if bad else 0


def document(ended: dict[Case, Ended]) -> str:
    """docs/reliability.md."""
    killed = [case for case in ended if case.doom]
    good = sum(ended[case].good(case) for case in killed)
    lines = [
        "# Reliability",
        "",
        "Written by `make kill-matrix`. The executor is killed (`kill -9`) at every step: before it (it has begun),",
        "during it (its request is under way) and after it (it has ended, the journal does not know yet), and started",
        "again. Each cell says how the host ended, by the report and in truth, and how often the plan's setupNetworks",
        "reached it, and then its way back. `saved` is *as planned and saved*, `before` is *as before*.",
        "",
        f"**{good} of {len(killed)} runs that were killed ended *as planned and saved* or *as before*.**",
        "",
        f"| step | {' | '.join(f'{transport}, {instant}' for transport in HOSTS for instant in INSTANTS)} |",
        f"|---|{'---|' * len(HOSTS) * len(INSTANTS)}",
    ]
    for step in (*STEPS, *TROUBLED):
        row = [
            Case(transport, f"{step}:{instant}", TROUBLED.get(step, "")) for transport in HOSTS for instant in INSTANTS
        ]
        lines.append(f"| {step} | {' | '.join(cell(ended[case]) for case in row)} |")
    told = ", ".join(f"{step} (after `{fault}`)" for step, fault in TROUBLED.items())
    lines += ["", f"Only a fault leads to {told}.", "", "## Faults", ""]
    lines += ["What goes wrong at the host, nobody killed. `mgmtnet simulate --fault` has them all.", ""]
    lines += [f"| fault | {' | '.join(HOSTS)} |", f"|---|{'---|' * len(HOSTS)}"]
    for fault in FAULTS:
        cells = [cell(ended[Case(way, "", fault)]) if applies(way, fault) else "" for way in HOSTS]
        lines.append(f"| `{fault}` | {' | '.join(cells)} |")
    lines += [
        "",
        "A request that reached the host twice was refused the first time (40, 99: another verb runs, VDSM starts), or",
        "was sent through the engine, which takes no network back: after `wrong-mtu` it is asked once more for what is",
        "planned, and the host is read again.",
        "",
        "*unknown* is a host that nobody can reach: it does not come back from its reboot, or VDSM died when it had",
        "just taken the only address that the host had (one that is reached over another network is mended). To 4.30",
        "a reboot put the old files back (xmlrpc, VDSM 4.10); since 4.40 nothing on the host does. The report says so.",
        "",
    ]
    return "\n".join(lines)


def cell(end: Ended) -> str:
    """A cell of the tables."""
    short = {"as planned and saved": "saved", "as before": "before"}.get(end.said, end.said)
    told = "" if end.said == end.truth else f" (in truth {end.truth})"
    return f"{short}{told}, {end.sent} x" + (f", way back {end.back} x" if end.back else "")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
