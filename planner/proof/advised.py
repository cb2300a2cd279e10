"""Advice for a refused host, as the command and the service give it: with a solver, or without what it decides."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import planner
from planner.definition import Definition, written
from planner.host.model import Host
from planner.plan.plan import Plan
from planner.problem import errors
from planner.proof import has_solver
from planner.rules.compiled import Compiled

if TYPE_CHECKING:  # it imports z3
    from planner.proof.advice import Advice


def advised(
    host: Host,
    definition: Definition,
    rules: Compiled,
    addresses: Sequence[str],
    seconds_left: Callable[[], float] = lambda: math.inf,
) -> "tuple[Plan, Advice | None]":
    """Plan a host, and say which edit of its definition is accepted; None where there is no solver to decide it."""
    if has_solver():
        from planner.proof.advice import advise

        advice = advise(host, definition, rules, addresses, seconds_left=seconds_left)
        return advice.plan, advice
    return planner.plan(host, definition, rules, addresses), None


def hints(plan: Plan) -> list[tuple[str, str]]:
    """Code and hint of each refusal, each once: what to change on the host."""
    told = ((problem.code, problem.hint or problem.message) for problem in errors(plan.problems))
    return list(dict.fromkeys(told))


def document(plan: Plan, advice: "Advice | None") -> dict[str, Any]:
    """The advice as schemas/advice.schema.json describes it."""
    definition = advice.definition if advice is not None else None
    return {
        "format": "mgmtnet/advice@1",
        "outcome": plan.outcome,
        "network": plan.network,
        "edits": [
            {"field": edit.field, "from": edit.before, "to": edit.after} for edit in (advice.edits if advice else ())
        ],
        "definition": written(definition) if definition is not None else None,
        "proved": advice is not None and advice.proved,
        "given": list(advice.axioms) if advice is not None else [],
        "host": [{"code": code, "hint": hint} for code, hint in hints(plan)],
    }
