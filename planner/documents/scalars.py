"""What a plain word of YAML means: the part on which YAML 1.1 and 1.2 readers agree, and advice on the rest."""

import re
from typing import NamedTuple

from planner.documents.node import NodeKind

CONSTANTS: dict[str, tuple[NodeKind, bool | None]] = {
    "": ("null", None),
    "~": ("null", None),
    **dict.fromkeys(("null", "Null", "NULL"), ("null", None)),
    **dict.fromkeys(("true", "True", "TRUE"), ("bool", True)),
    **dict.fromkeys(("false", "False", "FALSE"), ("bool", False)),
}
AFFIRMATIVE = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
NEGATIVE = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
DIGITS = re.compile(r"[-+]?[0-9][0-9_]*")
BASED = re.compile(r"[-+]?0[box][0-9a-fA-F_]+")
SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*\.[0-9_]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

LARGEST = 2**53  # beyond it a JSON reader rounds


class Plain(NamedTuple):
    """What a plain word is."""

    kind: NodeKind
    value: str | int | bool | None


class Unclear(NamedTuple):
    """A plain word that readers of YAML take differently."""

    code: str
    message: str
    hint: str
    instead: tuple[str, ...] = ()


def resolve(word: str) -> Plain | Unclear:
    """The meaning of a scalar written without quotes."""
    if word in CONSTANTS:
        return Plain(*CONSTANTS[word])
    if word in AFFIRMATIVE or word in NEGATIVE:
        instead = "true" if word in AFFIRMATIVE else "false"
        message = f"{word} is a boolean to YAML 1.1 and a word to YAML 1.2"
        return Unclear("yaml-word", message, f'write {instead}, or "{word}"', (f'"{word}"', instead))
    if word[0] in "0123456789+-.":
        return _number(word)
    return Plain("text", word)


def _number(word: str) -> Plain | Unclear:
    if WHOLE.fullmatch(word):
        if len(word) > len(str(LARGEST)) or abs(int(word)) > LARGEST:
            return Unclear("yaml-number", f"{_short(word)} is too large a number", "quote it if it is a word")
        return Plain("int", int(word))
    quoted = f'quote it: "{_short(word)}"'
    if DIGITS.fullmatch(word) or BASED.fullmatch(word):
        return Unclear(
            "yaml-number",
            f"{_short(word)} is another number to YAML 1.1 than to YAML 1.2, or none",
            f"write a plain decimal number, or {quoted}",
            (f'"{word}"',),
        )
    if SEXAGESIMAL.fullmatch(word):
        message = f"{_short(word)} is a number in base 60 to YAML 1.1"
        return Unclear("yaml-number", message, quoted, (f'"{word}"',))
    if FRACTION.fullmatch(word) or NOT_FINITE.fullmatch(word):
        message = f"{_short(word)} is not a whole number"
        return Unclear("yaml-number", message, f"numbers are whole here; {quoted}", (f'"{word}"',))
    return Plain("text", word)


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:37] + "..."
