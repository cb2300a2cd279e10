"""Reaching hosts as the options say: access, reboot, and what a failure looks like to a person."""

import argparse
import ipaddress
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Sequence

from planner.apply.execute import capture_of
from planner.apply.library import problem_of
from planner.apply.order import Access, Limits, Reboot
from planner.apply.run import Event
from planner.apply.world import fence_agent, speaker_of
from planner.cli.inputs import held_at, which_of
from planner.cli.output import complain, say, write_whole
from planner.cli.progress import progress
from planner.files import Unreadable, content_of, read_file
from planner.host.capture import LAST, read_capture
from planner.host.scrub import KEY_LENGTH, scrub
from planner.printing import json_text
from planner.problem import Problem, Where
from planner.vdsm.client import Failure


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


def limits_of(options: argparse.Namespace) -> Limits:
    """How long to wait; a rollout asks nobody whether a change is to be kept."""
    return Limits(vdsm=options.wait, change=options.timeout, keep=getattr(options, "confirm_within", None) or 0)


def addresses_of(target: str, routes: dict[str, str]) -> list[str]:
    """What ``target`` says of the host's management address: itself, or what it resolves to; not the loopback."""
    from planner.vdsm.addresses import resolve

    host = _bare(target)
    played = {played: address for address, played in routes.items()}
    if host in played:
        return [played[host]]
    found, _ = resolve([host])  # a name that does not resolve is told when it is dialled
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]


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


# ``mgmtnet capture``: read a host, as plans are made from; with ``--scrub`` without what names it.


BAD_INPUT, WRONG_USAGE = 1, 2
NO_HOST = (".json", ".txt", ".xml", ".log", ".tar", ".gz", ".bz2", ".xz", ".tgz", ".txz")  # no host's name ends so
SHORTEST_KEY = 16  # bytes: fewer can be tried out
LONGEST_KEY = 4096  # a file with more was not made to be a key
ANOTHER = "name a file that is not there: it is made, with a new key"


def run_capture(options: argparse.Namespace) -> int:
    """Capture; the exit status."""
    if options.scrub_key is not None and not options.scrub:
        hint = "add --scrub, or leave --scrub-key (MGMTNET_SCRUB_KEY) out"
        complain([Problem("scrub-key-unused", "there is a key to scrub with, and nothing is to be scrubbed", hint)])
        return WRONG_USAGE
    key = _scrub_key(options.scrub_key) if options.scrub else b""
    if isinstance(key, Problem):
        complain([key])
        return BAD_INPUT
    document = _from_file(options) if is_file(options.host) else _from_host(options)
    if isinstance(document, list):
        complain(document)
        return BAD_INPUT
    if options.scrub:
        document = scrub(document, key, keep=("ovirtmgmt", *options.keep))
    text = json_text(document, indent=1) + "\n"
    if options.output == "-":
        say(text)
        return 0
    failure = write_whole(options.output, text)
    complain([failure] if failure else [])
    return BAD_INPUT if failure else 0


def is_file(text: str) -> bool:
    """Whether a file is meant: one that is there, or what can be no host. No name would resolve, after two minutes."""
    there = os.path.isfile(text) or os.path.isdir(f"{text}/sos_commands") or text in (os.curdir, os.pardir)
    return there or os.sep in text or text.endswith(NO_HOST)


def _from_host(options: argparse.Namespace) -> dict[str, object] | list[Problem]:
    if which_of(options) != LAST:
        hint = "leave --call, --at and --host out, or give a file"
        return [Problem("options-contradict", f"{options.host} is no file in which there is one to choose", hint)]
    access = access_of(options, options.host)
    if isinstance(access, Problem):
        return [access]
    limits = Limits(vdsm=options.wait)
    with progress(options.log) as tell:
        tell(Event("begin", "read", f"waiting for VDSM, reading {options.host}", limits.vdsm))
        document = capture_of(access, limits, tell)
        tell(Event("end", "read", "" if isinstance(document, Failure) else f"{options.host} has described itself"))
    return [problem_of(document)] if isinstance(document, Failure) else dict(document)


def _from_file(options: argparse.Namespace) -> dict[str, object] | list[Problem]:
    """A capture that was made elsewhere, to be scrubbed."""
    held = held_at(options.host, which_of(options))
    if isinstance(held, Problem):
        return [held]
    reading = read_capture(*held)
    return list(reading.problems) if reading.document is None else reading.document


def _scrub_key(path: str | None) -> bytes | Problem:
    """The key in ``path``, which is made where it is not there; without ``path`` a new one, that nobody keeps."""
    if path is None:
        return secrets.token_bytes(KEY_LENGTH)
    return _read_key(path) if os.path.lexists(path) else _made_key(path)


def _made_key(path: str) -> bytes | Problem:
    """A file with a new key, for its owner alone: whole under its name or not at all, and never through a link."""
    key = secrets.token_hex(KEY_LENGTH)
    try:
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path) or ".") as beside:
            beside.write(f"{key}\n")
            beside.flush()
            os.link(beside.name, path)
    except FileExistsError:  # another command has just made it
        return _read_key(path)
    except OSError as failure:
        reason = failure.strerror or str(failure)
        hint = "name a file in a folder of yours"
        return Problem("file-unwritable", f"cannot make the key {path!r}: {reason}", hint)
    hint = "keep it secret: with it everything that it renamed can be told again (docs/scrubbing.md)"
    complain([Problem("scrub-key-made", f"{path} is new, with a random key", hint, severity="note")])
    return key.encode()


def _read_key(path: str) -> bytes | Problem:
    where = (Where(path),)
    content = content_of(path, LONGEST_KEY, pipes=False)
    if isinstance(content, Unreadable):
        return Problem("file-unreadable", f"cannot read the key {path!r}: {content.reason}", ANOTHER, where=where)
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = f"chmod 600 {path}; a key that somebody else may have read hides nothing from them: take a new one"
        return Problem("scrub-key-open", f"others than its owner may read the key {path!r}", hint, where=where)
    key = content.strip()  # an editor ends a line
    if len(key) < SHORTEST_KEY:
        told = f"the key {path!r} has {len(key)} bytes; it takes {SHORTEST_KEY} that nobody can guess"
        return Problem("scrub-key-short", told, ANOTHER, where=where)
    return key
