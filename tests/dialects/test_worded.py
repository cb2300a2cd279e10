"""Every golden in every dialect: printed, or refused with what would be lost; and the command that prints it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from planned import GOLDEN, planned, texts

from planner.cli.main import main
from planner.dialects import DIALECTS
from planner.dialects.wording import Made, Wording, made_of, word
from planner.dialects.wording import lost_past_vdsm as lost

# For how many goldens each has words, at least; fewer, and it has forgotten some.
PRINTED = {"nmstate": 165, "rest": 181, "ansible": 148, "nmcli": 187, "netplan": 176}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_golden_is_printed_or_refused_with_a_reason(dialect: str) -> None:
    for name, one in planned().items():
        worded = word(dialect, one.plan, one.host)
        reason = "capture-incomplete" if one.host.lacks else "output-incomplete"
        if isinstance(worded, Wording):
            assert worded.text.endswith("\n"), name
            assert worded.beside, name
        else:
            assert {problem.code for problem in worded} == {reason}, name
            assert all(problem.message and problem.hint for problem in worded), name
    assert len(texts(dialect)) >= PRINTED[dialect]


def of(name: str, **changed: Any) -> Made:
    made = made_of(planned()[name].plan, planned()[name].host)
    return made._replace(attachment=made.attachment._replace(**changed))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (of("ovirtmgmt-other-mtu"), "restores its networks at a boot"),
        (of("default-route-on-another-network"), "VDSM takes the default route from vmnet"),
        (of("nic-static", switch="ovs"), "VDSM is to make ovirtmgmt by ovs"),
        (of("bond-options-unknown-on-4-10"), "does not tell the mode of bond0"),
    ],
)
def test_what_is_lost_past_vdsm_is_told(made: Made, told: str) -> None:
    (message,) = lost(made)
    assert told in message


@pytest.mark.parametrize(
    ("dialect", "name", "told"),
    [
        ("nmstate", "nic-dhcp-on-4-10", "VDSM 4.10 is older than nmstate"),
        ("netplan", "dhcp-without-role", "a routing table of its own"),
        ("nmcli", "dhcp-without-role", "a routing table of its own"),
        ("netplan", "infiniband-bridgeless", "ib0 is InfiniBand"),
        ("netplan", "ipv6-dhcp", "another DHCPv6 lease"),
        ("nmcli", "gateway-none", "name servers with addresses of their family"),
        ("ansible", "dual-stack-static", "either IPv4 (static) or IPv6 (static)"),
        ("ansible", "slaac-eui64", "boot protocols are none, static and dhcp"),
        ("ansible", "nic-name-servers-defined", "no parameter for name servers"),
        ("ansible", "ovirtmgmt-gateway-none-already", "synchronizes all networks of the host"),
        ("rest", "fail-over-mac", "pin no MAC address to bond1"),
    ],
)
def test_what_each_would_lose_is_told(dialect: str, name: str, told: str) -> None:
    worded = word(dialect, planned()[name].plan, planned()[name].host)
    assert not isinstance(worded, Wording)
    assert any(told in problem.message for problem in worded)


# The command.


def asked(name: str, *more: str) -> list[str]:
    folder = GOLDEN / name
    about = yaml.safe_load((folder / "about.yaml").read_text())
    addresses = [part for address in about.get("address", []) for part in ("--address", address)]
    (capture,) = folder.glob("capture*")
    return ["plan", str(capture), "--network", str(folder / "definition.yaml"), *addresses, *more]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_command_prints_it_with_what_is_to_be_done_beside(dialect: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked("seed-vlan-over-bond", "-o", dialect)) == 0
    said = capsys.readouterr()
    assert said.out == texts(dialect)["seed-vlan-over-bond"]
    worded = word(dialect, *reversed(planned()["seed-vlan-over-bond"][::2]))
    assert isinstance(worded, Wording)
    assert all(line in said.err for line in worded.beside)
    assert main(asked("seed-vlan-over-bond", "-o", dialect, "--exit-code")) == 4


def test_what_would_be_lost_prints_nothing_and_is_a_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked("infiniband-bridgeless", "-o", "netplan")) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[output-incomplete]: ib0 is InfiniBand" in said.err
    assert "hint: `-o vdsm` and `mgmtnet apply`" in said.err


@pytest.mark.parametrize(("name", "status"), [("ovirtmgmt-as-defined", 0), ("foreign-bridge", 3)])
def test_nothing_is_printed_where_nothing_is_planned(
    name: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(name, "-o", "nmstate")) == status
    assert capsys.readouterr().out == ""


def test_the_step_before_has_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked("seed-vlan-over-bond", "-o", "nmcli", "--step", "change")) == 0
    assert capsys.readouterr().out == texts("nmcli")["seed-vlan-over-bond"]
    assert main(asked("seed-vlan-over-bond", "-o", "nmcli", "--step", "adopt")) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[step-unknown]" in said.err


def test_a_capture_that_leaves_something_open_is_not_put_into_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked("from-iproute", "-o", "nmcli")) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[capture-incomplete]" in said.err


def test_nobody_who_does_not_ask_for_one_waits_for_it(tmp_path: Path) -> None:
    import subprocess
    import sys

    told = "import sys; from planner.cli.main import main; main(sys.argv[1:]); print(sorted(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", told, *asked("nic-static", "-o", "json")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    document, _, loaded = ran.stdout.rpartition("\n['")
    assert json.loads(document)["outcome"] == "change"
    assert "planner.dialects'" in loaded
    assert "planner.dialects." not in loaded
