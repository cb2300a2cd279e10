"""A host's first network on VDSM 4.40 and later, line by line as real VDSM behaved on a real kernel.

Each function is a line: what is done, and what became of the host. It is played on anything that is a `Played`: the
stand-in (`tests/standin/test_first_network.py`) and the lab's agent (`tests/lab/test_lab_first_network.py`).
"""

import copy
from typing import Any, Protocol

import planner
from planner.rules.compiled import Compiled

Request = dict[str, Any]
NAME = "ovirtmgmt"
DONE, LOST_CONNECTION, INTERNAL = 0, 10, -32603


class Played(Protocol):
    """A host that NetworkManager had configured before VDSM came."""

    address: str

    def setup(self, request: Request, *, confirmed: bool = False, fault: str = "") -> int:
        """Send ``request``; the code of the answer. ``confirmed``: somebody confirms connectivity meanwhile."""
        ...

    def save(self) -> None:
        """Call setSafeNetworkConfig."""
        ...

    def reboot(self) -> None:
        """Restart the machine."""
        ...

    def caps(self) -> Request:
        """What getVdsCaps tells."""
        ...

    def reached(self, address: str = "") -> bool:
        """Whether the host answers at ``address``, or at its own."""
        ...


class Steps:
    """The two calls of a plan for `Played`: ``adopt`` and ``change``, in the form in which a plan has them."""

    def __init__(self, adopt: Request, change: Request) -> None:
        """From the requests of a plan."""
        self.adopt, self.change = copy.deepcopy(adopt), copy.deepcopy(change)
        self.change["options"]["connectivityTimeout"] = 2  # nobody waits two minutes for those who do not confirm

    @property
    def checked(self) -> Request:
        """Adopt, under the connectivity check and not saved, as it should not be sent."""
        return {**self.adopt, "options": self.change["options"]}

    @property
    def bond(self) -> str:
        """The bond that the network stands on, or ``""``."""
        return next(iter(self.change["bondings"]), "")


def planned(host: Played, definition: Request, rules: Compiled) -> Steps:
    """The steps of the plan that ``rules`` make of ``definition`` on ``host``."""
    seen = planner.read_capture(host.caps()).host
    wanted = planner.read_definition({"network": NAME, **definition}).definition
    assert seen is not None
    assert wanted is not None
    plan = planner.plan(seen, wanted, rules, [host.address]).document()
    assert [step["step"] for step in plan["steps"]] == ["adopt", "change"], plan["problems"]
    return Steps(*(step["request"] for step in plan["steps"]))


def lost(host: Played, steps: Steps) -> None:
    assert not host.reached()
    caps = host.caps()
    assert caps["networks"] == {}
    assert NAME not in caps["bridges"]
    for section in ("nics", "bondings", "vlans", "bridges"):
        assert not any(record["ipv4addrs"] for record in caps[section].values())
    if steps.bond and steps.bond not in caps["bondings"]:
        assert caps["vlans"] == {}


def adopted(host: Played, steps: Steps) -> None:
    caps = host.caps()
    network = caps["networks"][NAME]
    assert network["bridged"] is False
    assert network["addr"] == host.address
    assert NAME not in caps["bridges"]
    assert str(network["mtu"]) == str(steps.adopt["networks"][NAME]["mtu"])
    assert host.reached()


def changed(host: Played, steps: Steps) -> None:
    network = host.caps()["networks"][NAME]
    assert network["bridged"] is True
    assert network["addr"] == host.address
    assert str(network["mtu"]) == str(steps.change["networks"][NAME]["mtu"])
    assert host.reached()


def adopt(host: Played, steps: Steps) -> None:
    assert host.setup(steps.adopt) == DONE
    adopted(host, steps)
    assert host.caps()["netConfigDirty"] == "False"


def one_stage_that_nobody_confirms(host: Played, steps: Steps) -> None:
    assert host.setup(steps.change) == LOST_CONNECTION
    lost(host, steps)
    if steps.bond:
        assert steps.bond not in host.caps()["bondings"]
    host.reboot()
    lost(host, steps)


def one_stage_confirmed_and_not_saved_before_a_reboot(host: Played, steps: Steps) -> None:
    assert host.setup(steps.change, confirmed=True) == DONE
    changed(host, steps)
    host.reboot()
    lost(host, steps)
    assert (steps.bond in host.caps()["bondings"]) == bool(steps.bond), "a bond that was not saved stays"


def one_stage_saved_by_the_call(host: Played, steps: Steps) -> None:
    saving = {**steps.change, "options": {**steps.change["options"], "commitOnSuccess": True}}
    assert host.setup(saving, confirmed=True) == DONE
    host.reboot()
    changed(host, steps)


def one_stage_saved_by_the_call_that_nobody_confirms(host: Played, steps: Steps) -> None:
    saving = {**steps.change, "options": {**steps.change["options"], "commitOnSuccess": True}}
    assert host.setup(saving) == LOST_CONNECTION
    lost(host, steps)


def the_way_back_afterwards(host: Played, steps: Steps) -> None:
    assert host.setup(steps.change) == LOST_CONNECTION
    lost(host, steps)
    adopt(host, steps)
    host.reboot()
    adopted(host, steps)


def the_way_back_that_nobody_confirms(host: Played, steps: Steps) -> None:
    assert host.setup(steps.change) == LOST_CONNECTION
    assert host.setup(steps.checked) == LOST_CONNECTION
    lost(host, steps)


def two_stages_and_nobody_confirms(host: Played, steps: Steps) -> None:
    adopt(host, steps)
    assert host.setup(steps.change) == LOST_CONNECTION
    adopted(host, steps)


def two_stages_not_saved_before_two_reboots(host: Played, steps: Steps) -> None:
    adopt(host, steps)
    assert host.setup(steps.change, confirmed=True) == DONE
    changed(host, steps)
    for _ in range(2):
        host.reboot()
        adopted(host, steps)


def two_stages_saved(host: Played, steps: Steps) -> None:
    adopt(host, steps)
    assert host.setup(steps.change, confirmed=True) == DONE
    host.save()
    assert host.caps()["netConfigDirty"] == "False"
    host.reboot()
    changed(host, steps)


def adopt_that_nmstate_refuses(host: Played, steps: Steps) -> None:
    before = host.caps()["nics"]
    refused = copy.deepcopy(steps.adopt)
    refused["networks"][NAME] |= {"ipv6autoconf": True, "dhcpv6": False}
    assert host.setup(refused) == INTERNAL
    caps = host.caps()
    assert (caps["networks"], caps["nics"]) == ({}, before)
    assert host.reached()


def adopt_under_the_check_that_nobody_confirms(host: Played, steps: Steps) -> None:
    assert host.setup(steps.checked) == LOST_CONNECTION
    lost(host, steps)


def adopt_not_saved_before_a_reboot(host: Played, steps: Steps) -> None:
    assert host.setup({**steps.adopt, "options": {"connectivityCheck": False}}) == DONE
    adopted(host, steps)
    host.reboot()
    lost(host, steps)


def power_cut_before_the_change_is_recorded(host: Played, steps: Steps) -> None:
    adopt(host, steps)
    assert host.setup(steps.change, fault="power-cut") != DONE
    assert host.reached()
    caps = host.caps()
    assert (caps["networks"][NAME]["bridged"], caps["networks"][NAME]["addr"]) == (False, "")
    assert caps["bridges"][NAME]["addr"] == host.address
    assert host.setup(steps.change, confirmed=True) == DONE
    host.save()
    host.reboot()
    changed(host, steps)


def a_checkpoint_that_is_not_nmstates(host: Played, steps: Steps) -> None:
    before = host.caps()
    assert host.setup(steps.adopt, fault="checkpoint") == INTERNAL
    assert {**host.caps(), "netConfigDirty": ""} == {**before, "netConfigDirty": ""}
    adopt(host, steps)


LINES = (
    one_stage_that_nobody_confirms,
    one_stage_confirmed_and_not_saved_before_a_reboot,
    one_stage_saved_by_the_call,
    one_stage_saved_by_the_call_that_nobody_confirms,
    the_way_back_afterwards,
    the_way_back_that_nobody_confirms,
    two_stages_and_nobody_confirms,
    two_stages_not_saved_before_two_reboots,
    two_stages_saved,
    adopt_that_nmstate_refuses,
    adopt_under_the_check_that_nobody_confirms,
    adopt_not_saved_before_a_reboot,
    power_cut_before_the_change_is_recorded,
    a_checkpoint_that_is_not_nmstates,
)
