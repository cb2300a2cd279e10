"""Which refusals an invariant rests on: without any one of them there is a host on which the planner breaks it.

The solver finds the facts of such a host, and the planner is run on it with that one refusal taken out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from planner.engine.compiled import Compiled, compile_ruleset
from planner.proof.ask import Answer, World
from planner.proof.questions import plainer, world_of
from planner.proof.witness import Witness, shows, witness_of
from planner.rules.model import Invariant, Rule

Bearing = Literal["carried", "symbolic only", "not needed", "undecided"]
WITHOUT_HOST: Mapping[str, Bearing] = {"proved": "not needed", "refuted": "symbolic only", "undecided": "undecided"}


class Carried(NamedTuple):
    """What becomes of an invariant without the refusal of a rule.

    ``carried``: the planner breaks it on the ``witness``. ``symbolic only``: the solver has facts on which it is
    broken, and no capture was found that has them. ``not needed``: it is proved without the rule.
    """

    rule: str
    bearing: Bearing
    witness: Witness | None = None


def carried(rules: Compiled, invariant: Invariant, names: Iterable[str]) -> Iterator[Carried]:
    """What becomes of ``invariant`` without each of the rules ``names``."""
    world = world_of(rules.ruleset, [invariant])
    for name in names:
        yield _without(world, rules, invariant, name)


def _without(world: World, rules: Compiled, invariant: Invariant, name: str) -> Carried:
    """Ask for a host on which the rule fires, for on any other it is not missed."""
    question = world.claim(invariant).fires, world.fires(name)
    silent = _muted(rules, name)
    for answer in _answers(world, question, name):
        if answer.verdict == "refuted":
            witness = witness_of(answer.facts)
            if shows(witness, silent, invariant.never):
                return Carried(name, "carried", witness)
    return Carried(name, WITHOUT_HOST[answer.verdict])


def _answers(world: World, question: tuple[Any, ...], name: str) -> Iterator[Answer]:
    """The plainest facts, and what the solver says without any wish: the last one decides if no host shows it."""
    yield from plainer(world, *question, without=name)
    yield world.ask(*question, without=name)


def _muted(rules: Compiled, name: str) -> Compiled:
    """The rules, of which this one refuses nothing; what it silences stays silent.

    A bridge that it frees is not freed, for that only adds to what a refusal tells.
    """
    ruleset = rules.ruleset
    return compile_ruleset(
        ruleset._replace(rules=tuple(_silent(rule) if rule.name == name else rule for rule in ruleset.rules))
    )


def _silent(rule: Rule) -> Rule:
    return rule._replace(
        verdicts=tuple(one for one in rule.verdicts if one.severity != "error"),
        concludes=tuple(one for one in rule.concludes if one.kind != "freed"),
    )
