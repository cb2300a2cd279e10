"""The agent's DHCP clients: one busybox udhcpc a device, and what is known of each.

A client keeps a folder ``<STATE>/<device>`` with ``client`` (JSON, of a `Client`), ``pid`` and, once it has one,
``lease`` (lines of name=value that `lease.sh` writes). The folder is below /run: after a reboot nobody has a lease.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from typing import NamedTuple

STATE = "/run/mgmtnet-agent/dhcp"
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lease.sh")
TRIES = 12  # one a second; then the client goes on in the background, and the host is without an address
PROTOCOL = "dhcp"  # of the routes that a lease makes


class Client(NamedTuple):
    """A client: the routing ``table`` of its routes, its ``identity`` (option 61, as hexadecimal), its lease.

    ``by_mac``: the identity is that of its device's MAC address, and not one of the profile's own.
    ``lease``: interface, address (with prefix), router, dns (space-separated), "" where the server said nothing;
    empty before there is a lease.
    """

    table: str
    identity: str
    lease: dict[str, str]
    by_mac: bool = True

    @property
    def nameservers(self) -> list[str]:
        """The name servers of the lease."""
        return self.lease.get("dns", "").split()


def clients() -> dict[str, Client]:
    """The clients that run, by device."""
    names = sorted(os.listdir(STATE)) if os.path.isdir(STATE) else []
    found = {name: _client(os.path.join(STATE, name)) for name in names}
    return {name: client for name, client in found.items() if client is not None}


def start(device: str, table: str, mac: str, *, metric: int = 0, identity: str = "") -> None:
    """Ask for a lease on ``device``, as the client that ``mac`` stands for; come back with it, or after `TRIES`.

    ``metric``: of the lease's default route. ``identity``: call itself so instead.

    The identity is stated and not left to the program: it has to be the same on the bridge as it was on the port, or
    the server gives another address (docs/vdsm.md, DHCP identity).
    """
    folder = os.path.join(STATE, device)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    about = {"table": table, "identity": identity or "01" + mac.replace(":", ""), "by_mac": not identity}
    with open(os.path.join(folder, "client"), "w", encoding="utf-8") as file:
        json.dump(about, file)
    ask = ["busybox", "udhcpc", "-b", "-t", str(TRIES), "-T", "1", "-A", "5", "-S"]
    ask += ["-i", device, "-s", SCRIPT, "-p", os.path.join(folder, "pid"), "-C", "-x", f"0x3d:{about['identity']}"]
    environment = {**os.environ, "LEASE_FOLDER": folder, "LEASE_TABLE": table, "LEASE_METRIC": str(metric)}
    # In a session of its own and without our files: the client goes on when we are gone.
    with open(os.path.join(folder, "log"), "wb") as log:
        subprocess.run(
            ask,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def stop(device: str) -> None:
    """End the client of ``device``. Its address and routes stay: what is wanted there is settled elsewhere."""
    folder = os.path.join(STATE, device)
    process = _pid(folder)
    if process:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)  # so that it neither releases the lease nor runs its script
        for _ in range(100):
            if not os.path.exists(f"/proc/{process}/cmdline"):
                break
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _client(folder: str) -> Client | None:
    try:
        with open(os.path.join(folder, "client"), encoding="utf-8") as file:
            about = json.load(file)
    except (OSError, ValueError):
        return None
    lease: dict[str, str] = {}
    with contextlib.suppress(OSError), open(os.path.join(folder, "lease"), encoding="utf-8") as file:
        lease = dict(line.rstrip("\n").partition("=")[::2] for line in file)
    return Client(about["table"], about["identity"], lease, about["by_mac"])


def _pid(folder: str) -> int:
    try:
        with open(os.path.join(folder, "pid"), encoding="utf-8") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0
