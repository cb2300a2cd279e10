"""Whom to speak to: a host name or address, and a port."""

import ipaddress
import re
from typing import NamedTuple

from planner.vdsm.failure import Failure

VDSM_PORT = 54321
HOST_NAME = re.compile(r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,251}[0-9A-Za-z.])?")
ADDRESS = re.compile(r"[0-9A-Za-z:.]+(%[0-9A-Za-z_.-]{1,15})?")
LAST_PORT = 65535


class Target(NamedTuple):
    """A host and a TCP port.

    `name` is what its certificate is held against where names are checked: it stays when the host is looked for at
    another address.
    """

    host: str
    port: int
    name: str

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """As it stands in a URL: without the interface of a link-local address."""
        return str(self._replace(host=self.host.partition("%")[0]))

    def at(self, address: str) -> "Target":
        """The same host, under the same name, at another address."""
        bare = address[1:-1] if address.startswith("[") and address.endswith("]") else address
        return self._replace(host=bare)


def parse_target(text: str, port: int = VDSM_PORT) -> Target | Failure:
    """`host`, `host:port`, an IPv6 address (with or without brackets), `[v6]:port`; `port` where none is written."""
    host, written = _split(text.strip())
    if (written and not _is_port(written)) or not (_is_address(host) or HOST_NAME.fullmatch(host)):
        hint = "write host, host:port, an address, or [IPv6 address]:port"
        return Failure("unreachable", f"{text!r} is no host", hint)
    return Target(host, int(written) if written else port, host)


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        return (host, rest[1:]) if closed and (not rest or rest.startswith(":")) and ":" in host else ("", "")
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return (host, port) if port else ("", "")
    return text, ""


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PORT)) and 0 < int(text) <= LAST_PORT


def _is_address(text: str) -> bool:
    if not ADDRESS.fullmatch(text):  # the interface of a link-local address could otherwise be any text
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
