"""`make explore`: every order of two faults and two kills, in every kind of run; what is wrong becomes a test.

With a seed, random schedules of a depth of one's own: `make explore SEED=7 DEPTH=6`.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from time import monotonic

from exploration import Explored, Violation, explore, found_in, replay, wander
from hosts_on_stage import ROOT
from virtual_scenarios import names

FOUND = ROOT / "tests" / "explore" / "found"
PAGE = ROOT / "docs" / "exploration.md"
RUNS = 2000  # random schedules for each scenario


def main() -> int:
    """Explore, tell, write down what was found; 1 if anything was."""
    given = _options()
    chosen = [name for name in names() if given.only in name]
    work: Callable[[str], Explored] = partial(explore, faults=given.faults, kills=given.kills, runs=given.runs)
    if given.seed is not None:
        work = partial(wander, seed=given.seed, depth=given.depth, runs=given.runs or RUNS)
    began = monotonic()
    explored = []
    with get_context("spawn").Pool(given.jobs, maxtasksperchild=1) as pool:
        for one in pool.imap_unordered(work, chosen):
            explored.append(one)
            print(_line(one), flush=True)
    states, transitions = sum(one.states for one in explored), sum(one.transitions for one in explored)
    violations = list(found_in(explored))
    total = (
        f"{states} states, {transitions} transitions, {sum(one.runs for one in explored)} runs in "
        f"{monotonic() - began:.0f} s ({sum(one.seconds for one in explored):.0f} s of processor): "
        f"{len(violations)} violations"
    )
    print(total)
    if all(one.whole for one in explored) and len(explored) == len(names()):
        PAGE.write_text(_page(explored, total, given.faults, given.kills))
    told: set[str] = set()
    for violation in violations:
        if violation.what not in told:
            told.add(violation.what)
            print(f"\n{violation.scenario}: {violation.what}; {_written(violation)}")
            print("\n".join(replay(violation.scenario, violation.schedule)[0]))
    return 1 if violations else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make explore", description=__doc__)
    parser.add_argument("--faults", type=int, default=2)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--runs", type=int, default=0, help="no more runs of a scenario than so many")
    parser.add_argument("--only", default="", help="scenarios with this in their names")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--depth", type=int, default=6)
    return parser.parse_args()


def _line(one: Explored) -> str:
    ends = ", ".join(f"{count} {standing}" for standing, count in one.ends.most_common())
    whole = "" if one.whole else " (not all)"
    return (
        f"{one.scenario}: {one.states} states, {one.transitions} transitions{whole}, {one.seconds:.0f} s, "
        f"{len(one.violations)} violations; ends: {ends}"
    )


def _page(explored: list[Explored], total: str, faults: int, kills: int) -> str:
    """docs/exploration.md."""
    endings = sorted({standing for one in explored for standing in one.ends})
    lines = [
        "# Exploration",
        "",
        "Written by `make explore`. The steps of `apply` run under a virtual clock on a virtual network, with the",
        f"daemon of the stand-in behind them, in every order of at most {faults} faults and {kills} kills of the",
        "executor: the link is cut and back, a request arrives late, its reply is lost, its connection is reset, it",
        "arrives twice, VDSM dies at once or within a request, the power fails, the host reboots, somebody else saves,",
        "changes the network's MTU or sets another network up. Once the world is at rest the report is held",
        "against the host, also after a reboot.",
        "",
        f"**{total}.**",
        "",
        f"| run | states | transitions | violations | {' | '.join(endings)} |",
        f"|---|---|---|---|{'---|' * len(endings)}",
    ]
    for one in sorted(explored):
        cells = (one.states, one.transitions, len(one.violations), *(one.ends[standing] for standing in endings))
        lines.append(f"| {one.scenario} | {' | '.join(map(str, cells))} |")
    lines += [
        "",
        "A state is a point of a run together with how host, way, journal and executor are there; a transition is one",
        "fault or kill in a state. The last columns count how the runs ended that no earlier one had covered.",
        "*unknown* is a host that cannot be reached at the end, or one that somebody else changed meanwhile.",
        "",
        "Not explored: runs that are taken up again after they ended in doubt, an address that moves by DHCP, and",
        "bonds and VLANs below the network. Of these the kill matrix, tests and the lab have single cases.",
        "",
    ]
    return "\n".join(lines)


def _written(violation: Violation) -> str:
    """Where the test that replays it was written."""
    FOUND.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", f"{violation.scenario} {violation.what}".lower()).strip("-")
    path = FOUND / f"{name}.json"
    path.write_text(json.dumps(violation.document(), indent=2) + "\n")
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
