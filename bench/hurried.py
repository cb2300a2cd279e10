"""The command, services and workers that start it, where a run waits seconds for what takes minutes in the field.

DOOM=STEP:INSTANT in the environment kills the command there, as in `doomed.py`.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import planner.cli.apply
import planner.cli.runs
import planner.fleet.worker
import planner.service.runs

sys.path.insert(0, str(Path(__file__).parent))
from doomed import killing
from hosts_on_stage import LIMITS

from planner.apply.order import Limits
from planner.apply.run import Event, Listener
from planner.cli import progress
from planner.cli.main import command


def limits_of(options: argparse.Namespace) -> Limits:
    """Those of a stage; whoever keeps a change has as long as is given."""
    return replace(LIMITS, keep=getattr(options, "confirm_within", None) or 0)


@contextmanager
def doomed(log: str = "") -> Iterator[Listener]:
    """As `planner.cli.progress.progress`, and deadly."""
    with progress.progress(log) as tell:
        blow = killing(os.environ["DOOM"])

        def watch(event: Event) -> None:
            tell(event)
            blow(event)

        yield watch


planner.cli.apply.limits_of = planner.cli.runs.limits_of = limits_of
if "DOOM" in os.environ:
    planner.cli.apply.progress = planner.cli.runs.progress = doomed
planner.fleet.worker.COMMAND = planner.service.runs.COMMAND = (sys.executable, __file__)
command()
