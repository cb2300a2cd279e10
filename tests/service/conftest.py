"""A service for all tests that only ask."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from services import Served, serving


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service for all tests that only ask."""
    folder = tmp_path_factory.mktemp("service")
    with serving(
        "--decisions", str(folder / "decisions"), environ={"MGMTNET_STATE": str(folder)}, measured=True
    ) as served:
        yield served
