"""Contact over several addresses: the one that answers is preferred, another host is no sight, signs reach each."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import planner
from planner.apply.contact import Contact, Sight
from planner.apply.order import Access, Limits, Order
from planner.apply.run import Run
from planner.vdsm.client import INTERNAL_ERROR, NO_SUCH_METHOD, Done, Failure, vdsm_failure

ROOT = Path(__file__).parent.parent.parent
CAPTURE = json.loads((ROOT / "golden/nic-static/capture.json").read_text()) | {"uuid": "one"}
DEAD = Failure("unreachable", "nobody there", "")


class Scripted:
    """A speaker that answers from a list; the last answer stays."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.signs = 0

    def _next(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def ping(self, **_: float) -> Done | Failure:
        return self.answers[0] if isinstance(self.answers[0], Failure) and len(self.answers) == 1 else Done()

    def capabilities(self, **_: float) -> Any:
        return self._next()

    def commit(self, **_: float) -> Any:
        return self._next()

    def confirm(self, **_: float) -> Done:
        self.signs += 1
        return Done()


def contact(guard: str = "", **speakers: Scripted) -> Contact:
    return Contact(speakers, Limits(confirm=0.02), "one", guard)  # type: ignore[arg-type]


def test_the_address_that_answers_is_asked_first_from_then_on() -> None:
    way = contact(old=Scripted(DEAD), new=Scripted(CAPTURE))
    sight = way.look()
    assert isinstance(sight, Sight)
    assert sight.address == "new"
    assert way.addresses == ("new", "old")


def test_another_host_at_the_address_is_no_sight() -> None:
    seen = contact(there=Scripted(CAPTURE | {"uuid": "two"})).look()
    assert isinstance(seen, Failure)
    assert "another host" in seen.message


def test_a_host_that_describes_itself_in_riddles_is_a_failure_with_the_first_problem() -> None:
    seen = contact(there=Scripted({"nics": 7})).look()
    assert isinstance(seen, Failure)
    assert seen.kind == "protocol"


def test_signs_reach_every_address_while_the_call_lasts_and_not_after() -> None:
    old, new = Scripted(CAPTURE), Scripted(CAPTURE)
    with contact(old=old, new=new).confirming():
        time.sleep(0.3)
    assert old.signs >= 3
    assert new.signs >= 3
    signs = old.signs
    time.sleep(0.1)
    assert old.signs == signs


def test_no_sign_is_given_while_the_guard_does_not_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        guard = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        there = Scripted(CAPTURE)
        with contact(guard, there=there).confirming():
            time.sleep(0.2)
        assert there.signs > 0
    there = Scripted(CAPTURE)
    with contact(guard, there=there).confirming():
        time.sleep(0.2)
    assert there.signs == 0


def test_waiting_ends_at_once_where_waiting_cures_nothing() -> None:
    began = time.monotonic()
    seen = contact(there=Scripted(Failure("tls", "wrong CA", ""))).await_sight(60)
    assert isinstance(seen, Failure)
    assert time.monotonic() - began < 1


def test_a_call_that_may_be_repeated_is_insisted_upon() -> None:
    there = Scripted(Failure("busy", "40", "", code=40), DEAD, Done("at last"))
    assert contact(there=there).insist(lambda speaker: speaker.commit(timeout=1), 10) == Done("at last")


def test_an_address_that_swallows_everything_holds_nobody_up() -> None:
    class Silent(Scripted):
        def ping(self, **_: float) -> Done | Failure:
            time.sleep(2)
            return DEAD

    began = time.monotonic()
    assert isinstance(contact(old=Silent(DEAD), new=Scripted(CAPTURE)).look(), Sight)
    assert time.monotonic() - began < 1


def test_a_reading_that_vdsm_crashed_over_is_made_again() -> None:
    crashed = vdsm_failure("Host.getCapabilities", INTERNAL_ERROR, "No such file or directory: .../ovirtmgmt/bridge")
    assert isinstance(contact(there=Scripted(crashed, CAPTURE)).await_sight(5), Sight)


def test_a_call_that_vdsm_does_not_know_is_not_made_again() -> None:
    unknown = vdsm_failure("Host.getCapabilities", NO_SUCH_METHOD, "The method does not exist")
    assert contact(there=Scripted(unknown, CAPTURE)).await_sight(5) == unknown


def test_a_host_that_moved_is_found_where_it_says_that_it_is() -> None:
    """Read over another network, it tells its new lease; there it is managed from then on."""
    moved = json.loads((ROOT / "golden/ovirtmgmt-dhcp-as-defined/capture.json").read_text()) | {"uuid": "one"}
    (lease,) = (address.partition("/")[0] for address in moved["networks"]["ovirtmgmt"]["ipv4addrs"])

    class Elsewhere(Scripted):
        def at(self, address: str) -> Scripted:
            return {lease: Scripted(moved)}[address]

    way = Contact({"old": Scripted(DEAD)}, Limits(vdsm=0.1), "one", "", {"aside": Elsewhere(moved)})  # type: ignore[dict-item]
    plan = {"network": "ovirtmgmt"}
    before = planner.read_capture(CAPTURE).host
    assert before is not None
    run = Run(Order("one", Access("old"), plan, {}, limits=Limits(vdsm=0.1)), way, before, (), frozenset(), None, print)  # type: ignore[arg-type]
    found = run.found_again(DEAD)
    assert isinstance(found, Sight)
    assert (found.address, found.aside) == (lease, False)
