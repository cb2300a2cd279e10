"""A plan from a file, held against its schema before anything is believed of it."""

import json
import os
from typing import Any

from planner.problem import Problem, Where
from planner.shelf import folder

HINT = "`mgmtnet plan CAPTURE ... -o json` prints a plan"


def read_plan(content: bytes, source: str) -> dict[str, Any] | Problem:
    """The plan document in ``content``, or why it is none."""
    import jsonschema  # 60 ms, and only `apply --plan` reads plans

    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return Problem("plan-malformed", f"{source} is not JSON", HINT, where=(Where(source),))
    with open(os.path.join(folder("schemas"), "plan.schema.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(document))
    if fault is not None:
        path = ".".join(str(part) for part in fault.absolute_path)
        return Problem("plan-malformed", f"this is no plan: {fault.message:.200}", HINT, where=(Where(source, path),))
    return dict(document)
