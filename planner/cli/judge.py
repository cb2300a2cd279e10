"""``mgmtnet judge``: whether a setupNetworks call would lose the host."""

import argparse

from planner.apply.judge import CallVerdict, judged, read_call, unknown_codes
from planner.cli.inputs import held_by, read_wanted
from planner.cli.output import complain, problems_document, say, say_json
from planner.files import read_file
from planner.problem import Problem, errors
from planner.standin.captures import read_document

REFUSED = 3


def run_judge(options: argparse.Namespace) -> int:
    """Print the judgement; the exit status is 3 if the call is refused, and 1 if it cannot be judged."""
    found = _judged(options)
    if isinstance(found, list):
        complain(found)
        if options.output == "json":
            say_json(problems_document(found))
        return 1
    if options.output == "json":
        say_json(found.document())
    else:
        say(found.text())
    return REFUSED if found.verdict == "refused" else 0


def _judged(options: argparse.Namespace) -> CallVerdict | list[Problem]:
    if options.request == options.capture == "-":
        return [Problem("options-contradict", "both request and capture are -", "give one of them as a file")]
    problems = unknown_codes(options.allow)
    wanted = read_wanted(options)
    request, capture = read_file(options.request, "request"), held_by(options)
    problems += [one for one in (request, capture) if isinstance(one, Problem)]
    problems += wanted if isinstance(wanted, list) else wanted.problems
    if isinstance(request, Problem) or isinstance(capture, Problem) or isinstance(wanted, list):
        return problems
    call, unread = read_call(request, _named(options.request))
    captured = read_document(*capture)
    problems += [*unread, *captured.problems]
    if captured.document is None or call is None or errors(problems):
        return problems
    judgement = judged(captured.document, wanted.definition, wanted.addresses, wanted.rules, call, options.allow)
    if isinstance(judgement, list):
        return problems + judgement
    complain(problems)
    return judgement


def _named(path: str) -> str:
    return "standard input" if path == "-" else path
