"""The pages' hosts are the stand-ins that the commands are tested with."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
