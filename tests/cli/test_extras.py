"""What a command says of a Python module that is not there, or too old; in a distribution's package, too."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from planner import extras
from planner.cli import main as commands
from planner.extras import MODULES, bringing, extra_of, outdated

REQUIRED = metadata.requires("mgmtnet") or []


def named(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution.strip().lower())


def test_every_extra_brings_the_modules_that_it_is_said_to() -> None:
    assert {extra_of(module) for modules in MODULES.values() for module in modules} == set(MODULES)
    assert extra_of("yaml") == ""
    packages = metadata.packages_distributions()
    for extra, modules in MODULES.items():
        asked = {named(re.split(r"[<>=;\[]", line)[0]) for line in REQUIRED if f"'{extra}'" in line}
        assert {named(name) for module in modules for name in packages[module]} <= asked | {
            "urllib3"
        }  # requests brings it


def test_a_distributions_own_python_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bringing("apply") == f"{sys.executable} -m pip install -e '{Path(__file__).parents[2]}[apply]'"
    (tmp_path / "apply.txt").write_text("dbos\n")
    monkeypatch.setattr(extras, "LISTS", str(tmp_path))
    assert bringing("apply") == f"{sys.prefix}/bin/pip install -r {tmp_path}/apply.txt"  # this runs in an environment
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert bringing("apply") == (
        f"{sys.executable} -m venv /opt/mgmtnet && /opt/mgmtnet/bin/pip install -r {tmp_path}/apply.txt"
        " && /opt/mgmtnet/bin/python /usr/bin/mgmtnet"
    )


def test_a_module_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert outdated() == ""
    old = metadata.version

    def version(name: str) -> str:
        if name == "dbos":
            raise metadata.PackageNotFoundError(name)
        return "0.9.0" if name == "trustme" else old(name)

    monkeypatch.setattr(metadata, "version", version)
    assert outdated() == f"trustme is 0.9.0 here, and 1.2 is required: `{bringing('apply')}`"

    def fails(_: object) -> int:
        raise TypeError("unrecognized")  # noqa: EM101  as a module of another age does

    monkeypatch.setattr(commands, "_status", fails)
    assert commands.main(["plan"]) == 1
    assert capsys.readouterr().err == f"mgmtnet: internal fault: TypeError: unrecognized\n  {outdated()}\n"

    def unknown(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", unknown)
    assert outdated() == ""
