"""``mgmtnet advise``: by which edit of the definition a refused host is accepted, and what to change on the host."""

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from planner.cli.inputs import Inputs, on_host
from planner.cli.output import say, say_json, tell
from planner.explain.summary import HEADLINES, WIDTH
from planner.explain.words import said
from planner.plan.plan import Plan
from planner.printing import folded, legible
from planner.proof import SOLVER, has_solver
from planner.proof.advised import advised, document, hints

if TYPE_CHECKING:  # it imports z3
    from planner.proof.advice import Advice

REFUSED = 3
PATIENCE = 0.5  # seconds that `mgmtnet plan` waits for advice; a person would ask why it takes so long


@on_host
def run_advise(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the advice; the exit status is 3 if the host is refused as it is defined."""
    plan, advice = _asked(inputs)
    if options.output == "json":
        say_json(document(plan, advice))
    else:
        say("\n".join(_lines(plan, advice)))
    return REFUSED if plan.outcome == "refused" else 0


def closing(inputs: Inputs, plan: Plan) -> Sequence[str]:
    """The lines with which the plan of a refused host ends; none where advice takes long, or there is no solver."""
    if plan.outcome != "refused" or not has_solver():
        return ()
    begun = time.monotonic()
    _, advice = advised(*inputs[:2], inputs.rules, inputs.addresses, lambda: begun + PATIENCE - time.monotonic())
    decided = advice is not None and (advice.definition is not None or advice.proved)
    return ("", *_of_the_definition(plan, advice)) if advice is not None and decided else ()


def _asked(inputs: Inputs) -> "tuple[Plan, Advice | None]":
    plan, advice = advised(*inputs[:2], inputs.rules, inputs.addresses)
    if advice is None and plan.outcome == "refused":
        tell(f"which edit of the definition helps is not decided: that needs {SOLVER}")
    return plan, advice


def _lines(plan: Plan, advice: "Advice | None") -> Iterator[str]:
    name = legible(plan.network, 60)
    if plan.outcome != "refused":
        yield f"{name}: {HEADLINES[plan.outcome]}: it needs no advice"
        return
    yield f"{name}: refused as it is defined"
    yield ""
    if advice is not None:
        yield from _of_the_definition(plan, advice)
        yield ""
    yield "What to change on the host, as the refusals say it:"
    for code, hint in hints(plan):
        yield from folded(f"{legible(code)}: {legible(hint)}", WIDTH, first="  - ", rest="    ")


def _of_the_definition(plan: Plan, advice: "Advice") -> Iterator[str]:
    name = legible(plan.network, 60)
    if advice.definition is not None:
        yield f"With this edit of the definition {name} is accepted (it was planned):"
        for edit in advice.edits:
            yield f"  {edit.field}: {_worded(edit.before)} -> {_worded(edit.after)}"
        if len(advice.edits) > 1:
            yield f"That no smaller one is accepted is {'proved' if advice.proved else 'not proved'}."
    elif advice.proved:
        yield f"No definition of {name} helps (proved): the host has to be changed."
    else:
        told = f"No edit was found that helps {name}, and that there is none is not proved: a gateway or name servers"
        yield from folded(f"{told} that neither host nor definition names were not tried.", WIDTH)


def _worded(value: object) -> str:
    return "left out" if value is None else said(value)
