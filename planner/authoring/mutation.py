"""Whether the hosts of the tests would notice a slip in a rule.

A mutant is noticed when the plan of some golden is otherwise, or when an example of the rule no longer holds. A mutant
changes what one rule fires on, so that rule alone is matched again, with the facts that its stage saw of each golden;
only a golden on which it fires otherwise is planned anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from planner.authoring.comparing import differences
from planner.authoring.examples import broken_examples
from planner.authoring.mutants import REQUIRED, Mutant, mutants_of
from planner.authoring.trial import Trial, try_out
from planner.language import Rule, Stage
from planner.policy.compiled import Compiled, compile_ruleset
from planner.policy.firing import MOST_COMPARED
from planner.policy.likeness import Asked, Known, asked_by, likeness
from planner.policy.matcher import match
from planner.policy.memory import Memory
from planner.policy.reach import reach
from planner.policy.shape import Fired, Firing, RuleOutcome, StageRules
from planner.policy.steps import steps_of

PLAN, EXAMPLE, UNFIT, NOBODY = "plan", "example", "unfit", ""
Bindings = frozenset[tuple[tuple[str, int], ...]]


class Fate(NamedTuple):
    """What became of a mutant: noticed by a plan or an example, unfit for the linter, or noticed by nobody."""

    mutant: Mutant
    by: str
    golden: str = ""


class Score(NamedTuple):
    """The fates of every mutant of so many rules, tried on so many goldens."""

    rules: int
    goldens: int
    fates: tuple[Fate, ...]

    def of(self, *ways: str) -> tuple[Fate, ...]:
        """The fates of these kinds."""
        return tuple(fate for fate in self.fates if fate.by in ways)

    @property
    def survivors(self) -> tuple[Fate, ...]:
        """Those that nobody noticed."""
        return self.of(NOBODY)

    @property
    def percent(self) -> float:
        """How many were noticed, of those that the linter lets pass."""
        fit = len(self.fates) - len(self.of(UNFIT))
        return 100.0 * (1 - len(self.survivors) / fit) if fit else 100.0


def mutate(rules: Iterable[Rule], compiled: Compiled, trials: Sequence[Trial]) -> Score:
    """The fate of every mutant of ``rules``, which are among the ``compiled``, by ``trials`` of these."""
    bench = _Bench(compiled, trials)
    tested = tuple(rules)
    return Score(len(tested), len(trials), tuple(fate for rule in tested for fate in bench.fates(rule)))


def idle_examples(rules: Iterable[Rule], trials: Mapping[str, Trial]) -> list[tuple[Rule, str]]:
    """The goldens under ``silent`` on which not even a slip would make the rule fire: they assert nothing of it."""
    idle: list[tuple[Rule, str]] = []
    for rule in rules:
        fit = [mutant.wrong for mutant in mutants_of(rule) if not mutant.unfit]
        stage = steps_of([rule, *(wrong._replace(name=_nth(number)) for number, wrong in enumerate(fit))])
        for golden in rule.silent:
            facts = next(seen.facts for seen in trials[golden].judgements if seen.stage == rule.stage)
            if not any(_bindings(stage, Memory(facts)).values()):
                idle.append((rule, golden))
    return idle


class _Bench:
    """The goldens with all that is kept of their plans by the rules as they are."""

    def __init__(self, compiled: Compiled, trials: Sequence[Trial]) -> None:
        self.compiled = compiled
        self.trials = trials
        self.plans: list[Mapping[str, Any]] = [trial.plan.document() for trial in trials]
        self.asked: dict[Stage, Asked] = {stage: asked_by(rules) for stage, rules in compiled.stages.items()}
        self.facts = [{judgement.stage: judgement.facts for judgement in trial.judgements} for trial in trials]
        self.fired: dict[tuple[int, Stage], Fired] = {}

    def fates(self, rule: Rule) -> Iterator[Fate]:
        """Each mutant of ``rule`` with its fate; they are matched together, as they begin alike."""
        mutants = list(mutants_of(rule))
        fit = [mutant for mutant in mutants if not mutant.unfit]
        stage = steps_of([rule, *(mutant.wrong._replace(name=_nth(number)) for number, mutant in enumerate(fit))])
        matched = [_bindings(stage, Memory(facts[rule.stage])) for facts in self.facts]
        for mutant in mutants:
            yield self._fate(mutant, _nth(fit.index(mutant)), matched) if mutant in fit else Fate(mutant, UNFIT)

    def _fate(self, mutant: Mutant, name: str, matched: Sequence[Mapping[str, Bindings]]) -> Fate:
        """The first golden that notices; those that the rule names as examples are asked first."""
        rule = mutant.rule
        named = {*rule.fires, *rule.silent}
        for number in sorted(range(len(self.trials)), key=lambda number: self.trials[number].case.name not in named):
            was, now = matched[number][rule.name], matched[number][name]
            if (was != now or (now and rule.overrides != mutant.wrong.overrides)) and (
                way := self._noticed(mutant, number, now)
            ):
                return Fate(mutant, way, self.trials[number].case.name)
        return Fate(mutant, NOBODY)

    def _noticed(self, mutant: Mutant, number: int, bindings: Bindings) -> str:
        """How one golden, planned anew, notices; "" if it does not."""
        again = try_out(self.trials[number].case, self._compiled(mutant, number, bindings))
        if differences(self.plans[number], again.plan.document()):
            return PLAN
        name = again.case.name
        promises = mutant.rule._replace(
            fires=tuple(golden for golden in mutant.rule.fires if golden == name),
            silent=tuple(golden for golden in mutant.rule.silent if golden == name),
        )
        return EXAMPLE if broken_examples([promises], {name: again}) else NOBODY

    def _compiled(self, mutant: Mutant, number: int, bindings: Bindings) -> Compiled:
        """The rules with the mutant in its place, and with what its stage fires on one golden known beforehand."""
        compiled, stage, name = self.compiled, mutant.rule.stage, mutant.rule.name
        if len(self.facts[number][stage]) > MOST_COMPARED:  # nothing is known of such hosts beforehand
            rules = tuple(mutant.wrong if rule.name == name else rule for rule in compiled.ruleset.rules)
            return compile_ruleset(compiled.ruleset._replace(rules=rules))
        before = self._fired(number, stage)
        others = (firing for firing in before.firings if firing.rule != name)
        firings = tuple(sorted((*others, *(Firing(name, bound) for bound in bindings))))
        outcome: RuleOutcome = "fired" if bindings else "not applicable"
        after = before._replace(firings=firings, outcomes={**before.outcomes, name: outcome})
        asked = self.asked[stage]
        known = Known(asked, {likeness(asked, self.facts[number][stage]): after})
        return compiled._replace(
            by_name={**compiled.by_name, name: mutant.wrong}, known={**compiled.known, stage: known}
        )

    def _fired(self, number: int, stage: Stage) -> Fired:
        """What the rules as they are fire on a golden, by the plain matcher: durable_rules has agreed before."""
        if (number, stage) not in self.fired:
            rules, memory = self.compiled.stages[stage], Memory(self.facts[number][stage])
            answer = match(rules, memory, reach(rules, memory).alive)
            outcomes: dict[str, RuleOutcome] = {rule.name: "not applicable" for rule in rules.rules}
            outcomes.update(dict.fromkeys(answer.blocked, "blocked"))
            outcomes.update({firing.rule: "fired" for firing in answer.firings})
            self.fired[number, stage] = Fired(tuple(answer.firings), outcomes, (), "plain matcher")
        return self.fired[number, stage]


def _nth(number: int) -> str:
    """What a mutant is called while it is matched beside its rule: no rule file can give this name."""
    return f"mutant {number}"


def _bindings(stage: StageRules, memory: Memory) -> dict[str, Bindings]:
    """By rule, which facts it fires with."""
    found: dict[str, set[tuple[tuple[str, int], ...]]] = {rule.name: set() for rule in stage.rules}
    for firing in match(stage, memory, reach(stage, memory).alive).firings:
        found[firing.rule].add(tuple(bound for bound in firing.bindings if not bound[0].startswith(REQUIRED)))
    return {name: frozenset(bindings) for name, bindings in found.items()}
