"""A page of which several programs write a section each: from its heading to the next one of that level."""

import re
from collections.abc import Iterable
from pathlib import Path

SECTION = re.compile(r"^(?=## )", re.MULTILINE)


def read_section(page: Path, heading: str) -> str:
    """The section under ``heading``, "" if the page has none."""
    return next((part for part in _parts(page) if part.startswith(f"## {heading}\n")), "")


def write_section(page: Path, heading: str, lines: Iterable[str]) -> None:
    """Put the section in the place of the one of that heading, or at the end; the rest of the page stays."""
    own = "\n".join([f"## {heading}", "", *lines]) + "\n"
    parts = _parts(page)
    begins = [part.startswith(f"## {heading}\n") for part in parts]
    if any(begins):
        parts[begins.index(True)] = own
    else:
        parts.append(own)
    page.write_text("\n".join(part.rstrip("\n") + "\n" for part in parts))


def _parts(page: Path) -> list[str]:
    return SECTION.split(page.read_text())
