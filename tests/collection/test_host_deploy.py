"""The engine's host deploy with the post tasks, and what the engine reads of it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playing import REFUSED, SEED, Ansible, Event
from standins import GOLDEN, ROOT, Machine, addresses

POST_TASKS = ROOT / "packaging" / "ovirt-host-deploy-post-tasks.yml"
# What the engine's playbook ends with: a user's tasks, where there is the file that it names.
DEPLOY = {
    "gather_facts": False,
    "tasks": [
        {
            "name": "Look for post tasks",
            "ansible.builtin.stat": {"path": "{{ host_deploy_post_tasks }}"},
            "delegate_to": "localhost",
            "register": "found",
        },
        {
            "name": "Take them",
            "ansible.builtin.include_tasks": "{{ host_deploy_post_tasks }}",
            "when": "found.stat.exists",
        },
    ],
}
# The engine makes an event of the name of a task that went well, of this severity if it has one. The first that fails
# and ignores no errors ends the deployment, in an event that has its name, too.
SEVERE = re.compile(r".* \[(NORMAL|WARNING|ERROR|ALERT)\] (.*)")


class Deployed(NamedTuple):
    """What the engine tells of a host: its events of a severity of their own, and why it is not deployed."""

    told: list[tuple[str, str]]
    failed: str


def read(events: list[Event]) -> Deployed:
    severe = [found.groups() for event in events if not event.failed and (found := SEVERE.fullmatch(event.task))]
    return Deployed([(one, two) for one, two in severe], next((event.task for event in events if event.fatal), ""))


def variables(folder: Path, host: Machine, **stated: Any) -> dict[str, Any]:
    """What the engine says of a host, called as it is in its cluster, and what stands in for the engine's machine."""
    return {
        "ovirt_vds_hostname": "127.0.0.1",
        "host_deploy_vdsm_port": int(host.target.rpartition(":")[2]),
        "host_deploy_cluster_name": host.name,
        "host_deploy_cluster_switch_type": "legacy",
        "host_deploy_post_tasks": str(POST_TASKS),
        "mgmtnet_definitions": str(folder),
        "mgmtnet_address": addresses(host.name),
        "mgmtnet_state": host.environ["MGMTNET_STATE"],
        **{f"mgmtnet_{name}": host.environ[f"MGMTNET_{name.upper()}"] for name in ("ca", "cert", "key")},
        "routes": host.environ["MGMTNET_ROUTES"],
        **stated,
    }


@pytest.fixture(scope="module")
def plain(host: Callable[..., Machine]) -> Machine:
    return host("nic-static")


@pytest.fixture(scope="module")
def deployed(
    ansible: Ansible, seed: Machine, refused: Machine, plain: Machine, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Deployed]:
    """Several hosts, one after the other: to start Ansible takes longest. A cluster is called as its golden.

    A play whose host fails is the last.
    """
    definitions = tmp_path_factory.mktemp("definitions")
    for name in (SEED, REFUSED):
        (definitions / f"{name}.yaml").write_text((GOLDEN / name / "definition.yaml").read_text())
    broken = {"host_deploy_cluster_name": SEED, "mgmtnet_executable": "/nowhere/mgmtnet", "mgmtnet_refused": "leave"}
    hosts = {
        "made": variables(definitions, seed),
        "left": variables(definitions, refused, mgmtnet_refused="leave"),
        "undefined": variables(definitions, plain),
        "ovs": variables(definitions, plain, host_deploy_cluster_name=SEED, host_deploy_cluster_switch_type="ovs"),
        "as_ever": variables(definitions, plain, host_deploy_post_tasks="/nowhere/post-tasks.yml"),
        "refused": variables(definitions, refused),
        "broken": variables(definitions, plain, **broken),
    }
    plays = [{"hosts": name, "environment": {"MGMTNET_ROUTES": "{{ routes }}"}} | DEPLOY for name in hosts]
    events = ansible.play("deploy", plays[:-1], hosts) + ansible.play("deploy-broken", plays[-1:], hosts)
    return {name: read([event for event in events if event.host == name]) for name in hosts}


def test_the_network_stands_before_the_engine_looks(deployed: dict[str, Deployed], seed: Machine) -> None:
    assert deployed["made"] == Deployed([("NORMAL", "ovirtmgmt: as planned and saved")], "")
    assert seed.changed() == ["setupNetworks", "setupNetworks", "setSafeNetworkConfig"]
    # What the engine asks next: whether the network of that name holds the address by which it knows the host.
    reported = seed.speaker.capabilities(timeout=10)
    assert reported["networks"]["ovirtmgmt"]["addr"] == "192.0.2.10"
    assert reported["networks"]["ovirtmgmt"]["bridged"] is True


def test_a_refused_host_fails_with_the_reason_where_the_engine_shows_it(
    deployed: dict[str, Deployed], refused: Machine
) -> None:
    told, failed = deployed["refused"]
    assert told == []
    assert re.fullmatch(r".* \[ERROR\] .* \(member-in-use\): .*", failed)
    assert refused.changed() == []


def test_a_refused_host_may_be_left_to_the_engine_with_a_warning(deployed: dict[str, Deployed]) -> None:
    ((severity, message),), failed = deployed["left"]
    assert (severity, failed) == ("WARNING", "")
    assert "(member-in-use): " in message


def test_a_run_that_fails_is_never_left_to_the_engine(deployed: dict[str, Deployed]) -> None:
    assert deployed["broken"].told == []
    assert "there is no command '/nowhere/mgmtnet' here" in deployed["broken"].failed


@pytest.mark.parametrize("name", ["undefined", "ovs"])
def test_other_hosts_are_left_to_the_engine(deployed: dict[str, Deployed], plain: Machine, name: str) -> None:
    assert deployed[name] == Deployed([("NORMAL", "the management network is left to the engine")], "")
    assert plain.asked() == []


def test_without_post_tasks_all_is_as_ever(deployed: dict[str, Deployed]) -> None:
    assert deployed["as_ever"] == Deployed([], "")
