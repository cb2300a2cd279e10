"""What explores is among the benches: it runs for minutes, and a part of it here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))
