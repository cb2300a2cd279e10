"""What a program is told that asked for test results, where nothing could be tested."""

import time
from collections.abc import Sequence

from planner.authoring.junit import Result, Suite, report
from planner.cli.output import advice, problems_document, say, say_json
from planner.problem import Problem


def say_untested(name: str, problems: Sequence[Problem], output: str) -> None:
    """Print the problems as ``output`` has it: a report without a test in it would look as if all were well."""
    if output == "json":
        say_json(problems_document(problems))
    elif output == "junit":
        lines = tuple(line for problem in problems for line in advice(problem))
        result = Result(name, "rules and goldens", 0.0, "untested", "nothing could be tested", lines, broken=True)
        say(report([Suite(name, [result])], clock()))


def clock() -> str:
    """The time of day as reports have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S")
