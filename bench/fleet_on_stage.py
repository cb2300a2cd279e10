"""Many stand-in hosts served by one process, each with addresses and a uuid of its own, and how commands reach them."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import planner
from planner.standin import StandIn
from planner.standin.clock import WallClock
from planner.standin.faults import Mishap, parse_mishap
from planner.standin.host import Controllers
from planner.standin.server import Hosted, Site

ROOT = Path(__file__).parent.parent
# What an executor may ask of a host that changes it.
CHANGES = ("setupNetworks", "setSafeNetworkConfig")


class Fleet(NamedTuple):
    """Hosts that are served, by name; what a command needs to reach them; a list and an inventory of them."""

    folder: Path
    hosts: Mapping[str, Hosted]
    environ: dict[str, str]
    definition: str
    inventory: str

    def sent(self, name: str) -> Counter[str]:
        """How often each verb that changes a host reached it."""
        return Counter(verb for verb, _ in self.hosts[name].stand_in.log if verb in CHANGES)

    def truth(self, name: str) -> str:
        """Whether the host runs and has stored the same."""
        stand_in = self.hosts[name].stand_in
        network = stand_in.running.networks.get("ovirtmgmt")
        saved = "saved" if stand_in.running == stand_in.persistent else "unsaved"
        return f"{'adopted' if network and not network.get('bridged') else 'made' if network else 'none'}, {saved}"


@contextmanager
def fleet(
    count: int,
    goldens: Sequence[str] = ("nic-static",),
    faults: Mapping[int, Sequence[str]] | None = None,
    *,
    speed: float = 20,
    setup: float = 0.0,
) -> Iterator[Fleet]:
    """``count`` hosts, of the ``goldens`` in turn; all are wanted as the first is."""
    with tempfile.TemporaryDirectory(prefix="mgmtnet-fleet-", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        site = Site(path / "credentials", first="127.1.0.1")
        try:
            hosts: dict[str, Hosted] = {}
            controllers = Controllers()
            for number in range(count):
                golden = goldens[number % len(goldens)]
                mishaps = tuple(map(_mishap, (faults or {}).get(number, ())))
                stand_in = StandIn(
                    _capture(golden, number),
                    faults=mishaps,
                    clock=WallClock(speed),
                    setup_seconds=setup,
                    controllers=controllers,
                )
                controllers.register(f"bmc{number}", stand_in)
                hosts[f"host{number}"] = site.add(stand_in)
            yield Fleet(path, hosts, _environ(path, site), *_files(path, hosts, goldens[0]))
        finally:
            site.stop()


def _mishap(text: str) -> Mishap:
    mishap = parse_mishap(text)
    assert isinstance(mishap, Mishap), mishap
    return mishap


def _capture(golden: str, number: int) -> dict[str, Any]:
    """The golden's host as the next one of its make is: other addresses, MAC addresses and uuid."""
    text = (ROOT / "golden" / golden / "capture.json").read_text()
    text = text.replace("192.0.2.", f"10.{7 + (number >> 8)}.{number & 255}.")
    text = text.replace("52:54:00:", f"52:{54 + (number >> 8)}:{number & 255:02x}:")
    return {**json.loads(text), "uuid": str(uuid4())}  # by which the kernel tells hosts apart, those of others, too


def _environ(folder: Path, site: Site) -> dict[str, str]:
    pair = site.credentials.client
    return {
        "MGMTNET_CA": str(site.credentials.ca),
        "MGMTNET_CERT": str(pair.certificate),
        "MGMTNET_KEY": str(pair.key),
        "MGMTNET_ROUTES": str(folder / "credentials" / "addresses.json"),
        "MGMTNET_STATE": str(folder / "state"),
    }


def _files(folder: Path, hosts: Mapping[str, Hosted], golden: str) -> tuple[str, str]:
    """The definition, and an inventory that tells where each host's VDSM is, and which BMC it has."""
    definition = ROOT / "golden" / golden / "definition.yaml"
    assert planner.read_definition(definition.read_text()).definition is not None
    inventory = folder / "hosts.ini"
    lines = []
    for number, (name, hosted) in enumerate(hosts.items()):
        place = hosted.address_of(hosted.stand_in.address)
        lines.append(f"{name} mgmtnet_target={place.address}:{place.port} fence_address=bmc{number}")
    inventory.write_text("[hypervisors]\n" + "\n".join(lines) + "\n")
    return str(definition), str(inventory)
