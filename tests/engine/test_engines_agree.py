"""durable_rules, the plain matcher and an oracle that tries everything agree on random rulesets and hosts.

Batches run in processes of their own: a crash or a hang of the engine counts instead of ending the run, and
rulesets, which the engine never frees, go with the process.
"""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from planner.engine import durable
from planner.engine.firing import Engines
from planner.facts.vocabulary import Fact
from planner.rules import model
from planner.rules.compiled import compile_ruleset, from_lines, to_lines
from planner.rules.model import Pattern, Reference, Rule, Ruleset
from planner.rules.steps import Firing

sys.path.insert(0, str(Path(__file__).parent))
from rulesets_at_random import case

BATCH = 250
# A batch takes 5 s. Shorter than this and a slow machine is taken for a hang; longer and a hang holds up the suite.
PATIENCE = 300


def test_engines_agree_on_random_rulesets(soak: int) -> None:
    assert durable.available(), "durable_rules is not built: see the Makefile"
    for number in range(max(1, soak // BATCH)):
        command = [sys.executable, __file__, str(number), str(min(soak, BATCH))]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert ran.returncode == 0, f"batch {number}: status {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        counted = json.loads(ran.stdout.splitlines()[-1])
        assert counted["compared"] >= min(soak, BATCH) // 2
        assert counted["fired"] >= counted["compared"] // 2, "the rules hardly ever fire: that compares nothing"


def passes(test: model.Test, fact: Fact, bound: dict[str, Fact]) -> bool:
    value, other = fact.fields.get(test.field), test.value
    if isinstance(other, Reference):
        other = bound[other.alias].fields.get(other.field)
    others = other if isinstance(other, tuple) else (other,)
    if value is None or None in others or any(isinstance(value, str) != isinstance(one, str) for one in others):
        return False
    match test.op:
        case "is":
            return value == other
        case "not":
            return value != other
        case "in":
            return value in other
        case "not-in":
            return value not in other
        case "matches":
            return re.fullmatch(other, value) is not None
        case "lt":
            return value < other
        case "le":
            return value <= other
        case "gt":
            return value > other
        case _:
            return value >= other


def satisfies(fact: Fact, pattern: Pattern, bound: dict[str, Fact]) -> bool:
    return fact.kind == pattern.kind and all(passes(test, fact, bound) for test in pattern.tests)


def by_brute_force(rule: Rule, known: list[Fact]) -> tuple[set[Firing], str]:
    """Every assignment of distinct facts to the positive patterns, tried one by one; and the rule's outcome."""
    positive = [pattern for pattern in rule.when if not pattern.negated]
    negated = [pattern for pattern in rule.when if pattern.negated]
    firings, outcome = set(), "not applicable"
    for chosen in itertools.permutations(range(len(known)), len(positive)):
        bound = {pattern.alias: known[index] for pattern, index in zip(positive, chosen, strict=True)}
        if not all(satisfies(bound[pattern.alias], pattern, bound) for pattern in positive):
            continue
        if any(satisfies(fact, pattern, bound) for pattern in negated for fact in known):
            outcome = "fired" if firings else "blocked"
        else:
            firings.add(Firing(rule.name, tuple(zip(bound, chosen, strict=True))))
            outcome = "fired"
    return firings, outcome


def run_batch(number: int, size: int) -> dict[str, int]:
    counted = {"compared": 0, "fired": 0, "long": 0}

    @seed(number)
    @settings(max_examples=size, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case())
    def agree(drawn: tuple[Ruleset, list[Fact]]) -> None:
        ruleset, host = drawn
        compiled = from_lines(to_lines(compile_ruleset(ruleset), ""), "", "")
        assert compiled == compile_ruleset(ruleset)
        fired = Engines(compiled).fire("locate", host)
        assert fired.problems == ()
        assert fired.engine.startswith("durable_rules ")
        wanted = {rule.name: by_brute_force(rule, host) for rule in ruleset.rules}
        assert set(fired.firings) == set().union(*(firings for firings, _ in wanted.values()))
        assert fired.outcomes == {name: outcome for name, (_, outcome) in wanted.items()}
        counted["compared"] += 1
        counted["fired"] += bool(fired.firings)
        counted["long"] += any(len(firing.bindings) > 2 for firing in fired.firings)

    agree()
    return counted


if __name__ == "__main__":
    print(json.dumps(run_batch(int(sys.argv[1]), int(sys.argv[2]))))
