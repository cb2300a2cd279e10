"""Whether rules keep their invariants on every host, and which refusals each of these rests on.

An invariant is proved, or refuted by a host on which the planner breaks it. It rests on a refusal if there is such a
host without that one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

from planner.proof.ask import Answer, World
from planner.proof.axioms import axioms
from planner.proof.witness import Witness, shows, witness_of
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Invariant, Rule, Ruleset

Verdict = Literal["proved", "refuted", "symbolic only", "undecided"]
Bearing = Literal["carried", "symbolic only", "not needed", "undecided"]
NEEDED = ("carried", "symbolic only")  # the solver has facts for both, and the planner a host for the first
WITHOUT_HOST: Mapping[str, Bearing] = {"proved": "not needed", "refuted": "symbolic only", "undecided": "undecided"}


class Proof(NamedTuple):
    """What was found out of an invariant.

    ``axioms`` and ``refusals`` are what a proof stands on; ``witness`` is the host that refutes, of which the planner
    makes what must never be; of ``symbolic only`` the solver has facts, and no capture was found that has them.
    """

    invariant: Invariant
    verdict: Verdict
    axioms: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    witness: Witness | None = None


def prove(rules: Compiled, invariants: Sequence[Invariant]) -> Iterator[Proof]:
    """Each invariant: whether the rules keep it on every host."""
    for invariant in invariants:
        world = _world(rules.ruleset, invariant)
        yield _proof(world, rules, invariant)


def _world(ruleset: Ruleset, invariant: Invariant) -> World:
    """The rules that act, and every axiom, to be asked about ``invariant``."""
    return World(ruleset.enabled, axioms(), [invariant])


def _proof(world: World, rules: Compiled, invariant: Invariant) -> Proof:
    fires = world.claim(invariant).fires
    answer = world.ask(fires)
    if answer.verdict == "proved":
        return Proof(invariant, "proved", answer.axioms, answer.refusals)
    if answer.verdict == "undecided":
        return Proof(invariant, "undecided")
    for plain in chain(world.plainer(fires), [answer]):
        witness = witness_of(plain.facts)
        if shows(witness, rules, invariant.never):
            return Proof(invariant, "refuted", witness=witness)
    return Proof(invariant, "symbolic only")


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
    world = _world(rules.ruleset, invariant)
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
    yield from world.plainer(*question, without=name)
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


def document(ruleset: Ruleset, proofs: Sequence[tuple[Proof, Sequence[Carried]]]) -> dict[str, Any]:
    """The proofs for a program."""
    return {
        "format": "mgmtnet/proofs@1",
        "ruleset": ruleset.title,
        "digest": ruleset.digest,
        "proofs": [
            {
                "invariant": proof.invariant.name,
                "of": proof.invariant.origin,
                "summary": proof.invariant.summary,
                "verdict": proof.verdict,
                "given_up": dict(ruleset.given_up).get(proof.invariant.name),
                "axioms": list(proof.axioms),
                "rests_on": [one.rule for one in bearing if one.bearing in NEEDED],
                "shown": [one.rule for one in bearing if one.bearing == "carried"],
                "host": proof.witness._asdict() if proof.witness is not None else None,
            }
            for proof, bearing in proofs
        ],
    }
