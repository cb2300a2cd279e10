"""Rules made ready to fire: by stage, and as lines that a start-up can load instead of YAML."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

from planner.facts.vocabulary import KINDS, STAGES, Stage
from planner.problem import Problem
from planner.rules.model import Assignment, Conclusion, Pattern, Reference, Rule, Ruleset, Test, Verdict
from planner.rules.steps import Join, Sieve, StageRules, Step, StepRule, steps_of


class Compiled(NamedTuple):
    """A ruleset by stage; ``kinds`` are the kinds of fact, read from the inputs, that its rules reach.

    ``refused`` are the rules that cannot be compiled, in no stage, with the reason.
    """

    ruleset: Ruleset
    stages: dict[Stage, StageRules]
    kinds: frozenset[str]
    refused: tuple[tuple[Rule, Problem], ...]
    by_name: Mapping[str, Rule]


class KeptRules(Sequence[Rule]):
    """Rules as `to_lines` wrote them, each made when it is first asked for: few of them fire on a host."""

    def __init__(self, written: Sequence[str], root: str) -> None:
        """The rules ``written``, each as JSON, their files in the folder ``root``; "": in none."""
        self._written = written
        self._root = root
        self._made: dict[int, Rule] = {}

    def __len__(self) -> int:
        return len(self._written)

    @overload
    def __getitem__(self, place: int) -> Rule: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Rule, ...]: ...
    def __getitem__(self, place: int | slice) -> Rule | tuple[Rule, ...]:
        if isinstance(place, slice):
            return tuple(self)[place]
        if place not in self._made:
            rule = _rule(dict(zip(Rule._fields, json.loads(self._written[place]), strict=True)))
            self._made[place] = (
                rule if rule.source or not self._root else rule._replace(source=f"{self._root}/{rule.file}")
            )
        return self._made[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


class RulesByName(Mapping[str, Rule]):
    """The same rules, by name."""

    def __init__(self, rules: KeptRules, names: Iterable[str]) -> None:
        """``names`` in the order of ``rules``."""
        self._rules = rules
        self._places = {name: place for place, name in enumerate(names)}

    def __getitem__(self, name: str) -> Rule:
        return self._rules[self._places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def compile_ruleset(ruleset: Ruleset) -> Compiled:
    """The rules of ``ruleset``, each stage's in the order of their names, but for those that a site disabled.

    >>> compiled = compile_ruleset(load_rules().required())
    >>> Planner(compiled).rules is compiled
    True
    """
    from planner.rules.lint import unsound

    rules = sorted(ruleset.enabled, key=lambda rule: rule.name)
    refused = tuple(unsound(rules))
    names = {rule.name for rule, _ in refused}
    sound = [rule for rule in rules if rule.name not in names]
    stages = {stage: steps_of(rule for rule in sound if rule.stage == stage) for stage in STAGES}
    return Compiled(ruleset, stages, _reached(rules), refused, _by_name(ruleset))


def to_lines(compiled: Compiled, root: str) -> list[str]:
    """The ruleset in the folder ``root`` as lines of JSON: what its stages fire, then a rule a line.

    Tuples are lists there, a reference is a map. Where the folder lies is left out: a ruleset may be moved.
    """
    ruleset = compiled.ruleset
    moved = (rule._replace(source="") if rule.source == f"{root}/{rule.file}" else rule for rule in ruleset.rules)
    names = [rule.name for rule in ruleset.rules]
    # A refused rule has a Problem to be told afresh, so its ruleset is compiled again.
    stages = None if compiled.refused else [_plain(tuple(compiled.stages[stage])) for stage in STAGES]
    head = [ruleset.name, ruleset.version, names, _plain(ruleset.disabled), stages, sorted(compiled.kinds)]
    head += [_plain(ruleset.given_up)] if ruleset.given_up else []
    return [json.dumps(line, separators=(",", ":")) for line in (head, *([*map(_plain, rule)] for rule in moved))]


def from_lines(lines: Sequence[str], digest: str, root: str) -> Compiled:
    """What `to_lines` wrote of the ruleset with this digest, which lies in the folder ``root`` now."""
    head, *rules = lines
    name, version, names, disabled, stages, kinds, *given_up = json.loads(head)
    read = KeptRules(rules, root)
    ruleset = Ruleset(name, version, digest, read, _reasoned(disabled), given_up=_reasoned(*given_up))
    if stages is None:
        return compile_ruleset(ruleset)
    by_stage = dict(zip(STAGES, map(_stage, stages), strict=True))
    by_name = RulesByName(read, names)
    return Compiled(ruleset, by_stage, frozenset(kinds), (), by_name)


def _reasoned(named: Sequence[Sequence[str]] = ()) -> tuple[tuple[str, str], ...]:
    return tuple((name, reason) for name, reason in named)


def _by_name(ruleset: Ruleset) -> dict[str, Rule]:
    return {rule.name: rule for rule in ruleset.rules}


def _reached(rules: Iterable[Rule]) -> frozenset[str]:
    asked = {pattern.kind for rule in rules for pattern in rule.when}
    return frozenset(kind for kind in asked if kind not in KINDS or not KINDS[kind].concluded_in)


def _plain(value: Any) -> Any:
    if isinstance(value, Reference):
        return {"alias": value.alias, "field": value.field}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _stage(written: Sequence[Any]) -> StageRules:
    steps, sieves, rules = written
    return StageRules(
        tuple(Step(parent, kind, no, sieve, *_tests(*tests)) for parent, kind, no, sieve, *tests in steps),
        tuple(Sieve(kind, *_tests(*tests)) for kind, *tests in sieves),
        tuple(StepRule(name, *map(tuple, numbers)) for name, *numbers in rules),
    )


def _tests(constants: Sequence[Any], joins: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Join, ...]]:
    return tuple((name, op, _value(value)) for name, op, value in constants), tuple(Join(*join) for join in joins)


def _rule(values: dict[str, Any]) -> Rule:
    values["when"] = tuple(
        Pattern(kind, alias, negated, tuple(Test(f, op, _value(v), ln, c) for f, op, v, ln, c in tests), line, column)
        for kind, alias, negated, tests, line, column in values["when"]
    )
    values["sets"] = _assignments(values["sets"])
    values["concludes"] = tuple(
        Conclusion(kind, _assignments(given), line) for kind, given, line in values["concludes"]
    )
    values["verdicts"] = tuple(Verdict(*verdict) for verdict in values["verdicts"])
    for name in ("overrides", "fires", "silent"):
        values[name] = tuple(values[name])
    return Rule(**values)


def _assignments(written: Sequence[Any]) -> tuple[Assignment, ...]:
    return tuple(Assignment(field, _value(value), line) for field, value, line in written)


def _value(written: Any) -> Any:
    if isinstance(written, dict):
        return Reference(**written)
    return tuple(written) if isinstance(written, list) else written
