"""``python -m planner`` is ``mgmtnet``."""

import sys

from planner.cli.main import main

sys.exit(main())
