"""The host on which this runs: VDSM's own answer, or else what the kernel, NetworkManager and its files tell."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from glob import glob

from planner.files import SILENT, described_in, headed
from planner.host.capture import DESCRIBED
from planner.problem import Problem

VDSM = ("vdsm-client", "Host", "getCapabilities")
ASKED = (
    ("ip", "-j", "-d", "addr"),
    ("ip", "-j", "route"),
    ("ip", "-6", "-j", "route"),
    ("nmcli", "device", "show"),
    ("rpm", "-q", "vdsm"),
    ("rpm", "-q", "nmstate"),
)
ACTIVE = ("nmcli", "-g", "UUID", "connection", "show", "--active")
PATIENCE = 20.0  # seconds; the kernel answers at once, and NetworkManager while it is not stuck


def described() -> bytes | Problem:
    """A capture of this host: getVdsCaps, or answers and files under their names; the second lacks what VDSM knows."""
    answer = _answer(VDSM, SILENT)
    if answer:
        return answer
    told = b"".join(headed(" ".join(command), said) for command, said in _answers())
    if not told:
        message = "neither VDSM (`vdsm-client`) nor the kernel (`ip`) can be asked here"
        return Problem("local-silent", message, "install iproute2, or capture the host and give the file")
    paths = [path for file in DESCRIBED for path in sorted(glob(f"/{file}"))]
    files = described_in("/", [path[1:] for path in paths if os.access(path, os.R_OK)])  # keyfiles are root's alone
    return files if isinstance(files, Problem) else told + files


def _answers() -> Iterator[tuple[Sequence[str], bytes]]:
    active = _answer(ACTIVE, PATIENCE).decode("utf-8", "replace").split()
    for command in (*ASKED, *(("nmcli", "connection", "show", uuid) for uuid in active)):
        if said := _answer(command, PATIENCE):
            yield command, said


def _answer(command: Sequence[str], patience: float) -> bytes:
    """What a command prints; nothing where it is not there, fails, or takes too long."""
    environment = os.environ | {"LC_ALL": "C"}
    try:
        ran = subprocess.run(  # noqa: S603  commands of this module's, nothing of a user's
            command,
            capture_output=True,
            timeout=patience,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return ran.stdout if ran.returncode == 0 else b""
