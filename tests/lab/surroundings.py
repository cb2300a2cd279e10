"""The world around the host under test (lab/topo.sh), and what tests ask of it."""

import copy
import os
import subprocess
import time
from contextlib import contextmanager

from lab.agent import dhcp
from lab.agent.becoming import become
from lab.agent.host import Host
from lab.agent.iproute import told
from lab.agent.looking import look
from lab.agent.machine import machine_of
from lab.agent.reading import reading
from planner.standin.kernel import EMPTY, Config

TOPOLOGY = os.path.join(os.path.dirname(__file__), "..", "..", "lab", "topo.sh")
TAGGED, UNTAGGED = "198.51.100.", "203.0.113."
ENGINE = {TAGGED: "198.51.100.1", UNTAGGED: "203.0.113.1"}
BOND = "mode=4 miimon=100"
# What a bond, or a bridge's clock, says otherwise at every look.
FLEETING = ("active_slave", "ad_aggregator_id", "ad_partner_mac")
CLOCKS = ("gc_timer", "hello_timer", "tcn_timer", "topology_change_timer")


@contextmanager
def started(variant):
    subprocess.run([TOPOLOGY, "up", variant], check=True)
    try:
        yield World()
    finally:
        subprocess.run([TOPOLOGY, "down"], check=True)


class World:
    """Switch and engine around this host."""

    def __init__(self):
        self.bare = machine_of(look())
        self.host = Host()

    def tidy(self):
        """The host as it came: four nics, down; and a neighbour that has forgotten it, as after a while."""
        for name in dhcp.clients():
            dhcp.stop(name)
        become(self.bare)
        subprocess.run(["ip", "-n", "engine", "neigh", "flush", "all"], check=True)

    def build(self, *lines):
        """Build the host as somebody built it before the agent came: lines for `ip`."""
        told(lines)

    @contextmanager
    def pulled(self, *ports):
        """The cables at these ports of the switch are pulled while the block lasts."""
        self._plug(ports, "down")
        try:
            yield
        finally:
            self._plug(ports, "up")

    @staticmethod
    def _plug(ports, state):
        for port in ports:
            subprocess.run(["ip", "-n", "switch", "link", "set", port, state], check=True)

    def seen_by_engine(self, address, *, size=56, seconds=15):
        """Whether the engine gets an answer from ``address`` to packets of ``size`` + 28 bytes, within ``seconds``."""
        ping = ["ip", "netns", "exec", "engine", "ping", "-n", "-c1", "-W1", "-M", "do", "-s", str(size), address]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if subprocess.run(ping, capture_output=True, check=False).returncode == 0:
                return True
            time.sleep(0.2)
        return False

    def jumbo(self, address):
        return self.seen_by_engine(address, size=8972)

    def configure(self, after, before=EMPTY):
        assert self.host.configure(before, after) is None

    def address(self, device):
        netinfo = self.host.netinfo()
        devices = {**netinfo["nics"], **netinfo["bondings"], **netinfo["vlans"], **netinfo["bridges"]}
        return devices[device]["addr"]


def steady():
    """The reading of this host, without what changes by itself."""
    found = copy.deepcopy(reading(look()))
    for section in ("nics", "bondings", "vlans", "bridges"):
        for record in found[section].values():
            for key in FLEETING:
                record.pop(key, None)
            for key in ("slaves", "ports"):
                if key in record:
                    record[key] = sorted(record[key])
            if section == "bridges":
                record["opts"] = {key: value for key, value in record["opts"].items() if key not in CLOCKS}
    return found


def network(base, *, vlan=None, mtu=1500, bridged=True, **ip):
    """A canonical network, as the daemon hands it over (docs/vdsm.md, Canonical form)."""
    record = {"bonding" if base.startswith("bond") else "nic": base, "bridged": bridged, "mtu": mtu}
    record |= {"switch": "legacy", "bootproto": "none", "dhcpv6": False, "ipv6autoconf": False}
    record |= {"defaultRoute": True, "nameservers": [], **({"stp": False} if bridged else {})}
    return record | ({} if vlan is None else {"vlan": vlan}) | ip


def bond4(options=BOND, **more):
    return {"bond4": {"nics": ["eth2", "eth3"], "options": options, "switch": "legacy", **more}}


def management(record, bonds=None):
    return Config({"ovirtmgmt": record}, bonds or {})


def static(last=10, subnet=UNTAGGED):
    return {"ipaddr": f"{subnet}{last}", "netmask": "255.255.255.0", "gateway": ENGINE[subnet]}
