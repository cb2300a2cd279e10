"""What attacks is among the benches: it runs for an hour, and a little of it here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))
