"""One connection to a stand-in host: which protocol it is, calls in, answers out, and how it ends."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any

from planner.simulator import jsonrpc, xmlrpc_wire
from planner.simulator.jsonrpc import Reply
from planner.simulator.standin import Outcome, StandIn
from planner.simulator.stomp_wire import COMMANDS, Request, Session

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
            await (self._http(first) if first in xmlrpc_wire.METHODS else self._stomp(first))
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
        reply = await self._carried_out(jsonrpc.answered, request.body)
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
                head = xmlrpc_wire.read_head(first + await self._reader.readuntil(b"\r\n\r\n"))
            if head is None:
                return
            async with asyncio.timeout(WHOLE):
                body = await self._reader.readexactly(head.length)
            keeps = head.keeps
            if not self._host.age.xmlrpc or head.path not in xmlrpc_wire.PATHS:
                await self._send(xmlrpc_wire.response("404 Not Found", keeps=keeps))
            elif head.method != "POST":
                await self._send(xmlrpc_wire.response("501 Unsupported method", keeps=keeps))
            else:
                reply = await self._carried_out(xmlrpc_wire.answered, body)
                kind = reply.mishap.kind if reply.mishap is not None else ""
                if kind == "error-frame":
                    await self._send(xmlrpc_wire.response("500 Internal Server Error"))
                    return
                await self._deliver(xmlrpc_wire.response("200 OK", reply.body or b"", keeps=keeps), kind)
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
