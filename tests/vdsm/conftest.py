import socket

import pytest
from scripted import Pki, Server, punctual

from planner.vdsm.client import Failure, Target
from planner.vdsm.jsonrpc import JsonRpc


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


@pytest.fixture
def host(serve, pki):
    def dial(script, credentials=None, pin=None, *, check_name=False, **how):
        port = serve(script, **how).port
        address = "::1" if how.get("family") == socket.AF_INET6 else "127.0.0.1"
        return JsonRpc(Target(address, port, address), credentials or pki.credentials(), pin, check_name)

    return dial
