"""The program ``ip``: questions, answered as JSON, and changes, told as one batch."""

import json
import subprocess
from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]


class KernelRefusedError(Exception):
    """The kernel would not have a change; the text names the change and the kernel's reason."""


def asked(*words: str) -> list[Record]:
    """What ``ip -j <words>`` answers. Empty objects, which some versions print, are left out."""
    done = subprocess.run(["ip", "-d", "-j", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"ip {' '.join(words)}: {done.stderr.strip()}"
        raise KernelRefusedError(message)
    return [record for record in json.loads(done.stdout or "[]") if record]


def told(changes: Iterable[str]) -> None:
    """Carry out ``changes``, lines as ``ip -batch`` reads them, up to the first that the kernel refuses."""
    lines = list(changes)
    if not lines:
        return
    batch = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(["ip", "-batch", "-"], input=batch, capture_output=True, text=True, check=False)
    if done.returncode:
        reason, _, place = done.stderr.strip().rpartition("Command failed -:")
        line = lines[int(place) - 1] if place.isdigit() else "; ".join(lines)
        message = f"ip {line}: {reason.strip() or done.stderr.strip()}"
        raise KernelRefusedError(message)
