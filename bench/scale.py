"""`make scale`: rollouts over up to 100,000 hosts under virtual time, into docs/scale.md.

`--measure` takes what a host and a worker cost from a real PostgreSQL first, `--seeds N` plays so many rollouts of 200
with everything that goes wrong, `--hosts N` is the size of the largest.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from textwrap import wrap
from typing import NamedTuple

import scale_costs
from hosts_on_stage import ROOT
from page_sections import write_section
from scale_costs import Costs, Used
from virtual_command import FATES, Pace
from virtual_fleet import Fleet, Mishap, Played, Site, mishaps_of
from virtual_process import Speed

from planner.fleet.waves import PACE

PAGE = ROOT / "docs" / "scale.md"
COSTS = ROOT / "docs" / "scale.json"
SMALL = 200
BUDGET = 20  # one in so many may fail
WRITES = 3  # of a host's row: it is queued, at work, over
HEADINGS = (
    "A worker and a host, measured",
    "Rollouts, simulated",
    "With what goes wrong, simulated",
    "100,000 hosts, on paper",
)


class Row(NamedTuple):
    """A rollout that was simulated, and what of the database it took."""

    site: Site
    played: Played
    waited: float
    longest: float
    took: float


def main() -> int:
    """Measure, simulate, write the page; 1 if anything was wrong."""
    given = _options()
    if given.measure or not COSTS.exists():
        COSTS.write_text(json.dumps(scale_costs.measure()._asdict(), indent=2) + "\n")
    costs = read_costs()
    write_section(PAGE, HEADINGS[0], measured(costs))
    pace, speed = Pace(boot=round(_processor(costs), 2)), Speed(change=round(1 / costs.changes, 4))
    rows = []
    for site in sites(given.hosts, pace, speed):
        rows.append(_row(site))
        print(_line(rows[-1], costs), flush=True)
        write_section(PAGE, HEADINGS[1], simulated(rows, costs))
    small = Site(SMALL, pace=pace, speed=speed)
    with get_context("spawn").Pool(given.jobs) as pool:
        many = pool.map(play, [(small, seed) for seed in range(given.seeds)])
    wrong = sum((one.wrong for one in many), Counter[str]()) + sum((row.played.wrong for row in rows), Counter[str]())
    write_section(PAGE, HEADINGS[2], disturbed(many, wrong))
    write_section(PAGE, HEADINGS[3], on_paper(costs))
    print("\n".join(disturbed(many, wrong)))
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make scale", description=__doc__)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--seeds", type=int, default=600)
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


def read_costs() -> Costs:
    """What was measured before."""
    found = json.loads(COSTS.read_text())
    return Costs(**{**found, **{name: Used(*found[name]) for name in ("idle", "one", "several")}})


def sites(hosts: int, pace: Pace, speed: Speed) -> Iterator[Site]:
    """What is simulated: more and more workers, what makes hosts slow, then all the hosts."""
    tenth = hosts // 10
    for workers in (1, 4, 20, 50, 100):
        yield _site(tenth // 10 if workers == 1 else tenth // 2, workers, pace, speed)
    yield _site(tenth // 2, 20, pace, speed, proxies=100)
    yield _site(tenth // 10, 1, pace, speed, engine="https://engine")
    yield _site(hosts, 20, pace, speed)


def _site(hosts: int, workers: int, pace: Pace, speed: Speed, **how: object) -> Site:
    site = Site(
        hosts, workers, workers, concurrency=10 * workers, failures=max(1, hosts // BUDGET), pace=pace, speed=speed
    )
    return site._replace(**how)


def _row(site: Site) -> Row:
    """Simulate one; of the largest, workers are killed and stopped, and the database is away twice."""
    world, began = Fleet(site, 1), time.process_time()
    mishaps: Sequence[Mishap] = ()
    if site.hosts >= 50_000:
        mishaps = [Mishap(500.0 * n, "kill_worker", 30) for n in range(1, 9)]
        mishaps += [Mishap(700.0 * n, "stop_worker", 60) for n in range(1, 5)]
        mishaps += [Mishap(1000, "database_away", 40), Mishap(3000, "database_away", 200)]
    played = world.play(mishaps)
    waited = world.database.waited / max(1, played.asked["change"])
    return Row(site, played, waited, world.database.longest, time.process_time() - began)


def play(task: tuple[Site, int]) -> Played:
    """One of many small ones, with what its seed makes go wrong; every second reboots its hosts."""
    site, seed = task
    return Fleet(site._replace(proxies=20 if seed % 2 else 0), seed).play(*mishaps_of(seed))


# The page.


def _processor(costs: Costs) -> float:
    return costs.several.processor / costs.hosts


def _of_idle(costs: Costs) -> float:
    return costs.idle.transactions / costs.idle.seconds


def _of_host(costs: Costs, used: Used) -> float:
    return (used.transactions - _of_idle(costs) * used.seconds) / costs.hosts


def _connections(costs: Costs) -> float:
    return (costs.several.connections - costs.idle.connections) / costs.at_once


def measured(costs: Costs) -> list[str]:
    """What the model is given."""
    one, several, hosts = costs.one, costs.several, costs.hosts
    kinds = {
        "transactions": [_of_host(costs, used) for used in (one, several)],
        "rows that are inserted": [used.inserted / hosts for used in (one, several)],
        "rows that are changed": [used.updated / hosts for used in (one, several)],
        "kB of PostgreSQL's log": [used.log / hosts / 1000 for used in (one, several)],
        "seconds of processor": [used.processor / hosts for used in (one, several)],
    }
    idle = costs.idle
    return [
        *_paragraph(
            "Written by `make scale`, like the sections below. PostgreSQL on this machine, which did",
            f"other things, too; each of {hosts} stand-in hosts in no time of its own.",
        ),
        "",
        f"| of each host | one at once | {costs.at_once} at once |",
        "|---|---|---|",
        *(f"| {kind} | {first:.3g} | {second:.3g} |" for kind, (first, second) in kinds.items()),
        "",
        *_paragraph(
            f"A worker that has nothing to do asks the database {_of_idle(costs):.0f} times a second (its sign, its",
            f"queues, what goes on), writes {idle.updated / idle.seconds:.0f} rows a second and holds",
            f"{idle.connections} connections; a host at work holds {_connections(costs):.0f} more. The ledger takes",
            f"{costs.changes:.0f} changes a second of eight writers. A rollout of 100,000 hosts is a document of",
            f"{costs.document / 1e6:.0f} MB, which a worker reads in {costs.loading:.1f} s of processor;",
            f"its process has {costs.memory:.0f} MB then.",
        ),
    ]


def _paragraph(*parts: str) -> list[str]:
    return wrap(" ".join(parts), 120, break_on_hyphens=False)


COLUMNS = (
    "hosts",
    "workers",
    "at once",
    "hours",
    "hosts a second",
    "in flight (mean, most)",
    "changes for a host",
    "ledger busy",
    "a change waits (mean, longest)",
    "transactions a second",
    "of them polling",
    "connections",
)


def simulated(rows: Sequence[Row], costs: Costs) -> list[str]:
    """The table of rollouts."""
    pace, speed, jobs = rows[0].site.pace, rows[0].site.speed, rows[0].site.jobs
    fates = ", ".join(f"{share:g} % {name}" for name, share in FATES.items())
    return [
        *_paragraph(
            f"A host is changed in {pace.setup:.0f} s (median; lognormal), a command takes {pace.boot} s of processor,",
            f"a worker has a machine of two processors and {jobs} hosts at once, and a change of the ledger takes",
            f"{speed.change * 1000:.1f} ms. Of the hosts, {fates}, the rest well. Waves: 1, 5 %, 25 %, the rest. In",
            "rollouts of 50,000 hosts and more eight workers are killed, four stopped, and the database is away twice.",
        ),
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(_line(row, costs) for row in rows),
        "",
        *_paragraph(
            f"*Rebooted*: in {pace.reboot:.0f} s (0.7 to 1.4 x), by 100 proxies. Transactions and connections are",
            "what was measured, times workers and hosts; all else is counted.",
            f"{sum(row.took for row in rows):.0f} s of processor.",
        ),
    ]


def _line(row: Row, costs: Costs) -> str:
    site, played = row.site, row.played
    rate = site.hosts / played.seconds
    polling = site.workers * _of_idle(costs)
    transactions = polling + rate * _of_host(costs, costs.several)
    most = max(played.in_flight)
    mean = sum(played.in_flight) / len(played.in_flight)
    remarks = [
        *(["rebooted"] * bool(site.proxies)),
        *(["one engine"] * bool(site.engine)),
    ]
    cells = (
        f"{site.hosts:,}{''.join(f', {one}' for one in remarks)}",
        site.workers,
        site.concurrency,
        f"{played.seconds / 3600:.1f}" + ("" if played.ended == "done" else f" ({played.ended or 'not ended'})"),
        f"{rate:.1f}",
        f"{mean:.0f}, {most}",
        f"{played.asked['change'] / site.hosts:.1f}",
        f"{100 * played.asked['change'] * site.speed.change / played.seconds:.0f} %",
        f"{1000 * row.waited:.0f} ms, {1000 * row.longest:.0f} ms",
        f"{transactions:,.0f}",
        f"{100 * polling / transactions:.0f} %",
        f"{site.workers * costs.idle.connections + most * _connections(costs):,.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def disturbed(many: Sequence[Played], wrong: Counter[str]) -> list[str]:
    """How the many small ones went."""
    states = sum((one.states for one in many), Counter[str]())
    told = "; ".join(f"{what}: {times} x" for what, times in wrong.items()) or "nothing"
    return [
        *_paragraph(
            f"{len(many)} rollouts of {SMALL} hosts by three workers on two machines, every second with reboots: in",
            "each workers are killed and started again, or stopped; in every third the database is away for 5 to 200 s",
            "at some time, in every third while it answers a question, which may have been carried out or not; in",
            "every fourth a machine loses its power, in every fourth one is cut off from the database.",
        ),
        "",
        *_paragraph(
            f"**Wrong: {told}.** Looked for whenever a command comes to a host: two at a host at once, more hosts than",
            "may be, more through a proxy or an engine than its pace, a wave before the one before has ended or with",
            "too many failed; whenever a host is sent its change: a second time; at the end: a host without an end, or",
            "with another than in truth.",
        ),
        "",
        f"| {' | '.join(states)} |",
        f"|{'---|' * len(states)}",
        f"| {' | '.join(f'{count:,}' for count in states.values())} |",
    ]


def on_paper(costs: Costs) -> list[str]:
    """What 100,000 hosts take, by multiplication."""
    hosts, used = 100_000, costs.several
    busy, engine = hosts * WRITES / costs.changes / 60, (Pace().setup + 8) / PACE["engine"]
    days = engine * hosts / 86400
    of_host, log, cores = _of_host(costs, used), used.log / costs.hosts, _processor(costs) * hosts / 3600
    return [
        "| what | for a host | for 100,000 |",
        "|---|---|---|",
        f"| changes of the ledger, one after the other | {WRITES} | {hosts * WRITES:,}: {busy:.0f} minutes |",
        f"| transactions | {of_host:.0f} | {of_host * hosts / 1e6:.0f} million |",
        f"| PostgreSQL's log | {log / 1000:.0f} kB | {log * hosts / 1e9:.1f} GB |",
        f"| processor of the workers' machines | {_processor(costs):.2f} s | {cores:.0f} hours of a core |",
        f"| one engine, {PACE['engine']} at once, {Pace().setup + 8:.0f} s each | {engine:.1f} s | {days:.1f} days |",
    ]


if __name__ == "__main__":
    if not PAGE.exists():
        PAGE.write_text("# Scale\n")
    sys.exit(main())
