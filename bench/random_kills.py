"""Whole processes, killed (`kill -9`) at a random instant and started again, as in the kill matrix; it is the judge."""

import json
from pathlib import Path
from random import Random

from attacking import Family, FellError
from kill_matrix import HOSTS, NOT_KILLED, TROUBLED, WITHIN, Case, play

QUARTER = 4
# Seconds that a run takes when it is left alone, its start included; a kill that comes after its end is made earlier.
RUNS = {"jsonrpc": 12.0, "xmlrpc": 9.0, "engine": 10.0}
SOONEST = 0.3  # before, Python itself starts


def prepare(chance: Random, number: int, folder: Path) -> None:
    """Which wire, when, and whether the host comes out otherwise than planned, so that the run leads to `undo`."""
    wire = list(HOSTS)[number // QUARTER % len(HOSTS)]
    fault = TROUBLED["undo"] if number % QUARTER == 0 else ""
    case = {"wire": wire, "fault": fault, "instant": chance.uniform(SOONEST, RUNS[wire])}
    (folder / "case.json").write_text(json.dumps(case))


def run(folder: Path) -> None:
    """Play it; no host may end otherwise than as in the matrix, and none is sent the change once more than it must."""
    told = json.loads((folder / "case.json").read_text())
    case, instant = Case(told["wire"], "", told["fault"]), told["instant"]
    ended = play(case, instant)
    while ended.said == NOT_KILLED and instant > SOONEST:
        instant /= 2
        ended = play(case, instant)
    # The engine takes no network back: after a fault it is asked once more for what is planned.
    most = 2 if case.fault and case.transport == "engine" else 1
    if not ended.good(case) or ended.sent > most:
        msg = (
            f"a host that is {ended.truth} ends {ended.said}, {ended.sent} x changed\n{case}, {instant:.2f} s: {ended}"
        )
        raise FellError(msg)


# The processes of the executor have their own limits; the patience is that for three of them.
FAMILY = Family(
    "kills at random instants",
    "the executor as a whole process, over three wires, in a quarter on the way to `undo`; started again",
    200,
    prepare,
    run,
    processor=60,
    patience=3 * WITHIN,
    jobs=4,
)
