"""A bar that counts what is worked through, on a terminal only."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
# Fewer are done before a bar could be read.
FEW = 50


def counted(items: Sequence[Item], what: str) -> Iterable[Item]:
    """``items``, with a bar on standard error while they are taken one by one."""
    if len(items) < FEW or sys.stderr is None or not sys.stderr.isatty():
        return items
    return _with_bar(items, what)


def _with_bar(items: Sequence[Item], what: str) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, console=Console(stderr=True), transient=True)
