"""Stand-in hosts on the network: a TLS port each, at a loopback address for every address that the host has.

A host's management address (192.0.2.10) cannot be had on the machine that simulates it, so each stands for one of
127.0.0.0/8; when the host moves to another address, it answers at another loopback address, on the same port.
"""

import asyncio
import contextlib
import errno
import ipaddress
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from planner.standin import wires
from planner.standin.certificates import CLIENT, Credentials, issue, server_context
from planner.standin.host import Outcome, StandIn
from planner.standin.wires import COMMANDS, Reply, Request, Session

# One connection to a stand-in host: which protocol it is, calls in, answers out, and how it ends.


FIRST_BYTES = 4
CHUNK = 64 * 1024
# Seconds for a request to come whole, which takes less than one, and for the next one to begin. Longer, and clients
# that have died hold their connections; shorter, and the next call of a run that is stopped meets a closed one.
WHOLE, IDLE = 60.0, 600.0


def reset(sock: Any) -> None:
    """Have the peer see a reset rather than an orderly end when ``sock`` is closed."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Connection:
    """A client that has done its handshake with the host at ``address``."""

    def __init__(
        self,
        host: StandIn,
        address: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        threads: Executor,
        moved: Callable[[], None],
    ) -> None:
        """``threads`` carry out calls; ``moved`` looks which connections a call has cut off."""
        self.address = address
        self.epoch = host.epoch
        self._host, self._reader, self._writer = host, reader, writer
        self._threads, self._moved = threads, moved
        self._silent = self._beats = False
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self, *, silent: bool) -> None:
        """Lose the client: with a reset, or without a word."""
        if silent:
            self._silent = True
            return
        reset(self._writer.get_extra_info("socket"))
        self._writer.transport.abort()

    async def serve(self) -> None:
        """Serve until the client or the host has gone."""
        try:
            async with asyncio.timeout(WHOLE):
                first = await self._reader.readexactly(FIRST_BYTES)
            await (self._http(first) if first in wires.METHODS else self._stomp(first))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # a client that goes, or does not go on, is no fault of ours
        finally:
            for task in self._tasks:
                task.cancel()
            if not self._silent:
                self._writer.close()

    async def _stomp(self, first: bytes) -> None:
        known = first.lstrip(b"\r\n")
        if not self._host.age.stomp or not any(command.encode().startswith(known[:4]) for command in COMMANDS):
            return
        session, data = Session(), first
        begun: float | None = None
        while data and not session.over:
            for reaction in session.feed(data):
                if isinstance(reaction, Request):
                    self._start(self._answer(session, reaction))
                else:
                    await self._send(reaction)
            if session.beat and not self._beats:
                self._beats = True
                self._start(self._beat(session.beat))
            if session.midway and begun is None:
                begun = asyncio.get_running_loop().time()
            begun = begun if session.midway else None
            async with asyncio.timeout_at(None if begun is None else begun + WHOLE):
                data = b"" if session.over else await self._reader.read(CHUNK)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _beat(self, seconds: float) -> None:
        with contextlib.suppress(OSError):
            while True:
                await asyncio.sleep(seconds)
                await self._send(b"\n")

    async def _answer(self, session: Session, request: Request) -> None:
        reply = await self._carried_out(wires.answered_jsonrpc, request.body)
        kind = reply.mishap.kind if reply.mishap is not None else ""
        if kind == "error-frame":
            await self._send(session.error("made to fail"))
            self._writer.close()
        elif reply.body is not None:
            with contextlib.suppress(OSError):
                for message in session.answer(request.reply_to, reply.body):
                    await self._deliver(message, kind)

    async def _http(self, first: bytes) -> None:
        keeps = True
        while keeps:
            async with asyncio.timeout(IDLE):
                head = wires.read_head(first + await self._reader.readuntil(b"\r\n\r\n"))
            if head is None:
                return
            async with asyncio.timeout(WHOLE):
                body = await self._reader.readexactly(head.length)
            keeps = head.keeps
            if not self._host.age.xmlrpc or head.path not in wires.PATHS:
                await self._send(wires.response("404 Not Found", keeps=keeps))
            elif head.method != "POST":
                await self._send(wires.response("501 Unsupported method", keeps=keeps))
            else:
                reply = await self._carried_out(wires.answered_xmlrpc, body)
                kind = reply.mishap.kind if reply.mishap is not None else ""
                if kind == "error-frame":
                    await self._send(wires.response("500 Internal Server Error"))
                    return
                await self._deliver(wires.response("200 OK", reply.body or b"", keeps=keeps), kind)
            first = b""

    async def _carried_out(self, answered: Callable[..., Reply], body: bytes) -> Reply:
        def carry_out(verb: str, parameters: Mapping[str, Any]) -> Outcome:
            return self._host.call(verb, parameters, self.address)

        reply = await asyncio.get_running_loop().run_in_executor(self._threads, answered, body, carry_out)
        # The call may have taken the address away on which its answer would go back.
        self._moved()
        return reply

    async def _deliver(self, message: bytes, kind: str) -> None:
        if kind == "lost-reply":
            return
        if kind == "half-open":
            self._silent = True
        elif kind in ("reset", "late"):
            await self._send(message[: len(message) // 2] if kind == "reset" else b"")
            self.cut(silent=False)
        else:
            await self._send(message)

    async def _send(self, data: bytes) -> None:
        if not self._silent and not self._writer.is_closing():
            self._writer.write(data)
            await self._writer.drain()


TICK = 0.02  # seconds between looks whether a host has moved, rebooted or come back
MANY = 512  # calls at once: 200 hosts with a setup and a confirm each
HANDSHAKE = 10  # seconds, VDSM's own
TABLE = "addresses.json"


class Place(NamedTuple):
    """Where a host's address is played: a loopback address and a port."""

    address: str
    port: int


class Site:
    """Stand-in hosts that are being served, in a thread of their own."""

    def __init__(self, folder: Path, *, first: str = "127.0.0.1", certificate: str = "host") -> None:
        """``folder``: credentials, made if missing; ``first``: where loopback addresses begin."""
        self.credentials: Credentials = issue(folder)
        self._folder = folder
        self._context = server_context(self.credentials, certificate)
        self._next = int(ipaddress.IPv4Address(first))
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(MANY, thread_name_prefix="verb")
        self._hosts: list[Hosted] = []
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)
        self._thread.start()

    def add(self, stand_in: StandIn, port: int = 0) -> "Hosted":
        """Serve one more host; ``port`` 0: any that is free."""

        async def settle() -> Hosted:
            hosted = Hosted(self, stand_in, port)
            self._hosts.append(hosted)
            hosted.look()
            return hosted

        return asyncio.run_coroutine_threadsafe(settle(), self._loop).result()

    def stop(self) -> None:
        """Stop listening, drop every client."""

        async def leave() -> None:
            for hosted in self._hosts:
                hosted.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(leave(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.create_task(self._watch())
        self._loop.run_forever()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for hosted in self._hosts:
                with contextlib.suppress(OSError):  # no port, no disk space: the other hosts go on
                    hosted.look()

    def listen(self, port: int) -> socket.socket:
        """A socket at the next loopback address where ``port`` is free."""
        while True:
            listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            address = str(ipaddress.IPv4Address(self._next))
            self._next += 1
            try:
                listening.bind((address, port))
            except OSError as failure:
                listening.close()
                if failure.errno != errno.EADDRINUSE or not ipaddress.IPv4Address(self._next).is_loopback:
                    raise
                continue
            listening.listen(128)
            listening.setblocking(False)  # noqa: FBT003 it takes no keyword
            return listening

    def publish(self) -> None:
        """Write which address is played where, for clients in other processes."""
        table = {address: list(place) for hosted in self._hosts for address, place in hosted.places.items()}
        new = self._folder / f"{TABLE}.new"
        new.write_text(json.dumps(table, indent=1) + "\n")
        os.replace(new, self._folder / TABLE)

    async def greet(self, hosted: "Hosted", address: str, sock: socket.socket) -> None:
        """One client that has just connected to ``address``: a handshake, unless something is in its way."""
        stand_in = hosted.stand_in
        if address not in stand_in.addresses():
            if stand_in.silent:
                await asyncio.sleep(HANDSHAKE * 6)
            reset(sock)
            sock.close()
            return
        mishap = stand_in.mishap("connect")
        if mishap is not None:
            await self._loop.sock_recv(sock, 1024)
            if mishap.kind == "plain-tcp":
                await self._loop.sock_sendall(sock, b"HTTP/1.0 400 Bad Request\r\n\r\n")
            sock.close()
            return
        CLIENT.set(sock)
        reader = asyncio.StreamReader(loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol, sock, ssl=self._context, ssl_handshake_timeout=HANDSHAKE
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        connection = Connection(stand_in, address, reader, writer, self._threads, hosted.look)
        hosted.connections.add(connection)
        try:
            await connection.serve()
        finally:
            hosted.connections.discard(connection)


class Hosted:
    """One host of a `Site`."""

    def __init__(self, site: Site, stand_in: StandIn, port: int) -> None:
        """``port``: the one that it has at every address."""
        self.stand_in = stand_in
        self.port = port
        self.places: dict[str, Place] = {}
        self.connections: set[Connection] = set()
        self._site = site
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen = -1
        self._answered: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The loopback address of the host's present management address."""
        return self.address_of(self.stand_in.address).address

    def address_of(self, address: str) -> Place:
        """Where the host's ``address`` is played, or will be once it has it."""
        if address not in self.places:
            asyncio.run_coroutine_threadsafe(self._make(address), self._site._loop).result()  # noqa: SLF001 its own site
        return self.places[address]

    async def _make(self, address: str) -> None:
        self._open(address)

    def look(self) -> None:
        """See whether the host has moved: listen where it is now, cut off whom it left behind."""
        if self._seen == self.stand_in.generation and self._answered:
            return
        self._seen = self.stand_in.generation
        self._answered = self.stand_in.addresses()
        for address in self._answered:
            self._open(address)
        for connection in tuple(self.connections):
            if connection.address not in self._answered or connection.epoch != self.stand_in.epoch:
                connection.cut(silent=self.stand_in.silent)
                self.connections.discard(connection)

    def close(self) -> None:
        """Listen no more."""
        for listening in self._sockets:
            listening.close()

    def _open(self, address: str) -> None:
        if address in self.places:
            return
        listening = self._site.listen(self.port)
        loopback, self.port = listening.getsockname()
        self.places[address] = Place(loopback, self.port)
        self._sockets.append(listening)
        self._start(self._accept(listening, address))
        self._site.publish()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket, address: str) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                sock, _ = await loop.sock_accept(listening)
                self._start(self._greet(address, sock))

    async def _greet(self, address: str, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, TimeoutError):  # SSLError is an OSError: a client without a certificate
            try:
                await self._site.greet(self, address, sock)
            except asyncio.CancelledError:
                sock.close()
                raise


@contextlib.contextmanager
def serve(
    stand_in: StandIn, folder: Path, *, port: int = 0, first: str = "127.0.0.1", certificate: str = "host"
) -> Iterator[Hosted]:
    """Serve one host while the block lasts; its `Hosted` tells address and port."""
    site = Site(folder, first=first, certificate=certificate)
    try:
        yield site.add(stand_in, port)
    finally:
        site.stop()


@contextlib.contextmanager
def serve_all(stand_ins: list[StandIn], folder: Path, *, first: str = "127.0.0.1") -> Iterator[list[Hosted]]:
    """Serve many hosts from one process."""
    site = Site(folder, first=first)
    try:
        yield [site.add(stand_in) for stand_in in stand_ins]
    finally:
        site.stop()
