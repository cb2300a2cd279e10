"""The command, services and workers that start it, where a run waits seconds for what takes minutes in the field."""

import sys
from dataclasses import replace
from pathlib import Path

import planner.cli.apply
import planner.fleet.worker
import planner.service.runs

sys.path.insert(0, str(Path(__file__).parent))
from hosts_on_stage import LIMITS

from planner.cli.main import command

planner.cli.apply.limits_of = lambda options: replace(LIMITS, keep=options.confirm_within or 0)
planner.fleet.worker.COMMAND = planner.service.runs.COMMAND = (sys.executable, __file__)
command()
