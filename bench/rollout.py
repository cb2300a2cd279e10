"""`make rollout-matrix`: one large rollout, with faults, workers killed and stopped, and the database restarted.

The hosts are stand-ins, all in this process; the truth about each is its own log. Written into docs/reliability.md and
docs/scale.md: what became of the hosts, whether any was worked on twice, and what the database has of each.
"""

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from fleet_on_stage import ROOT, Fleet, fleet
from page_sections import write_section

sys.path.append(str(ROOT / "tests" / "cli"))
from postgres import Server, controlled

MGMTNET = str(Path(sys.executable).parent / "mgmtnet")
# A run waits seconds for what takes minutes in the field, as in the kill matrix.
HURRIED = (sys.executable, str(ROOT / "bench" / "hurried.py"))
BARE = {name: value for name, value in os.environ.items() if not name.startswith("MGMTNET_")}
HEADING = "A rollout with everything that goes wrong"
SCALE = "A rollout, measured"
# One of each kind in planner/standin/faults.py; of setupNetworks at the call that changes the host.
FAULTS = (
    "setupNetworks:lost-reply:2",
    "setupNetworks:reset:2",
    "setupNetworks:half-open:2",
    "setupNetworks:slow=3:2",
    "setupNetworks:busy:2",
    "setupNetworks:recovering:2",
    "setupNetworks:crash:2",
    "setupNetworks:error-frame:2",
    "setupNetworks:wrong-mtu:2",
    "setupNetworks:no-bridge:2",
    "setupNetworks:dies=2:2",
    "setupNetworks:late=8:2",
    "setupNetworks:power-cut:2",
    "setupNetworks:checkpoint:2",
    "setSafeNetworkConfig:lost-reply:1",
)
# A call may come a second time where the host's own answer says that the first was not carried out, where a power cut
# ended it, and where what it made is taken back (docs/reliability.md, Faults).
AGAIN = ("busy", "recovering", "power-cut", "checkpoint", "wrong-mtu")
GOOD = ("saved", "before", "adopted")
ONCE = {"setupNetworks": 2, "setSafeNetworkConfig": 1}
LONGEST = 1500.0


class Played(NamedTuple):
    """A rollout that was played: its document, the hosts' own logs, the database's tables, and how long it took."""

    account: dict[str, Any]
    sent: dict[str, Counter[str]]
    truth: dict[str, str]
    faults: dict[str, str]
    tables: dict[str, tuple[int, int]]
    connections: int
    seconds: float
    serving: float


def play(hosts: int, workers: int, jobs: int, seed: int, share: float) -> Played:
    """One rollout over so many hosts; a worker is killed, one is stopped, the database is restarted."""
    chosen = random.Random(seed).sample(range(1, hosts), max(1, round(hosts * share)))
    faults = {number: [FAULTS[at % len(FAULTS)]] for at, number in enumerate(sorted(chosen))}
    with (
        controlled("max_connections=400") as postgres,
        fleet(hosts, faults=faults, speed=1) as played,
        ExitStack() as ending,
    ):
        environ = BARE | played.environ | {"MGMTNET_JOURNAL": postgres.url}
        many = str(workers * jobs)
        how = ["--waves", "1,5%,25%,rest", "--max-failures", str(len(faults)), "--concurrency", many, "--wait", "30"]
        start = ["rollout", "start", "--hosts", played.inventory, "--network", played.definition, "--name", "matrix"]
        began = time.monotonic()
        run(environ, *start, *how, "--yes", "--detach")
        told = time.monotonic() - began
        print(f"{hosts} hosts read and planned for in {told:.1f} s", flush=True)
        crew = [ending.enter_context(worker(environ, played, number, jobs)) for number in range(workers)]
        connections = disturb(environ, postgres, crew, hosts)
        account = status(environ)
        took = time.monotonic() - began
        return Played(
            account,
            {name: played.sent(name) for name in played.hosts},
            {name: played.truth(name) for name in played.hosts},
            {f"host{number}": texts[0] for number, texts in faults.items()},
            tables(postgres),
            connections,
            took,
            resource.getrusage(resource.RUSAGE_SELF).ru_utime,
        )


def disturb(environ: Mapping[str, str], postgres: Server, crew: list[subprocess.Popen[bytes]], hosts: int) -> int:
    """Kill a worker when a fifth is done, stop one at two fifths, restart the database at three; until the end."""
    blows = [
        (hosts // 5, lambda: crew[0].send_signal(signal.SIGKILL)),
        (hosts * 2 // 5, lambda: crew[1].send_signal(signal.SIGSTOP)),
        (hosts * 3 // 5, lambda: (postgres.stop(), time.sleep(5), postgres.start())),
        (hosts * 4 // 5, lambda: crew[1].send_signal(signal.SIGCONT)),
    ]
    end, connections, shown = time.monotonic() + LONGEST, 0, -1
    while True:
        account = status(environ)
        done = hosts - sum(account["counts"].get(state, 0) for state in ("waiting", "queued", "at work", "elsewhere"))
        if done // 10 != shown:
            shown = done // 10
            print(f"{done} of {hosts}: {account['counts']}", flush=True)
        while blows and done >= blows[0][0]:
            blows.pop(0)[1]()
        connections = max(connections, int(ask(postgres, "SELECT count(*) FROM pg_stat_activity")[0][0]))
        if account["state"] in ("done", "failed") or time.monotonic() > end:
            return connections
        time.sleep(2)


@contextmanager
def worker(environ: Mapping[str, str], played: Fleet, number: int, jobs: int) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with a state folder of its own, as on another machine."""
    own = {"MGMTNET_STATE": str(played.folder / f"worker{number}")}
    with (played.folder / f"worker{number}.log").open("wb") as said:
        process = subprocess.Popen(
            [*HURRIED, "worker", "--log", "plain", "--jobs", str(jobs)], env={**environ, **own}, stderr=said
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(120)


def run(environ: Mapping[str, str], *arguments: str) -> str:
    """Run a command to its end."""
    return subprocess.run([MGMTNET, *arguments], env=environ, stdout=subprocess.PIPE, text=True, check=False).stdout


def status(environ: Mapping[str, str]) -> dict[str, Any]:
    """The rollout's document; while the database is away there is none."""
    while not (said := run(environ, "rollout", "status", "matrix", "-o", "json")):
        time.sleep(1)
    return dict(json.loads(said))


def ask(postgres: Server, query: str) -> list[tuple[Any, ...]]:
    """What the database says."""
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True) as database:
        found = database.execute(query)
        return list(found) if found.description else []


def tables(postgres: Server) -> dict[str, tuple[int, int]]:
    """The bytes and rows of each table that has any; the server counts rows when it is told to."""
    ask(postgres, "ANALYZE")
    query = "SELECT schemaname || '.' || relname, pg_total_relation_size(relid), n_live_tup FROM pg_stat_user_tables"
    found = {str(name): (int(size), int(rows)) for name, size, rows in ask(postgres, query)}
    return {name: each for name, each in sorted(found.items()) if each[1]}


def twice(one: Played) -> dict[str, Counter[str]]:
    """The hosts that were sent more than one run sends, and whose fault does not ask for it."""
    return {
        name: sent
        for name, sent in one.sent.items()
        if any(sent[verb] > most for verb, most in ONCE.items())
        and not any(kind in one.faults.get(name, "") for kind in AGAIN)
    }


def section(one: Played, workers: int, jobs: int) -> list[str]:
    """Its section of docs/reliability.md."""
    states = {host["host"]: host["state"] for host in one.account["hosts"]}
    ends = Counter(states.values())
    hosts = len(states)
    lines = [
        f"Written by `make rollout-matrix`. {hosts} stand-in hosts in waves of 1, 5 %, 25 % and the rest, {workers}",
        f"workers with {jobs} hosts in hand each, over one PostgreSQL; {len(one.faults)} hosts have a fault. When a",
        "fifth is done one worker is killed (`kill -9`), at two fifths one is stopped (`kill -STOP`; it continues at",
        "four fifths), at three fifths PostgreSQL is stopped for five seconds. Who comes late finds what was done.",
        "",
        f"**{sum(ends[state] for state in GOOD)} of {hosts} ended *as planned and saved*, *as before* or *adopted*;",
        f"{len(twice(one))} were worked on twice, by the hosts' own logs.** It took {one.seconds:.0f} s on two cores.",
        "",
        "| ended | hosts | of them without a fault |",
        "|---|---|---|",
    ]
    for state, count in sorted(ends.items()):
        well = sum(found == state and name not in one.faults for name, found in states.items())
        lines.append(f"| {state} | {count} | {well} |")
    lines += ["", "| fault | ended | sent (setupNetworks, setSafeNetworkConfig) |", "|---|---|---|"]
    for name, fault in one.faults.items():
        sent = one.sent[name]
        lines.append(f"| `{fault}` | {states[name]} | {sent['setupNetworks']}, {sent['setSafeNetworkConfig']} |")
    return lines


def scale(one: Played, workers: int, jobs: int) -> list[str]:
    """Its section of docs/scale.md."""
    hosts = len(one.account["hosts"])
    size = sum(size for size, _ in one.tables.values())
    rows = sum(rows for _, rows in one.tables.values())
    lines = [
        f"Written by `make rollout-matrix`: {hosts} hosts, {workers} workers with {jobs} hosts in hand each, stand-ins",
        f"and PostgreSQL on the same two cores: {one.seconds:.0f} s in all, {hosts / one.seconds * 60:.0f} hosts a",
        f"minute, at most {one.connections} connections to the database. The stand-ins' process used",
        f"{one.serving / one.seconds * 100:.0f} % of a core.",
        "",
        f"The database has {rows / hosts:.1f} rows and {size / hosts / 1024:.1f} KiB of each host, indexes included.",
        "",
        "| table | rows of each host | bytes of each host |",
        "|---|---|---|",
    ]
    for name, (each, count) in one.tables.items():
        lines.append(f"| {name} | {count / hosts:.2f} | {each / hosts:,.0f} |")
    return lines


def main() -> int:
    """Play it; the pages are written when it was played whole."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hosts", type=int, default=500)
    options.add_argument("--workers", type=int, default=3)
    options.add_argument("--jobs", type=int, default=4)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--share", type=float, default=0.03, help="of the hosts have a fault")
    options.add_argument("--dry", action="store_true", help="write no page")
    chosen = options.parse_args()
    one = play(chosen.hosts, chosen.workers, chosen.jobs, chosen.seed, chosen.share)
    text, numbers = section(one, chosen.workers, chosen.jobs), scale(one, chosen.workers, chosen.jobs)
    print("\n".join([*text, "", *numbers]))
    odd = [host for host in one.account["hosts"] if host["state"] not in GOOD]
    for host in odd:
        told = {key: host[key] for key in ("host", "state", "code", "said", "run")}
        print("ODD", told, one.faults.get(host["host"]), one.truth[host["host"]], dict(one.sent[host["host"]]))
    for name, sent in twice(one).items():
        print("TWICE", name, dict(sent), one.faults.get(name))
    if not chosen.dry:
        write_section(ROOT / "docs/reliability.md", HEADING, text)
        write_section(ROOT / "docs/scale.md", SCALE, numbers)
    return 1 if twice(one) or one.account["state"] != "done" else 0


if __name__ == "__main__":
    sys.exit(main())
