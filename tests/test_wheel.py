"""The wheel carries rules and schemas: installed into an empty environment it plans from another folder."""

import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

sys.path.append(str(Path(__file__).parent.parent / "bench"))
import api

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


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MGMTNET"))}


def test_it_brings_what_plans_and_nothing_else(python: Path) -> None:
    ran = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, text=True, check=True)
    names = {line.partition("==")[0].partition(" @")[0].lower().replace("-", "_") for line in ran.stdout.splitlines()}
    assert names - {"durable_rules"} == {"mgmtnet", "pyyaml"}


def test_it_says_what_it_is_made_of(python: Path) -> None:
    """By CycloneDX' own validator; every package that is bundled or installed with it is named."""
    (bill,) = python.parent.parent.glob("lib/python3*/site-packages/mgmtnet-*.dist-info/sboms/mgmtnet.cdx.json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill.read_text()) is None
    parts = {part["name"]: part for part in json.loads(bill.read_text())["components"]}
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)["project"]
    extras = (one for extra in ("apply", "author", "service") for one in project["optional-dependencies"][extra])
    stated = {re.split("[=<>;[]", one)[0].replace(".", "-") for one in (*project["dependencies"], *extras)} - {
        "mgmtnet"
    }
    bundled = json.loads((ROOT / "page" / "package.json").read_text())["dependencies"]
    assert parts.keys() >= stated | bundled.keys()
    assert all(parts[name]["version"] == version for name, version in bundled.items())
    assert {name for name, part in parts.items() if part["scope"] == "required"} >= {"pyyaml", "durable-rules"}


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["apply", "192.0.2.1", "--network", "definition.yaml", "--yes"], "apply"),
        (["simulate", "capture.json"], "apply"),
        (["rehearse", "capture.json", "--network", "definition.yaml"], "apply"),
        (["rules", "fmt", "--check", str(ROOT / "rules" / "examples" / "site")], "author"),
        (["rules", "prove"], "author"),
    ],
)
def test_what_needs_an_extra_says_which_in_a_line(
    python: Path, environment: dict[str, str], tmp_path: Path, command: list[str], extra: str
) -> None:
    (tmp_path / "capture.json").write_text((ROOT / "golden" / "seed-vlan-over-bond" / "capture.json").read_text())
    (tmp_path / "definition.yaml").write_text("network: ovirtmgmt\n")
    run = [python, "-X", "dev", "-W", "error", "-m", "planner", *command]
    ran = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert f"`{python} -m pip install 'mgmtnet[{extra}]'`" in ran.stderr


def test_a_users_program_passes_mypys_strict_mode(python: Path, tmp_path: Path) -> None:
    """The examples of docs/api.md, and what must not pass."""
    lines = ["from pathlib import Path", "from planner import *", "from planner.apply import *"]
    for number, text in enumerate(api.examples().values()):
        lines.append(f"def example_{number}() -> None:")
        found = doctest.DocTestParser().get_examples(text)
        lines += [f"    {line}" for example in found for line in example.source.splitlines()]
    wrong = ["planner.plan(1)", "planner.nothing", "planner.apply.nothing", "read_capture(None)", "1 + __version__"]
    lines += ["import planner.apply", *wrong]
    (tmp_path / "program.py").write_text("\n".join(lines) + "\n")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--python-executable", python, "program.py"]
    ran = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True, check=False)
    places = {int(line.split(":")[1]) for line in ran.stdout.splitlines() if ": error:" in line}
    assert places == set(range(len(lines) - len(wrong) + 1, len(lines) + 1)), ran.stdout + ran.stderr


def test_the_workbench_travels_in_the_wheel(python: Path, tmp_path: Path) -> None:
    said = "import os, planner.service as own; print(os.path.dirname(own.__file__))"
    ran = subprocess.run([python, "-c", said], cwd=tmp_path, capture_output=True, text=True, check=True)
    bundle = ROOT / "planner" / "service" / "page"
    for path in bundle.iterdir():
        assert (Path(ran.stdout.strip()) / "page" / path.name).read_bytes() == path.read_bytes()


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
