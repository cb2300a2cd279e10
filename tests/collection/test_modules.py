"""The collection's modules and filter, run by Ansible against stand-ins for hosts."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from playing import REFUSED, SEED, Ansible, Event
from standins import GOLDEN, Machine, addresses, wait_until

CHANGED = ["setupNetworks", "setupNetworks", "setSafeNetworkConfig"]  # adopted, changed, saved
FACTS = {
    "ansible_interfaces": ["lo", "eth0"],
    "ansible_default_ipv4": {"interface": "eth0", "address": "192.0.2.7", "gateway": "192.0.2.1"},
    "ansible_all_ipv4_addresses": ["192.0.2.7"],
    "ansible_eth0": {
        "device": "eth0",
        "type": "ether",
        "active": True,
        "module": "bnx2",
        "macaddress": "02:00:00:00:00:07",
        "mtu": 1500,
        "ipv4": {"address": "192.0.2.7", "netmask": "255.255.255.0", "network": "192.0.2.0"},
    },
}


def task(name: str, module: str, machine: Machine | None, **stated: Any) -> dict[str, Any]:
    """A task that is let fail; ``check`` and ``diff`` are its modes."""
    modes = {mode: True for mode in ("check_mode", "diff") if stated.pop(mode, False)}
    where = {} if machine is None else {"host": machine.target, "address": addresses(machine.name)}
    return {
        "name": name,
        f"mgmtnet.ovirt.{module}": where | stated,
        "register": name,
        "ignore_errors": True,
        "environment": {} if machine is None else machine.environ,
        **modes,
    }


def definition(name: str) -> dict[str, Any]:
    return yaml.safe_load((GOLDEN / name / "definition.yaml").read_text())


@pytest.fixture(scope="module")
def faulty(host: Callable[..., Machine]) -> Machine:
    """A host that is adopted, and whose VDSM then fails."""
    return host("bond-static", "setupNetworks:crash:2")


@pytest.fixture(scope="module")
def killed(host: Callable[..., Machine]) -> Machine:
    """A host whose run was killed."""
    made = host("nic-static")
    process = made.begin("--yes")
    wait_until(lambda: "asked: setupNetworks" in made.said)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return made


@pytest.fixture(scope="module")
def played(ansible: Ansible, seed: Machine, refused: Machine, faulty: Machine, killed: Machine) -> dict[str, Event]:
    """Everything in one play: to start Ansible takes longest."""
    wanted, text = definition(SEED), (GOLDEN / SEED / "definition.yaml").read_text()
    capture = str(GOLDEN / SEED / "capture.json")
    read = f"lookup('ansible.builtin.file', '{capture}')"
    judged = "mgmtnet.ovirt.mgmtnet_plan"
    tasks = [
        task("checked", "mgmtnet_apply", seed, definition=wanted, check_mode=True, diff=True),
        task("planned", "mgmtnet_plan", seed, definition=text, diff=True),
        task("applied", "mgmtnet_apply", seed, plan="{{ planned.plan }}"),
        task("again", "mgmtnet_apply", seed, definition=wanted, diff=True),
        task("checked_again", "mgmtnet_apply", seed, definition=wanted, check_mode=True),
        task("stale", "mgmtnet_apply", refused, plan="{{ planned.plan }}"),
        task("refused", "mgmtnet_apply", refused, definition=definition(REFUSED)),
        task("told", "mgmtnet_plan", refused, definition=definition(REFUSED), fail_if_refused=False),
        task("interrupted", "mgmtnet_apply", killed, definition=definition(killed.name), check_mode=True),
        task("resumed", "mgmtnet_apply", killed, definition=definition(killed.name)),
        task("captured", "mgmtnet_plan", None, capture=f"{{{{ {read} }}}}", definition=text, address=["192.0.2.10"]),
        task("wrong", "mgmtnet_plan", None, capture=f"{{{{ {read} }}}}", definition="network: ovirtmgmt\nvlan: 4096\n"),
        task("failed", "mgmtnet_apply", faulty, definition=definition(faulty.name), timeout=5),
        task("misused", "mgmtnet_plan", None, host="127.0.0.1:1", wait=0, definition=wanted),
        task("unreachable", "mgmtnet_apply", seed, host="127.0.0.1:1", wait=1, definition=wanted),
        task("missing", "mgmtnet_plan", None, capture={}, definition={}, executable="/nowhere/mgmtnet"),
        {
            "name": "filtered",
            "ansible.builtin.debug": {
                "msg": [
                    f"{{{{ {read} | {judged}(wanted, address=['192.0.2.10']) }}}}",
                    f"{{{{ {read} | from_json | {judged}(wanted, ['192.0.2.10']) }}}}",
                    f"{{{{ facts | {judged}(wanted, ['192.0.2.7']) }}}}",
                ]
            },
        },
        {
            "name": "misread",
            "ansible.builtin.debug": {"msg": f"{{{{ 'no capture' | {judged}(wanted) }}}}"},
            "ignore_errors": True,
        },
    ]
    play = {"hosts": "all", "gather_facts": False, "vars": {"wanted": wanted, "facts": FACTS}, "tasks": tasks}
    return {event.task: event for event in ansible.play("modules", [play], {"host1.example.com": {}})}


def errors(event: Event) -> list[str]:
    """The codes of the errors that a task has found."""
    return [problem["code"] for problem in event.result["problems"] if problem.get("severity") == "error"]


def test_check_mode_tells_the_change_and_sends_nothing(played: dict[str, Event]) -> None:
    checked = played["checked"].result
    assert (checked["changed"], checked["plan"]["outcome"]) == (True, "change")
    assert "report" not in checked
    assert "+ bridge ovirtmgmt" in checked["diff"]["prepared"]
    assert played["planned"].result["plan"] == checked["plan"], "the next task found the host as it was"


def test_a_plan_is_carried_out_once(played: dict[str, Event], seed: Machine) -> None:
    applied = played["applied"].result
    assert applied["changed"] is True
    assert applied["report"]["standing"] == "as planned and saved"
    assert (applied["id"], applied["host_nic"]["vlan"]) == ("bond4", 3000)
    assert seed.changed() == CHANGED


@pytest.mark.parametrize("name", ["again", "checked_again"])
def test_a_second_run_changes_nothing(played: dict[str, Event], name: str) -> None:
    again = played[name]
    assert (again.failed, again.result["changed"]) == (False, False)
    assert again.result["plan"]["outcome"] == "no-change"


def test_planning_changes_nothing_and_tells_the_difference(played: dict[str, Event]) -> None:
    planned = played["planned"].result
    assert planned["changed"] is False
    assert "+ bridge ovirtmgmt" in planned["diff"]["prepared"]
    assert "(dhcp-address-may-change)" in " ".join(planned["warnings"])
    assert json.loads(planned["capture"])["bondings"]["bond4"]


def test_a_refused_host_fails_with_the_reasons_and_is_sent_nothing(played: dict[str, Event], refused: Machine) -> None:
    event, told = played["refused"], played["told"]
    assert (event.failed, event.result["changed"]) == (True, False)
    assert errors(event) == ["member-in-use"]
    assert "(member-in-use): " in event.result["msg"]
    assert "\n" not in event.result["msg"]
    assert (told.failed, told.result["plan"]) == (False, event.result["plan"])
    assert refused.changed() == []


def test_a_run_that_was_killed_is_gone_on_with(played: dict[str, Event], killed: Machine) -> None:
    assert played["interrupted"].result["changed"] is True
    assert "interrupted" in played["interrupted"].result["msg"]
    resumed = played["resumed"]
    assert (resumed.failed, resumed.result["changed"]) == (False, True)
    assert [report["succeeded"] for report in resumed.result["resumed"]] == [True]
    assert resumed.result["report"]["standing"] == "as planned and saved"
    assert killed.changed()[-1] == "setSafeNetworkConfig"


def test_a_capture_is_planned_without_a_host(played: dict[str, Event]) -> None:
    captured = played["captured"].result
    assert captured["plan"]["steps"] == json.loads((GOLDEN / SEED / "plan.json").read_text())["steps"]
    assert "capture" not in captured


@pytest.mark.parametrize(
    ("name", "codes", "said"),
    [
        ("stale", ["stale-plan"], "make the plan again"),
        ("failed", ["vdsm--32603"], "ovirtmgmt: adopted; "),
        ("wrong", ["vlan-invalid"], "give a tag from 1 to 4094"),
        ("unreachable", None, "host-unreachable"),
        ("missing", [], "there is no command '/nowhere/mgmtnet' here"),
        ("misused", [], "mgmtnet capture: error: argument --wait"),
    ],
)
def test_what_cannot_be_done_is_told(played: dict[str, Event], name: str, codes: list[str] | None, said: str) -> None:
    event = played[name]
    assert event.failed
    assert codes is None or errors(event) == codes
    assert said in event.result["msg"]
    assert "Traceback" not in json.dumps(event.result)


def test_a_run_that_fails_tells_how_the_host_stands(played: dict[str, Event]) -> None:
    failed = played["failed"].result
    assert failed["report"]["standing"] == "adopted"
    assert failed["changed"] is True


def test_the_filter_makes_the_same_plan(played: dict[str, Event]) -> None:
    text, read, facts = played["filtered"].result["msg"]
    assert text == read == played["captured"].result["plan"]
    assert [one["code"] for one in facts["problems"] if one["severity"] == "error"] == ["vlan-tag-mismatch"]


def test_the_filter_says_what_it_cannot_read(played: dict[str, Event]) -> None:
    assert played["misread"].failed
    assert "(unknown-format)" in played["misread"].result["msg"]
