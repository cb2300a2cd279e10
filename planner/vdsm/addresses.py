"""Management addresses as people give them: an address of either family, or a name that resolves to some."""

import re

from planner.problem import Problem


def resolve(stated: list[str]) -> tuple[tuple[str, ...], list[Problem]]:
    """Canonical addresses in the order given, each once; a name stands for all it resolves to."""
    found: dict[str, None] = {}
    problems: list[Problem] = []
    for text in stated:
        answer = _one(text.strip())
        if isinstance(answer, Problem):
            problems.append(answer)
        else:
            found.update(dict.fromkeys(answer))
    return tuple(found), problems


def canonical(text: str) -> str | None:
    """The address in canonical text, an IPv4-mapped one as IPv4; None if it is no address."""
    import ipaddress

    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _one(text: str) -> list[str] | Problem:
    address = canonical(text)
    if address is not None:
        return [address]
    if not text or ":" in text or re.fullmatch(r"[0-9./]+", text) or not re.fullmatch(r"[\w.-]{1,253}", text):
        return Problem(
            "address-invalid",
            f"{text!r} is neither an IP address nor a host name",
            "give one like 192.0.2.10, 2001:db8::10 or host.example.com, without a prefix length",
        )
    return _look_up(text)


def _look_up(name: str) -> list[str] | Problem:
    import socket

    try:
        answers = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
        return Problem("host-name-unresolved", f"{name} does not resolve: {reason}", "give the address itself")
    return [text for answer in answers if (text := canonical(str(answer[4][0]).partition("%")[0])) is not None]
