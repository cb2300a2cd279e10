"""``make bench``: how fast, as ratios measured in one run. Writes docs/performance.md.

Whole processes are timed in turn (A B A B ...) and the median of the pairs is quoted: the machine's speed
drifts, a ratio hardly does.
"""

import gc
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import applying
import engines
import serving
from attacking import unsealed
from fleet import built, captures, large
from floor import decide_by_hand
from page_sections import write_section

import planner
from planner.definition import Definition
from planner.engine import firing
from planner.rules.compiled import to_lines
from planner.rules.model import Pattern, Rule, Test
from planner.rules.shelf import COMPILED, rules_folder

ROOT = Path(__file__).parent.parent
PAIRS = 25
HERE = Path(sys.executable).parent
PATH = os.pathsep.join((str(HERE), os.environ.get("PATH", "")))  # some peers come with the extra `bench`
SEED = ROOT / "golden" / "seed-vlan-over-bond"
MGMTNET = [str(HERE / "mgmtnet"), "plan", str(SEED / "capture.json")]
MGMTNET += ["--network", str(SEED / "definition.yaml"), "-o", "json"]


def cpu_seconds(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> float:
    """Seconds of processor that a whole process takes, with the processes that it waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def paired(command: list[str], floor: list[str]) -> tuple[float, float]:
    """Median seconds of processor of ``command``, and the median ratio to ``floor`` pair by pair."""
    cpu_seconds(command), cpu_seconds(floor)
    pairs = [(cpu_seconds(command), cpu_seconds(floor)) for _ in range(PAIRS)]
    return statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)


def instructions(command: list[str]) -> int:
    """Instructions that a process executes, by valgrind: the same on a busy machine; 0 where there is no valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return 0
    counted = [valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", *command]
    told = subprocess.run(counted, capture_output=True, text=True, check=True).stderr
    (line,) = (line for line in told.splitlines() if "refs:" in line)
    return int(line.split()[-1].replace(",", ""))


def timed(work: Callable[[], object], rounds: int = 5) -> float:
    """The median seconds of processor of ``work`` over some rounds, with the garbage of earlier ones gone."""
    taken = []
    for _ in range(rounds):
        gc.collect()
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def whole_process() -> list[str]:
    """One host, as a whole process."""
    floor = [sys.executable, "-c", "pass"]
    base, _ = paired(floor, floor)
    least = instructions(floor)

    def row(what: str, command: list[str], bound: str = "") -> str:
        took, ratio = paired(command, floor)
        counted = f"{instructions(command) / least:.2f}" if least and command[0] == MGMTNET[0] else ""
        return f"| {what} | {took * 1000:.0f} ms | {ratio:.1f} | {counted} | {bound} |"

    rows = [
        f"| `python -c pass` | {base * 1000:.0f} ms | 1 | 1 | |",
        row("`mgmtnet plan` on the seed capture", MGMTNET, "≤ 6.9 in instructions"),
        _cold(base),
    ]
    with tempfile.TemporaryDirectory() as folder:  # a copy without its compiled form, as a site's rules are
        copy = shutil.copytree(rules_folder(), Path(folder) / "rules", ignore=shutil.ignore_patterns(COMPILED))
        rows.append(row("the same by rules that are not sealed", [*MGMTNET, "--rules", str(copy)]))
    with tempfile.TemporaryDirectory() as folder:
        return [*rows, *(row(*peer) if _there(peer[1]) else _absent(peer[1][0]) for peer in peers(folder))]


def _there(command: list[str]) -> bool:
    """Whether the program of ``command`` is installed; it becomes its path."""
    found = shutil.which(command[0], path=PATH)
    if found:
        command[0] = found
    return bool(found)


def peers(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Programs that make a host's network configuration of a description: the same stack, for each in its words."""
    etc = Path(folder) / "etc" / "netplan"
    etc.mkdir(parents=True)
    described = etc / "01.yaml"
    shutil.copy(ROOT / "bench" / "netplan.yaml", described)
    described.chmod(0o600)
    yield "`netplan generate` on the same stack", ["netplan", "generate", "--root-dir", folder]
    convert = ["cloud-init", "devel", "net-convert", "-p", str(described), "-k", "yaml", "-d", f"{folder}/out"]
    yield "`cloud-init net-convert` of it to NetworkManager", [*convert, "-D", "rhel", "-O", "network-manager"]
    listed = Path(folder) / "config.yaml"
    shutil.copy(ROOT / "bench" / "os-net-config.yaml", listed)
    yield (
        "`os-net-config --noop`",
        ["os-net-config", "--noop", "--provider", "ifcfg", "-c", str(listed), "--root-dir", folder],
    )


def _absent(program: str) -> str:
    return f"| `{program}` (not installed here) | | | | |"


def _cold(base: float) -> str:
    """The first start after an installation that compiled nothing."""
    taken = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            taken.append(cpu_seconds(MGMTNET, os.environ | {"PYTHONPYCACHEPREFIX": folder}))
    took = statistics.median(taken)
    return f"| the same where no module is compiled yet | {took * 1000:.0f} ms | {took / base:.1f} | | |"


def shipped() -> planner.Planner:
    """What plans by the shipped rules."""
    ruleset, problems = planner.load_rules()
    assert ruleset is not None, problems
    return planner.Planner(ruleset)


def first_pass(designs: int) -> str:
    """1,000 hosts of so many designs, each host with addresses of its own, planned and printed by a fresh planner."""
    documents = [(json.dumps(capture), definition, address) for capture, definition, address in built(1000, designs)]
    floors, passes, misses = [], [], 0
    for _ in range(3):
        floors.append(timed(lambda: [json.dumps(json.loads(text)) for text, _, _ in documents], 1))
        by = shipped()
        gc.collect()
        began = time.process_time()
        for text, definition, address in documents:
            by.plan(planner.read_capture(text).host, definition, (address,)).json()
        passes.append(time.process_time() - began)
        misses = sum(len(known.fired) for known in by.engines.known.values() if known is not None)
    floor, took = min(floors), min(passes)
    size = sum(len(text) for text, _, _ in documents) / len(documents) / 1024
    bound = {20: "≤ 8", 1000: "≤ 20"}.get(designs, "")
    return f"| {designs} | {size:.1f} kB | {took:.2f} s | {took / floor:.1f} | {misses} | {bound} |"


def fleet() -> list[str]:
    """Fleets of one design, of some, and of hosts that are all unlike."""
    return [first_pass(designs) for designs in (1, 20, 100, 400, 1000)]


# Where the time of a plan goes: what is measured, and the functions that do it.
WORK: tuple[tuple[str, Any, str], ...] = (
    ("reading the capture", planner, "read_capture"),
    ("facts", planner, "facts_of"),
    ("likeness to hosts before it", firing, "likeness"),
    ("which facts rules can reach", firing, "reach"),
    ("our own matcher", firing, "match"),
    ("compiling for durable_rules", firing, "networks_of"),
    ("durable_rules", firing.durable, "run"),
    ("what the request would do", planner, "foresee"),
    ("deciding", planner, "decide"),
    ("the plan", planner, "draft"),
    ("printing", planner.Plan, "json"),
)


def profile() -> list[str]:
    """Microseconds of each part of a plan: of hosts all unlike, and of hosts like one before them."""
    columns = []
    for hosts in (list(built(400, 400)), list(built(400, 1))):
        with ExitStack() as patched:
            spent = {what: patched.enter_context(_timing(where, name)) for what, where, name in WORK}
            by, began = shipped(), time.perf_counter()
            for capture, definition, address in hosts:
                by.plan(planner.read_capture(json.dumps(capture)).host, definition, (address,)).json()
            whole = time.perf_counter() - began
        parts = {what: sum(taken) / len(hosts) * 1e6 for what, taken in spent.items()}
        columns.append(parts | {"all else": whole / len(hosts) * 1e6 - sum(parts.values())})
    return [f"| {what} | {columns[0][what]:.0f} µs | {columns[1][what]:.0f} µs |" for what in columns[0]]


@contextmanager
def _timing(where: Any, name: str) -> Iterator[list[float]]:
    """The seconds that each call of a function takes."""
    function, taken = getattr(where, name), list[float]()

    def timed_one(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            taken.append(time.perf_counter() - began)

    setattr(where, name, timed_one)
    try:
        yield taken
    finally:
        setattr(where, name, function)


def by_hand() -> str:
    """What the decision alone costs by hand-written Python, of what reading and printing JSON does."""
    documents = [(json.dumps(capture), definition, address) for capture, definition, address in built(1000, 100)]

    def decide() -> None:
        for text, definition, address in documents:
            decide_by_hand(json.loads(text), definition, address)

    floor = timed(lambda: [json.dumps(json.loads(text)) for text, _, _ in documents], 3)
    return f"{timed(decide, 3) / floor:.2f}"


def many_hosts() -> list[str]:
    """`rules diff` over hosts of which nearly all change, on one processor and on two."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        edited = shutil.copytree(rules_folder(), Path(folder) / "edited", ignore=shutil.ignore_patterns(COMPILED))
        unsealed(edited)
        rule = edited / "devise" / "as-defined.yaml"
        rule.write_text(rule.read_text().replace("mtu: $definition.mtu", "mtu: 1492"))
        wanted = Path(folder) / "definition.yaml"
        wanted.write_text("network: ovirtmgmt\n")
        for count in (5_000, 10_000, 20_000):
            hosts = Path(folder) / str(count)
            hosts.mkdir()
            for number, (capture, _, _) in enumerate(built(count, 100)):
                (hosts / f"{number}.json").write_text(json.dumps(capture))
            command = [MGMTNET[0], "rules", "diff", "ovirtmgmt", str(edited), "--hosts", str(hosts)]
            one, two = (_wall(number, [*command, "--network", str(wanted)]) for number in ("0", "0,1"))
            faster, memory = f"{one[0] / two[0]:.2f}", f"{one[1]}, {two[1]} MiB"
            rows.append(f"| {count:,} | {one[0]:.0f} s | {two[0]:.0f} s | {faster} | {memory} | ≥ 1.7 |")
    return rows


def whole_fleets() -> list[str]:
    """`fleet plan` of hosts of 400 designs by whole processes: on one processor and on two, and once more."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "definition.yaml"
        wanted.write_text("network: ovirtmgmt\n")
        for count in (1_000, 10_000):
            hosts = Path(folder) / str(count)
            hosts.mkdir()
            for number, (capture, _, _) in enumerate(built(count, 400)):
                (hosts / f"{number}.json").write_text(json.dumps(capture))
            command = [MGMTNET[0], "fleet", "plan", str(hosts), "--network", str(wanted), "-o"]
            for what, one, two in (
                ("the sum", "text", "text"),
                ("into a folder", f"{hosts}.one", f"{hosts}.two"),
                ("the same folder again", f"{hosts}.one", f"{hosts}.two"),
            ):
                times = [_wall("0", [*command, one]), _wall("0,1", [*command, two])]
                faster, memory = f"{times[0][0] / times[1][0]:.2f}", f"{times[0][1]}, {times[1][1]} MiB"
                bound = "≥ 1.7" if (count, what) == (10_000, "into a folder") else ""
                told = f"{times[0][0]:.1f} s | {times[1][0]:.1f} s | {faster} | {memory} | {bound}"
                rows.append(f"| {what} | {count:,} | {told} |")
    return rows


# What each peer leaves out: which device is meant, and whether the host bears it, somebody has to know.
LEFT_OUT = {
    "netplan": "looks at no host: the stack is described to it; no reasons, no refusals, no way back",
    "cloud-init": "the same, and writes connection profiles only",
    "os-net-config": "the same, and writes ifcfg files only",
}


def instead() -> list[str]:
    """What a host of a fleet costs by `fleet plan`, and by what one would pick instead: seconds of processor."""
    capture = (SEED / "capture.json").read_text()
    with tempfile.TemporaryDirectory() as folder:
        hosts = Path(folder) / "hosts"
        hosts.mkdir()
        for number in range(HOSTS):
            (hosts / f"{number}.json").write_text(capture.replace("192.0.2.", f"10.0.{number % 250}."))
        fleet = cpu_seconds(
            [MGMTNET[0], "fleet", "plan", str(hosts), "--network", str(SEED / "definition.yaml"), "-o", "-"]
        )
        least = cpu_seconds([sys.executable, str(ROOT / "bench" / "floor.py"), str(hosts)])
        rows = [_instead("`mgmtnet fleet plan`, its start included", fleet / HOSTS, 1, "")]
        left_out = "reasons, checks, ages of VDSM, refusals, the way back"
        rows.append(_instead("hand-written Python, its start included", least / HOSTS, least / fleet, left_out))
        for what, command in peers(str(Path(folder) / "peers")):
            if _there(command):
                took = statistics.median(cpu_seconds(command) for _ in range(9))
                rows.append(_instead(what, took, took * HOSTS / fleet, LEFT_OUT[Path(command[0]).name]))
    return rows


HOSTS = 1_000


def _instead(what: str, seconds: float, ratio: float, left_out: str) -> str:
    return f"| {what} | {seconds * 1000:.2f} ms | {ratio:.3g} | {left_out} |"


def _wall(processors: str, command: list[str]) -> tuple[float, int]:
    """Seconds that pass, and the largest resident memory of one of its processes in MiB."""
    script = (
        "import resource, subprocess, sys, time; began = time.monotonic(); "
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
        "print(time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    pinned = ["taskset", "-c", processors, sys.executable, "-c", script, *command]
    took, memory = subprocess.run(pinned, capture_output=True, text=True, check=True).stdout.split()
    return float(took), int(memory)


def scale() -> list[str]:
    """The shipped rules, and ten times as many: copies that a test of the definition keeps from firing."""
    ruleset, problems = planner.load_rules()
    assert ruleset is not None, problems
    hosts = [(json.dumps(capture), definition, address) for capture, definition, address in built(400, 1)]
    rows, once = [], (0.0, 0.0)
    for times in (1, 3, 10):
        copies = [_copy(rule, number) for number in range(1, times) for rule in ruleset.rules]
        compiled = planner.compile_ruleset(ruleset._replace(rules=(*ruleset.rules, *copies)))
        with tempfile.TemporaryDirectory() as folder:
            form, capture = Path(folder, "form"), SEED / "capture.json"
            form.write_text("\n".join(to_lines(compiled, "")))
            start = statistics.median(cpu_seconds([sys.executable, "-c", START, form, capture]) for _ in range(9))
        by = planner.Planner(compiled)
        alike = min(timed(partial(_plan_all, by, hosts), 1) for _ in range(4))
        once = once if times > 1 else (start, alike)
        started, planned = f"{start * 1000:.0f} ms", f"{alike / len(hosts) * 1e6:.0f} µs"
        bounds = ("≤ 2", "≤ 1.3") if times == 10 else ("", "")
        told = f"{started} | {start / once[0]:.2f} | {bounds[0]} | {planned} | {alike / once[1]:.2f} | {bounds[1]}"
        rows.append(f"| {len(ruleset.rules) * times:,} | {told} |")
    return rows


# A whole process that plans a host by rules in their compiled form.
START = """
import sys, planner
from planner.rules.compiled import from_lines
rules = from_lines(open(sys.argv[1]).read().split("\\n"), "", "")
host = planner.read_capture(open(sys.argv[2]).read()).required()
planner.plan(host, planner.read_definition({"network": "ovirtmgmt"}).required(), rules).json()
"""


def _copy(rule: Rule, number: int) -> Rule:
    other = Test("network", "is", f"other{number}", 1, 1)
    guard = Pattern("definition", "guarded", negated=False, tests=(other,), line=1, column=1)
    return rule._replace(name=f"{rule.name}-{number}", when=(guard, *rule.when), overrides=())


def _plan_all(by: planner.Planner, hosts: list[tuple[str, Definition, str]]) -> None:
    for text, definition, address in hosts:
        by.plan(planner.read_capture(text).host, definition, (address,))


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
        "import sys; sys.path[:0] = ['bench']; import planner; from fleet import large; "
        "t, d, a = large(128, 4094); r, _ = planner.load_rules(); "
        "planner.plan(planner.read_capture(t).host, d, r, (a,)); "
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )  # ru_maxrss begins with what the process had that started it
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
        f"| peak of a process that plans the largest host | {int(peak) // 1024} MiB | < 125 MiB |",
        f"| resident after 1,000, 5,000, 10,000 hosts | {', '.join(f'{mark:.1f}' for mark in marks)} MiB | no growth |",
    ]


def main() -> None:
    """Measure, print, and write docs/performance.md, and what of it is about many hosts into docs/scale.md, too."""
    by = shipped()
    fleets, applied = whole_fleets(), applying.rows()
    text = TEMPLATE.format(
        python=sys.version.split()[0],
        process="\n".join(whole_process()),
        fleet="\n".join(fleet()),
        by_hand=by_hand(),
        profile="\n".join(profile()),
        engines="\n".join(engines.rows(by)),
        sizes="\n".join(sizes(by)),
        scale="\n".join(scale()),
        fleets="\n".join(fleets),
        instead="\n".join(instead()),
        diff="\n".join(many_hosts()),
        memory="\n".join(memory(by)),
        serving="\n".join(serving.rows()),
        applying="\n".join(applied),
    )
    (ROOT / "docs" / "performance.md").write_text(text)
    write_section(
        ROOT / "docs" / "scale.md", MANY, [*FLEETS, *fleets, "", *READ, *(row for row in applied if "at once" in row)]
    )
    print(text)


MANY = "Planning and reading, measured"
FLEETS = [
    "Written by `make bench`: `fleet plan` of captures of 400 designs, by the clock; memory of the largest process.",
    "",
    "| what | hosts | one processor | two | faster | memory | bound |",
    "|---|---|---|---|---|---|---|",
]
READ = [
    "Hosts that answer at once, and their VDSM on the same two processors:",
    "",
    "| work | time | bound |",
    "|---|---|---|",
]

TEMPLATE = """\
# Performance

Written by `make bench`. Read the ratios: they are measured in one run, pair by pair; times depend on the machine.
A bound is what is aimed at; where the figure is beyond it, it is not reached.
Times are seconds of processor, where nothing else is said, and Python is {python}.

## One host, whole process

Instructions are counted by valgrind, so they do not depend on what else the machine does.

| command | time | ratio to `python -c pass` | in instructions | bound |
|---|---|---|---|---|
{process}

## 1,000 hosts in one process, the first pass

A fresh planner that has seen none of them reads, plans and prints each host; the ratio is to `json.loads` and
`json.dumps` of the captures. Hosts of one design differ in their addresses and MAC addresses. *Judged* is how many
times a stage's rules were fired, of 3,000; of the others something alike was known. The decision alone, by hand-written
Python without rules, reasons or checks, costs {by_hand} of that floor.

| designs | capture | time | ratio | judged | bound |
|---|---|---|---|---|---|
{fleet}

Where the time of a plan goes:

| part | hosts all unlike | alike |
|---|---|---|
{profile}

In the first version (2026-11-25, measured the same way, on captures of 4.9 kB where these have 7) a host took 2,560 µs
where none was alike and 1,150 µs alike, printing included: reading 211, facts 114, likeness 69, reach 337, matching
126, rows and calls of durable_rules 791, judging 54, deciding and drafting 121, printing 187. Facts cost more now
because there are more of them: devices, addresses, what a request takes away.

Left out after it was tried, because it cost more beauty than it gained time:

- a JSON writer of our own: 0.7 of printing, which is a tenth of the whole; `orjson`: a compiled package more for it;
- the matcher's steps as generated Python: 5 x faster matching, which is a twentieth of the whole;
- modules compiled by mypyc: 0.8 of the whole, and a compiler for every installation;
- classes instead of named tuples with their code made at each start: a sixth of the start's instructions.

## The rule engines that could have been chosen

All rules of all stages on 200 hosts that are unlike, facts ready made, no host remembered. *Start* is what an engine
needs to take the rules; *agrees* is in how many stages the same rules fire on the same facts as by our own matcher.

| engine | start | a host | agrees | leaves out |
|---|---|---|---|---|
{engines}

## One host of growing size, one process

| nics | vlans | capture | reading and planning | ratio to its own `json.loads` | bound |
|---|---|---|---|---|---|
{sizes}

## More rules

Copies of the shipped rules that fire on no host. *Start* is a whole process that reads their compiled form and plans a
host; *alike* is a host like one before it, in one process.

| rules | start | ratio | bound | alike | ratio | bound |
|---|---|---|---|---|---|---|
{scale}

## `fleet plan` over many hosts

Captures of 400 designs, half of them goldens and half hosts of 2 to 128 nics. Times are by the clock, of whole
commands; memory is that of the largest process on one processor and on two, and is to be that of the smaller fleet.

| what | hosts | one processor | two | faster | memory | bound |
|---|---|---|---|---|---|---|
{fleets}

A host of a fleet of 1,000 of one design, in seconds of processor, and by what one would pick instead, a process for
each host:

| by | a host | ratio | leaves out |
|---|---|---|---|
{instead}

nmpolicy, which resolves a policy against what a host has, is a Go program that no package here has: not measured.

## `rules diff` over many hosts

Nearly every host's plan changes, and each is told. Times are by the clock; memory is that of the largest process on one
processor and on two.

| hosts | one processor | two | faster | memory | bound |
|---|---|---|---|---|---|
{diff}

{applying}
## Over HTTP

2,000 hosts of 20 designs; ratios are to as many processes as the service has workers, which plan without HTTP. Whoever
asks runs on the same processors.

| work | measured | ratio | bound |
|---|---|---|---|
{serving}

## Memory

| what | measured | bound |
|---|---|---|
{memory}
"""

if __name__ == "__main__":
    main()
