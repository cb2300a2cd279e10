"""The agent on VDSM's port, at the host's real addresses: who loses an address loses the clients that came by it."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from planner.standin.host import StandIn
from planner.standin.server import Connection

VDSM_PORT = 54321
HANDSHAKE = 10  # seconds, VDSM's own
CALLS = 32  # at once
MAPPED = "::ffff:"  # how an IPv4 client shows on a socket of both families


async def listen(agent: StandIn, context: ssl.SSLContext, port: int = VDSM_PORT) -> asyncio.Server:
    """Listen at every address that the host has and will have."""
    threads = ThreadPoolExecutor(CALLS, thread_name_prefix="verb")

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str(writer.get_extra_info("sockname")[0]).removeprefix(MAPPED)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await Connection(agent, address, reader, writer, threads, lambda: None).serve()

    return await asyncio.start_server(
        greet, host=None, port=port, ssl=context, ssl_handshake_timeout=HANDSHAKE, reuse_address=True
    )


@contextlib.contextmanager
def served(agent: StandIn, context: ssl.SSLContext, port: int = VDSM_PORT) -> Iterator[None]:
    """Serve in a thread, while the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="agent", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(agent, context, port), loop).result()

    async def leave() -> None:
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(leave(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
