"""``python -m planner`` is ``mgmtnet``."""

from planner.cli.main import command

command()
