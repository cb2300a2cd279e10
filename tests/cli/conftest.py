"""The small engine that its client is tested with serves the commands, too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "vdsm"))
