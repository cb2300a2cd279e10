"""``mgmtnet simulate``: a stand-in for a captured host that listens until it is interrupted."""

import argparse
import tempfile
import threading
from pathlib import Path

from planner.cli.inputs import read_file
from planner.cli.output import complain, say
from planner.problem import Problem
from planner.simulator.captures import read_document
from planner.simulator.faults import Mishap, parse_mishap
from planner.simulator.server import Hosted, serve
from planner.simulator.standin import StandIn
from planner.simulator.walltime import WallClock

LARGEST_PORT = 65535
FASTEST = 1e6  # what is faster ends before it has begun
LOOK = 0.2  # seconds between looks whether there is news to print


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted; the exit status."""
    mishaps, problems = mishaps_of(options.fault)
    port, speed = _number(options.port, LARGEST_PORT), speed_of(options.speed)
    if port is None or port != int(port):
        problems.append(Problem("port-malformed", f"--port {options.port}: not a port", "a number from 0 to 65535"))
    if isinstance(speed, Problem):
        problems.append(speed)
    content = read_file(options.capture, "capture")
    if isinstance(content, Problem):
        complain([*problems, content])
        return 1
    captured = read_document(content, "standard input" if options.capture == "-" else options.capture)
    complain([*problems, *captured.problems])
    if problems or captured.document is None or port is None or isinstance(speed, Problem):
        return 1
    stand_in = StandIn(captured.document, address=options.address or "", faults=mishaps, clock=WallClock(speed))
    if not stand_in.address:
        hint = "a client cannot reach such a host either"
        complain([Problem("no-address", "the captured host has no address on a device that VDSM reports", hint)])
        return 1
    folder = Path(options.credentials) if options.credentials else Path(tempfile.mkdtemp(prefix="mgmtnet-simulate-"))
    return _serve(stand_in, folder, int(port))


def _serve(stand_in: StandIn, folder: Path, port: int) -> int:
    try:
        with serve(stand_in, folder, port=port) as hosted:
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
