"""The lab's part in a test run, and the world that its tests happen in."""

import json
from pathlib import Path

import pytest
from surroundings import started

from lab import under_pytest
from lab.agent import dhcp

DATA = Path(__file__).parent / "data"


def pytest_configure(config):
    under_pytest.install(config)


@pytest.fixture(scope="session")
def topology(request):
    """Switch and engine around eth0 to eth3; parametrized with "lacp", eth2 and eth3 are on a port channel."""
    with started(getattr(request, "param", "plain")) as world:
        yield world


@pytest.fixture
def world(topology):
    """The world without anything left of the test before."""
    yield topology
    topology.tidy()


@pytest.fixture(scope="session")
def recordings():
    """Hosts that VDSM's own code described, by name: ``caps``, and what `ip` said of the same host."""
    return {host.name: {file.stem: json.loads(file.read_text()) for file in host.iterdir()} for host in DATA.iterdir()}


@pytest.fixture
def bonded(world):
    world.build(
        "link add bond4 type bond mode active-backup miimon 100",
        "link set eth2 master bond4",
        "link set eth3 master bond4",
        "link set bond4 up",
    )
    return world


@pytest.fixture
def seed(bonded):
    """bond4.3000 has its address by DHCP; the address."""
    bonded.build("link add link bond4 name bond4.3000 type vlan id 3000", "link set bond4.3000 up")
    dhcp.start("bond4.3000", "main", bonded.host.netinfo()["bondings"]["bond4"]["hwaddr"])
    return bonded.address("bond4.3000")


@pytest.fixture
def untagged(bonded):
    """bond4 itself has a static address; the address."""
    bonded.build("addr add 203.0.113.10/24 dev bond4", "route add default via 203.0.113.1 dev bond4")
    return "203.0.113.10"
