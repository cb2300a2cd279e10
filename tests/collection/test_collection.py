"""What is written of the collection, held against it by Ansible's own tools."""

import importlib.util
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml
from playing import COLLECTION, Ansible
from standins import ROOT

PAGE = (ROOT / "docs" / "ansible.md").read_text()
OWN_LICENCE = "missing-gplv3-license"  # mgmtnet's is Apache-2.0


def test_every_plugin_is_documented(ansible: Ansible) -> None:
    names = ("mgmtnet.ovirt.mgmtnet_plan", "mgmtnet.ovirt.mgmtnet_apply")
    modules = json.loads(ansible.run("ansible-doc", "--json", *names))
    for name in names:
        assert {"host", "definition", "address", "ca", "executable"} < set(modules[name]["doc"]["options"])
        assert modules[name]["return"]["plan"]["type"] == "dict"
        assert yaml.safe_load(modules[name]["examples"])
    (one,) = json.loads(ansible.run("ansible-doc", "--json", "-t", "filter", names[0])).values()
    assert set(one["doc"]["options"]) == {"_input", "definition", "address", "rules", "policy", "executable"}


def test_every_variable_of_the_role_is_documented(ansible: Ansible) -> None:
    (role,) = json.loads(ansible.run("ansible-doc", "--json", "-t", "role", "mgmtnet.ovirt.host_deploy")).values()
    options = role["entry_points"]["main"]["options"]
    defaults = yaml.safe_load((COLLECTION / "roles" / "host_deploy" / "defaults" / "main.yml").read_text())
    assert {name for name in defaults if not name.startswith("mgmtnet_definition_")} | {"mgmtnet_policy"} == set(
        options
    )
    for name, option in options.items():
        assert option.get("default") in (None, defaults.get(name)), name


def test_the_modules_are_as_ansible_test_wants_them(ansible: Ansible) -> None:
    """validate-modules, without the environment of its own that `ansible-test sanity` would install."""
    (tested,) = importlib.util.find_spec("ansible_test").submodule_search_locations
    validate = Path(tested) / "_util" / "controller" / "sanity" / "validate-modules" / "validate.py"
    options = ["--format", "json", "--arg-spec", "--collection", "ansible_collections/mgmtnet/ovirt"]
    ran = subprocess.run(
        [sys.executable, validate, *options, *(f"plugins/modules/mgmtnet_{name}.py" for name in ("plan", "apply"))],
        env=ansible.environ,
        cwd=ansible.installed,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(ran.stdout)
    assert len(found) == 2, ran.stderr
    errors = [error for file in found.values() for error in file["errors"]]
    assert {error["code"] for error in errors} == {OWN_LICENCE}, errors


def test_it_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((COLLECTION / "galaxy.yml").read_text())["version"] == version
    assert f"mgmtnet-ovirt-{version}.tar.gz" in PAGE


def test_the_playbooks_of_the_page_are_playbooks(ansible: Ansible, tmp_path: Path) -> None:
    plays = list(playbooks(PAGE))
    assert len(plays) == 2
    (tmp_path / "plays.yml").write_text("".join(plays))
    ansible.run("ansible-playbook", "--syntax-check", tmp_path / "plays.yml")


def playbooks(page: str) -> Iterator[str]:
    """The blocks of a page that are plays."""
    for part in page.split("```yaml\n")[1:]:
        block = part.partition("```")[0]
        if "\n  hosts:" in block:
            yield block
