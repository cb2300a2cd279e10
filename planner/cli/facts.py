"""``mgmtnet facts``: what the rules see of a host, each fact with the path it was read from."""

import argparse
import json

from planner.cli.inputs import Inputs, on_host
from planner.facts import facts_of
from planner.language import Fact
from planner.policy.wording import printable


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the facts; the exit status."""
    facts = facts_of(inputs.host, inputs.definition, inputs.addresses)
    if options.output == "json":
        print(json.dumps([{"kind": fact.kind, "path": fact.path, "fields": fact.fields} for fact in facts], indent=2))
        return 0
    for fact in facts:
        print(_line(fact))
    return 0


def _line(fact: Fact) -> str:
    fields = " ".join(f"{name}={_shown(value)}" for name, value in fact.fields.items() if value not in ("", -1))
    return printable(f"{fact.kind}: {fields}" + (f"   # {fact.path}" if fact.path else ""))


def _shown(value: str | int) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and " " in value else str(value)
