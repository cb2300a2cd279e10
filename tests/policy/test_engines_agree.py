"""durable_rules, the plain matcher and an oracle that tries everything agree on random rulesets and hosts.

Batches run in processes of their own: a crash or a hang of the engine counts instead of ending the run, and
rulesets, which the engine never frees, go with the process.
"""

import itertools
import json
import subprocess
import sys
from pathlib import Path

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from planner.language import Fact, Reference, Rule, Ruleset
from planner.language import Test as Condition
from planner.policy import durable
from planner.policy.compiled import compile_ruleset, from_document, to_document
from planner.policy.firing import fire
from planner.policy.matcher import Firing

sys.path.insert(0, str(Path(__file__).parent))
from rulesets_at_random import facts, ruleset

BATCH = 250
# A batch takes 15 s. Shorter than this and a slow machine is taken for a hang; longer and a hang holds up the suite.
PATIENCE = 300


def test_engines_agree_on_random_rulesets(soak: int) -> None:
    assert durable.available(), "durable_rules is not built: see the Makefile"
    for number in range(max(1, soak // BATCH)):
        command = [sys.executable, __file__, str(number), str(min(soak, BATCH))]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert ran.returncode == 0, f"batch {number}: status {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        assert json.loads(ran.stdout.splitlines()[-1])["compared"] >= min(soak, BATCH) // 2


def passes(test: Condition, fact: Fact, bound: dict[str, Fact]) -> bool:
    import re

    value, other = fact.fields[test.field], test.value
    if isinstance(other, Reference):
        other = bound[other.alias].fields[other.field]
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


def by_brute_force(rule: Rule, known: list[Fact]) -> set[Firing]:
    """Every assignment of distinct facts to the positive patterns, tried one by one."""
    positive = [pattern for pattern in rule.when if not pattern.negated]
    firings = set()
    for chosen in itertools.permutations(range(len(known)), len(positive)):
        bound = {pattern.alias: known[index] for pattern, index in zip(positive, chosen, strict=True)}
        fits = all(
            known[index].kind == pattern.kind and all(passes(test, known[index], bound) for test in pattern.tests)
            for pattern, index in zip(positive, chosen, strict=True)
        )
        blocked = fits and any(
            fact.kind == pattern.kind and all(passes(test, fact, bound) for test in pattern.tests)
            for pattern in rule.when
            if pattern.negated
            for fact in known
        )
        if fits and not blocked:
            firings.add(Firing(rule.name, tuple(zip(bound, chosen, strict=True))))
    return firings


def run_batch(number: int, size: int) -> int:
    compared = 0

    @seed(number)
    @settings(max_examples=size, deadline=None, database=None, derandomize=False)
    @given(ruleset(""), st.lists(facts(), min_size=2, max_size=2))
    def agree(rules: Ruleset, hosts: list[list[Fact]]) -> None:
        nonlocal compared
        compared += 1
        compiled = compile_ruleset(rules._replace(digest=f"{number}:{compared}"))
        compiled = from_document(json.loads(json.dumps(to_document(compiled))))
        for known in hosts:
            small = known[:6]
            fired = fire(compiled, "locate", small)
            assert fired.problems == (), fired.problems
            assert fired.engine != "plain matcher"
            wanted = set().union(*(by_brute_force(rule, small) for rule in compiled.ruleset.rules))
            assert set(fired.firings) == wanted
            assert {name for name, outcome in fired.outcomes.items() if outcome == "fired"} == {f.rule for f in wanted}

    agree()
    return compared


if __name__ == "__main__":
    print(json.dumps({"compared": run_batch(int(sys.argv[1]), int(sys.argv[2]))}))
