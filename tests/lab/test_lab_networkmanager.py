"""`mgmtnet plan -o nmcli` on a real kernel: NetworkManager's own daemon carries the script out."""

import os
import shutil
import subprocess
import time

import pytest
from surroundings import TAGGED

import planner
from planner.dialects.wording import Wording, word
from planner.rules.compiled import compile_ruleset
from planner.rules.shelf import load_rules

pytestmark = pytest.mark.lab
BUS = """\
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
</policy></busconfig>
"""
NETWORK_MANAGER = """\
[main]
plugins=keyfile
no-auto-default=*
dns=none
dhcp=internal
auth-polkit=false
[keyfile]
path={profiles}
"""
# Seconds until a daemon answers, and until it has ended. A busy machine takes ten times as long as an idle one.
PATIENCE = 120
# How somebody installed the host: bond4.3000 has its address by DHCP, and each device a profile of another name.
INSTALLED = (
    "type bond ifname bond4 con-name team1 bond.options mode=active-backup,miimon=100 ipv4.method disabled",
    "type ethernet ifname eth2 con-name cable-a master bond4",
    "type ethernet ifname eth3 con-name cable-b master bond4",
    "type vlan ifname bond4.3000 con-name office dev bond4 id 3000 ipv4.method auto ipv6.method disabled",
)


@pytest.fixture
def network_manager(world, tmp_path):  # noqa: ARG001  its nics are to be there
    """Runs nmcli with those words."""
    (tmp_path / "bus.conf").write_text(BUS)
    (tmp_path / "profiles").mkdir()
    settings = tmp_path / "NetworkManager.conf"
    settings.write_text(NETWORK_MANAGER.format(profiles=tmp_path / "profiles"))
    folders = [f"--{name}={tmp_path}/none" for name in ("config-dir", "system-config-dir")]
    files = [f"--{name}={tmp_path}/{name}" for name in ("state-file", "intern-config", "pid-file")]
    subprocess.run(["mkdir", "-p", "/run/dbus", "/run/NetworkManager"], check=True)
    commands = (
        ["/usr/lib/systemd/systemd-udevd"],  # without it NetworkManager takes no device for ready
        ["dbus-daemon", f"--config-file={tmp_path}/bus.conf", "--nofork", "--nopidfile"],
        ["NetworkManager", "--debug", f"--config={settings}", *folders, *files],
    )
    running = []
    log = (tmp_path / "log").open("w")
    try:
        for command in commands:
            running.append(subprocess.Popen(command, stdout=log, stderr=log))
            if command[0].endswith("udevd"):
                _until(lambda: os.path.exists("/run/udev/control"))
                subprocess.run(["udevadm", "trigger", "--action=add", "--subsystem-match=net", "--settle"], check=True)
        _until(lambda: subprocess.run(["nmcli", "general"], capture_output=True, check=False).returncode == 0)
        for nic in ("eth2", "eth3"):  # which are veths here, and those it leaves alone
            nmcli(f"device set {nic} managed yes")
        yield nmcli
        print(subprocess.run(["nmcli", "device"], capture_output=True, text=True, check=True).stdout)
    finally:
        for one in reversed(running):
            one.terminate()
            one.wait(PATIENCE)
        log.close()
        print((tmp_path / "log").read_text()[-20000:])


def nmcli(words):
    ran = subprocess.run(["nmcli", *words.split()], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran


def _until(answers):
    end = time.monotonic() + PATIENCE
    while not answers():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_the_seed_by_networkmanager(world, network_manager, tmp_path):
    assert shutil.which("NetworkManager")
    for profile in INSTALLED:
        network_manager(f"connection add {profile}")
    network_manager("connection up office")
    address = world.address("bond4.3000")
    assert address.startswith(TAGGED)

    (tmp_path / "plan.sh").write_text(scripted(world.host.netinfo(), address))
    ran = subprocess.run(["sh", tmp_path / "plan.sh"], capture_output=True, text=True, check=False)
    print(ran.stdout, ran.stderr)
    assert ran.returncode == 0

    _until(lambda: world.address("ovirtmgmt") == address)  # the lease of before, by the MAC address of before
    found = world.host.netinfo()
    assert found["bridges"]["ovirtmgmt"]["ports"] == ["bond4.3000"]
    assert found["vlans"]["bond4.3000"]["ipv4addrs"] == []
    sections = {"bridges": ["ovirtmgmt"], "vlans": ["bond4.3000"], "bondings": ["bond4"], "nics": ["eth2", "eth3"]}
    assert {found[section][name]["mtu"] for section, names in sections.items() for name in names} == {"9000"}
    assert found["bondings"]["bond4"]["opts"]["miimon"] == "100"
    assert world.jumbo(address)


def scripted(netinfo, address):
    """What `mgmtnet plan -o nmcli` prints for the host, as a VDSM would tell that has made no network yet."""
    netinfo["networks"] = {}
    netinfo["vlans"]["bond4.3000"]["dhcpv4"] = True  # as NetworkManager knows
    host = planner.read_capture(netinfo).required()
    definition = planner.read_definition({"network": "ovirtmgmt", "vlan": 3000, "mtu": 9000}, "definition").required()
    plan = planner.plan(host, definition, compile_ruleset(load_rules("ovirtmgmt@1.0").required()), (address,))
    worded = word("nmcli", plan, host)
    assert isinstance(worded, Wording)
    return worded.text
