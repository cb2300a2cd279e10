"""Everything that can be said of a ruleset as a whole: what the linter reads, and what the solver decides."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from planner.authoring.findings import Finding, Shown, excerpt
from planner.authoring.golden import Case, Trial, try_out
from planner.engine.decide import Said
from planner.facts.compute import READERS
from planner.problem import Problem, Where, errors
from planner.proof import SOLVER, has_solver
from planner.proof.witness import Witness
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.digest import MANIFEST
from planner.rules.lint import lint
from planner.rules.model import Rule, Ruleset

if TYPE_CHECKING:
    from planner.proof.anomalies import Conflict, Examination, Gap

DEVICE = "management.device"
NOTHING = "nothing-devised"
UNSHOWN = "the solver has facts of such a host, and no capture was found that has them: an axiom may be missing"
UNSOLVED = f"whether rules conflict, are dead or leave hosts out; that needs {SOLVER}"


class Analysis(NamedTuple):
    """What was found, how many questions were decided, and those in words that were not."""

    findings: tuple[Finding, ...]
    decided: int = 0
    undecided: tuple[str, ...] = ()


class Clash(NamedTuple):
    """Two rules (or one, twice) that want different values of ``fields`` on a host; ``said``: of the first of these."""

    rules: tuple[Rule, Rule]
    fields: tuple[str, ...]
    said: tuple[Said, Said]
    shown: Shown

    @property
    def names(self) -> frozenset[str]:
        """The two rules."""
        return frozenset(rule.name for rule in self.rules)


def analyse(
    ruleset: Ruleset,
    root: str,
    sources: Mapping[str, str],
    cases: Iterable[Case] | None,
    *,
    redundant: bool = False,
) -> Analysis:
    """Every finding; ``root`` is the ruleset's folder in ``sources``, ``cases`` further hosts, None: only read it.

    ``redundant``: ask, too, what can be left out of the rules.
    """
    found = [Finding(problem) for problem in lint(ruleset, sources)]
    analysis = Analysis(())
    if cases is not None and _sound(found) and has_solver():
        from planner.proof.anomalies import Examination

        living = _living(ruleset, [finding.problem for finding in found])
        examination = Examination(living, _left_alone(living, ruleset))
        found += _of_single_rules(examination, redundant=redundant)
        if _sound(found):
            compiled = compile_ruleset(ruleset)
            if _may_leave_out(ruleset):
                found += _gaps(examination, compiled, Where(f"{root}/{MANIFEST}", line=1, column=1))
            found += _conflicts(examination, compiled, cases)
        analysis = analysis._replace(decided=examination.decided, undecided=tuple(examination.undecided))
    elif cases is not None and _sound(found):
        analysis = analysis._replace(undecided=(UNSOLVED,))
        clashes = _clashes(cases, compile_ruleset(ruleset))
        found += [advice(clash, ruleset) for clash in clashes]
    return analysis._replace(findings=tuple(one._replace(problem=_pointed(one.problem, sources)) for one in found))


def _sound(found: Sequence[Finding]) -> bool:
    return not errors([finding.problem for finding in found])


def _living(ruleset: Ruleset, linted: Sequence[Problem]) -> list[Rule]:
    """The rules that are not disabled, nor known never to fire."""
    never = {problem.where[0].source for problem in linted if problem.code == "never-fires"}
    return [rule for rule in ruleset.enabled if rule.source not in never]


def _left_alone(living: Sequence[Rule], ruleset: Ruleset) -> list[Rule]:
    """The rules of a base that speak no more often than there: none that overrides them is gone."""
    freed = {name for rule in ruleset.gone for name in rule.overrides}
    return [rule for rule in living if rule.origin != ruleset.title and rule.name not in freed]


def _may_leave_out(ruleset: Ruleset) -> bool:
    """Whether a host may be left over that a base does not leave over: there is none, or a rule of it is silenced."""
    silencing = any(rule.overrides or rule.concludes for rule in ruleset.own)
    return silencing or bool(ruleset.gone or ruleset.disabled) or len(ruleset.own) == len(ruleset.rules)


def _of_single_rules(examination: "Examination", *, redundant: bool) -> Iterator[Finding]:
    dead = {rule.name: problem for rule in examination.rules if (problem := examination.dead(rule)) is not None}
    living = [rule for rule in examination.rules if rule.name not in dead]
    shadowed = {rule.name: problem for rule in living if (problem := examination.shadowed(rule)) is not None}
    yield from map(Finding, (*dead.values(), *shadowed.values()))
    for rule in [rule for rule in living if rule.name in examination.own] if redundant else ():
        whole = examination.redundant_rule(rule) if rule.name not in shadowed else None
        yield from map(Finding, (whole,) if whole is not None else examination.redundant_tests(rule))


def _gaps(examination: "Examination", compiled: Compiled, manifest: Where) -> Iterator[Finding]:
    for gap in examination.gaps():
        message = f"no rule says what to attach the network to when the address is on {gap.topology}"
        hint = "add a devise rule that sets `iface` for it, or a guard rule that refuses it by name"
        shown = confirmed_gap(gap, compiled)
        problem = Problem("uncovered-topology", message, hint if shown else UNSHOWN, "warning", where=(manifest,))
        yield Finding(problem, shown)


def confirmed_gap(gap: "Gap", compiled: Compiled) -> Shown | None:
    """The first host that the planner confirms."""
    for witness, trial in _tried(gap.witnesses, compiled):
        if any(problem.code == NOTHING for problem in trial.plan.problems):
            judgement = next(judgement for judgement in trial.judgements if judgement.stage == "devise")
            found = [fact for fact in judgement.facts if fact.kind == "management"]
            return Shown(trial.case, witness, excerpt(found, ()))
    return None


def _conflicts(examination: "Examination", compiled: Compiled, cases: Iterable[Case]) -> Iterator[Finding]:
    """Those that given hosts show, and those that the solver finds."""
    known = set()
    for clash in _clashes(cases, compiled):
        known.add(clash.names)
        yield advice(clash, compiled.ruleset)
    for pair in examination.pairs():
        conflict = examination.conflict(*pair) if {rule.name for rule in pair} not in known else None
        if conflict is not None:
            shown = confirmed_conflict(conflict, compiled)
            yield advice(shown, compiled.ruleset) if shown is not None else _unconfirmed(conflict, compiled.ruleset)


def confirmed_conflict(conflict: "Conflict", compiled: Compiled) -> Clash | None:
    """The conflict on the first host on which the planner finds it."""
    names = {rule.name for rule in conflict.rules}
    for witness, trial in _tried(conflict.witnesses, compiled):
        for clash in _clashes_on(trial, compiled, witness):
            if clash.names == names:
                return clash
    return None


def _unconfirmed(conflict: "Conflict", ruleset: Ruleset) -> Finding:
    one, other = _own_first(conflict.rules, ruleset)
    message = f"{one.name} and {other.name} may set {' and '.join(conflict.fields)} to different values"
    places = tuple(dict.fromkeys(Where(rule.source, line=rule.line) for rule in (one, other)))
    return Finding(Problem("possible-conflict", message, UNSHOWN, "warning", rule=one.name, where=places))


def _tried(witnesses: Iterable[Witness], compiled: Compiled) -> Iterator[tuple[Witness, Trial]]:
    """What the planner makes of hosts that the solver proposed, each called after what its address is on."""
    from planner.proof.anomalies import topology_of

    every = compiled._replace(kinds=frozenset(READERS))
    for witness in witnesses:
        read = witness.read()
        if read is not None:
            trial = try_out(Case("", *read, witness.addresses), every)
            yield witness, trial._replace(case=trial.case._replace(name=topology_of(trial.judgements[-1].facts)))


def _clashes(cases: Iterable[Case], compiled: Compiled) -> list[Clash]:
    """Each two rules that some of the hosts shows to want different values, once."""
    found: dict[frozenset[str], Clash] = {}
    for case in cases:
        for clash in _clashes_on(try_out(case, compiled), compiled):
            found.setdefault(clash.names, clash)
    return list(found.values())


def _clashes_on(trial: Trial, compiled: Compiled, witness: Witness | None = None) -> Iterator[Clash]:
    located, devised, _ = trial.judgements
    found = [saying._replace(field=DEVICE) for saying in located.found]
    by_field: dict[str, list[Said]] = {}
    rivalling = len({saying.value for saying in found}) > 1  # then what devise says is but a consequence
    for saying in found if rivalling else devised.said:
        by_field.setdefault(saying.field, []).append(saying)
    differing: dict[tuple[str, str], list[tuple[Said, Said]]] = {}
    for one, *others in by_field.values():
        for two in others:
            if two.value != one.value:
                differing.setdefault((one.rule, two.rule), []).append((one, two))
    for names, pairs in differing.items():
        rules = (compiled.by_name[names[0]], compiled.by_name[names[1]])
        fields = tuple(dict.fromkeys(one.field for one, _ in pairs))
        kinds, places = {p.kind for rule in rules for p in rule.when}, {*pairs[0][0].facts, *pairs[0][1].facts}
        facts = (located if rivalling else devised).facts
        seen = [fact for fact in facts if fact.kind in kinds and fact.path in places]
        yield Clash(rules, fields, pairs[0], Shown(trial.case, witness, excerpt(seen, rules)))


def _own_first(rules: Iterable[Rule], ruleset: Ruleset) -> list[Rule]:
    """The rules that the author of ``ruleset`` can edit before those of its bases."""
    return sorted(rules, key=lambda rule: rule.origin != ruleset.title)


def advice(clash: Clash, ruleset: Ruleset) -> Finding:
    """The clash as a problem with its host, at the rule that the author of ``ruleset`` can edit."""
    said_by = list(zip(clash.rules, clash.said, strict=True))
    both = [pair for rule in dict.fromkeys(_own_first(clash.rules, ruleset)) for pair in said_by if pair[0] is rule]
    claims = " and ".join(f"{said.rule} says {said.value!r}" for _, said in both)
    more = f", and differ in {', '.join(clash.fields[1:])}" if len(clash.fields) > 1 else ""
    who, hint = (
        ("two rules set", "let one of them name the other under `overrides`, or narrow its `when`")
        if len(clash.names) == 2
        else ("the rule sets", "narrow its patterns so that only one of the facts matches")
    )
    message = f"{who} {clash.fields[0]} to different values on {clash.shown.case.name}: {claims}{more}"
    places = dict.fromkeys(Where(rule.source, line=_line(said) or rule.line) for rule, said in both)
    problem = Problem("possible-conflict", message, hint, rule=both[0][0].name, where=tuple(places))
    return Finding(problem, clash.shown)


def _line(said: Said) -> int:
    return int(said.at.rpartition(":")[2] or 0)


def _pointed(problem: Problem, sources: Mapping[str, str]) -> Problem:
    """The problem with a column wherever it names a line alone: that of the line's first word."""
    return problem._replace(where=tuple(_at_word(place, sources.get(place.source, "")) for place in problem.where))


def _at_word(place: Where, text: str) -> Where:
    lines = text.splitlines()
    if place.column or not 0 < place.line <= len(lines):
        return place
    line = lines[place.line - 1]
    return place._replace(column=len(line) - len(line.lstrip()) + 1)
