"""Text from a capture made fit for a terminal or a drawing: one column a character, folded, cut."""

from collections.abc import Iterable
from unicodedata import bidirectional, category, east_asian_width

LONGEST = 2000  # letters: a longer name or message was not made to be read, and would drown what was


def legible(text: object, limit: int = LONGEST) -> str:
    """``text`` with everything written out that steers a terminal or is not one column wide, cut to ``limit``."""
    stated = str(text)
    if len(stated) > limit:
        stated = stated[: limit + 1]
    if not (stated.isascii() and stated.isprintable()):
        stated = "".join(character if _plain(character) else _spelt(character) for character in stated)
    return stated[: limit - 1] + "…" if len(stated) > limit else stated


def _plain(character: str) -> bool:
    return (
        character.isprintable()
        and east_asian_width(character) not in ("W", "F")
        and bidirectional(character) not in ("R", "AL")
        and not category(character).startswith("M")
    )


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode()


def folded(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` in lines of at most ``width``, the first led by ``first``, the others by ``rest`` (blanks).

    Broken at blanks; a word that is too long for a line is broken where the line ends.
    """
    lead = " " * len(first) if rest is None else rest
    lines: list[str] = []
    line, empty = first, True
    for word in text.split():
        left = word
        if not empty and len(line) + 1 + len(left) > width:
            lines.append(line)
            line, empty = lead, True
        while len(line) + len(left) + (not empty) > width:
            room = max(1, width - len(line))
            lines.append(line + left[:room])
            line, left = lead, left[room:]
        line += left if empty else f" {left}"
        empty = False
    return [found.rstrip() for found in (*lines, line)]


def aligned(rows: Iterable[tuple[str, ...]], gap: int = 3) -> list[str]:
    """``rows`` as lines with their columns under each other."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    blank = " " * gap
    return [blank.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def listing(names: Iterable[str], most: int = 6) -> str:
    """``names`` joined by commas; from ``most`` on only how many there are more."""
    every = list(names)
    shown = every if len(every) <= most else every[: most - 1]
    further = [f"{len(every) - len(shown)} more"] if len(shown) < len(every) else []
    return ", ".join([*(legible(name, 40) for name in shown), *further])


def counted(number: int, noun: str) -> str:
    """``1 nic``, ``2 nics``, ``3 addresses``."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number} {noun if number == 1 else plural}"
