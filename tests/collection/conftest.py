"""The collection, built and installed as docs/ansible.md says, and stand-ins for hosts."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "cli"))
from playing import BIN, COLLECTION, REFUSED, SEED, Ansible
from standins import Machine, machine


@pytest.fixture(scope="session")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    folder = tmp_path_factory.mktemp("ansible")
    environ = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
        "ANSIBLE_NOCOLOR": "1",
    }
    made = Ansible(folder, environ)
    made.run("ansible-galaxy", "collection", "build", COLLECTION, "--output-path", folder)
    (built,) = folder.glob("*.tar.gz")
    made.run("ansible-galaxy", "collection", "install", built, "-p", folder / "collections")
    return made


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Machine]]:
    """A stand-in of the golden of that name, with faults."""
    with ExitStack() as stack:
        yield lambda name, *faults: stack.enter_context(machine(tmp_path_factory.mktemp("host"), name, faults=faults))


@pytest.fixture(scope="module")
def seed(host: Callable[..., Machine]) -> Machine:
    return host(SEED)


@pytest.fixture(scope="module")
def refused(host: Callable[..., Machine]) -> Machine:
    return host(REFUSED)
