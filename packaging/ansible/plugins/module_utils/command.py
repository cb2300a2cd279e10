# The licence is mgmtnet's, Apache-2.0.
"""The command ``mgmtnet``, as the modules and the filter of this collection run it: they ask, and it decides.

The Python that Ansible has on a host may be too old for mgmtnet; its command brings its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# Parameters of modules that are options of the command, named alike.
WANTED = ("address", "rules", "policy")
ACCESS = ("wait", "transport", "ca", "cert", "key", "pin", "engine", "engine_user", "engine_password_file", "routes")
CHANGE = (
    "timeout",
    "probe",
    "expect",
    "reboot",
    "fence_address",
    "fence_agent",
    "fence_user",
    "fence_password_file",
    "fence_options",
)

ARGUMENTS = {
    "host": {"type": "str"},
    "definition": {"type": "raw"},
    "address": {"type": "list", "elements": "str"},
    "rules": {"type": "str"},
    "policy": {"type": "path"},
    "wait": {"type": "float"},
    "transport": {"type": "str", "choices": ["auto", "jsonrpc", "xmlrpc", "engine"]},
    "ca": {"type": "path"},
    "cert": {"type": "path"},
    "key": {"type": "path", "no_log": False},
    "pin": {"type": "str"},
    "engine": {"type": "str"},
    "engine_user": {"type": "str"},
    "engine_password_file": {"type": "path", "no_log": False},
    "routes": {"type": "path"},
    "executable": {"type": "str", "default": "mgmtnet"},
}


class UnansweredError(Exception):
    """The command has no answer; ``problems`` are why, where it could name them."""

    def __init__(self, told: str, problems: Iterable[dict[str, Any]] = ()) -> None:
        """Say why."""
        super().__init__(told)
        self.problems = list(problems)


class Mgmtnet:
    """The command ``executable``, with the options that ``params`` state."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """Parameters that are missing, None or empty state nothing."""
        self.params = params

    def captured(self) -> str:
        """What the host reports, as text."""
        return self._run("capture", self.params["host"], "--log", "json", *self._options(ACCESS))

    def planned(self, capture: Any) -> dict[str, Any]:
        """The plan for the host that ``capture`` describes."""
        with _kept(self.params["definition"]) as definition:
            options = self._options(WANTED)
            return self._document("plan", "-", "--network", definition, "-o", "json", *options, given=_text(capture))

    def compared(self, capture: Any) -> str:
        """What that plan changes on the host, a line for each device and address."""
        with _kept(self.params["definition"]) as definition:
            return self._run("diff", "-", "--network", definition, *self._options(WANTED), given=_text(capture))

    def interrupted(self) -> list[str]:
        """The names of the runs on the host that were interrupted."""
        runs = self._document("status", "-o", "json")
        return [run["run"] for run in runs if run["host"] == self.params["host"] and run["state"] == "running"]

    def resumed(self, run: str) -> dict[str, Any]:
        """Go on with a run; its report."""
        return self._document("resume", run, "-o", "json")

    def applied(self, plan: dict[str, Any]) -> dict[str, Any]:
        """Carry a plan out; the report, or the plan where it refuses."""
        with _kept(plan) as path:
            options = self._options(ACCESS + CHANGE)
            return self._document("apply", self.params["host"], "--plan", path, "--yes", "-o", "json", *options)

    def _options(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            value = self.params.get(name)
            for one in value if isinstance(value, (list, tuple)) else [value]:
                if one not in (None, ""):
                    yield from ("--" + name.replace("_", "-"), str(one))

    def _document(self, *words: str, given: str = "") -> Any:
        said = self._run(*words, given=given)
        document = json.loads(said)
        if isinstance(document, dict) and document.get("format") == "mgmtnet/problems@1":
            raise UnansweredError(told(document["problems"]), document["problems"])
        return document

    def _run(self, *words: str, given: str = "") -> str:
        """What the command prints; its status is told by that, too."""
        try:
            ran = subprocess.run(
                [self.params["executable"], *words],
                input=given,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=dict(os.environ, PYTHONIOENCODING="utf-8"),
                check=False,
            )
        except OSError as failure:
            told = "there is no command {!r} here ({}): install mgmtnet, or name it by `executable`"
            raise UnansweredError(told.format(self.params["executable"], failure.strerror)) from failure
        if not ran.stdout:
            raise _unanswered(ran.stderr.splitlines(), ran.returncode)
        return ran.stdout


def _unanswered(lines: Sequence[str], status: int) -> UnansweredError:
    """Why nothing was printed: the problems of ``--log json``, else the last error in words, with its hint."""
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    problems = [
        {name: value for name, value in one.items() if name not in ("time", "kind")}
        for one in logged
        if one["kind"] == "problem"
    ]
    words = [line.strip() for line in lines if not line.startswith("{")] or [f"mgmtnet: status {status}"]
    last = max((place for place, line in enumerate(words) if "error" in line), default=-1)
    return UnansweredError(told(problems) or " ".join(words[last:]), problems)


def told(problems: Iterable[Mapping[str, Any]]) -> str:
    """The errors among ``problems`` on one line: oVirt's engine makes an event of it."""
    errors = [problem for problem in problems if problem.get("severity", "error") == "error"]
    said = ("{message} ({code})".format(**one) + (f": {one['hint']}" if one.get("hint") else "") for one in errors)
    return " ".join("; ".join(said).split())


def tell_plan(plan: Mapping[str, Any], found: dict[str, Any], warn: Callable[[str], object]) -> None:
    """Put what modules return of a plan into ``found``, and ``warn`` of what it warns of.

    ``id`` and ``host_nic`` are what `ovirt.ovirt.ovirt_host_network` returns, as far as VDSM knows it: the device by
    its name.
    """
    attachment = plan["attachment"]
    found.update({"id": attachment["iface"], "host_nic": attachment} if attachment else {})
    found.update(plan=plan, problems=plan["problems"])
    for problem in plan["problems"]:
        if problem["severity"] == "warning":
            warn("{message} ({code})".format(**problem))


@contextmanager
def _kept(document: Any) -> Iterator[str]:
    """The path of a file that has ``document``, for as long as it is needed."""
    with tempfile.NamedTemporaryFile("w", prefix="mgmtnet-", suffix=".yaml", encoding="utf-8") as file:
        file.write(_text(document))
        file.flush()
        yield file.name


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
