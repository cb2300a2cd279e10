"""A fleet planned: each capture read, held against what is wanted of it, and planned, on all processors.

A capture that cannot be planned is a line of the result like any other, and stops nothing.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from planner import Planner
from planner.definition import Definition, read_definition
from planner.fleet.captures import Captured, captures_in
from planner.fleet.folder import Folder, read_plan, write_plan
from planner.fleet.inventory import Register
from planner.fleet.processes import LOST, spread
from planner.fleet.topology import age, shape, topology
from planner.fleet.wishes import Wishes
from planner.host.capture import read_capture
from planner.host.model import Host
from planner.printing import json_text
from planner.problem import Problem, Where, errors
from planner.rules.compiled import Compiled
from planner.vdsm.addresses import resolve

UNPLANNED = "unplanned"
MOST_PROBLEMS = 20  # of one host that a line tells; its plan has them all
UNSTATED = Problem(
    "no-definition",
    "nobody says what is wanted of it",
    "add a row for it to the table, or one for * at its end",
)


class Sought(NamedTuple):
    """What a fleet is planned by: what is wanted of which host, at which addresses, by which rules, and what for.

    ``as_vdsm``: as if every host had that version. ``version``: of this program, by another of which nothing is kept.
    ``whole``: each line has its plan. ``drawn``: the first host of each topology and outcome is drawn.
    """

    wishes: Wishes
    register: Register
    rules: Compiled
    as_vdsm: tuple[int, ...] = ()
    version: str = ""
    folder: str = ""
    whole: bool = False
    drawn: bool = False


class Planned(NamedTuple):
    """A host of a fleet, as a line tells it.

    ``outcome``: change, no-change, refused, or unplanned, which ``problems`` tell; ``codes`` are those of the errors.
    ``vdsm`` is its age, ``shape`` what its plan does under whatever names, ``plan`` the file in the fleet's folder,
    ``stamp`` a digest of all that the plan was made of.
    """

    host: str
    source: str
    outcome: str
    topology: str = ""
    vdsm: str = ""
    network: str = ""
    address: str = ""
    device: str = ""
    codes: tuple[str, ...] = ()
    problems: tuple[Mapping[str, Any], ...] = ()
    shape: str = ""
    plan: str = ""
    stamp: str = ""


class Done(NamedTuple):
    """A host with its line as it is written, and what else the work on it has shown.

    ``kept``: its plan was there already. ``row``: the line of the table that is about it; ``entry``: the place in the
    register, -1 for none. ``drawing``: SVG, of the first of its kind.
    """

    planned: Planned
    line: str
    kept: bool = False
    row: int = 0
    entry: int = -1
    drawing: str = ""


class Task(NamedTuple):
    """A capture, and the line that a folder has of it, "" for none."""

    captured: Captured
    before: str = ""


def plan_fleet(sought: Sought, paths: Sequence[str], folder: Folder | None = None) -> Iterator[Done]:
    """Each host that the paths lead to, in their order; what stands in the ``folder`` is kept, and lines go in."""
    captures = captures_in(paths)
    tasks = (Task(one, folder.before(one.source) if folder is not None else "") for one in captures)
    for done in spread(Work(sought), tasks, _lost, few=0, weight=_weight):
        if folder is not None:
            folder.add(done.line)
        yield done


def _weight(task: Task) -> int:
    return len(task.captured.held) if isinstance(task.captured.held, bytes) else 0


def _lost(task: Task) -> Done:
    return _unplanned(task.captured, [LOST._replace(where=(Where(task.captured.source),))])


def line_of(planned: Planned, plan: Mapping[str, Any] | None = None) -> str:
    """The line of a host as JSON, with its plan where that is to be in it."""
    document: dict[str, Any] = planned._asdict()
    if plan is not None:
        document["plan"] = plan
    return json_text(document, None)


def read_line(line: str) -> Planned | None:
    """The host of a line; None where it is none, as where writing it was interrupted."""
    import json

    try:
        document = json.loads(line)
        planned = Planned(**document)
    except (ValueError, TypeError, RecursionError):
        return None
    return planned._replace(codes=tuple(planned.codes), problems=tuple(planned.problems))


# One host, in a process that has planned others before it.


class _Told(NamedTuple):
    """A capture with what the line of a stream tells beside it."""

    capture: bytes | dict[str, Any]
    host: str
    definition: Definition | None = None
    addresses: tuple[str, ...] = ()


class Work:
    """Plans a host; what hosts have in common is found out once, and the first of a kind is drawn."""

    def __init__(self, sought: Sought) -> None:
        """Make the rules ready."""
        self.sought = sought
        self.planner = Planner(sought.rules)
        self.drawn: set[tuple[str, str]] = set()

    def __call__(self, task: Task) -> Done:
        """The host of a task; a fault of ours costs its plan, and no other."""
        try:
            return self._done(task)
        except Exception as fault:
            if os.environ.get("MGMTNET_DEBUG"):
                raise
            told = f"planning it failed: {type(fault).__name__}: {fault}"
            hint = "please report it with the capture"
            return _unplanned(task.captured, [Problem("internal-fault", told, hint)])

    def _done(self, task: Task) -> Done:
        captured = task.captured
        content = captured.content()
        told = content if isinstance(content, Problem) else _told(captured, content)
        if isinstance(told, Problem):
            return _unplanned(captured, [told])
        captured = captured._replace(host=told.host)
        names = (told.host, *captured.names)
        place = self.sought.register.place(names)
        entry = self.sought.register.entries[place] if place >= 0 else None
        wish = self.sought.wishes.about(names, entry.groups if entry is not None else ())
        definition = told.definition or (wish.definition if wish is not None else None)
        row = wish.line if wish is not None else 0
        if definition is None:
            return _unplanned(captured, [UNSTATED._replace(where=(Where(captured.source),))], row, place)
        addresses, problems = told.addresses or (wish.addresses if wish is not None else ()), list[Problem]()
        if not addresses and entry is not None:
            addresses, problems = resolve([entry.address])
        if problems:
            return _unplanned(captured, problems, row, place)
        stamp = self._stamp(content, definition, addresses)
        kept = self._kept(task.before, stamp, captured, told, place)
        if kept is not None:
            return kept._replace(row=row, entry=place)
        return self._planned(captured, told.capture, definition, addresses, stamp)._replace(row=row, entry=place)

    def _planned(
        self,
        captured: Captured,
        capture: bytes | dict[str, Any],
        definition: Definition,
        addresses: tuple[str, ...],
        stamp: str,
    ) -> Done:
        reading = read_capture(capture, captured.source)
        if reading.host is None:
            return _unplanned(captured, errors(list(reading.problems)))
        host = reading.host
        if self.sought.as_vdsm:
            host = host._replace(version=self.sought.as_vdsm)
        plan = self.planner.plan(host, definition, addresses)
        document = plan.document()
        wrong = errors(list(plan.problems))
        planned = Planned(
            captured.host,
            captured.source,
            plan.outcome,
            topology(document),
            age(host),
            plan.network,
            plan.management.address if plan.management is not None else "",
            plan.management.device if plan.management is not None else "",
            tuple(dict.fromkeys(problem.code for problem in wrong)),
            _told_of(wrong) if plan.outcome == "refused" else (),
            shape(document),
            stamp=stamp,
        )
        if self.sought.folder:
            file = write_plan(self.sought.folder, captured.source, plan.json())
            if isinstance(file, Problem):
                return _unplanned(captured, [file])
            planned = planned._replace(plan=file)
        line = line_of(planned, document if self.sought.whole else None)
        return Done(planned, line, drawing=self._drawing(planned, host, document))

    def _kept(self, line: str, stamp: str, captured: Captured, told: _Told, place: int) -> Done | None:
        """What stands in the folder already, if it was made of the same, and the plan is still as it was."""
        before = read_line(line) if line else None
        if before is None or before.outcome == UNPLANNED or (before.stamp, before.host) != (stamp, captured.host):
            return None
        document = read_plan(self.sought.folder, before.plan)
        if document is None or shape(document) != before.shape:
            return None
        drawing = ""
        if self._is_new(before) and (host := read_capture(told.capture, captured.source).host) is not None:
            drawing = self._drawing(before, host, document)
        return Done(before, line, kept=True, entry=place, drawing=drawing)

    def _stamp(self, content: bytes | Problem, definition: Definition, addresses: Sequence[str]) -> str:
        """A digest of all that a plan is made of."""
        sought = self.sought
        digest = sha256(content if isinstance(content, bytes) else b"")
        parts = [definition.digest, list(addresses), sought.rules.ruleset.digest, sought.version, sought.as_vdsm]
        digest.update(json_text(parts, None).encode())
        return f"sha256:{digest.hexdigest()}"

    def _is_new(self, planned: Planned) -> bool:
        return self.sought.drawn and (planned.topology, planned.outcome) not in self.drawn

    def _drawing(self, planned: Planned, host: Host, document: Mapping[str, Any]) -> str:
        if not self._is_new(planned):
            return ""
        from planner.explain.drawing.scene import pictures
        from planner.explain.drawing.svg import render

        self.drawn.add((planned.topology, planned.outcome))
        return render(*pictures(host, document))


def _told(captured: Captured, content: bytes) -> _Told | Problem:
    """The capture; a line of a stream may have it under ``capture``, with its host's name, addresses and definition."""
    if b'"capture"' not in content:
        return _Told(content, captured.host)
    import json

    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _Told(content, captured.host)
    if not isinstance(document, dict) or not isinstance(document.get("capture"), dict):
        return _Told(content, captured.host)
    stated = document.get("addresses") or document.get("address") or ()
    addresses, problems = resolve([str(one) for one in ([stated] if isinstance(stated, str) else stated)])
    definition = None
    if isinstance(document.get("definition"), dict):
        reading = read_definition(document["definition"], captured.source)
        definition, problems = reading.definition, [*problems, *errors(list(reading.problems))]
    if problems:
        return problems[0]
    host = document.get("host") or document.get("name") or captured.host
    return _Told(document["capture"], str(host), definition, addresses)


def _unplanned(captured: Captured, problems: Iterable[Problem], row: int = 0, entry: int = -1) -> Done:
    wrong = list(problems)
    codes = tuple(dict.fromkeys(problem.code for problem in wrong))
    planned = Planned(captured.host, captured.source, UNPLANNED, codes=codes, problems=_told_of(wrong))
    return Done(planned, line_of(planned), row=row, entry=entry)


def _told_of(problems: Sequence[Problem]) -> tuple[Mapping[str, Any], ...]:
    """Of each problem what a line tells."""
    return tuple(
        {
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
            "where": [str(where) for where in problem.where],
        }
        for problem in problems[:MOST_PROBLEMS]
    )
