"""The wheel carries rules and schemas: installed into an empty environment it plans from another folder."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    venv.create(folder / "empty", with_pip=True)
    installed = folder / "empty" / "bin" / "python"
    (wheel,) = folder.glob("mgmtnet-*.whl")
    subprocess.run([installed, *pip[1:], "install", str(wheel)], check=True, cwd=folder)
    return installed


def test_a_wheel_plans_the_seed_host_from_another_folder(python: Path, tmp_path: Path) -> None:
    seed = ROOT / "golden" / "seed-vlan-over-bond"
    for name in ("capture.json", "definition.yaml"):
        (tmp_path / name).write_text((seed / name).read_text())
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MGMTNET"))}
    command = [python.parent / "mgmtnet", "plan", "capture.json", "--network", "definition.yaml", "-o", "json"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    plan = json.loads(ran.stdout)
    golden = json.loads((seed / "plan.json").read_text())
    assert plan["steps"] == golden["steps"]
    assert plan["rules"]["ruleset"] == "ovirtmgmt"
    listed = (
        "import os, planner; from planner.rules.shelf import folder; "
        "print(planner.__file__, os.listdir(folder('schemas')))"
    )
    command = [python, "-c", listed]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "site-packages" in ran.stdout
    assert "plan.schema.json" in ran.stdout


def test_a_wheel_explains_rules_with_their_hosts(python: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MGMTNET"))}
    for name, told in (("vlan-over-bond", "bond bond4"), ("yaml-word", "YAML 1.1"), ("vlan-tag-mismatch", "eth0.200")):
        command = [python.parent / "mgmtnet", "explain", name]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert told in ran.stdout
        assert "not at hand" not in ran.stdout
    for words in (["rules", "init", "site"], ["rules", "test", "site"], ["rules", "check", "site"]):
        ran = subprocess.run([python.parent / "mgmtnet", *words], cwd=tmp_path, env=environment, check=False)
        assert ran.returncode == 0, words
