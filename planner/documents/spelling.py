"""Advice on a word that is not known."""

from collections.abc import Iterable

NEAR = 0.74  # two letters swapped in a word of four; lower, and a word of another meaning is put in its place
CLEARLY = 0.08  # nearer than the next one by this much is the one that was meant
LISTED = 24  # fewer would leave out words of the longest list of fields; more would be no help


def near(word: str, known: Iterable[str]) -> list[str]:
    """The known words that ``word`` may well have been meant to be, as near as the nearest or nearly so."""
    import difflib

    found = difflib.get_close_matches(word[:100], list(known), n=3, cutoff=NEAR)
    likeness = [difflib.SequenceMatcher(None, one, word[:100]).ratio() for one in found]
    return [one for one, ratio in zip(found, likeness, strict=True) if ratio > likeness[0] - CLEARLY]


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or else all of them; nothing where none is known."""
    import difflib  # 9 ms: only somebody who mistyped waits for it

    words = list(known)
    close = difflib.get_close_matches(word[:100], words, n=1)
    if close:
        return f"did you mean {close[0]}?"
    if not words:
        return ""
    further = len(words) - LISTED
    return "known: " + ", ".join(words[:LISTED]) + (f" and {further} more" if further > 0 else "")
