"""netplan's YAML, put to netplan itself: what it makes of it for systemd-networkd is what was planned."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from consumers import NETPLAN, needed
from planned import once, planned, texts

from planner.dialects.netplan import lost, words
from planner.dialects.wording import Made, made_of
from planner.host.model import MODES, Bond

Units = dict[str, list[tuple[str, str, str]]]
# Options of bonds as networkd calls them; with what it writes for a number of milliseconds, or for the kernel's number.
BOND_KEYS: dict[str, tuple[str, str | list[str]]] = {
    "miimon": ("MIIMonitorSec", "{}ms"),
    "min_links": ("MinLinks", "{}"),
    "lacp_rate": ("LACPTransmitRate", ["slow", "fast"]),
    "ad_select": ("AdSelect", ["stable", "bandwidth", "count"]),
    "xmit_hash_policy": ("TransmitHashPolicy", ["layer2", "layer3+4", "layer2+3"]),
    "fail_over_mac": ("FailOverMACPolicy", ["none", "active", "follow"]),
}


def generated(text: str, folder: Path, *command: str) -> Units:
    """The units of systemd-networkd: section, key and value of each line, by the file's name."""
    described = folder / "etc" / "netplan" / "90-mgmtnet.yaml"
    described.parent.mkdir(parents=True)
    described.write_text(text)
    described.chmod(0o600)
    ran = subprocess.run([*command, "--root-dir", str(folder)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    units = (folder / "run" / "systemd" / "network").iterdir()
    return {unit.name.removeprefix("10-netplan-"): list(_lines(unit.read_text())) for unit in units}


def _lines(unit: str) -> Iterator[tuple[str, str, str]]:
    section = ""
    for line in unit.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield section, key, value


@pytest.mark.parametrize("name", once(texts("netplan")))
def test_networkd_is_told_what_is_planned(name: str, tmp_path: Path) -> None:
    made = made_of(planned()[name].plan, planned()[name].host)
    units = generated(texts("netplan")[name], tmp_path, needed(NETPLAN, "netplan.io"))
    assert said(units, made) == meant(made)
    for device in made.stack():
        assert device.mtu < 0 or ("Link", "MTUBytes", str(device.mtu)) in units[f"{device.name}.network"]


def said(units: Units, made: Made) -> dict[str, Any]:
    def every(unit: str, *keys: str) -> list[str]:
        return sorted(value for _, key, value in units.get(unit, ()) if key in keys)

    attachment, top = made.attachment, f"{made.top}.network"
    bond = units.get(f"{attachment.iface}.netdev", [])
    return {
        "dhcp": every(top, "DHCP"),
        "addresses": every(top, "Address"),
        "gateways": every(top, "Gateway"),
        "dns": every(top, "DNS"),
        "advertised": every(top, "IPv6AcceptRA"),
        "bridge": every(f"{attachment.port}.network", "Bridge"),
        "stp": every(f"{made.network}.netdev", "STP"),
        "mac": every(f"{made.network}.netdev", "MACAddress"),
        "vlan": [value for section, key, value in units.get(f"{attachment.port}.netdev", ()) if key == "Id"],
        "members": sorted(unit for unit in units if every(unit, "Bond") == [attachment.iface]),
        "bond": sorted((key, value) for section, key, value in bond if section == "Bond"),
    }


def meant(made: Made) -> dict[str, Any]:
    attachment = made.attachment
    v4, v6, bond = attachment.ipv4, attachment.ipv6, attachment.bond
    static = [ip for ip in (v4, v6) if ip.method == "static"]
    leased = [family for family, ip in (("ipv4", v4), ("ipv6", v6)) if "dhcp" in ip.method]
    options = [("Mode", MODES[bond.mode]), *map(_as_networkd, _options(bond))] if bond is not None else []
    return {
        "dhcp": ["yes"] if len(leased) == 2 else leased,
        "addresses": sorted(f"{ip.address}/{ip.prefix}" for ip in static),
        "gateways": sorted(ip.gateway for ip in static if ip.gateway and attachment.default_route),
        "dns": sorted(attachment.nameservers),
        "advertised": ["yes" if "auto" in v6.method else "no"],
        "bridge": [made.network] if attachment.bridged else [],
        "stp": [str(attachment.stp).lower()] if attachment.bridged else [],
        "mac": [made.hwaddr()] if attachment.bridged else [],
        "vlan": [str(attachment.tag)] if attachment.tag >= 0 else [],
        "members": sorted(f"{member}.network" for member in bond.members) if bond is not None else [],
        "bond": sorted(options),
    }


def _options(bond: Bond) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in bond.options if name != "mode")


def _as_networkd(option: tuple[str, str]) -> tuple[str, str]:
    key, spelt = BOND_KEYS[option[0]]
    return key, spelt[int(option[1])] if isinstance(spelt, list) else spelt.format(option[1])


ARP = Bond(
    "bond4",
    "",
    members=("eth2", "eth3"),
    mode=1,
    options=(
        ("arp_interval", "200"),
        ("arp_ip_target", "192.0.2.1,192.0.2.2"),
        ("arp_validate", "3"),
        ("arp_all_targets", "1"),
        ("primary", "eth3"),
        ("primary_reselect", "2"),
        ("num_grat_arp", "3"),
        ("updelay", "400"),
        ("downdelay", "200"),
        ("resend_igmp", "2"),
        ("lp_interval", "5"),
    ),
)


def bonded(bond: Bond) -> Made:
    made = made_of(planned()["seed-vlan-over-bond"].plan, planned()["seed-vlan-over-bond"].host)
    return made._replace(attachment=made.attachment._replace(bond=bond))


def test_bonds_watched_by_arp(tmp_path: Path) -> None:
    made = bonded(ARP)
    assert list(lost(made)) == []
    units = generated(words(made), tmp_path, needed(NETPLAN, "netplan.io"))
    told = {(key, value) for section, key, value in units["bond4.netdev"] if section == "Bond"}
    assert told == {
        ("Mode", "active-backup"),
        ("ARPIntervalSec", "200ms"),
        ("ARPIPTargets", "192.0.2.1 192.0.2.2"),
        ("ARPValidate", "all"),
        ("ARPAllTargets", "all"),
        ("PrimaryReselectPolicy", "failure"),
        ("GratuitousARP", "3"),
        ("UpDelaySec", "400ms"),
        ("DownDelaySec", "200ms"),
        ("ResendIGMP", "2"),
        ("LearnPacketIntervalSec", "5"),
    }
    assert ("Network", "PrimarySlave", "true") in units["eth3.network"]


@pytest.mark.parametrize("option", [("use_carrier", "0"), ("xmit_hash_policy", "5"), ("tlb_dynamic_lb", "0")])
def test_an_option_that_netplan_has_no_key_for_is_told(option: tuple[str, str]) -> None:
    (told,) = lost(bonded(ARP._replace(options=(option,))))
    assert option[0] in told


def test_no_mac_address_is_made_up() -> None:
    made = made_of(planned()["nic-static"].plan, planned()["nic-static"].host)
    nics = {name: nic._replace(hwaddr="") for name, nic in made.host.nics.items()}
    (told,) = lost(made._replace(host=made.host._replace(nics=nics)))
    assert "does not tell the MAC address of eth0" in told


def test_the_command_itself_takes_it(tmp_path: Path) -> None:
    units = generated(texts("netplan")["seed-vlan-over-bond"], tmp_path, needed("netplan", "netplan.io"), "generate")
    assert ("Match", "Name", "ovirtmgmt") in units["ovirtmgmt.network"]


def test_what_netplan_refuses_fails(tmp_path: Path) -> None:
    wrong = yaml.safe_load(texts("netplan")["seed-vlan-over-bond"])
    wrong["network"]["vlans"]["bond4.3000"]["link"] = "bond5"
    with pytest.raises(AssertionError):
        generated(yaml.safe_dump(wrong), tmp_path, needed(NETPLAN, "netplan.io"))
