"""Hosts for the matrices: a golden's host on the network, with a proxy that can switch it off, and an order for it."""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import planner
from planner.apply.execute import order_for, see
from planner.apply.order import Access, Limits, Order, Reboot
from planner.rules.compiled import compile_ruleset
from planner.standin import StandIn, Surroundings
from planner.standin.faults import Mishap
from planner.standin.host import Controllers
from planner.standin.server import Hosted, Site
from planner.vdsm.client import Failure

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from standin_engine.documents import logical
from standin_engine.server import ServedEngine, serve_engine

ROOT = Path(__file__).parent.parent
BMC = "bmc.example.com"
# VDSM's wait for a sign is long enough for an executor to be killed and started again (2 s), as 120 s are in the field.
LIMITS = Limits(vdsm=20, change=15, settle=12, late=15, reboot=60, confirm=0.2)
SETUP = 1.0  # seconds that a setupNetworks takes: the blow must fall into it


class Stage(NamedTuple):
    """A host on the network, an order for it, and where its journal is."""

    stand_in: StandIn
    hosted: Hosted
    order: Order
    folder: Path
    before: planner.Host

    @property
    def journal(self) -> str:
        """The URL of its journal."""
        return f"sqlite:///{self.folder}/journal.sqlite"

    @property
    def truth(self) -> str:
        """How the host really stands, whatever a report says."""
        now = planner.read_capture(self.stand_in.caps()).host
        assert now is not None
        from planner.apply.verify import differences, stands_as_before

        running, persistent = self.stand_in.running, self.stand_in.persistent
        first, last = self.order.plan["steps"][0], self.order.plan["steps"][-1]
        if not differences(last["request"], now):
            return "as planned and saved" if running == persistent else "as planned, not saved"
        if first != last and running == persistent and not differences(first["request"], now):
            return "adopted"
        # The way back is a network of VDSM's: saved, or a reboot must bring back what was there before it.
        kept = running == persistent or self.stand_in.age.backups
        undone = kept and not differences(last["revert"], now)
        return "as before" if stands_as_before(self.before, now) or undone else "neither"


@contextmanager
def stage(  # noqa: PLR0913  each is a dial of its own
    golden: str,
    transport: str,
    faults: Sequence[Mishap] = (),
    limits: Limits = LIMITS,
    *,
    surroundings: Surroundings | None = None,
    moves_to: str = "",
    backups: bool | None = None,
    fenced: bool = True,
) -> Iterator[Stage]:
    """The host of a golden, played. ``moves_to``: an address that it is expected to have afterwards."""
    capture = {"uuid": str(uuid4()), **json.loads((ROOT / "golden" / golden / "capture.json").read_text())}
    definition = planner.read_definition((ROOT / "golden" / golden / "definition.yaml").read_text()).definition
    rules = planner.load_rules()[0]
    assert definition is not None
    assert rules is not None
    controllers = Controllers()
    stand_in = StandIn(
        capture,
        faults=faults,
        surroundings=surroundings,
        setup_seconds=SETUP,
        boot_seconds=2,
        controllers=controllers,
        backups=backups,
    )
    controllers.register(BMC, stand_in)
    before = planner.read_capture(stand_in.caps()).host
    assert before is not None
    folder = Path(tempfile.mkdtemp(prefix="mgmtnet-matrix-"))
    site = Site(folder / "credentials")
    closing = ExitStack()
    closing.callback(site.stop)
    with closing:
        hosted = site.add(stand_in)
        proxy = site.add(StandIn(capture, controllers=controllers))
        access = access_to(site, hosted, transport, moves_to)
        if transport == "engine":
            networks = (logical(definition),)
            engine = closing.enter_context(serve_engine(stand_in, folder / "credentials", networks))
            access = through(engine, access)
        sight = see(access, limits)
        assert not isinstance(sight, Failure), sight
        document = planner.plan(sight.host, definition, compile_ruleset(rules), [stand_in.address]).document()
        assert document["outcome"] == "change", document["problems"]
        # The engine chooses the proxy itself; it is told whose power is meant.
        fencing = access if transport == "engine" else access_to(site, proxy, transport)
        reboot = Reboot(fencing, BMC, "ipmilan", "admin") if fenced else None
        expected = [moves_to] if moves_to else []
        order = order_for(access, sight, document, addresses=expected, reboot=reboot, limits=limits)
        (folder / "order.json").write_text(json.dumps(order.document()))
        yield Stage(stand_in, hosted, order, folder, before)


def through(engine: ServedEngine, access: Access) -> Access:
    """Not to the host itself, but to the engine that has it."""
    return replace(
        access,
        target="host1",
        transport="engine",
        engine=engine.url,
        user=engine.user,
        password_file=str(engine.password_file),
        routes={address: address for address in access.routes},
    )


def access_to(site: Site, hosted: Hosted, transport: str, moves_to: str = "") -> Access:
    """How to speak with a host of the site, also at the address that it ``moves_to``."""
    address, pair = hosted.stand_in.address, site.credentials.client
    place = hosted.address_of(address)
    addresses = [*hosted.stand_in.kernel.local_addresses(), *([moves_to] if moves_to else [])]
    files: dict[str, Any] = {
        "ca": str(site.credentials.ca),
        "certificate": str(pair.certificate),
        "key": str(pair.key),
        "routes": {own: hosted.address_of(own).address for own in addresses},
    }
    direct = "auto" if transport == "engine" else transport
    return Access(f"{place.address}:{place.port}", direct, **files)
