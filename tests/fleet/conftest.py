"""The stage of the matrices serves the tests of rollouts, and so do the servers that commands are tested with."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "cli")]
