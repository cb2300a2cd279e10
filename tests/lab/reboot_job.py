"""A host through four boots, run inside the lab by test_lab_reboot.py; ends in LABPASS.

1: the host is adopted; it is changed, and that is not saved. 2, 3: it is as adopted; the second time the change is
saved. 4: it is as changed. Between the boots only the folder that is given survives, as a disk does.
"""

import json
import os
import subprocess
import sys
import time

from surroundings import started, steady

from lab.agent import dhcp
from lab.agent.agent import Agent
from lab.agent.host import Host

DISK = sys.argv[1]
OWN_FILES = (  # how the host was configured before VDSM came
    "link add bond4 type bond mode 802.3ad lacp_rate fast",
    "link set eth2 master bond4",
    "link set eth3 master bond4",
    "link set bond4 up",
    "link add link bond4 name bond4.3000 type vlan id 3000",
    "link set bond4.3000 up",
)
ADOPTED = {"bonding": "bond4", "vlan": 3000, "bridged": False, "mtu": 1500, "bootproto": "dhcp", "defaultRoute": True}
CHANGED = {**ADOPTED, "bridged": True, "mtu": 9000}
BOND = {"bond4": {"nics": ["eth2", "eth3"], "options": "mode=4 lacp_rate=1"}}


def main():
    with started("lacp") as world:
        boot = len(os.listdir(os.path.join(DISK, "boots"))) + 1 if os.path.isdir(os.path.join(DISK, "boots")) else 1
        os.makedirs(os.path.join(DISK, "boots", str(boot)))
        if boot == 1:
            world.build(*OWN_FILES)
            dhcp.start("bond4.3000", "main", world.host.netinfo()["bondings"]["bond4"]["hwaddr"])
        agent = Agent(Host(os.path.join(DISK, "profiles")), os.path.join(DISK, "netconf"))
        {1: first, 2: second, 3: third, 4: fourth}[boot](world, agent)
    print("LABPASS")


def first(world, agent):
    setup(agent, ADOPTED, commitOnSuccess=True)
    remember("adopted", steady())
    setup(agent, CHANGED)
    assert world.jumbo(agent.address)
    reboot()


def second(world, agent):
    same("adopted", steady())
    assert world.seen_by_engine(agent.address)
    reboot()


def third(world, agent):
    same("adopted", steady())
    setup(agent, CHANGED)
    remember("changed", steady())
    assert world.seen_by_engine(agent.address)
    assert agent.call("setSafeNetworkConfig", {}).value is True
    reboot()


def fourth(world, agent):
    same("changed", steady())
    assert agent.running == agent.persistent
    assert world.jumbo(agent.address)


def setup(agent, network, **options):
    request = {"networks": {"ovirtmgmt": network}, "bondings": BOND, "options": {"connectivityCheck": False, **options}}
    assert agent.call("setupNetworks", request).value == {"code": 0, "message": "Done"}


def remember(name, reading):
    with open(os.path.join(DISK, name), "w") as file:
        json.dump(reading, file)


def same(name, reading):
    with open(os.path.join(DISK, name)) as file:
        assert json.load(file) == reading


def reboot():
    print("rebooting", flush=True)
    os.sync()
    subprocess.run(["busybox", "reboot", "-f"], check=True)
    time.sleep(60)


main()
