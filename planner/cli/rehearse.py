"""``mgmtnet rehearse``: the whole of apply against a stand-in for the captured host, with pictures."""

import argparse
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from planner.apply.database import file_url
from planner.apply.executor import carry_out
from planner.apply.order import Access, Limits, Reboot
from planner.apply.preparing import order_for, plan_for, see
from planner.apply.report import Report, unchanged
from planner.apply.run import Event
from planner.apply.secrets import VARIABLE
from planner.apply.standing import host_devices
from planner.cli.apply import failed, version
from planner.cli.hosts import problem_of
from planner.cli.inputs import Wanted, read_file, read_wanted
from planner.cli.output import complain, say, say_at_last
from planner.cli.progress import progress
from planner.cli.simulate import mishaps_of, speed_of
from planner.explain.drawing_text import render
from planner.explain.summary import summary
from planner.explain.topology import before
from planner.host.model import Host
from planner.host.reading import read_capture
from planner.printing import json_text
from planner.problem import Problem, errors
from planner.simulator.captures import read_document
from planner.simulator.faults import Mishap
from planner.simulator.fencing import Controllers
from planner.simulator.kernel import Record
from planner.simulator.server import Hosted, Site
from planner.simulator.standin import StandIn
from planner.simulator.walltime import WallClock
from planner.vdsm.failure import Failure

REFUSED = 3
BMC = "bmc.example.com"
BOOT = 60.0  # seconds of the stand-in's time: long enough to be seen, not to be waited for
SEEN_AFTER = {"verify-adopt": "adopted", "verify": "after setupNetworks", "return": "after the reboot"}
NOWHERE = Problem("no-address", "the captured host has no address that it reports", "a client cannot reach it either")


def run(options: argparse.Namespace) -> int:
    """Rehearse; the exit status is apply's."""
    mishaps, problems = mishaps_of(options.fault)
    speed = speed_of(options.speed)
    problems += [speed] if isinstance(speed, Problem) else []
    wanted = read_wanted(options)
    content = read_file(options.capture, "capture")
    captured = None if isinstance(content, Problem) else read_document(content, options.capture)
    problems += wanted if isinstance(wanted, list) else []
    problems += [content] if isinstance(content, Problem) else list(captured.problems if captured else ())
    if isinstance(wanted, list) or captured is None or captured.document is None or isinstance(speed, Problem):
        return failed(options, problems)
    if errors(problems):
        return failed(options, problems)
    complain([*problems, *wanted.problems])
    with _stage(captured.document, mishaps, speed) as stage:
        if not stage.host.stand_in.address:
            return failed(options, [NOWHERE])
        return _rehearse(options, wanted, stage, speed)


class _Stage(NamedTuple):
    """Where the rehearsal is played: the stand-in, and another host that can switch it off and on."""

    host: Hosted
    proxy: Hosted
    site: Site
    folder: str

    def access(self, hosted: Hosted) -> Access:
        """How to speak with one of the two."""
        address, pair = hosted.stand_in.address, self.site.credentials.client
        place = hosted.address_of(address)
        routes = {own: hosted.address_of(own).address for own in hosted.stand_in.kernel.local_addresses()}
        return Access(
            f"{place.address}:{place.port}",
            ca=str(self.site.credentials.ca),
            certificate=str(pair.certificate),
            key=str(pair.key),
            routes=routes,
        )


@contextmanager
def _stage(capture: Record, mishaps: list[Mishap], speed: float) -> Iterator[_Stage]:
    clock, controllers = WallClock(speed), Controllers()
    host = StandIn(capture, faults=mishaps, clock=clock, boot_seconds=BOOT, controllers=controllers)
    controllers.register(BMC, host)
    folder = tempfile.mkdtemp(prefix="mgmtnet-rehearsal-")
    site = Site(Path(folder) / "credentials")
    try:
        proxy = StandIn(capture, clock=clock, controllers=controllers)
        yield _Stage(site.add(host), site.add(proxy), site, folder)
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _rehearse(options: argparse.Namespace, wanted: Wanted, stage: _Stage, speed: float) -> int:
    access = stage.access(stage.host)
    limits = Limits(vdsm=120 / speed, change=options.timeout / speed, settle=60 / speed, reboot=300 / speed)
    limits = replace(
        limits,
        late=max(6.0, limits.late / speed),
        vdsm=max(5.0, limits.vdsm),
        settle=max(4.0, limits.settle),
        confirm=0.5 / min(speed, 5),
    )
    sight = see(access, limits)
    if isinstance(sight, Failure):
        return failed(options, [problem_of(sight)])
    plan = plan_for(sight, wanted.definition, wanted.rules, wanted.addresses or (stage.host.stand_in.address,))
    document = plan.document()
    if plan.outcome == "refused":
        say(plan.json() if options.output == "json" else summary(document))
        return REFUSED
    if plan.outcome == "no-change":
        return _end(options, unchanged(access.target, document, dirty=sight.host.dirty))
    reboot = Reboot(stage.access(stage.proxy), BMC, "ipmilan", "rehearsal") if options.reboot == "yes" else None
    order = order_for(access, sight, document, reboot=reboot, limits=limits, made_by=version())
    os.environ.setdefault(VARIABLE, "rehearsal")  # the stand-in's controller takes any
    pictures = {"as it was captured": sight.host}
    with progress(options.log) as tell:

        def watch(event: Event) -> None:
            tell(event)
            if event.kind == "end" and event.step in SEEN_AFTER:
                now = read_capture(stage.host.stand_in.caps()).host
                if now is not None:
                    pictures[SEEN_AFTER[event.step]] = now

        report = carry_out(order, file_url(os.path.join(stage.folder, "journal.sqlite")), watch)
    if options.output == "text":
        _show(pictures, document["management"] or {})
    return _end(options, report)


def _show(pictures: Mapping[str, Host], management: Mapping[str, str | None]) -> None:
    """The stack from the nics up to the management address, at each moment."""
    address = management.get("address") or ""
    for moment, host in pictures.items():
        # A lease may be another by now; then the picture is of where the host was asked.
        picture = before(host, _holder(host, address), address)
        say(render(dataclasses.replace(picture, title=moment[0].upper() + moment[1:])).rstrip() + "\n\n")


def _holder(host: Host, address: str) -> str:
    held = (device.name for device in host_devices(host) if address in {one.text for one in device.ip.addresses})
    return next(held, "")


def _end(options: argparse.Namespace, report: Report) -> int:
    say_at_last(json_text(report.document()) if options.output == "json" else report.text())
    return report.status
