"""A capture in any spelling that `planner.host` reads, as the document that a stand-in host is made of."""

from collections.abc import Iterator
from typing import NamedTuple

from planner.host.capture import LAST, Which, read_capture
from planner.host.model import Host
from planner.problem import Problem, Where
from planner.standin.kernel import Record


class Captured(NamedTuple):
    """The getVdsCaps document, or None if an error is among the problems."""

    document: Record | None
    problems: tuple[Problem, ...]


def read_document(content: bytes, source: str, which: Which = LAST) -> Captured:
    """The getVdsCaps document in ``content``; ``source`` is how problems call it. An excerpt makes no host."""
    reading = read_capture(content, source, which)
    unfit = () if reading.host is None else tuple(_unfit(reading.host, source))
    return Captured(None if unfit else reading.document, reading.problems + unfit)


def _unfit(host: Host, source: str) -> Iterator[Problem]:
    """What of a host cannot be played: what was not captured, and what was captured in two ways."""
    if host.lacks:
        message = f"this is an excerpt that lacks {', '.join(host.lacks)}"
        hint = "give VDSM's whole answer (`vdsm-client Host getCapabilities`), which is to be had once VDSM runs"
        yield Problem("capture-incomplete", message, hint, where=(Where(source),))
    for network in host.networks.values():
        if network.contradicted:
            message = f"{network.name} stands on {network.southbound}, by its southbound on {network.contradicted}"
            hint = "take the capture again"
            yield Problem("capture-contradictory", message, hint, where=(Where(source, f"{network.path}.southbound"),))
