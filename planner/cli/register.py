"""``mgmtnet register``: on the host itself, through its local VDSM, before it meets its engine; the same rules.

The management address is the one from which the host reaches its engine, as ovirt-host-deploy had it. And VDSM is told
that the host is reached only while the engine is: from the host itself VDSM can be reached always.
"""

import argparse
import socket
from urllib.parse import urlsplit

from planner.cli.apply import apply_to, failed
from planner.problem import Problem

ENGINE_PORT = 443
HINT = "give the engine's name, address or URL as this host knows it"


def run(options: argparse.Namespace) -> int:
    """Register; the exit status."""
    engine = _place(options.engine_host)
    if isinstance(engine, Problem):
        return failed(options, [engine])
    host, port = engine
    try:
        address = _towards(host, port)
    except (OSError, UnicodeError) as failure:  # some names cannot even be asked for
        reason = getattr(failure, "strerror", "") or failure
        told = f"no way to the engine {options.engine_host!r}: {reason}"
        return failed(options, [Problem("engine-unreachable", told, HINT)])
    probe = f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
    options.probe = [probe, *options.probe]
    target = options.vdsm or (f"[{address}]" if ":" in address else address)
    return apply_to(options, target, guard=probe, addresses=[address])


def _place(engine: str) -> tuple[str, int] | Problem:
    """The engine's host and port from its name, its address, or its URL."""
    text = engine.strip()
    bare = text.count(":") > 1 and not text.startswith("[") and "://" not in text
    try:
        url = urlsplit(text if "://" in text else f"//[{text}]" if bare else f"//{text}")
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, None
    if not host or any(letter.isspace() for letter in host):
        return Problem("engine-malformed", f"{engine!r} is no engine", HINT)
    return host, port or ENGINE_PORT


def _towards(engine: str, port: int) -> str:
    """This host's own address on the way to the engine; nothing is sent."""
    family, kind, protocol, _, address = socket.getaddrinfo(engine, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as way:
        way.connect(address)
        return str(way.getsockname()[0])
