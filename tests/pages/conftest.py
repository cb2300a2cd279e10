"""The pages' hosts, and how they are spoken to by hand, are those that the commands and the wires are tested with."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / name) for name in ("cli", "standin")]
