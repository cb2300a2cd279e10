"""A host through three boots, run inside the lab by test_lab_reboot.py; ends in LABPASS.

1: a plan is applied and not committed. 2: the host is as before it; the plan is applied and committed. 3: the host is
as planned. Between the boots only the folder that is given survives, as a disk does.
"""

import json
import os
import subprocess
import sys
import time

from surroundings import bond4, management, network, started, steady

from lab.agent import dhcp
from lab.agent.storing import store, stored
from planner.simulator.kernel import EMPTY

DISK = sys.argv[1]
PERSISTENT = os.path.join(DISK, "netconf")
OWN_FILES = (  # what the host's own configuration files would do at every boot
    "link add bond4 type bond mode 802.3ad lacp_rate fast",
    "link set eth2 master bond4",
    "link set eth3 master bond4",
    "link set bond4 up",
    "link add link bond4 name bond4.3000 type vlan id 3000",
    "link set bond4.3000 up",
)


def main():
    with started("lacp") as world:
        boot = len(os.listdir(os.path.join(DISK, "boots"))) + 1 if os.path.isdir(os.path.join(DISK, "boots")) else 1
        os.makedirs(os.path.join(DISK, "boots", str(boot)))
        world.build(*OWN_FILES)
        mac = world.host.netinfo()["bondings"]["bond4"]["hwaddr"]
        dhcp.start("bond4.3000", "main", mac)
        world.configure(stored(PERSISTENT))
        seed = management(network("bond4", vlan=3000, mtu=9000, bootproto="dhcp"), bond4("mode=4 lacp_rate=1"))
        {1: first, 2: second, 3: third}[boot](world, seed)
    print("LABPASS")


def first(world, seed):
    assert stored(PERSISTENT) == EMPTY
    remember("before", steady())
    world.configure(seed)
    assert world.jumbo(world.address("ovirtmgmt"))
    reboot()


def second(world, seed):
    same("before", steady())
    assert world.seen_by_engine(world.address("bond4.3000"))
    world.configure(seed)
    remember("planned", steady())
    store(PERSISTENT, seed)
    reboot()


def third(world, seed):
    assert stored(PERSISTENT) == seed
    same("planned", steady())
    assert world.jumbo(world.address("ovirtmgmt"))


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
