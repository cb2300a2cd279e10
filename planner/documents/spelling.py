"""Advice on a word that is not known."""

from collections.abc import Iterable

LISTED = 24  # fewer would leave out words of the longest list of fields; more would be no help


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or else all of them."""
    import difflib  # 9 ms: only somebody who mistyped waits for it

    words = list(known)
    close = difflib.get_close_matches(word[:100], words, n=1)
    if close:
        return f"did you mean {close[0]}?"
    if not words:
        return "there is none"
    further = len(words) - LISTED
    return "known: " + ", ".join(words[:LISTED]) + (f" and {further} more" if further > 0 else "")
