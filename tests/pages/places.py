"""Where a page's commands run: a checkout with its programs, this host's VDSM, host1.example.com, and the engine.

Both hosts are stand-ins, each a process of its own, at VDSM's port of a loopback address. Where the text says
`vdsm-client` a small program speaks with this host (`vdsm_client`). Names lead there by a table (`resolving`), and
curl's way to engine.example.com by its configuration: whatever the page has is typed as it stands.
"""

import http.server
import os
import shutil
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from standins import PATIENCE, Machine, machine

ROOT = Path(__file__).parents[2]
SEED = "seed-vlan-over-bond"
HEALTH = "/ovirt-engine/services/health"


class Place(NamedTuple):
    """A checkout, what is set there, and the hosts."""

    folder: Path
    environment: dict[str, str]
    this: Machine
    other: Machine


@contextmanager
def surroundings(folder: Path, *, speed: float, cut_off: bool = False) -> Iterator[Place]:
    """``speed``: how fast the clock of both VDSMs runs; ``cut_off``: what this host's bridge sends reaches nobody."""
    for name in ("golden", "rules", "lab"):
        shutil.copytree(ROOT / name, folder / "checkout" / name)
    with (
        machine(folder / "this", SEED, port=54321, speed=speed) as this,
        machine(folder / "other", SEED, port=54321, speed=speed, beside=this) as other,
        _engine(this, cut_off=cut_off) as port,
    ):
        home = folder / "home"
        home.mkdir()
        (home / ".curlrc").write_text(f"connect-to = engine.example.com:443:127.0.0.1:{port}\n")
        hosts = folder / "hosts"
        hosts.write_text(f"{_address(this)} localhost\n{_address(other)} host1.example.com\n")
        programs = _programs(
            folder / "programs", mgmtnet="-m planner", vdsm_client=str(ROOT / "tests/pages/vdsm_client.py")
        )
        author = {
            f"GIT_{who}_{what}": "author@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        environment = {
            **author,
            **other.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": ":".join(str(ROOT / path) for path in ("", "tests/pages/resolving", "tests/standin")),
            "PYTHONUNBUFFERED": "1",  # both streams in the order in which a terminal shows them
            "HOSTS": str(hosts),
            "HOME": str(home),
        }
        yield Place(folder / "checkout", environment, this, other)


def _address(one: Machine) -> str:
    address, _, port = one.target.partition(":")
    assert port == "54321"
    return address


def _programs(folder: Path, **programs: str) -> Path:
    folder.mkdir()
    for name, started in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {started} "$@"\n')
        program.chmod(0o755)
    return folder


@contextmanager
def _engine(host: Machine, *, cut_off: bool) -> Iterator[int]:
    """The engine's page of health, over TLS, as ``host`` gets to see it; the port."""

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if cut_off and host.speaker.capabilities(timeout=PATIENCE)["bridges"]:
                return  # no answer
            self.send_response(200 if self.path == HEALTH else 404)
            self.end_headers()
            self.wfile.write(b"DB Up!Welcome to Health Status!")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(host.folder / "credentials" / f"host-{name}.pem" for name in ("cert", "key")))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
