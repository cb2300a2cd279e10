"""`make mutate-code`: slips in the code that plans and in what tells how a host stands, and whether a test notices.

Writes docs/mutation-code.md, with the reasons of docs/mutation-code.yaml for those that nobody notices. `SAMPLE=500
SEED=7` tries that many of the mutants. What became of each is kept in build/mutate-code.jsonl: stopped and started
again, it goes on; after other tests only the survivors are tried anew. The status is 1 below 85 %.
"""

import argparse
import contextlib
import gc
import hashlib
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import coverage
import pytest
import yaml
from code_mutants import Mutant, mutants_of, take_in
from mutated_code_page import GOLDEN, NOBODY, TEST, TIME, Score, page

from planner.authoring.golden import Case, kept_of, try_out
from planner.cli.cases import cases_in
from planner.cli.golden import kept_in
from planner.rules.compiled import Compiled
from planner.rules.shelf import compiled_rules

ROOT = Path(__file__).parents[1]
PAGE, REASONS, KEPT = ROOT / "docs/mutation-code.md", ROOT / "docs/mutation-code.yaml", ROOT / "build/mutate-code.jsonl"
WANTED = 85.0
MODULES = (
    "__init__.py",
    "facts/compute.py",
    *(f"engine/{name}.py" for name in ("decide", "firing", "matcher", "misses")),
    "rules/comparison.py",
    "plan/*.py",
    "apply/run.py",
    "apply/verify.py",
)
# Of a run only what tells of it: its steps are seen in whole runs alone, which take seconds; the kill matrix has those.
SCOPES = {"apply/run.py": re.compile(r"|Report(\..*)?|report|unchanged")}
TESTS = (
    "tests/apply/test_standing.py",
    "tests/apply/test_report.py",
    "tests/explain/test_explained_changes.py",
    "tests/explain/test_explained_reasons.py",
    "tests/host/test_graph.py",
    "tests/rules/test_vocabulary.py",
    "tests/plan",
    "tests/engine",
)
LONGEST = 0.5  # seconds of a test: longer ones repeat with many hosts what a short one shows, and each survivor waits
# Seconds of processor for a mutant, besides three times what its tests take: whoever needs more goes round in circles.
# Of processor, so that whatever else the machine does is nobody's death.
SPARE = 5
MEMORY = 3 << 30
FATES = (NOBODY, GOLDEN, TEST)


class Check(NamedTuple):
    """A golden or a test: whether all is well by it, the lines that it executes, and the seconds that it takes."""

    fate: str
    passes: Callable[[pytest.Item | None], bool]  # given the test that comes next, whose fixtures must stay
    item: pytest.Item | None = None
    lines: frozenset[tuple[str, int]] = frozenset()
    seconds: float = 0.0


class Runner:
    """A plug-in for pytest that, in place of running the tests once, runs them for each mutant in a fork of itself."""

    def __init__(self, mutants: Sequence[Mutant], kept: dict[str, str], jobs: int) -> None:
        """Try those of ``mutants`` that are not ``kept`` with their fates, ``jobs`` at a time."""
        self.mutants, self.kept, self.jobs = mutants, kept, jobs
        self.failed = False
        self.running: dict[int, Mutant] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test failed."""
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try each mutant that is not known."""
        checks = measured([*golden_checks(), *(Check(TEST, self._test(item), item) for item in session.items)])
        gc.freeze()  # else each fork copies whatever its collector looks at
        begun, tried = time.monotonic(), 0
        for mutant in self.mutants:
            if mutant.name in self.kept:
                continue
            while len(self.running) >= self.jobs:
                self._await()
            self.running[forked(mutant, checks_of(mutant, checks))] = mutant
            tried += 1
            if tried % 100 == 0:
                print(f"{tried} tried, {(time.monotonic() - begun) / tried:.2f} s each", flush=True)
        while self.running:
            self._await()
        return True

    def _test(self, item: pytest.Item) -> Callable[[pytest.Item | None], bool]:
        def passes(following: pytest.Item | None) -> bool:
            self.failed = False
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            return not self.failed

        return passes

    def _await(self) -> None:
        pid, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        fate = FATES[code] if code in range(len(FATES)) else TIME if code == -signal.SIGPROF else TEST
        mutant = self.running.pop(pid)
        self.kept[mutant.name] = fate
        with KEPT.open("a") as file:
            file.write(json.dumps([mutant.name, state(mutant), fate]) + "\n")


def golden_checks() -> Iterator[Check]:
    """One check for each golden: it gets the files that it is known to get, as `mgmtnet golden check` has it."""
    rules, problems = compiled_rules("ovirtmgmt")
    assert rules is not None, problems
    for found in cases_in([str(ROOT / "golden")], None):
        assert found.case is not None, found.problems
        yield Check(GOLDEN, _golden(found.path, found.case, rules))


def _golden(folder: str, case: Case, rules: Compiled) -> Callable[[pytest.Item | None], bool]:
    return lambda _: kept_in(folder) == kept_of(try_out(case, rules).plan)


def results(checks: Sequence[Check]) -> Iterator[bool]:
    """Whether each check passes, one after the other."""
    for check, following in zip(checks, [*checks[1:], None], strict=True):
        yield check.passes(following.item if following else None)


def measured(checks: Sequence[Check]) -> list[Check]:
    """The checks with what they execute and how long they take, found out in processes that end then.

    Those that fail without a mutant, or are too long, are left out.
    """
    timed = in_a_process(lambda: _times(checks))
    passing = [
        check._replace(seconds=seconds) for check, (passed, seconds) in zip(checks, timed, strict=True) if passed
    ]
    usable = [check for check in passing if check.seconds <= LONGEST]
    lines = in_a_process(lambda: _lines(usable))
    whole = sum(check.seconds for check in usable)
    longer, failing = len(passing) - len(usable), len(checks) - len(passing)
    print(f"{len(usable)} checks, {whole:.1f} s; {longer} are too long, {failing} fail as it is", flush=True)
    return [check._replace(lines=frozenset(map(tuple, its))) for check, its in zip(usable, lines, strict=True)]


def in_a_process(work: Callable[[], Any]) -> Any:
    """What ``work`` returns, as JSON has it, in a process of its own: whatever it leaves behind is gone."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        _silently(lambda: _told(writer, work()))
    os.close(writer)
    with os.fdopen(reader) as file:
        found = json.load(file)
    os.waitpid(pid, 0)
    return found


def _told(writer: int, found: Any) -> int:
    with os.fdopen(writer, "w") as file:
        json.dump(found, file)
    return 0


def _times(checks: Sequence[Check]) -> list[tuple[bool, float]]:
    for path in _paths():  # as a mutant is, but without a slip: what that alone breaks must not count
        take_in(sys.modules[_module(path)], (ROOT / "planner" / path).read_text())
    found, begun = [], time.process_time()
    for passed in results(checks):
        found.append((passed, time.process_time() - begun))
        begun = time.process_time()
    return found


def _lines(checks: Sequence[Check]) -> list[list[tuple[str, int]]]:
    files = {str(ROOT / "planner" / path): path for path in _paths()}
    tracer = coverage.Coverage(data_file=None, config_file=False, include=list(files))
    tracer.start()
    tracer.switch_context("0")
    for number, _ in enumerate(results(checks)):
        tracer.switch_context(str(number + 1))
    tracer.stop()
    lines: list[list[tuple[str, int]]] = [[] for _ in [*checks, None]]
    for file, path in files.items():
        for line, contexts in tracer.get_data().contexts_by_lineno(file).items():
            for context in filter(None, contexts):
                lines[int(context)].append((path, line))
    return lines[:-1]


def checks_of(mutant: Mutant, checks: Iterable[Check]) -> list[Check]:
    """The checks that execute the statement of a mutant; all of them if it is executed at import."""
    places = {(mutant.path, line) for line in mutant.lines}
    return [check for check in checks if not places or places & check.lines]


def forked(mutant: Mutant, checks: Sequence[Check]) -> int:
    """The process that tries ``mutant`` and ends with the place of its fate in FATES."""
    pid = os.fork()
    if not pid:
        _silently(lambda: _try(mutant, checks))
    return pid


def _try(mutant: Mutant, checks: Sequence[Check]) -> int:
    signal.setitimer(signal.ITIMER_PROF, SPARE + 3 * sum(check.seconds for check in checks))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    take_in(sys.modules[_module(mutant.path)], mutant.source)
    for check, passed in zip(checks, results(checks), strict=True):
        if not passed:
            return FATES.index(check.fate)
    return FATES.index(NOBODY)


def _silently(work: Callable[[], int]) -> None:
    """End this process with what ``work`` returns; nothing that it prints is seen."""
    code = FATES.index(GOLDEN)  # what cannot even be imported plans no golden
    with contextlib.suppress(BaseException):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        code = work()
    os._exit(code)


def _module(path: str) -> str:
    return ".".join(("planner", *path.removesuffix(".py").removesuffix("__init__").strip("/").split("/"))).strip(".")


def _paths() -> list[str]:
    folder = ROOT / "planner"
    return [str(path.relative_to(folder)) for pattern in MODULES for path in sorted(folder.glob(pattern))]


def _digest(folders: Iterable[str], suffixes: Sequence[str]) -> str:
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.suffix in suffixes)
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


CODE = _digest(("planner", "rules"), (".py", ".yaml"))
CHECKED_BY = _digest(("tests", "golden"), (".py", ".json", ".txt", ".yaml"))


def state(mutant: Mutant) -> str:
    """Of what code the fate of a mutant is kept."""
    return hashlib.sha256((CODE + mutant.source).encode()).hexdigest()


def known(mutants: Iterable[Mutant]) -> dict[str, str]:
    """The fates that are kept of this code; of survivors only with these tests."""
    if not KEPT.exists():
        return {}
    states = {mutant.name: state(mutant) for mutant in mutants}
    header, fates = "", dict[str, str]()
    for line in KEPT.read_text().splitlines():
        entry = json.loads(line)
        if isinstance(entry, str):
            header = entry
            continue
        name, of, fate = entry
        if states.get(name) == of and (fate != NOBODY or header == CHECKED_BY):
            fates[name] = fate
        else:
            fates.pop(name, None)
    return fates


def reasons() -> dict[str, re.Pattern[str]]:
    """The reasons, each with the names of the mutants that it is for; ``*`` in a name stands for anything."""
    entries = yaml.safe_load(REASONS.read_text()) if REASONS.exists() else []
    return {
        " ".join(entry["reason"].split()): re.compile(
            "|".join(re.escape(name).replace(r"\*", ".*") for name in entry["mutants"])
        )
        for entry in entries
    }


def main() -> int:
    """Try the mutants, write the page, tell; 1 if too few are noticed."""
    given = _options()
    every = [mutant for path in _paths() for mutant in mutants_of(path, (ROOT / "planner" / path).read_text())]
    every = [mutant for mutant in every if mutant.path not in SCOPES or SCOPES[mutant.path].fullmatch(mutant.scope)]
    wanted = min(given.sample or len(every), len(every))
    chosen = Random(given.seed).sample(every, wanted)
    fates = known(every)
    if any(mutant.name not in fates for mutant in chosen):
        status = _try_all(Runner(chosen, fates, given.jobs))
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return int(status)
    score = Score(len(every), given.seed, tuple((mutant, fates[mutant.name]) for mutant in chosen), _paths())
    PAGE.write_text(page(score, reasons()))
    print(f"{score.percent:.1f} % of {len(chosen)} mutants are noticed; {PAGE.relative_to(ROOT)} tells the others")
    return 0 if score.percent >= WANTED else 1


def _try_all(runner: Runner) -> int:
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a") as file:
        file.write(json.dumps(CHECKED_BY) + "\n")
    os.chdir(ROOT)
    return pytest.main(["-q", "-s", "-p", "no:xdist", *TESTS], plugins=[runner])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="how many mutants to try; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
