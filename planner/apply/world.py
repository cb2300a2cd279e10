"""What a run has of the world outside, handed in to its steps: time, work beside, probes, and ways to speak with hosts.

Under a world of its own every order of events can be had: nothing in the steps asks for time or threads elsewhere.
"""

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPSConnection
from queue import SimpleQueue
from threading import Thread
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, urlsplit

from planner.apply.order import Access, Reboot
from planner.apply.verify import host_devices
from planner.files import content_of
from planner.host.model import Host, Ip
from planner.problem import Problem
from planner.vdsm.client import Document, Done, Failure, FenceAction, FenceAgent, Power, Speaker
from planner.vdsm.connect import speaker
from planner.vdsm.credentials import LONGEST_FILE, Credentials, from_environment

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# From what an order says of access to a way to speak; secrets are read here, from files or the environment.


# Who hears of each call to a host (`mgmtnet -v`), if somebody does.
OVERHEARD: list[Callable[[str], None]] = []


def speaker_of(access: Access) -> Speaker | Failure:
    """A way to speak with ``access.target``."""
    stated = {"MGMTNET_CA": access.ca, "MGMTNET_CERT": access.certificate, "MGMTNET_KEY": access.key}
    engine = {
        "MGMTNET_ENGINE_URL": access.engine,
        "MGMTNET_ENGINE_USER": access.user,
        "MGMTNET_ENGINE_PASSWORD_FILE": access.password_file,
    }
    known = {**os.environ, **{name: value for name, value in (stated | engine).items() if value}}
    if access.transport != "engine":
        known.pop("MGMTNET_ENGINE_URL", None)  # nobody's password is needed
    credentials = from_environment(known)
    if not isinstance(credentials, Credentials):
        return credentials
    found = speaker(access.target, access.transport, credentials, access.pin or None)
    if isinstance(found, Failure) or not OVERHEARD:
        return found
    return _Overheard(found, access.target, OVERHEARD[-1])


class _Overheard:
    """A speaker; ``hear`` is told a line of each call: whom it asked, what came of it, how long it took."""

    def __init__(self, speaker: Speaker, address: str, hear: Callable[[str], None]) -> None:
        """Listen to ``speaker``, which speaks with ``address``."""
        self._speaker, self._address, self._hear = speaker, address, hear

    def ping(self, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("ping", lambda: self._speaker.ping(timeout=timeout))

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """As the speaker."""
        return self._told("getCapabilities", lambda: self._speaker.capabilities(timeout=timeout))

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("setupNetworks", lambda: self._speaker.set_up(request, timeout=timeout))

    def confirm(self, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("confirmConnectivity", lambda: self._speaker.confirm(timeout=timeout))

    def commit(self, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("setSafeNetworkConfig", lambda: self._speaker.commit(timeout=timeout))

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """As the speaker."""
        return self._told(f"fenceNode {action}", lambda: self._speaker.fence(agent, action, timeout=timeout))

    def at(self, address: str) -> "_Overheard":
        """As the speaker, listened to."""
        return _Overheard(self._speaker.at(address), address, self._hear)

    def _told(self, verb: str, call: Callable[[], T]) -> T:
        began = time.monotonic()
        answer = call()
        outcome = f"{answer.kind}: {answer.message}" if isinstance(answer, Failure) else "done"
        self._hear(f"{self._address}: {verb}: {outcome} ({time.monotonic() - began:.1f} s)")
        return answer


# What can be reached, asked before and after a change: `tcp://host:port`, `https://...`, `dns://server`, `ip://address`.
#
# A probe that passed before must pass afterwards; one that failed before is told and held against nobody.


# A gateway two floors away answers in milliseconds; a filtered port never does. Shorter fails behind a slow link,
# longer holds up each look by as much.
WITHIN = 3.0
SSH = 22  # which the engine needs beside VDSM's port
# Stands for the host in a probe: a host that moves to another address takes its ports along.
HERE = "{host}"
# Ports of which one of a router's is open or refused: either tells that it is there.
ROUTER_PORTS = (22, 53, 80)
# A DNS query for the name servers of the root: every server answers it, if only with a refusal.
QUERY = b"\x4d\x47\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"


def standard_probes(host: Host, vdsm: int) -> tuple[str, ...]:
    """The probes of a host whose VDSM listens on port ``vdsm``: its ports, its gateways, its name servers."""
    gateways = sorted({gateway for device in host_devices(host) for gateway in _gateways(device.ip)})
    ports = [f"tcp://{HERE}:{port}" for port in (SSH, vdsm)]
    servers = [f"dns://{_bracketed(server)}" for server in host.nameservers]
    return (*ports, *(f"ip://{_bracketed(gateway)}" for gateway in gateways), *servers)


def told(probes: Iterable[str], here: str) -> str:
    """The probes as they are asked of the host ``here``, in one line."""
    return ", ".join(probe.replace(HERE, _bracketed(here)) for probe in sorted(probes))


def unusable(probes: Iterable[str]) -> list[Problem]:
    """Those of ``probes`` that a user gave and that are none."""
    return [
        Problem(
            "probe-unusable",
            f"{probe!r} is no probe",
            "write tcp://host:port, https://host/path, dns://server or ip://address",
        )
        for probe in probes
        if _asked(probe) is None
    ]


def ask(probes: Iterable[str], here: str = "") -> dict[str, bool]:
    """Which of ``probes`` pass now; all are tried at once. ``here``: where the host is now, for its own ports."""
    listed = list(dict.fromkeys(probes))
    named = [probe.replace(HERE, _bracketed(here)) for probe in listed]
    with ThreadPoolExecutor(max_workers=max(1, len(listed))) as pool:
        return dict(zip(listed, pool.map(_passes, named), strict=True))


def _gateways(ip: Ip) -> list[str]:
    return [gateway for gateway in (ip.gateway4, ip.gateway6) if gateway and not gateway.startswith("fe80")]


def _passes(probe: str) -> bool:
    asked = _asked(probe)
    try:
        return asked is not None and asked()
    except (OSError, HTTPException, ValueError):
        return False


def _asked(probe: str) -> Callable[[], bool] | None:
    """What to do for ``probe``, or None if it cannot be read."""
    try:
        url = urlsplit(probe)
        host, port = url.hostname, url.port
    except ValueError:
        return None
    if not host:
        return None
    kinds: Mapping[str, Callable[[], bool] | None] = {
        "tcp": (lambda: _tcp(host, port)) if port else None,
        "https": lambda: _https(url, host, port or 443),
        "dns": lambda: _dns(host, port or 53),
        "ip": lambda: any(_there(host, router_port) for router_port in ROUTER_PORTS),
    }
    return kinds.get(url.scheme)


def _tcp(host: str, port: int | None) -> bool:
    with socket.create_connection((host, port), timeout=WITHIN):
        return True


def _there(host: str, port: int) -> bool:
    """Whether a machine answers at all: a refusal is an answer."""
    try:
        return _tcp(host, port)
    except ConnectionRefusedError:
        return True
    except OSError:
        return False


def _https(url: SplitResult, host: str, port: int) -> bool:
    # Whether it is reached is asked, not whom: its certificate is the same before and after.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = HTTPSConnection(host, port, timeout=WITHIN, context=context)
    try:
        connection.request("GET", f"{url.path or '/'}{'?' + url.query if url.query else ''}")
        return connection.getresponse().status > 0
    finally:
        connection.close()


def _dns(server: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as query:
        query.settimeout(WITHIN)
        query.connect((server, port))
        query.send(QUERY)
        return query.recv(512)[:2] == QUERY[:2]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


class Beside(Protocol[T_co]):
    """Work that goes on beside."""

    def answer(self, within: float) -> T_co:
        """The next of its answers in the order in which they come, or a `queue.Empty`; what it raises is raised."""


class World(Protocol):
    """The world as a run has it."""

    def now(self) -> float:
        """Seconds since some moment; never backwards."""

    def sleep(self, seconds: float) -> None:
        """Come back after ``seconds``."""

    def beside(self, *works: Callable[[], T]) -> Beside[T]:
        """Do all ``works`` beside each other and whoever asks; nobody waits for them at the end."""

    def ask(self, probes: Iterable[str], here: str = "") -> dict[str, bool]:
        """Which of ``probes`` pass now; see `planner.apply.world.ask`."""

    def speaker(self, access: Access) -> Speaker | Failure:
        """A way to speak with a host."""


class Outside:
    """The world itself."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
    ask = staticmethod(ask)
    speaker = staticmethod(speaker_of)

    def beside(self, *works: Callable[[], T]) -> Beside[T]:
        """Each of ``works`` in a thread."""
        return _Threads(works)


class _Threads(Beside[T]):
    def __init__(self, works: Iterable[Callable[[], T]]) -> None:
        self._answers: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()
        for work in works:
            Thread(target=self._do, args=(work,), daemon=True).start()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._answers.put((work(), None))
        except BaseException as fault:  # noqa: BLE001 it is raised where somebody waits for the answer
            self._answers.put((None, fault))

    def answer(self, within: float) -> T:
        answer, fault = self._answers.get(timeout=within)
        if fault is not None:
            raise fault
        return answer  # type: ignore[return-value]  # an answer or a fault


OUTSIDE = Outside()


# The one secret that a run needs beside the host's own credentials; it is read when it is used and kept nowhere.


VARIABLE = "MGMTNET_FENCE_PASSWORD"


def fence_agent(reboot: Reboot) -> FenceAgent | Failure:
    """The power management agent with its password, from its file or from the environment."""
    password = os.environ.get(VARIABLE, "")
    if reboot.password_file:
        content = content_of(reboot.password_file, LONGEST_FILE)
        try:
            password = content.decode().rstrip("\n") if isinstance(content, bytes) else ""
        except UnicodeDecodeError:
            password = ""
        if not password:
            hint = "name a readable file that holds the power management's password, and nothing else"
            return Failure("credentials", f"cannot read the password file {reboot.password_file!r}", hint)
    if not password:
        return Failure(
            "credentials", "no password for the power management", f"set {VARIABLE}, or --fence-password-file"
        )
    return FenceAgent(
        reboot.address, reboot.agent, reboot.username, password, reboot.port, reboot.secure, reboot.options
    )
