"""The script, run with NetworkManager's own nmcli, which reads and writes profiles in files (`--offline`).

A daemon is not asked: what it alone knows (which profile a device has, its MAC address) is answered in its place, and
what it alone does (to bring a profile up) is noted.
"""

import configparser
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from consumers import needed
from planned import once, planned, texts

from planner.dialects.nmcli import words
from planner.dialects.wording import Made, made_of
from planner.host.model import Bond, Device, Vlan
from planner.plan.attachment import IpPlan

MAC = "52:54:00:00:00:77"
ADDRESSED = [
    *("ipv4.method", "manual", "ipv4.addresses", "203.0.113.9/24", "ipv4.gateway", "203.0.113.1"),
    *("ipv6.method", "manual", "ipv6.addresses", "2001:db8:9::9/64", "ipv6.gateway", "2001:db8:9::1"),
    *("ipv4.dns", "203.0.113.53"),
]
# What answers in place of nmcli: profiles are files, each called as its device.
STAND_IN = """\
#!/bin/sh
set -eu
cd {profiles}
case "$1 $2" in
"--get-values GENERAL.CON-UUID") if [ -e "$5" ]; then echo "$5"; fi ;;
"--escape no") echo {mac} ;;
"connection add") {real} --offline "$@" > "$6" ;;
"connection modify") profile=$3; shift 3
  {real} --offline connection modify "$@" < "$profile" > changed; mv changed "$profile" ;;
*) echo "$*" >> done ;;
esac
"""
IP = """\
#!/bin/sh
echo "$*" >> {profiles}/done
"""
Profile = dict[str, dict[str, str]]


class Machine:
    """A folder of profiles, one for each device of the stack, all with addresses of their own."""

    def __init__(self, made: Made, folder: Path) -> None:
        self.real = needed("nmcli", "network-manager")
        self.profiles, self.programs = folder / "profiles", folder / "bin"
        self.profiles.mkdir()
        self.programs.mkdir()
        for name, text in (("nmcli", STAND_IN), ("ip", IP)):
            quoted = {"profiles": shlex.quote(str(self.profiles)), "real": shlex.quote(self.real)}
            (self.programs / name).write_text(text.format(mac=MAC, **quoted))
            (self.programs / name).chmod(0o755)
        for device in made.stack():
            profile = ["connection", "add", *_kind(device), "con-name", device.name, "ifname", device.name, *ADDRESSED]
            text = subprocess.run([self.real, "--offline", *profile], capture_output=True, text=True, check=True).stdout
            (self.profiles / device.name).write_text(text)

    def run(self, script: str) -> "subprocess.CompletedProcess[str]":
        path = {**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}"}
        return subprocess.run(["sh", "-c", script], env=path, capture_output=True, text=True, check=False)

    def profile(self, name: str) -> Profile:
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        parser.read_string((self.profiles / name).read_text())
        return {section: dict(parser[section]) for section in parser.sections()}

    @property
    def done(self) -> list[str]:
        return (self.profiles / "done").read_text().splitlines()


def _kind(device: Device) -> list[str]:
    match device:
        case Bond():
            return ["type", "bond", "bond.options", "mode=active-backup"]
        case Vlan(base=base, tag=tag):
            return ["type", "vlan", "dev", base, "id", str(tag)]
    return ["type", "ethernet"]


@pytest.mark.parametrize("name", once(texts("nmcli")))
def test_profiles_come_out_as_planned(name: str, tmp_path: Path) -> None:
    made = made_of(planned()[name].plan, planned()[name].host)
    machine = Machine(made, tmp_path)
    ran = machine.run(texts("nmcli")[name])
    assert (ran.returncode, ran.stderr) == (0, "")
    attachment, port = made.attachment, machine.profile(made.attachment.port)
    top = machine.profile(made.network) if attachment.bridged else port
    for family, planned_ip in ((4, attachment.ipv4), (6, attachment.ipv6)):
        assert addressing(top, family) == meant(made, family, planned_ip)
    if attachment.bridged:
        assert top["connection"]["interface-name"] == made.network
        assert top["bridge"] == ({} if attachment.stp else {"stp": "false"})
        assert top["ethernet"] == {"cloned-mac-address": MAC, "mtu": str(attachment.mtu)}
        assert master_of(port) == (made.network, "bridge")
        assert "ipv4" not in port
    mtus = {device.name: device.mtu for device in made.stack()}
    assert port["ethernet"]["mtu"] == str(mtus[attachment.port])
    below = [device for device in made.stack() if device.name != attachment.port]
    changed = {device.name: device.mtu for device in below if device.mtu != present(made, device.name)}
    assert machine.done == [
        *(f"link set dev {device} mtu {mtu}" for device, mtu in changed.items()),
        f"connection up {attachment.port}",
    ]
    for device in below:
        profile = machine.profile(device.name)
        assert profile["ipv4"]["address1"] == "203.0.113.9/24,203.0.113.1"
        assert profile.get("ethernet", {}).get("mtu") == (str(device.mtu) if device.name in changed else None)


def present(made: Made, name: str) -> int:
    host = made.host
    return next(table[name].mtu for table in (host.nics, host.bonds, host.vlans) if name in table)


def master_of(profile: Profile) -> tuple[str | None, str | None]:
    """As NetworkManager before and since 1.46 spells it."""
    connection = profile["connection"]
    kind = connection.get("slave-type") or connection.get("port-type")
    return connection.get("master") or connection.get("controller"), kind


def addressing(profile: Profile, family: int) -> dict[str, Any]:
    section = profile[f"ipv{family}"]
    address, _, gateway = section.get("address1", "").partition(",")
    return {
        "method": section["method"],
        "address": address,
        "gateway": gateway or section.get("gateway", ""),
        "dns": [server for server in section.get("dns", "").split(";") if server],
        "never-default": section.get("never-default", "false"),
        "ignore-auto-dns": section.get("ignore-auto-dns", "false"),
    }


METHODS = {
    4: {"none": "disabled", "static": "manual", "dhcp": "auto"},
    6: {"none": "disabled", "static": "manual", "dhcp": "dhcp", "auto": "auto", "auto+dhcp": "auto"},
}


def meant(made: Made, family: int, ip: IpPlan) -> dict[str, Any]:
    attachment = made.attachment
    static, automatic = ip.method == "static", ip.method not in ("static", "none")
    return {
        "method": METHODS[family][ip.method],
        "address": f"{ip.address}/{ip.prefix}" if static else "",
        "gateway": ip.gateway if attachment.default_route else "",
        "dns": [server for server in attachment.nameservers if (":" in server) == (family == 6)],
        "never-default": str(ip.method != "none" and not attachment.default_route).lower(),
        "ignore-auto-dns": str(automatic and bool(attachment.nameservers)).lower(),
    }


def test_nothing_is_changed_where_a_device_has_no_profile(tmp_path: Path) -> None:
    made = made_of(planned()["seed-vlan-over-bond"].plan, planned()["seed-vlan-over-bond"].host)
    machine = Machine(made, tmp_path)
    (machine.profiles / "bond4.3000").unlink()
    before = {path.name: path.read_text() for path in machine.profiles.iterdir()}
    assert machine.run(words(made)).returncode != 0
    assert {path.name: path.read_text() for path in machine.profiles.iterdir()} == before


@pytest.mark.parametrize("name", ["$(touch here)", "eth0; touch here", "`touch here`", "$port", '"; touch here; "'])
def test_a_devices_name_is_never_a_command(name: str, tmp_path: Path) -> None:
    made = made_of(planned()["nic-static"].plan, planned()["nic-static"].host)
    named = made._replace(attachment=made.attachment._replace(iface=name))
    script = words(named)
    ran = subprocess.run(
        ["sh", "-c", f"nmcli() {{ printf '%s\\n' \"$@\"; }}\n{script}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert list(tmp_path.iterdir()) == []
    assert name in ran.stdout
