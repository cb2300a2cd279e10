"""Reaching hosts as the options say: access, reboot, and what a failure looks like to a person."""

import argparse
import ipaddress
import json
import os
from collections.abc import Sequence

from planner.apply import database
from planner.apply.access import speaker_of
from planner.apply.order import Access, Limits, Reboot
from planner.apply.secrets import fence_agent
from planner.cli.inputs import read_file
from planner.problem import Problem
from planner.vdsm.failure import Failure


def access_of(options: argparse.Namespace, host: str) -> Access | Problem:
    """How to reach ``host``."""
    routes = _routes(options.routes)
    if isinstance(routes, Problem):
        return routes
    if _holds_secret(options.engine or ""):
        hint = "give --engine-user and --engine-password-file: a URL is written down in the journal"
        return Problem("secret-in-url", "the engine's URL holds a user or a password", hint)
    return Access(
        target=host,
        transport=options.transport,
        ca=_absolute(options.ca),
        certificate=_absolute(options.cert),
        key=_absolute(options.key),
        pin=options.pin or "",
        engine=options.engine or "",
        user=options.engine_user or "",
        password_file=_absolute(options.engine_password_file),
        routes=routes,
    )


def reboot_of(options: argparse.Namespace, host: str) -> Reboot | Problem | None:
    """The reboot that is asked for, if one is."""
    if options.reboot == "none":
        return None
    if options.reboot == host:
        return Problem("fence-itself", f"{host} cannot switch itself off and on", "name another host: --reboot PROXY")
    missing = [name for name in ("address", "agent", "user") if not getattr(options, f"fence_{name}")]
    if missing:
        return Problem(
            "fence-incomplete",
            f"a reboot by {options.reboot} needs the host's power management",
            "give " + ", ".join(f"--fence-{name}" for name in missing) + ", or --reboot none",
        )
    if any(part.strip().lower().startswith("passw") and "script" not in part for part in _parts(options)):
        hint = "give it by --fence-password-file: options are written down in the journal"
        return Problem("secret-in-options", "--fence-options holds a password", hint)
    proxy = access_of(options, options.reboot)
    if isinstance(proxy, Problem):
        return proxy
    password = _absolute(options.fence_password_file)
    further = "\n".join(_parts(options))
    reboot = Reboot(proxy, options.fence_address, options.fence_agent, options.fence_user, password, options=further)
    for needed in (
        speaker_of(proxy),
        fence_agent(reboot),
    ):  # better missed now than when the host is to be switched off
        if isinstance(needed, Failure):
            return problem_of(needed)
    return reboot


def telling(probes: Sequence[str]) -> list[Problem]:
    """Those of the probes that hold a user or a password: they are written down, and shown."""
    hint = "whether it answers is asked, not what: leave the user out"
    told = "a probe's URL holds a user or a password"
    return [Problem("secret-in-url", told, hint) for probe in probes if _holds_secret(probe)]


def unexpectable(addresses: Sequence[str]) -> list[Problem]:
    """Those of the addresses that are expected afterwards that are none."""
    return [
        Problem("expect-malformed", f"--expect {text!r}: not an address", "an IPv4 or IPv6 address without a prefix")
        for text in addresses
        if not _is_address(text)
    ]


def state_folder() -> str | Problem:
    """Where runs are remembered."""
    try:
        folder = database.state_folder()
        return database.unusable(database.journal_url(folder)) or folder
    except OSError as failure:
        told = f"cannot remember runs in {failure.filename!r}: {failure.strerror}"
        return Problem("state-unwritable", told, "name a folder of yours by MGMTNET_STATE")
    except UnicodeEncodeError as failure:
        told = f"cannot remember runs in {failure.object!r}: the path is no UTF-8"
        return Problem("state-unwritable", told, "name a folder of yours by MGMTNET_STATE")


def limits_of(options: argparse.Namespace) -> Limits:
    """How long to wait."""
    return Limits(vdsm=options.wait, change=options.timeout)


def addresses_of(target: str, routes: dict[str, str]) -> list[str]:
    """What ``target`` says of the host's management address: itself, or what it resolves to; not the loopback."""
    from planner.cli.names import resolve

    host = _bare(target)
    played = {played: address for address, played in routes.items()}
    if host in played:
        return [played[host]]
    found, _ = resolve([host])  # a name that does not resolve is told when it is dialled
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]


def problem_of(failure: Failure) -> Problem:
    """A failed call, as every other problem is told."""
    named = f" ({failure.name})" if failure.name else ""
    return Problem(f"host-{failure.kind}", failure.message + named, failure.hint)


def _holds_secret(url: str) -> bool:
    return "@" in url.partition("://")[2].partition("/")[0]


def _parts(options: argparse.Namespace) -> list[str]:
    return [part for part in options.fence_options.split(",") if part]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _bare(target: str) -> str:
    if target.startswith("["):
        return target[1:].partition("]")[0]
    return target if target.count(":") > 1 else target.partition(":")[0]


def _absolute(path: str | None) -> str:
    """A run may be resumed from another folder."""
    return os.path.abspath(path) if path else ""


def _routes(path: str | None) -> dict[str, str] | Problem:
    """A table {"address": ["where", port]} or {"address": "where"}."""
    if not path:
        return {}
    content = read_file(path, "table of routes")
    if isinstance(content, Problem):
        return content
    try:
        table = {
            str(key): str(value[0] if isinstance(value, list) else value) for key, value in json.loads(content).items()
        }
        return {key: str(ipaddress.ip_address(value)) for key, value in table.items()}
    except (ValueError, AttributeError, IndexError):
        hint = 'it is JSON like {"192.0.2.10": ["127.0.0.1", 54321]}; `mgmtnet simulate` writes one'
        return Problem("routes-malformed", f"{path} is no table of routes", hint)
