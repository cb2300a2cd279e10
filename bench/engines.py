"""The rule engines that could have been chosen, on the same rules and the same facts; each says what it leaves out.

CLIPS (clipspy) can say all that the rules say, and so is one more opinion on what fires: its firings are compared with
those of our own matcher. GoRules' zen-engine has decision tables, which see one fact at a time: it is given the tests
of a pattern against values, and no joins, no `no` and no references.
"""

import importlib.util
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fleet import built

import planner
from planner.definition import Definition
from planner.engine import durable
from planner.engine.firing import Engines
from planner.engine.matcher import Memory, match, reach
from planner.engine.network import networks_of
from planner.facts.vocabulary import Fact, Scalar
from planner.rules.comparison import holds
from planner.rules.steps import Firing, Join, StageRules, StepRule

HOSTS = 200

Stage = tuple[StageRules, list[Fact]]


def rows(by: planner.Planner) -> list[str]:
    """A row for each engine: the rules of all stages on unlike hosts, facts ready made."""
    asked = stages_of(by, built(HOSTS, HOSTS))
    firings = [plain(rules, facts) for rules, facts in asked]
    engines: list[tuple[str, str, str, Callable[[], Callable[[StageRules, list[Fact]], Any]]]] = [
        ("", "our own matcher", "nothing", lambda: plain),
        ("durable", "durable_rules, given the facts that rules can reach", "nothing", Durable),
        ("clips", "CLIPS 6.4 (clipspy)", "nothing", Clips),
        ("zen", "zen-engine", "joins, `no`, references: tests against values only", Zen),
    ]
    told = []
    for module, name, leaves_out, start in engines:
        if module and importlib.util.find_spec(module) is None:
            told.append(f"| {name} (not installed here) | | | {leaves_out} |")
            continue
        began, made = time.process_time(), start()
        for rules in by.engines.rules.stages.values():
            made(rules, [])
        ready, began = time.process_time() - began, time.process_time()
        answers = [made(rules, facts) for rules, facts in asked]
        taken = (time.process_time() - began) / HOSTS * 1e6
        pairs = [pair for pair in zip(answers, firings, strict=True) if pair[0] is not None]
        agreed = f"{sum(sorted(ours) == theirs for ours, theirs in pairs)} of {len(pairs)}" if pairs else "cannot fire"
        told.append(f"| {name} | {ready * 1e3:.0f} ms | {taken:.0f} µs | {agreed} | {leaves_out} |")
    return told


def stages_of(by: planner.Planner, hosts: Iterable[tuple[dict[str, Any], Definition, str]]) -> list[Stage]:
    """The rules and the facts of each stage of each of ``hosts``."""
    seen: list[Stage] = []

    class Recording(Engines):
        def fire(self, stage: Any, facts: Any) -> Any:
            seen.append((self.rules.stages[stage], list(facts)))
            return self._fire(stage, facts)

    recorded = planner.Planner(by.rules)
    recorded.engines = Recording(by.engines.rules)
    for capture, definition, address in hosts:
        recorded.plan(planner.read_capture(json.dumps(capture)).required(), definition, (address,))
    return seen


def plain(rules: StageRules, facts: list[Fact]) -> list[Firing]:
    """Our own matcher, with all that goes before it."""
    memory = Memory(facts)
    return match(rules, memory, reach(rules, memory).alive).firings


class Durable:
    """durable_rules with one network for all the rules of a stage."""

    def __init__(self) -> None:
        """Begin with nothing made."""
        self.networks: dict[int, Any] = {}

    def __call__(self, rules: StageRules, facts: list[Fact]) -> set[Firing]:
        """What fires."""
        if id(rules) not in self.networks:
            self.networks[id(rules)] = networks_of(rules, tuple(range(len(rules.rules))))
        memory = Memory(facts)
        reached = reach(rules, memory)
        return {
            firing for network in self.networks[id(rules)] for firing in durable.run(network, rules, memory, reached)
        }


class Clips:
    """CLIPS with one environment for each stage: a template a kind, a rule a rule."""

    def __init__(self) -> None:
        """Begin with nothing made."""
        self.environments: dict[int, Any] = {}

    def __call__(self, rules: StageRules, facts: list[Fact]) -> list[Firing]:
        """What fires."""
        environment, templates, fired, slots = self.environments.get(id(rules)) or self._made(rules)
        fired.clear()
        environment.reset()
        for index, fact in enumerate(facts):
            if fact.kind in templates:
                said = {f"f-{field}": fact.fields[field] for field in slots[fact.kind] if field in fact.fields}
                templates[fact.kind].assert_fact(at=index, **said)
        environment.run()
        return [Firing(rule.name, tuple(zip(rule.aliases, places, strict=True))) for rule, places in fired]

    def _made(self, rules: StageRules) -> Any:
        import clips

        environment = clips.Environment()
        fired: list[tuple[StepRule, tuple[int, ...]]] = []
        environment.define_function(lambda rule, *places: fired.append((rules.rules[rule], places)), name="fired")
        environment.define_function(_holding, name="holding")
        slots: dict[str, set[str]] = {}
        for step in rules.steps:
            slots.setdefault(step.kind, set()).update(field for field, _, _ in step.constants)
            slots[step.kind].update(join.field for join in step.joins)
        for rule in rules.rules:
            for number in rule.path:
                for join in rules.steps[number].joins:
                    slots[rules.steps[rule.path[join.source]].kind].add(join.other)
        for kind, fields in slots.items():
            own = "".join(f"(slot f-{field} (default nil))" for field in sorted(fields))
            environment.build(f"(deftemplate k-{kind} (slot at) {own})")
        for number, rule in enumerate(rules.rules):
            environment.build(_rule(rules, number, rule))
        templates = {kind: environment.find_template(f"k-{kind}") for kind in slots}
        self.environments[id(rules)] = environment, templates, fired, slots
        return self.environments[id(rules)]


def _holding(op: str, value: Any, *wanted: Any) -> bool:
    """The tests for which CLIPS has no words, by our own meaning of them."""
    told = [None if one == "nil" and type(one) is not str else one for one in (value, *wanted)]
    return holds(str(op), told[0], tuple(told[1:]) if op in ("in", "not-in") else told[1])


def _rule(rules: StageRules, number: int, rule: StepRule) -> str:
    patterns = []
    parts = [(position, rules.steps[step]) for position, step in enumerate(rule.path)]
    joined = {(join.source, join.other) for _, step in parts for join in step.joins}
    for position, step in parts:
        tests: dict[str, list[str]] = {}
        for field, op, value in step.constants:
            among = [test[0] for test in (*step.constants, *step.joins)].count(field) > 1 or (position, field) in joined
            tests.setdefault(field, []).append(_test(position, field, op, value, among=among))
        for join in step.joins:
            tests.setdefault(join.field, []).append(_join(position, join))
        for source, other in joined:
            if source == position:
                tests.setdefault(other, [])
        slots = "".join(f"(f-{field} {'&'.join([f'?v{position}-{field}', *own])})" for field, own in tests.items())
        apart = "".join(f"&~?at{one}" for one, before in parts[:position] if not before.negated and not step.negated)
        pattern = f"(k-{step.kind} (at ?at{position}{apart}){slots})"
        patterns.append(f"(not {pattern})" if step.negated else pattern)
    places = " ".join(f"?at{position}" for position, step in parts if not step.negated)
    return f"(defrule r-{number} {' '.join(patterns)} => (fired {number} {places}))"


def _test(position: int, field: str, op: str, value: Scalar | tuple[Scalar, ...], *, among: bool) -> str:
    """A test against a value; ``among`` others of its field no literal, which CLIPS 6.4.2 mistakes in a `not`."""
    values = [_written(one) for one in (value if isinstance(value, tuple) else (value,))]
    if op == "is" and not among:
        return values[0]
    return f":(holding {op} ?v{position}-{field} {' '.join(values)})"


def _written(value: Scalar) -> str:
    """A value as CLIPS writes it."""
    return str(value) if isinstance(value, int) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _join(position: int, join: Join) -> str:
    return f":(holding {join.op} ?v{position}-{join.field} ?v{join.source}-{join.other})"


class Zen:
    """zen-engine with a decision table for each kind, a row for each sieve's tests against values."""

    def __init__(self) -> None:
        """Begin with nothing made."""
        self.tables: dict[int, dict[str, Any]] = {}

    def __call__(self, rules: StageRules, facts: list[Fact]) -> None:
        """Which sieves' tests a fact passes; not a firing."""
        if id(rules) not in self.tables:
            self.tables[id(rules)] = dict(self._made(rules))
        for fact in facts:
            if fact.kind in self.tables[id(rules)]:
                self.tables[id(rules)][fact.kind].evaluate(dict(fact.fields))

    def _made(self, rules: StageRules) -> Iterator[tuple[str, Any]]:
        import zen

        for kind in {sieve.kind for sieve in rules.sieves}:
            sieves = [sieve for sieve in rules.sieves if sieve.kind == kind]
            fields = sorted({field for sieve in sieves for field, op, _ in sieve.constants if op != "matches"})
            rows = [
                {"_id": str(row), "out": str(row)}
                | {field: _cell(op, value) for field, op, value in sieve.constants if op != "matches"}
                for row, sieve in enumerate(sieves)
            ]
            table = {
                "hitPolicy": "collect",
                "inputs": [{"id": field, "name": field, "field": field} for field in fields],
                "outputs": [{"id": "out", "name": "out", "field": "out"}],
                "rules": rows,
            }
            nodes = [
                {"id": "in", "type": "inputNode", "name": "in"},
                {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
                {"id": "end", "type": "outputNode", "name": "end"},
            ]
            edges = [
                {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
                {"id": "2", "type": "edge", "sourceId": "table", "targetId": "end"},
            ]
            yield kind, zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))


def _cell(op: str, value: Scalar | tuple[Scalar, ...]) -> str:
    """A unary test in zen's words."""
    values = [json.dumps(one) for one in (value if isinstance(value, tuple) else (value,))]
    words = {"is": "{}", "not": "not in [{}]", "in": "in [{}]", "not-in": "not in [{}]"}
    words |= {"lt": "< {}", "le": "<= {}", "gt": "> {}", "ge": ">= {}"}
    return words[op].format(", ".join(values))


if __name__ == "__main__":
    ruleset, problems = planner.load_rules()
    assert ruleset is not None, problems
    print("\n".join(rows(planner.Planner(ruleset))))
