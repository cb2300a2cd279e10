"""Tests marked ``lab`` run inside one User-Mode Linux kernel per test run; their reports are replayed outside.

Outside, the first lab test boots the kernel; pytest runs there with the node ids of all selected lab tests, and every
report made inside is replayed, so that skips, captured output and tracebacks look as if they had happened here.
Tests marked ``lab_boots`` boot kernels of their own and run outside.

Neither is selected unless asked for: ``LAB_RUN=1`` (skipped if the lab is not built) or ``LAB_REQUIRED=1`` (failed).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from typing import NoReturn

import pytest

CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
LAB = os.environ.get("LAB") or os.path.join(CACHE, "uml-lab")
INSIDE = os.environ.get("LAB_INSIDE") == "1"
REQUIRED = os.environ.get("LAB_REQUIRED") == "1"
ASKED_FOR = REQUIRED or INSIDE or os.environ.get("LAB_RUN") == "1"
# Seconds for a kernel. Shorter fails good runs on a busy machine; longer only tells later of one that hangs.
TIMEOUT = os.environ.get("LAB_TIMEOUT", "3600")
ABSENT = f"no lab under {LAB}: run lab/setup.sh"
NO_BOOT = "[lab] no boot"  # what umlrun says where its kernel cannot start at all
MARKS = {
    "lab": "runs inside User-Mode Linux, if LAB_RUN=1 or LAB_REQUIRED=1",
    "lab_boots": "boots User-Mode Linux itself, if LAB_RUN=1 or LAB_REQUIRED=1",
}


def install(config: pytest.Config) -> None:
    """Take part in a test run."""
    for name, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    config.pluginmanager.register(Selector())
    if INSIDE:
        config.pluginmanager.register(Recorder(config, os.environ["LAB_RESULTS"]))
    else:
        config.pluginmanager.register(Replayer(config))


def built() -> bool:
    """Whether there is a lab to run in."""
    return os.access(os.path.join(LAB, "uml/usr/bin/linux.uml"), os.X_OK)


def without_boot(console: str) -> str:
    """The line in which ``console`` says that no kernel can boot here; "" if it does not."""
    return next((line for line in console.splitlines() if line.startswith(NO_BOOT)), "")


def give_up(reason: str) -> NoReturn:
    """End a test that boots itself: failed if the lab is required, else skipped."""
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def run_in_kernel(job: str, variables: Mapping[str, str], root: str) -> subprocess.CompletedProcess[str]:
    """Run the lines ``job`` (bash, in the folder ``root``) in a fresh kernel; output and errors come on stdout."""
    work = tempfile.mkdtemp(prefix="pytest.", dir=LAB)
    try:
        script = os.path.join(work, "job")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'cd "{root}" || exit 125\n{job}\n')
        command = [os.path.join(LAB, "scripts/umlrun"), "-t", TIMEOUT]
        for folder in (root, sys.prefix, sys.base_prefix):  # wherever the project and its environment lie
            command += ["-b", folder]
        for name, value in {"PYTHONDONTWRITEBYTECODE": "1", **variables}.items():
            command += ["-e", f"{name}={value}"]
        return subprocess.run(
            [*command, script],
            env={**os.environ, "LAB": LAB},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)


class Selector:
    """Leave lab tests out of a run that did not ask for them; without a lab, skip or fail those that boot."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect."""
        if ASKED_FOR:
            return
        left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in MARKS)]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Only tests that boot themselves need this; the others are answered by `Replayer`."""
        if item.get_closest_marker("lab_boots") and not built():
            give_up(ABSENT)


class Recorder:
    """Inside: write every report to a file that is read outside."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        """``path``: the file."""
        self.config, self.path = config, path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write one."""
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(data) + "\n")


class Replayer:
    """Outside: boot once, then replay the reports of each lab test."""

    def __init__(self, config: pytest.Config) -> None:
        """For a run with ``config``."""
        self.config = config
        self.reports: dict[str, list[pytest.TestReport]] | None = None
        self.console = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Answer for a lab test; None for any other."""
        if not item.get_closest_marker("lab"):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self.reports_of(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def reports_of(self, item: pytest.Item) -> list[pytest.TestReport]:
        """What was reported inside, or why nothing was."""
        if self.reports is None:
            self.reports = self.boot(item.session) if built() else {}
        absent = without_boot(self.console) if built() else ABSENT
        if absent and REQUIRED:
            return [self.report(item, "failed", absent)]
        if absent:
            return [self.report(item, "skipped", (str(item.path), 0, f"Skipped: {absent}"))]
        done = self.reports[item.nodeid]
        if not any(report.when == "teardown" for report in done):
            text = f"the lab kernel did not finish this test; console:\n{self.console[-4000:]}"
            return [*done, self.report(item, "failed", text)]
        return done

    @staticmethod
    def report(item: pytest.Item, outcome: str, text: object) -> pytest.TestReport:
        """A report from outside."""
        keywords = dict.fromkeys(item.keywords, 1)
        return pytest.TestReport(item.nodeid, item.location, keywords, outcome, text, "setup")  # type: ignore[arg-type]  # as recorded

    def boot(self, session: pytest.Session) -> dict[str, list[pytest.TestReport]]:
        """Run all selected lab tests; the reports by node id."""
        work = tempfile.mkdtemp(prefix="results.", dir=LAB)
        ids, results = os.path.join(work, "ids"), os.path.join(work, "results")
        try:
            with open(ids, "w", encoding="utf-8") as file:
                file.writelines(f"{item.nodeid}\n" for item in session.items if item.get_closest_marker("lab"))
            job = f'mapfile -t ids < "{ids}"\n"{sys.executable}" -m pytest -q "${{ids[@]}}"'
            self.console = run_in_kernel(
                job, {"LAB_INSIDE": "1", "LAB_RESULTS": results}, str(self.config.rootpath)
            ).stdout
            return self.read(results)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def read(self, path: str) -> dict[str, list[pytest.TestReport]]:
        """The reports in the file ``path``, which is missing if the kernel never came that far."""
        found: dict[str, list[pytest.TestReport]] = defaultdict(list)
        if not os.path.exists(path):
            return found
        with open(path, encoding="utf-8") as file:
            for line in file:
                report = self.config.hook.pytest_report_from_serializable(config=self.config, data=json.loads(line))
                report.location = tuple(report.location)  # JSON knows no tuples
                if isinstance(report.longrepr, list):
                    report.longrepr = tuple(report.longrepr)
                found[report.nodeid].append(report)
        return found
