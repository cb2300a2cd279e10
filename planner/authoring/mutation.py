"""Whether the hosts of the tests would notice a slip in a rule.

A mutant is noticed when the plan of some golden is otherwise, or when an example of the rule no longer holds. A mutant
changes what one rule fires on, so that rule alone is matched again, with the facts that its stage saw of each golden;
only a golden on which it fires otherwise is planned anew. One that nobody notices may be equivalent: no host could.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from planner import Planner
from planner.authoring.coverage import written
from planner.authoring.differences import differences
from planner.authoring.golden import Trial, broken_examples, try_out
from planner.engine.decide import PLACEHOLDER
from planner.engine.firing import MOST_COMPARED
from planner.engine.likeness import Asked, Known, asked_by, likeness
from planner.engine.matcher import Memory, match, reach
from planner.facts.vocabulary import STAGES, Stage
from planner.printing import markdown_code, markdown_text
from planner.rules.lint import contradiction, refuted, unsound
from planner.rules.model import OPPOSITE, Assignment, Pattern, Reference, Rule, Test
from planner.rules.steps import Fired, Firing, RuleOutcome, StageRules, steps_of

# A rule made wrong in every way that is one slip of the pen: a term lost, or turned into its opposite.
# A term is tested if some host of the tests is treated otherwise by such a mutant.


# Under which a `no` that is turned into what must be there binds its fact: no rule file can give it, or refer to it.
REQUIRED = "no "


class Mutant(NamedTuple):
    """A rule with one slip in it; ``what`` says which, in the words of the file, and line and column where."""

    rule: Rule
    what: str
    line: int
    column: int
    wrong: Rule

    @property
    def name(self) -> str:
        """``on-nic: management {kind: nic} dropped``, by which a survivor's reason finds it."""
        return f"{self.rule.name}: {self.what}"

    @property
    def unfit(self) -> bool:
        """Whether nobody could load it: the linter would refuse it, so no host need notice."""
        positive = [pattern for pattern in self.wrong.when if not pattern.negated]
        return any(unsound([self.wrong])) or any(
            refuted(pattern, positive) if pattern.negated else contradiction(pattern) for pattern in self.wrong.when
        )


def mutants_of(rule: Rule) -> Iterator[Mutant]:
    """Every mutant of ``rule``, in the order of its file."""
    for position, pattern in enumerate(rule.when):
        yield from _of_pattern(rule, position, pattern)
        for number, test in enumerate(pattern.tests):
            yield from _of_test(rule, position, number, test)
    for name in rule.overrides:
        wrong = rule._replace(overrides=tuple(other for other in rule.overrides if other != name))
        yield Mutant(rule, f"overrides {name} dropped", rule.line, 1, wrong)


def _of_pattern(rule: Rule, position: int, pattern: Pattern) -> Iterator[Mutant]:
    """The pattern dropped, if nothing refers to it; a ``no`` besides turned into what must be there."""
    place = (pattern.line, pattern.column)
    others = (*rule.when[:position], *rule.when[position + 1 :])
    if pattern.negated:
        required = pattern._replace(negated=False, alias=f"{REQUIRED}{pattern.alias}")
        yield Mutant(rule, f"pattern {told(pattern)} dropped", *place, rule._replace(when=others))
        yield Mutant(rule, f"pattern {told(pattern)} required", *place, _with(rule, position, required))
    elif pattern.alias not in _referred(rule):
        yield Mutant(rule, f"pattern {told(pattern)} dropped", *place, rule._replace(when=others))


def _of_test(rule: Rule, position: int, number: int, test: Test) -> Iterator[Mutant]:
    pattern = rule.when[position]
    before, after = pattern.tests[:number], pattern.tests[number + 1 :]
    place = (test.line, test.column)
    term = f"{heading(pattern)} {{{written(test)}}}"
    dropped = pattern._replace(tests=(*before, *after))
    yield Mutant(rule, f"{term} dropped", *place, _with(rule, position, dropped))
    if test.op in OPPOSITE:
        opposite = test._replace(op=OPPOSITE[test.op])
        flipped = pattern._replace(tests=(*before, opposite, *after))
        yield Mutant(rule, f"{term} turned to {{{written(opposite)}}}", *place, _with(rule, position, flipped))


def _with(rule: Rule, position: int, pattern: Pattern) -> Rule:
    return rule._replace(when=(*rule.when[:position], pattern, *rule.when[position + 1 :]))


def heading(pattern: Pattern) -> str:
    """The pattern's key: ``no candidate as other``."""
    called = "" if pattern.alias == pattern.kind else f" as {pattern.alias}"
    return f"{'no ' * pattern.negated}{pattern.kind}{called}"


def told(pattern: Pattern) -> str:
    """The pattern as its rule has it: ``no network {name: $definition.network}``."""
    return f"{heading(pattern)} {{{', '.join(map(written, pattern.tests))}}}"


def _referred(rule: Rule) -> set[str]:
    """The aliases that tests, values and words of the rule refer to."""
    values = (
        *(test.value for pattern in rule.when for test in pattern.tests),
        *_values(rule.sets),
        *(value for conclusion in rule.concludes for value in _values(conclusion.fields)),
    )
    words = (text for verdict in rule.verdicts for text in (verdict.message, verdict.hint))
    said = {alias for text in words for alias, _ in re.findall(PLACEHOLDER, text)}
    return said | {value.alias for value in values if isinstance(value, Reference)}


def _values(given: Iterable[Assignment]) -> Iterator[object]:
    return (assignment.value for assignment in given)


PLAN, EXAMPLE, UNFIT, EQUIVALENT, NOBODY = "plan", "example", "unfit", "equivalent", ""
Bindings = frozenset[tuple[tuple[str, int], ...]]


class Fate(NamedTuple):
    """What became of a mutant: noticed by a plan or an example, unfit for the linter, equivalent, or not noticed."""

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
        """Those that nobody noticed, and that are not proved equivalent."""
        return self.of(NOBODY)

    @property
    def percent(self) -> float:
        """How many were noticed, of those that the linter lets pass and that a host could notice."""
        fit = len(self.fates) - len(self.of(UNFIT, EQUIVALENT))
        return 100.0 * (1 - len(self.survivors) / fit) if fit else 100.0


def mutate(rules: Iterable[Rule], planner: Planner, trials: Sequence[Trial]) -> Score:
    """The fate of every mutant of ``rules``, which are among those of ``planner``, by ``trials`` of these."""
    bench = _Bench(planner, trials)
    tested = tuple(rules)
    return Score(len(tested), len(trials), tuple(fate for rule in tested for fate in bench.fates(rule)))


def with_equivalents(score: Score, proved: Callable[[Mutant], bool]) -> Score:
    """The score once it is known of each survivor whether it is ``proved`` to give every host the same plan."""
    fates = (
        fate._replace(by=EQUIVALENT) if fate.by == NOBODY and proved(fate.mutant) else fate for fate in score.fates
    )
    return score._replace(fates=tuple(fates))


class _Bench:
    """The goldens with all that is kept of their plans by the rules as they are."""

    def __init__(self, planner: Planner, trials: Sequence[Trial]) -> None:
        self.engines = planner.engines
        self.compiled = planner.rules
        self.trials = trials
        self.plans: list[Mapping[str, Any]] = [trial.plan.document() for trial in trials]
        self.asked: dict[Stage, Asked] = {stage: asked_by(rules) for stage, rules in self.compiled.stages.items()}
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
        again = try_out(self.trials[number].case, self._planner(mutant, number, bindings))
        if differences(self.plans[number], again.plan.document()):
            return PLAN
        name = again.case.name
        promises = mutant.rule._replace(
            fires=tuple(golden for golden in mutant.rule.fires if golden == name),
            silent=tuple(golden for golden in mutant.rule.silent if golden == name),
        )
        return EXAMPLE if broken_examples([promises], {name: again}) else NOBODY

    def _planner(self, mutant: Mutant, number: int, bindings: Bindings) -> Planner:
        """The rules with the mutant in its place, and with what its stage fires on one golden known beforehand."""
        compiled, stage, name = self.compiled, mutant.rule.stage, mutant.rule.name
        if len(self.facts[number][stage]) > MOST_COMPARED:  # nothing is known of such hosts beforehand
            rules = tuple(mutant.wrong if rule.name == name else rule for rule in compiled.ruleset.rules)
            return Planner(compiled.ruleset._replace(rules=rules))
        before = self._fired(number, stage)
        others = (firing for firing in before.firings if firing.rule != name)
        firings = tuple(sorted((*others, *(Firing(name, bound) for bound in bindings))))
        outcome: RuleOutcome = "fired" if bindings else "not applicable"
        after = before._replace(firings=firings, outcomes={**before.outcomes, name: outcome})
        asked = self.asked[stage]
        known = Known(asked, {likeness(asked, self.facts[number][stage]): after})
        planner = Planner(compiled._replace(by_name={**compiled.by_name, name: mutant.wrong}))
        planner.engines.known.update({**self.engines.known, stage: known})
        planner.engines.networks = self.engines.networks
        return planner

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


# The mutation test of rules as a page: the score by stage, and every survivor with its reason.


INTRODUCTION = """\
Written by `make mutate-rules`. Each rule is made wrong in every way that is one slip of the pen: a term dropped or
turned into its opposite, a pattern that nothing refers to dropped, a `no` dropped or turned into what must be there, an
override dropped. A mutant is *noticed* when the plan of some golden is otherwise, or when an example of the rule no
longer holds. *Unfit* ones, which the linter refuses, do not count, nor do those that are proved *equivalent*: they give
every host the same plan (docs/proofs.md)."""
NO_REASON = "**no reason is given**"


def page(score: Score, reasons: Mapping[str, str]) -> str:
    """The whole page, as Markdown."""
    lines = [
        "# The mutation test of the rules",
        "",
        INTRODUCTION,
        "",
        f"**{score.percent:.1f} % of the mutants of {score.rules} rules are noticed on {score.goldens} goldens.**",
        "",
        "| stage | mutants | unfit | noticed by a plan | by an example alone | proved equivalent | survivors |",
        "|---|---|---|---|---|---|---|",
        *(_row(stage, [fate for fate in score.fates if fate.mutant.rule.stage == stage]) for stage in STAGES),
        _row("all", score.fates),
        "",
        "## Survivors",
        "",
        *_survivors(score, reasons),
        *_equivalent(score),
    ]
    return "\n".join(lines) + "\n"


def _row(stage: str, fates: "list[Fate] | tuple[Fate, ...]") -> str:
    counts = [sum(fate.by == way for fate in fates) for way in (UNFIT, PLAN, EXAMPLE, EQUIVALENT, NOBODY)]
    return f"| {stage} | {len(fates)} | " + " | ".join(map(str, counts)) + " |"


def _survivors(score: Score, reasons: Mapping[str, str]) -> Iterator[str]:
    """The survivors under the reason that they share."""
    by_reason: dict[str, list[Fate]] = {}
    for fate in score.survivors:
        by_reason.setdefault(reasons.get(fate.mutant.name, NO_REASON), []).append(fate)
    for reason, fates in by_reason.items():
        yield from (reason if reason == NO_REASON else markdown_text(reason), "")
        yield from (f"- {place(fate)}: {markdown_code(fate.mutant.what)}" for fate in fates)
        yield ""
    if not by_reason:
        yield "None."


def _equivalent(score: Score) -> Iterator[str]:
    """The mutants that no host can notice."""
    found = score.of(EQUIVALENT)
    if found:
        yield from ("## Proved equivalent", "")
        yield from (f"- {place(fate)}: {markdown_code(fate.mutant.what)}" for fate in found)


def place(fate: Fate) -> str:
    """Where the slip would be: ``devise/on-nic.yaml:8:18``."""
    mutant = fate.mutant
    return f"{mutant.rule.file}:{mutant.line}:{mutant.column}"
