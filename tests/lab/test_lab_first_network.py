"""The table of the first network, on a real kernel: the lab's agent behaves as real VDSM did."""

import contextlib
import threading

import pytest
from first_network import (
    LINES,
    NAME,
    adopted,
    one_stage_that_nobody_confirms,
    planned,
    two_stages_not_saved_before_two_reboots,
)
from surroundings import steady

from lab.agent import dhcp
from lab.agent.agent import Agent
from lab.agent.looking import look
from lab.agent.machine import machine_of
from planner.standin.faults import EVERY, Mishap
from planner.standin.kernel import Refusal

pytestmark = pytest.mark.lab
BONDED = (
    "link add bond4 type bond mode active-backup miimon 100",
    "link set eth2 master bond4",
    "link set eth3 master bond4",
    "link set bond4 up",
)
TAGGED = ("link add link bond4 name bond4.3000 type vlan id 3000", "link set bond4.3000 up")
SHAPES = {  # how the host was built, the device that has the address, and how (by DHCP if nothing is said)
    "nic": (("link set eth0 up",), "eth0", "203.0.113.10/24", {}),
    "nic-dhcp": (("link set eth0 up",), "eth0", "", {}),
    "vlan-over-nic": (
        ("link set eth0 up", "link add link eth0 name eth0.3000 type vlan id 3000", "link set eth0.3000 up"),
        *("eth0.3000", "198.51.100.10/24", {"vlan": 3000}),
    ),
    "bond": (BONDED, "bond4", "203.0.113.10/24", {}),
    "vlan-over-bond": (BONDED + TAGGED, "bond4.3000", "198.51.100.10/24", {"vlan": 3000, "mtu": 9000}),
    "vlan-over-bond-dhcp": (BONDED + TAGGED, "bond4.3000", "", {"vlan": 3000, "mtu": 9000}),
}
THOROUGH = "vlan-over-bond-dhcp"  # here every line; of the others what tells them apart
TELLING = (one_stage_that_nobody_confirms, two_stages_not_saved_before_two_reboots)
CASES = [(shape, line) for shape in reversed(SHAPES) for line in (LINES if shape == THOROUGH else TELLING)]
STEPS = {}  # by shape: nothing in a plan depends on the line, and planning takes its time in this kernel


class Real:
    """The agent on this host, as `first_network.Played`."""

    def __init__(self, world, folder, device):
        self.world = world
        self.address = world.address(device)
        self.agent = Agent(world.host, str(folder / "netconf"))

    def setup(self, request, *, confirmed=False, fault=""):
        self.agent._faults = (Mishap("setupNetworks", fault, EVERY),) if fault else ()  # noqa: SLF001
        with self.confirming() if confirmed else contextlib.nullcontext():
            said = self.agent.call("setupNetworks", request).value
        self.agent._faults = ()  # noqa: SLF001
        return said.code if isinstance(said, Refusal) else said["code"]

    @contextlib.contextmanager
    def confirming(self):
        over = threading.Event()

        def confirm():
            while not over.wait(0.2):
                self.agent.call("confirmConnectivity", {})

        thread = threading.Thread(target=confirm)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def save(self):
        assert self.agent.call("setSafeNetworkConfig", {}).value is True

    def reboot(self):
        self.agent.reboot()

    def caps(self):
        return self.agent.caps()

    def reached(self, address=""):
        wanted = address or self.address
        return wanted in self.agent.addresses() and self.world.seen_by_engine(wanted)


@pytest.fixture
def played(world, tmp_path):
    def build(shape, *, identity=""):
        lines, device, address, _ = SHAPES[shape]
        world.build(*lines)
        if address:
            gateway = address.rpartition(".")[0] + ".1"
            world.build(f"addr add {address} dev {device}", f"route add default via {gateway} dev {device}")
        else:
            dhcp.start(device, "main", look().links[device]["address"], identity=identity)
        return Real(world, tmp_path, device)

    return build


@pytest.mark.parametrize(("shape", "line"), CASES, ids=[f"{shape}-{line.__name__}" for shape, line in CASES])
def test_a_line_of_the_table(played, rules, shape, line):
    host = played(shape)
    if shape not in STEPS:
        STEPS[shape] = planned(host, SHAPES[shape][3], rules)
    line(host, STEPS[shape])


def test_adopting_drops_further_addresses_and_keeps_routes_and_name_servers(world, tmp_path, rules):
    world.build("link set eth0 up", "addr add 203.0.113.10/24 dev eth0", "addr add 203.0.113.11/24 dev eth0")
    world.build("route add default via 203.0.113.1 dev eth0", "route add 192.0.2.0/24 via 203.0.113.1 dev eth0")
    host = Real(world, tmp_path, "eth0")
    before, steps = steady(), planned(host, {}, rules)
    assert host.setup(steps.adopt) == 0
    adopted(host, steps)
    assert steady()["nics"]["eth0"]["ipv4addrs"] == ["203.0.113.10/24"]
    assert "192.0.2.0/24" in [route.destination for route in machine_of(look()).routes]
    assert steady()["nameservers"] == before["nameservers"]


@pytest.mark.parametrize("shape", ["nic-dhcp", "vlan-over-bond-dhcp"])
def test_adopting_a_profile_with_a_client_id_of_its_own_gets_another_lease(played, rules, shape):
    host = played(shape, identity="ff6d676d746e6574")
    assert host.setup(planned(host, SHAPES[shape][3], rules).adopt) == 0
    other = host.caps()["networks"][NAME]["addr"]
    assert other != host.address
    assert host.reached(other)


def test_a_mac_address_is_not_pinned_on_a_bond_that_follows_its_active_member(world, tmp_path, rules):
    world.build("link add bond4 type bond mode active-backup miimon 100 fail_over_mac active", *BONDED[1:])
    world.build("addr add 203.0.113.10/24 dev bond4", "route add default via 203.0.113.1 dev bond4")
    host = Real(world, tmp_path, "bond4")
    before = steady()
    steps = planned(host, {}, rules)
    assert steps.adopt["bondings"]["bond4"]["hwaddr"] == ""
    pinned = {**steps.adopt, "bondings": {"bond4": {**steps.adopt["bondings"]["bond4"]}}}
    del pinned["bondings"]["bond4"]["hwaddr"]
    assert host.setup(pinned) == -32603
    assert steady() == before
    assert host.setup(steps.adopt) == 0
    adopted(host, steps)
