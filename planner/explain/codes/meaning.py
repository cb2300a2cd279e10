"""What a problem's code means."""

from typing import NamedTuple


class Meaning(NamedTuple):
    """``what`` is the matter, with where it comes from, and the ``cure``: what to do."""

    what: str
    cure: str
