"""A plan from a file, held against its schema and made anew from its attachment before anything is believed of it."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from planner.host.model import Host
from planner.plans.after import Holder
from planner.plans.attachment import bonding_document, read_attachment
from planner.plans.model import step_document
from planner.plans.steps import steps_of
from planner.problem import Problem, Where
from planner.shelf import folder

ALTERED = "plan it again from a capture of the host; a plan is not edited, its definition is"
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


def altered(plan: Mapping[str, Any], host: Host) -> list[Problem]:
    """Where the calls of ``plan``, a change for ``host``, are not those that its attachment makes there.

    What is sent must be what the rules decided, what the user was shown, and what the host is held against.
    """
    attachment, management = plan["attachment"], plan["management"]
    wanted = read_attachment(attachment, host.bonds)
    holder = Holder(management["device"], management["address"] or "") if management else Holder()
    adopts = any(reason["field"] == "adopt" and reason["value"] for reason in plan["trace"])
    steps = steps_of(host, plan["network"], wanted, holder, adopts=adopts)
    # As text and back, so that both have the types of JSON.
    right = json.loads(
        json.dumps(
            {
                "attachment": {**attachment, "bonding": bonding_document(wanted.bond)},
                "steps": [step_document(step) for step in steps],
            }
        )
    )
    stated = {"attachment": attachment, "steps": plan["steps"]}
    return [
        Problem(
            "plan-altered",
            f"{path} is {_short(found)}; by the plan's attachment, on this host, it is {_short(made)}",
            ALTERED,
            where=(Where("the plan", path),),
        )
        for path, found, made in _unequal("", stated, right)
    ]


def _unequal(path: str, found: Any, made: Any) -> Iterator[tuple[str, Any, Any]]:
    """The places where two documents differ, as deep as they can be told."""
    if isinstance(found, dict) and isinstance(made, dict):
        for key in dict.fromkeys([*found, *made]):
            yield from _unequal(f"{path}.{key}".lstrip("."), found.get(key), made.get(key))
    elif isinstance(found, list) and isinstance(made, list) and len(found) == len(made):
        for place, pair in enumerate(zip(found, made, strict=True)):
            yield from _unequal(f"{path}.{place}", *pair)
    elif found != made or type(found) is not type(made):  # true is not 1 to VDSM
        yield path, found, made


def _short(value: Any) -> str:
    return f"{'absent' if value is None else json.dumps(value, ensure_ascii=False):.100}"
