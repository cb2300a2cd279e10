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
    print(
        f"{states} states, {transitions} transitions, {sum(one.runs for one in explored)} runs in "
        f"{monotonic() - began:.0f} s ({sum(one.seconds for one in explored):.0f} s of processor): "
        f"{len(violations)} violations"
    )
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


def _written(violation: Violation) -> str:
    """Where the test that replays it was written."""
    FOUND.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", f"{violation.scenario} {violation.what}".lower()).strip("-")
    path = FOUND / f"{name}.json"
    path.write_text(json.dumps(violation.document(), indent=2) + "\n")
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
