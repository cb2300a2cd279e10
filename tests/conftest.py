"""What all tests share: the shipped rules, and how long the differential tests run."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import planner
from planner.rules.compiled import Compiled, compile_ruleset

settings.register_profile("suite", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", type=int, default=500, help="how many rulesets the differential test makes")
    parser.addoption("--update-pages", action="store_true", help="let the pages show what their commands print now")


@pytest.fixture(scope="session")
def soak(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--soak")


@pytest.fixture(scope="session")
def rules() -> Compiled:
    ruleset, problems = planner.load_rules("ovirtmgmt@1.0")
    assert ruleset is not None, problems
    return compile_ruleset(ruleset)


@pytest.fixture(scope="session")
def shipped_copy() -> Callable[[Path], Path]:
    """Copies the shipped rules into a folder, to be edited there: without a seal, which an edit breaks."""

    def copy(folder: Path) -> Path:
        shutil.copytree(Path(__file__).parents[1] / "rules" / "ovirtmgmt" / "1.0", folder)
        manifest = folder / "ruleset.yaml"
        manifest.write_text(re.sub(r"^digest: .*\n", "", manifest.read_text(), flags=re.MULTILINE))
        return folder

    return copy
