"""``make bench``: how fast, as ratios measured in one run. Writes the table of docs/performance.md.

Whole processes are timed in turn (A B A B ...) and the median of the pairs is quoted: the machine's speed
drifts, a ratio hardly does.
"""

import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import applying
from fleet import captures, goldens, large
from floor import decide_by_hand

import planner
from planner.rules.shelf import COMPILED, rules_folder

ROOT = Path(__file__).parent.parent
PAIRS = 25
SEED = ROOT / "golden" / "seed-vlan-over-bond"
MGMTNET = [str(Path(sys.executable).parent / "mgmtnet"), "plan", str(SEED / "capture.json")]
MGMTNET += ["--network", str(SEED / "definition.yaml"), "-o", "json"]


def seconds(command: list[str]) -> float:
    """Wall time of one whole process."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def paired(command: list[str], floor: list[str]) -> tuple[float, float]:
    """Median seconds of ``command``, and the median ratio to ``floor`` pair by pair."""
    seconds(command), seconds(floor)
    pairs = [(seconds(command), seconds(floor)) for _ in range(PAIRS)]
    return statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)


def timed(work: Callable[[], object], rounds: int = 5) -> float:
    """The median seconds of ``work`` over some rounds, with the garbage of earlier ones gone."""
    taken = []
    for _ in range(rounds):
        gc.collect()
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def whole_process() -> list[str]:
    """One host, as a whole process."""
    floor = [sys.executable, "-c", "pass"]
    base, _ = paired(floor, floor)
    took, ratio = paired(MGMTNET, floor)
    rows = [
        f"| `python -c pass` | {base * 1000:.0f} ms | 1 | |",
        f"| `mgmtnet plan` on the seed capture | {took * 1000:.0f} ms | {ratio:.1f} | ≤ 6 |",
    ]
    with tempfile.TemporaryDirectory() as folder:  # a copy without its compiled form, as a site's rules are
        copy = shutil.copytree(rules_folder(), Path(folder) / "rules", ignore=shutil.ignore_patterns(COMPILED))
        took, ratio = paired([*MGMTNET, "--rules", str(copy)], floor)
    rows.append(f"| the same by rules that are not sealed | {took * 1000:.0f} ms | {ratio:.1f} | |")
    netplan = shutil.which("netplan")
    if netplan is None:
        return [*rows, "| `netplan generate` (not installed here) | | | |"]
    with tempfile.TemporaryDirectory() as folder:
        etc = Path(folder) / "etc" / "netplan"
        etc.mkdir(parents=True)
        shutil.copy(ROOT / "bench" / "netplan.yaml", etc / "01.yaml")
        (etc / "01.yaml").chmod(0o600)
        took, ratio = paired([netplan, "generate", "--root-dir", folder], floor)
    return [*rows, f"| `netplan generate` on the same stack | {took * 1000:.0f} ms | {ratio:.1f} | |"]


def shipped() -> planner.Planner:
    """What plans by the shipped rules."""
    ruleset, problems = planner.load_rules()
    assert ruleset is not None, problems
    return planner.Planner(ruleset)


def fleet(by: planner.Planner, fleet: list[tuple[dict, object, str]]) -> list[str]:
    """A fleet of captures, in one process; and the same if each host were of a design of its own."""
    documents = [(json.dumps(capture), definition, address) for capture, definition, address in fleet]

    def parse_and_print() -> None:
        for text, _, _ in documents:
            json.dumps(json.loads(text))

    def plan_all() -> None:
        for text, definition, address in documents:
            host = planner.read_capture(text).host
            by.plan(host, definition, (address,))

    def plan_each_anew() -> None:
        for text, definition, address in documents:
            by.engines.known.clear()  # so that nothing is compared
            by.plan(planner.read_capture(text).host, definition, (address,))

    def by_hand() -> None:
        for text, definition, address in documents:
            decide_by_hand(json.loads(text), definition, address)

    plan_all()
    # In turn, and the best of each: other work on the machine makes a round slower, none makes it faster.
    works = (parse_and_print, plan_all, plan_each_anew, by_hand)
    rounds = [[timed(work, 1) for work in works] for _ in range(6)]
    floor, took, anew, hand = (min(times) for times in zip(*rounds, strict=True))
    size = sum(len(text) for text, _, _ in documents) / len(documents) / 1024
    return [
        f"| {len(documents)} captures, {size:.1f} kB each | | | |",
        f"| `json.loads` + `json.dumps` | {floor * 1000:.0f} ms | 1 | |",
        f"| `planner.plan` | {took * 1000:.0f} ms | {took / floor:.1f} | ≤ 15 |",
        f"| the same, no host like one before it | {anew * 1000:.0f} ms | {anew / floor:.1f} | |",
        f"| the same decision by hand-written Python, no reasons | {hand * 1000:.0f} ms | {hand / floor:.2f} | |",
    ]


def read_and_plan(text: str, definition: object, by: planner.Planner, address: str) -> object:
    """What `mgmtnet plan` does with one host."""
    return by.plan(planner.read_capture(text).host, definition, (address,))


def sizes(by: planner.Planner) -> list[str]:
    """One host of growing size."""
    rows = []
    for nics in (2, 16, 128):
        for vlans in (0, 64, 1000, 4094):
            text, definition, address = large(nics, vlans)
            floor = timed(partial(json.loads, text), 5)
            took = timed(partial(read_and_plan, text, definition, by, address), 3)
            bound = "≤ 20" if (nics, vlans) == (128, 4094) else ""
            rows.append(
                f"| {nics} | {vlans} | {len(text) // 1024} kB | {took * 1000:.1f} ms | {took / floor:.1f} | {bound} |"
            )
    return rows


def resident() -> float:
    """Resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def memory(by: planner.Planner) -> list[str]:
    """The largest host, and ten thousand hosts one after the other."""
    script = (
        "import sys; sys.path[:0] = ['bench']; import planner, resource; from fleet import large; "
        "t, d, a = large(128, 4094); r, _ = planner.load_rules(); "
        "planner.plan(planner.read_capture(t).host, d, r, (a,)); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    peak = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    documents = list(captures(100))
    marks = []
    for round_ in range(100):
        for capture, definition, address in documents:
            by.plan(planner.read_capture(capture).host, definition, (address,))
        if round_ in (9, 49, 99):
            gc.collect()
            marks.append(resident())
    return [
        f"| peak of a process that plans the largest host | {int(peak)} MiB | < 150 MiB |",
        f"| resident after 1,000, 5,000, 10,000 hosts | {', '.join(f'{mark:.1f}' for mark in marks)} MiB | no growth |",
    ]


def main() -> None:
    """Measure, print, and write docs/performance.md."""
    by = shipped()
    text = TEMPLATE.format(
        python=sys.version.split()[0],
        process="\n".join(whole_process()),
        fleet="\n".join([*fleet(by, list(captures(1000))), *fleet(by, list(goldens()))]),
        sizes="\n".join(sizes(by)),
        memory="\n".join(memory(by)),
        applying="\n".join(applying.rows()),
    )
    (ROOT / "docs" / "performance.md").write_text(text)
    print(text)


TEMPLATE = """\
# Performance

Written by `make bench`. Read the ratios: they are measured in one run, pair by pair; milliseconds depend on the
machine. Python {python}.

## One host, whole process

| command | median | ratio to `python -c pass` | bound |
|---|---|---|---|
{process}

## A mixed fleet of 1,000 captures, then the goldens alone, one process

| work | best of six | ratio | bound |
|---|---|---|---|
{fleet}

## One host of growing size, one process

| nics | vlans | capture | reading and planning | ratio to its own `json.loads` | bound |
|---|---|---|---|---|---|
{sizes}

{applying}
## Memory

| what | measured | bound |
|---|---|---|
{memory}
"""

if __name__ == "__main__":
    main()
