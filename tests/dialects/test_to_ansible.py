"""The playbook, put to ansible-playbook and to the module of oVirt's own collection."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from consumers import missing
from planned import once, planned, texts

from planner.dialects.ansible import MODULE, lost, words
from planner.dialects.wording import Made, made_of

# Of bonds in mode 4, what the kernel sets by itself: the module says it, where nothing is said.
BY_ITSELF = {"miimon": "100", "xmit_hash_policy": "0"}


class SpecificationRead(Exception):  # noqa: N818  it is what was wanted
    """The module has said which parameters it takes."""


@pytest.fixture(scope="module")
def module() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what of Ansible's it imports that is old
        try:
            return import_module("ansible_collections.ovirt.ovirt.plugins.modules.ovirt_host_network")
        except ModuleNotFoundError:
            missing("no collection ovirt.ovirt here: the Makefile fetches it from PyPI")


@pytest.fixture
def validate(module: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], Any]:
    """Ansible's judgement of a task's parameters by the module's own specification."""
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    def tell(argument_spec: Any) -> None:
        raise SpecificationRead(argument_spec)

    monkeypatch.setenv("OVIRT_URL", "https://engine.example.com/ovirt-engine/api")
    monkeypatch.setattr(module, "AnsibleModule", tell)
    with pytest.raises(SpecificationRead) as told:
        module.main()
    return ArgumentSpecValidator(told.value.args[0]).validate


def task_of(text: str) -> dict[str, Any]:
    ((task,),) = (play["tasks"] for play in yaml.safe_load(text))
    return {**task[MODULE], "auth": {}}  # as Ansible makes it of the template


def test_ansible_takes_the_playbooks(tmp_path: Path) -> None:
    """The module's name is looked up, too: the collection is there."""
    for name, text in once(texts("ansible")).items():
        (tmp_path / f"{name}.yaml").write_text(text)
    checked = ansible_playbook("--syntax-check", *sorted(tmp_path.iterdir()))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.count("playbook: ") == len(once(texts("ansible")))


@pytest.mark.parametrize("named", [{"OVIRT_URL": "https://engine.example.com"}, {}])
def test_the_module_itself_gets_as_far_as_it_can_without_an_engine(named: dict[str, str], tmp_path: Path) -> None:
    """To the software development kit, which is asked for as soon as the parameters are in order."""
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text(texts("ansible")["seed-vlan-over-bond"])
    ran = ansible_playbook(playbook, "-e", "ovirt_host=host1", **named)
    assert ("ovirtsdk4" if named else "required: hostname, url found in auth") in ran.stdout


def test_ansible_refuses_a_module_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(texts("ansible")["nic-static"].replace(MODULE, f"{MODULE}s"))
    assert "resolve" in ansible_playbook("--syntax-check", tmp_path / "wrong.yaml").stderr


def ansible_playbook(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("ansible-playbook")
    quiet = {f"ANSIBLE_{name}": "False" for name in ("LOCALHOST_WARNING", "INVENTORY_UNPARSED_WARNING")}
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8", **quiet, **environment}
    return subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", once(texts("ansible")))
def test_the_module_takes_the_parameters_and_they_are_the_plans(
    name: str, validate: Callable[[dict[str, Any]], Any], module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, task = made_of(planned()[name].plan, planned()[name].host), task_of(texts("ansible")[name])
    judged = validate(task)
    assert judged.error_messages == []
    parameters = judged.validated_parameters
    (network,) = parameters["networks"]
    attachment, asked = made.attachment, made.request["networks"][made.network]
    assert (network["name"], parameters["check"], parameters["save"]) == (made.network, made.wanted.checked, True)
    assert parameters["sync_networks"] is made.owned
    v4 = attachment.ipv4.method != "none"
    assert network["boot_protocol"] == (attachment.ipv4 if v4 else attachment.ipv6).method
    address = asked.get("ipaddr") or asked.get("ipv6addr", "").partition("/")[0] or None
    assert network.get("address") == address
    assert network.get("netmask") == (asked.get("netmask") or asked.get("ipv6addr", "").partition("/")[2] or None)
    assert network.get("gateway") == (asked.get("gateway") or asked.get("ipv6gateway"))
    if attachment.bond is None:
        assert (parameters["interface"], parameters["bond"]) == (attachment.iface, None)
        return
    bond = parameters["bond"]
    assert (bond["name"], bond["interfaces"]) == (attachment.bond.name, sorted(attachment.bond.members))
    monkeypatch.setattr(module, "otypes", SimpleNamespace(Option=SimpleNamespace), raising=False)
    sent = {option.name: option.value for option in module.get_bond_options(bond["mode"], bond.get("options"))}
    planned_options = {**dict(attachment.bond.options), "mode": str(attachment.bond.mode)}
    assert planned_options.items() <= sent.items()
    more = {option: value for option, value in sent.items() if option not in planned_options}
    assert more.items() <= (BY_ITSELF.items() if attachment.bond.mode == 4 else set())


def test_parameters_of_another_kind_are_refused(validate: Callable[[dict[str, Any]], Any]) -> None:
    task = task_of(texts("ansible")["nic-static"])
    assert validate(task | {"vlan": 3000}).error_messages
    assert validate(task | {"networks": "ovirtmgmt"}).error_messages


def of(name: str, **changed: Any) -> Made:
    made = made_of(planned()[name].plan, planned()[name].host)
    return made._replace(attachment=made.attachment._replace(**changed))


def test_a_bond_without_link_monitoring_is_not_given_any() -> None:
    bond = of("bond-static").attachment.bond
    assert bond is not None
    unwatched = bond._replace(mode=1, options=(("arp_interval", "100"),))
    (told,) = lost(of("bond-static", bond=unwatched))
    assert "miimon=100" in told


@pytest.mark.parametrize("name", ["{{ x }}", "a{% b", "{# c"])
def test_a_name_is_never_a_template(name: str) -> None:
    (told,) = lost(of("nic-static", iface=name))
    assert "template" in told


def test_custom_properties_of_a_network_are_kept() -> None:
    made = of("nic-static")
    kept = made.wanted.networks[0]._replace(custom={"bridge_opts": "gc_timer=10"})
    (network,) = task_of(words(made._replace(wanted=made.wanted._replace(networks=(kept,)))))["networks"]
    assert network["custom_properties"] == [{"name": "bridge_opts", "value": "gc_timer=10"}]
