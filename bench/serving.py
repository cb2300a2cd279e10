"""The service under load: plans over HTTP beside the same plans without it, and beside a process for each."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from fleet import built

import planner
from planner.definition import written

HOSTS, DESIGNS, CONNECTIONS = 2_000, 20, 64
# Requests over which memory is watched; in parts, after each of which it is looked at.
PARTS, LONG = 5, 100_000
WORKERS = os.cpu_count() or 1
MGMTNET = (sys.executable, "-c", "from planner.cli.main import command; command()")


def rows() -> list[str]:
    """The rows of the page."""
    asked = [
        {"capture": capture, "definition": _wanted(definition), "addresses": [address]}
        for capture, definition, address in built(HOSTS, DESIGNS)
    ]
    bodies = [json.dumps(one).encode() for one in asked]
    bare = _without_http(bodies)
    with _service() as (port, pid):
        _by_lines(port, bodies[:200])  # every worker has seen the designs, as those of the pool have
        by_lines = min(_by_lines(port, bodies) for _ in range(3))
        times, one_by_one = asyncio.run(_one_by_one(port, bodies))
        memory = []
        for _ in range(PARTS):
            for _ in range(LONG // PARTS // HOSTS):
                _by_lines(port, bodies)
            memory.append(_memory(pid))
    alone = _a_process_each(asked[:20]) * HOSTS / 20
    slow, usual = quantiles(times, n=100)[98], median(times)
    streams, singles = f"{HOSTS / by_lines:.0f} a second", f"{HOSTS / one_by_one:.0f} a second"
    told = f"{', '.join(f'{part:.0f}' for part in memory)} MiB"
    return [
        f"| {WORKERS} processes without HTTP | {HOSTS / bare:.0f} a second | 1 | |",
        f"| `/v1/plan`, a host a line | {streams} | {bare / by_lines:.2f} | ≥ 0.7 |",
        f"| `/v1/plan`, a host a request, {CONNECTIONS} connections | {singles} | {bare / one_by_one:.2f} | |",
        f"| the slowest hundredth, the median | {slow * 1e3:.0f}, {usual * 1e3:.0f} ms | {slow / usual:.1f} | ≤ 10 |",
        f"| `mgmtnet plan` for each host, {WORKERS} at once | {HOSTS / alone:.0f} a second | {bare / alone:.2f} | |",
        f"| service and workers together, after each {LONG // PARTS:,} plans | {told} | | no growth |",
    ]


def _wanted(definition: planner.Definition) -> dict[str, Any]:
    return {name: value for name, value in written(definition).items() if value is not None}


def _plans(bodies: list[bytes]) -> int:
    """What a worker does without HTTP: read, plan, print."""
    from planner.service.answers import answer

    return sum(len(answer("plan", body).body) for body in bodies)


def _without_http(bodies: list[bytes]) -> float:
    """Seconds, by as many processes as the service has."""
    parts = [bodies[at : at + 50] for at in range(0, len(bodies), 50)]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(_plans, parts[: 2 * WORKERS]))
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            list(pool.map(_plans, parts))
            taken.append(time.perf_counter() - began)
    return min(taken)


@contextmanager
def _service() -> Iterator[tuple[int, int]]:
    command = [*MGMTNET, "serve", "--listen", "127.0.0.1:0", "--rate", "1000000", "--workers", str(WORKERS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline().rpartition(":")[2]), process.pid
    finally:
        process.terminate()
        process.wait()


def _by_lines(port: int, bodies: list[bytes]) -> float:
    """Seconds for all of them as one stream."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    began = time.perf_counter()
    connection.request("POST", "/v1/plan", b"\n".join(bodies), {"Content-Type": "application/x-ndjson"})
    answer = connection.getresponse().read()
    taken = time.perf_counter() - began
    connection.close()
    assert answer.count(b"\n") == len(bodies), "not every host was answered"
    return taken


async def _one_by_one(port: int, bodies: list[bytes]) -> tuple[list[float], float]:
    """Seconds of each request, and of all, over many connections at once."""
    waiting, times = iter(bodies), list[float]()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in waiting:
            head = f"POST /v1/plan HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            began = time.perf_counter()
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            told = await reader.readuntil(b"\r\n\r\n")
            assert told.startswith(b"HTTP/1.1 200"), told
            length = next(line for line in told.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            times.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return times, time.perf_counter() - began


def _memory(pid: int) -> float:
    """MiB that a process and those that it has started hold for themselves."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    held = 0
    for one in (str(pid), *children):
        text = Path(f"/proc/{one}/smaps_rollup").read_text()
        held += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))
    return held / 1024


def _a_process_each(asked: list[dict[str, Any]]) -> float:
    """Seconds for a command for each host, as many at once as there are processors."""
    with TemporaryDirectory() as folder:
        commands = []
        for number, one in enumerate(asked):
            capture, definition = Path(folder, f"{number}.json"), Path(folder, f"{number}.yaml")
            capture.write_text(json.dumps(one["capture"]))
            definition.write_text(json.dumps(one["definition"]))
            plan = ["plan", str(capture), "--network", str(definition), "--address", one["addresses"][0], "-o", "json"]
            commands.append([*MGMTNET, *plan])
        began = time.perf_counter()
        for at in range(0, len(commands), WORKERS):
            running = [subprocess.Popen(one, stdout=subprocess.DEVNULL) for one in commands[at : at + WORKERS]]
            for process in running:
                process.wait()
        return time.perf_counter() - began


if __name__ == "__main__":
    print("\n".join(rows()))
