import socket

import pytest
from scripted import Pki, Server, punctual

from planner.vdsm.failure import Failure


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def serve(pki):
    """serve(script, cert=None, mutual=True, plain=False): a running Server."""
    servers = []

    def start(script, cert=None, *, mutual=True, plain=False, family=socket.AF_INET):
        servers.append(Server(script, None if plain else pki.context(cert, mutual=mutual), family))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def failing():
    """failing(call, kind, timeout): the Failure of `call(timeout=...)`, which kept its time and left no thread."""

    def check(call, kind, timeout=2.0) -> Failure:
        with punctual(timeout):
            failure = call(timeout=timeout)
        assert isinstance(failure, Failure), failure
        assert (failure.kind, failure.message) == (kind, failure.message)
        assert failure.hint
        assert failure.message.isprintable()
        return failure

    return check
