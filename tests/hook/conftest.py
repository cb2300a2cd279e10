"""A host on the wire is spoken to by hand as the wires' own tests do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "standin"))
