"""``mgmtnet facts``: what the rules see of a host, each fact with the path it was read from."""

import argparse

from planner.cli.inputs import Inputs, on_host
from planner.cli.output import say_json, say_lines
from planner.facts import facts_of
from planner.language import Fact
from planner.printing import json_text, printable


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the facts; the exit status."""
    facts = facts_of(inputs.host, inputs.definition, inputs.addresses)
    if options.output == "json":
        say_json([{"kind": fact.kind, "path": fact.path, "fields": fact.fields} for fact in facts])
    else:
        say_lines(map(_line, facts))
    return 0


def _line(fact: Fact) -> str:
    fields = " ".join(f"{name}={_shown(value)}" for name, value in fact.fields.items() if value not in ("", -1))
    return printable(f"{fact.kind}: {fields}" + (f"   # {fact.path}" if fact.path else ""))


def _shown(value: str | int) -> str:
    return json_text(value) if isinstance(value, str) and " " in value else str(value)
