"""``mgmtnet rehearse``: the whole of apply against a stand-in for the captured host, with pictures."""

import argparse
import dataclasses
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import planner
from planner.apply.execute import carry_out, order_for, plan_for, see
from planner.apply.journal import file_url
from planner.apply.library import problem_of
from planner.apply.order import Access, Limits, Reboot
from planner.apply.run import Event, unchanged
from planner.apply.verify import host_devices
from planner.apply.world import VARIABLE
from planner.cli.apply import failed
from planner.cli.inputs import Wanted, held_at, held_by, read_wanted, which_of
from planner.cli.output import complain, say
from planner.cli.progress import endable, progress, say_report
from planner.explain.drawing.scene import before
from planner.explain.drawing.text import render
from planner.explain.summary import summary
from planner.host.capture import read_capture
from planner.host.model import Host
from planner.problem import Problem, errors
from planner.standin.captures import read_document
from planner.standin.clock import WallClock
from planner.standin.faults import Mishap, parse_mishap
from planner.standin.host import Controllers, StandIn
from planner.standin.kernel import Record
from planner.standin.server import Hosted, Site, serve
from planner.vdsm.client import Failure

# ``mgmtnet simulate``: a stand-in for a captured host that listens until it is interrupted.


LARGEST_PORT = 65535
FASTEST = 1e6  # what is faster ends before it has begun
LOOK = 0.2  # seconds between looks whether there is news to print


def run_simulate(options: argparse.Namespace) -> int:
    """Serve until interrupted; the exit status."""
    mishaps, problems = mishaps_of(options.fault)
    port, speed = _number(options.port, LARGEST_PORT), speed_of(options.speed)
    if port is None or port != int(port):
        problems.append(Problem("port-malformed", f"--port {options.port}: not a port", "a number from 0 to 65535"))
    if isinstance(speed, Problem):
        problems.append(speed)
    held = held_at(options.capture, which_of(options))
    if isinstance(held, Problem):
        complain([*problems, held])
        return 1
    captured = read_document(*held)
    complain([*problems, *captured.problems])
    if problems or captured.document is None or port is None or isinstance(speed, Problem):
        return 1
    stand_in = StandIn(captured.document, address=options.address or "", faults=mishaps, clock=WallClock(speed))
    if not stand_in.address:
        hint = "a client cannot reach such a host either"
        complain([Problem("no-address", "the captured host has no address on a device that VDSM reports", hint)])
        return 1
    if options.credentials:
        return _serve(stand_in, Path(options.credentials), int(port))
    with tempfile.TemporaryDirectory(prefix="mgmtnet-simulate-") as folder:
        return _serve(stand_in, Path(folder), int(port))


def _serve(stand_in: StandIn, folder: Path, port: int) -> int:
    try:
        with endable(), serve(stand_in, folder, port=port) as hosted:
            _introduce(hosted, folder)
            _tell(hosted)
    except KeyboardInterrupt:
        return 0
    except OSError as failure:
        reason = failure.strerror or str(failure)
        complain(
            [Problem("cannot-serve", f"cannot serve from {folder} on port {port}: {reason}", "--port 0: any port")]
        )
        return 1
    return 0


def _introduce(hosted: Hosted, folder: Path) -> None:
    place = hosted.address_of(hosted.stand_in.address)
    wires = [
        name
        for name, spoken in (("STOMP", hosted.stand_in.age.stomp), ("XML-RPC", hosted.stand_in.age.xmlrpc))
        if spoken
    ]
    say(f"{hosted.stand_in.address} answers at {place.address}:{place.port} ({', '.join(wires)} over TLS)")
    say(f"its other addresses: {folder / 'addresses.json'}")
    certificate, key = folder / "client-cert.pem", folder / "client-key.pem"
    say(f"MGMTNET_CA={folder / 'ca.pem'} MGMTNET_CERT={certificate} MGMTNET_KEY={key}")


def _tell(hosted: Hosted) -> None:
    """Print what the host is asked, and where it moves, for as long as somebody listens."""
    known = {hosted.stand_in.address}
    pause = threading.Event()
    told = 0
    try:
        while not pause.wait(LOOK):
            told = _news(hosted, known, told)
    finally:
        _news(hosted, known, told)


def _news(hosted: Hosted, known: set[str], told: int) -> int:
    """Print what is new since ``told`` calls; how many calls there are now."""
    for address, place in list(hosted.places.items()):
        if address not in known:
            known.add(address)
            say(f"{address} answers at {place.address}:{place.port}")
    calls = hosted.stand_in.log[told:]
    for verb, _ in calls:
        if verb not in ("confirmConnectivity", "ping", "ping2"):
            say(f"asked: {verb}")
    return told + len(calls)


def mishaps_of(texts: list[str]) -> tuple[list[Mishap], list[Problem]]:
    """The faults that were asked for, and what is wrong with those that are none."""
    parsed = [parse_mishap(text) for text in texts]
    problems = [one for one in parsed if isinstance(one, Problem)]
    return [one for one in parsed if isinstance(one, Mishap)], problems


def speed_of(text: str) -> float | Problem:
    """How fast VDSM's clock shall run."""
    speed = _number(text, FASTEST)
    return speed or Problem("speed-malformed", f"--speed {text}: not a speed", "a number above 0, like 10")


def _number(text: str, largest: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= largest else None


REFUSED = 3
BMC = "bmc.example.com"
BOOT = 60.0  # seconds of the stand-in's time: long enough to be seen, not to be waited for
SEEN_AFTER = {"verify-adopt": "adopted", "verify": "after setupNetworks", "return": "after the reboot"}
NOWHERE = Problem("no-address", "the captured host has no address that it reports", "a client cannot reach it either")


def run_rehearse(options: argparse.Namespace) -> int:
    """Rehearse; the exit status is apply's."""
    mishaps, problems = mishaps_of(options.fault)
    speed = speed_of(options.speed)
    problems += [speed] if isinstance(speed, Problem) else []
    wanted = read_wanted(options)
    held = held_by(options)
    captured = None if isinstance(held, Problem) else read_document(*held)
    problems += wanted if isinstance(wanted, list) else []
    problems += [held] if isinstance(held, Problem) else list(captured.problems if captured else ())
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
        return say_report(options.output, unchanged(access.target, document, dirty=sight.host.dirty))
    reboot = Reboot(stage.access(stage.proxy), BMC, "ipmilan", "rehearsal") if options.reboot == "yes" else None
    order = order_for(access, sight, document, reboot=reboot, limits=limits, made_by=planner.__version__)
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
    return say_report(options.output, report)


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
