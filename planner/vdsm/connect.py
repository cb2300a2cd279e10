"""Where speaking with a host begins: a Speaker from what a user writes.

host = speaker("host.example.com", transport="auto", credentials=Credentials())
if not isinstance(host, Failure):
    document = host.capabilities(timeout=20)
"""

from typing import Literal

from planner.vdsm.client import Failure, Speaker, Target, parse_target
from planner.vdsm.credentials import Credentials, check, check_engine

Transport = Literal["jsonrpc", "xmlrpc", "engine", "auto"]


def speaker(
    target: str,
    transport: Transport = "auto",
    credentials: Credentials | None = None,
    pin: str | None = None,
    *,
    check_name: bool = False,
) -> Speaker | Failure:
    """Make a client for a host. It does not connect before its first call.

    Args:
        target: host, host:port or [IPv6]:port.
        transport: jsonrpc, xmlrpc, engine (its REST API), or auto: the newest that the host answers.
        credentials: None for VDSM's own files.
        pin: "sha256:..." of the server's certificate; with transport engine, of the engine's.
        check_name: compare the host's certificate with its name, which VDSM's own client does not do.

    Returns:
        The client, or why there cannot be one: a bad target or pin, credentials that cannot be read.
    """
    from planner.vdsm import tls

    known = credentials or Credentials()
    whom = parse_target(target)
    if isinstance(whom, Failure):
        return whom
    if pin is not None and (failure := tls.check_pin(pin)):
        return failure
    if transport == "engine":
        return _through_the_engine(whom, known, pin)
    return check(known) or _direct(whom, transport, known, pin, check_name=check_name)


def _direct(
    target: Target, transport: Transport, credentials: Credentials, pin: str | None, *, check_name: bool
) -> Speaker:
    from planner.vdsm.auto import Auto
    from planner.vdsm.jsonrpc import JsonRpc
    from planner.vdsm.xmlrpc import XmlRpc

    newer = JsonRpc(target, credentials, pin, check_name)
    older = XmlRpc(target, credentials, pin, check_name)
    return newer if transport == "jsonrpc" else older if transport == "xmlrpc" else Auto(newer, older)


def _through_the_engine(target: Target, credentials: Credentials, pin: str | None) -> Speaker | Failure:
    from planner.vdsm.engine import Engine, find_engine

    failure = check_engine(credentials)
    if failure is not None or credentials.engine is None:
        return failure or Failure("credentials", "no account for the engine", "set MGMTNET_ENGINE_URL")
    engine = find_engine(credentials.engine)
    return engine if isinstance(engine, Failure) else Engine(target, credentials, credentials.engine, pin)
