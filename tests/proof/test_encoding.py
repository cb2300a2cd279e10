"""The encoding for the solver reads rules as the engines do, on random rulesets of all stages and random facts.

``make prove-long`` compares 100,000.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from planner.engine.decide import decide, judge
from planner.engine.firing import Engines
from planner.facts.vocabulary import Fact
from planner.plan.attachment import attachment_facts, attachment_of
from planner.proof.ask import World
from planner.rules import model
from planner.rules.compiled import compile_ruleset
from planner.rules.model import Pattern, Rule, Ruleset

sys.path.insert(0, str(Path(__file__).parent))
from rulesets_of_all_stages import Chance

BATCH = 100


def naming(facts: list[Fact]) -> Rule:
    """A rule that names every text of the facts, so that the encoding knows them."""
    texts = tuple(sorted({value for fact in facts for value in fact.fields.values() if isinstance(value, str)}))
    test = model.Test("addresses", "in", texts, 1, 1)
    return Rule("naming", "guard", "", when=(Pattern("host", "host", False, (test,), 1, 1),))


def disagreement(seed: int) -> str:
    """In what encoding and engines differ; ``-`` where several management devices are found, of which none is said."""
    chance = Chance(seed)
    facts, rules = chance.facts(), chance.rules()
    engines = Engines(compile_ruleset(Ruleset("random", "1", "", tuple(rules))))
    located = judge(engines, "locate", facts)
    if len(located.conclusions) > 1:
        return "-"
    facts += located.conclusions
    devised = judge(engines, "devise", facts)
    facts += devised.conclusions
    attachment = attachment_of(devised.values, {})
    facts += attachment_facts(attachment) if attachment is not None else ()
    judgements = located, devised, judge(engines, "guard", facts)
    decision = decide(judgements)
    overridden = frozenset().union(*(judgement.overridden for judgement in judgements))
    fired = {name for name, outcome in decision.outcomes.items() if outcome == "fired"} - overridden
    world = World(rules, others=[naming(facts)])
    for rule in rules:
        world.fires(rule.name)
    world.close(facts)
    answer = world.ask()
    if answer.verdict != "refuted":
        return f"{answer.verdict}: the facts cannot be"
    if set(answer.fired) - overridden != fired:
        return f"fired: {sorted(answer.fired)}, and the engines say {sorted(fired)} beside {sorted(overridden)}"
    devices = {fact.fields["device"] for fact in located.conclusions}
    for kind, wanted in (("outcome", {decision.outcome}), ("management", devices)):
        found = {next(iter(fact.fields.values())) for fact in answer.facts if fact.kind == kind}
        if found != wanted:
            return f"{kind}: {found}, and the engines say {wanted}"
    return ""


def disagreements(first: int) -> list[tuple[int, str]]:
    return [(seed, disagreement(seed)) for seed in range(first, first + BATCH)]


@pytest.fixture
def several(soak: int) -> int:
    """How many rulesets: 200; in a long test 100,000."""
    return 2 * BATCH if soak < 1000 else 2 * soak


def compared(number: int) -> Iterator[tuple[int, str]]:
    starts = range(0, number, BATCH)
    if number <= 2 * BATCH:
        for start in starts:
            yield from disagreements(start)
        return
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for found in pool.map(disagreements, starts):
            yield from found


@pytest.mark.no_cover  # the solver's answers are judged in a loop that measuring makes four times as slow
def test_encoding_and_engines_agree(several: int) -> None:
    found = list(compared(several))
    assert [one for one in found if one[1] not in ("", "-")] == []
    assert sum(told == "" for _, told in found) > several // 2
