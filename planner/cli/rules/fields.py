"""``mgmtnet rules fields``: the kinds of facts that rules match, and the fields of each."""

import argparse

from planner.cli.output import complain, say, say_json, say_lines
from planner.documents.spelling import suggest
from planner.explain.fields import MEANINGS, described, document, listed, page
from planner.problem import Problem


def run(options: argparse.Namespace) -> int:
    """Print the kinds, or the fields of one; the exit status."""
    if options.kind is not None and options.kind not in MEANINGS:
        message = f"there is no kind of fact {options.kind!r}"
        complain([Problem("unknown-kind", message, suggest(options.kind, MEANINGS))])
        return 1
    kinds = [*MEANINGS] if options.kind is None else [options.kind]
    if options.output == "json":
        say_json(document(kinds))
    elif options.output == "markdown":
        say(page())
    else:
        say_lines(listed() if options.kind is None else described(options.kind))
    return 0
