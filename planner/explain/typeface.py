"""How wide text gets at most, whatever sans-serif face a viewer has: the advances of the widest common one."""

FAMILY = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

# Tenths of the size, rounded up from DejaVu Sans (as wide as Verdana) and its bold.
REGULAR = {
    3: "'IJijl|",
    4: " (),-./:;[\\]ft·",
    5: '!"*_`r',
    6: "?FLcksvxyz",
    7: "$0123456789ABCEKPRSTVXYZabdeghnopqu{}",
    8: "&DGHNOQU",
    9: "#+<=>M^w~→",
}
BOLD = {
    4: " ',./:;IJ\\ijl|·",
    5: "!()-[]_`frt",
    6: '"*?csz',
    7: "$0123456789EFLTaekovxy",
    8: "ABCKPRSVXYZbdghnpqu{}",
    9: "#&+<=>DGHNOQU^~→",
    10: "@Mw",
    11: "%m",
    12: "W",
}
OTHER = 11  # any other letter; what is wider than a column was spelt out before
_ADVANCES = tuple(
    {letter: tenths for tenths, letters in face.items() for letter in letters} for face in (REGULAR, BOLD)
)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The most that ``text`` can take at ``size``, in the same unit."""
    advances = _ADVANCES[bold]
    return sum(advances.get(letter, OTHER) for letter in text) * size / 10


def broken(text: str, width: float, size: float) -> list[str]:
    """``text`` in lines that are no wider than ``width``; broken at blanks, or inside a word that is too long."""
    lines = [""]
    for word in text.split():
        left = word
        if lines[-1] and width_of(f"{lines[-1]} {left}", size) > width:
            lines.append("")
        while width_of(left, size) > width:
            fitting = next(n for n in range(len(left), 0, -1) if n == 1 or width_of(left[:n], size) <= width)
            lines[-1:] = [left[:fitting], ""]
            left = left[fitting:]
        lines[-1] += f" {left}" if lines[-1] else left
    return lines
