"""Two rulesets over many hosts: whose plan changes, and how; and which of them cannot be planned."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from planner import Planner
from planner.authoring.differences import KINDS, Difference, differences, gravest, gravity
from planner.authoring.golden import Case, Trial, try_out
from planner.authoring.page import framed
from planner.engine.matcher import Memory, match, reach
from planner.engine.misses import explain
from planner.explain.drawing.scene import pictures
from planner.explain.drawing.svg import render
from planner.facts.vocabulary import STAGES, Stage
from planner.plan.plan import Plan
from planner.printing import html_text
from planner.problem import Problem, errors
from planner.rules.compiled import Compiled
from planner.rules.model import Rule
from planner.rules.steps import StageRules, steps_of

# What an edit of a ruleset can touch: a host on which no edited rule fires, by either ruleset, keeps its plan, and is
# planned by one of them only.


class Edit(NamedTuple):
    """From one ruleset to another: the rules that are otherwise or gone, and those that are otherwise or new."""

    gone: frozenset[str]
    come: Mapping[Stage, StageRules]

    def touches(self, trial: Trial) -> bool:
        """Whether an edited rule fires on the host of ``trial``: by the rules as they were, or as they are to be."""
        if any(trial.outcome(name) != "not applicable" for name in self.gone):
            return True
        return any(self._fires(judgement.stage, Memory(judgement.facts)) for judgement in trial.judgements)

    def _fires(self, stage: Stage, memory: Memory) -> bool:
        rules = self.come[stage]
        answer = match(rules, memory, reach(rules, memory).alive)
        return bool(answer.firings or answer.blocked or answer.endless)


def edit_between(before: Compiled, after: Compiled) -> Edit | None:
    """The edit; None where it cannot be told from ``before``'s facts and firings alone what ``after`` would do."""
    if before.refused or after.refused or not after.kinds <= before.kinds:
        return None
    old, new = meanings(before), meanings(after)
    come = [rule for rule in after.ruleset.rules if rule.name in new and old.get(rule.name) != new[rule.name]]
    stages = {stage: steps_of(rule for rule in come if rule.stage == stage) for stage in STAGES}
    return Edit(frozenset(name for name, meaning in old.items() if new.get(name) != meaning), stages)


def meanings(compiled: Compiled) -> dict[str, Rule]:
    """The rules that are not disabled, without where things stand in their files, and without what is for readers."""
    return {rule.name: meaning(rule) for rule in compiled.ruleset.enabled}


def meaning(rule: Rule) -> Rule:
    """The rule without where it stands, and without what is for readers: equal meanings, equal decisions."""
    when = tuple(
        pattern._replace(line=0, column=0, tests=tuple(test._replace(line=0, column=0) for test in pattern.tests))
        for pattern in rule.when
    )
    concludes = tuple(
        conclusion._replace(line=0, fields=tuple(given._replace(line=0) for given in conclusion.fields))
        for conclusion in rule.concludes
    )
    return Rule(
        rule.name,
        rule.stage,
        "",
        summary=rule.summary if rule.shadow else "",  # a shadow is told of by its summary
        when=when,
        sets=tuple(assignment._replace(line=0) for assignment in rule.sets),
        concludes=concludes,
        verdicts=tuple(verdict._replace(line=0) for verdict in rule.verdicts),
        overrides=rule.overrides,
        shadow=rule.shadow,
    )


SAYING = Plan._fields.index("trace")  # what stands before it is what a plan says, and behind it why


class Changed(NamedTuple):
    """A host by name whose plan changes: the outcome before and after, and the differences, the gravest first.

    ``path``: where the host can be read again, to draw it; of many hosts this is all that is kept.
    """

    name: str
    path: str
    outcomes: tuple[str, str]
    differences: tuple[Difference, ...]
    rules: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of the gravest difference."""
        return gravest(self.differences)


class Undecided(NamedTuple):
    """A host by name that cannot be planned, and why.

    ``by``: the rulesets, before or after, that decide nothing; none where there is no case to plan.
    """

    name: str
    problems: tuple[Problem, ...]
    by: tuple[str, ...] = ()


class Comparison(NamedTuple):
    """Over so many hosts, those whose plan changes, the gravest first, and those that cannot be planned.

    A host that has a plan by one ruleset, and by the other none, is among both.
    """

    hosts: int
    changed: tuple[Changed, ...]
    undecided: tuple[Undecided, ...] = ()

    @property
    def headline(self) -> str:
        """``3 of 12 hosts get another plan, 1 cannot be planned``."""
        unplanned = f", {len(self.undecided)} cannot be planned" if self.undecided else ""
        return f"{len(self.changed)} of {self.hosts} hosts get another plan{unplanned}"

    @property
    def summary(self) -> dict[str, int]:
        """How many hosts change in each way, the gravest first; ways in which none does are left out."""
        counts = {kind: sum(one.kind == kind for one in self.changed) for kind in KINDS}
        return {kind: count for kind, count in counts.items() if count}


class Both:
    """Two rulesets, by which hosts are planned in turn."""

    def __init__(self, before: Compiled, after: Compiled) -> None:
        """Make both ready."""
        self.edit = edit_between(before, after)
        self.before, self.after = Planner(before), Planner(after)

    def plans(self, case: Case) -> tuple[Plan, Plan]:
        """The plan by each ruleset: one and the same where the edit does not touch the host."""
        trial = try_out(case, self.before)
        touched = self.edit is None or self.edit.touches(trial)
        return trial.plan, try_out(case, self.after).plan if touched else trial.plan

    def compare(self, case: Case, path: str = "") -> tuple[Changed | Undecided, ...]:
        """What changes for the host that ``path`` is read as, and what is not decided; nothing where it is the same."""
        was, now = self.plans(case)
        undecided = (_undecided(case, was, now),) if _faults(was) or _faults(now) else ()
        if now is was or _alike(was, now) or not (found := differences(was.document(), now.document())):
            return undecided
        behind = tuple(_behind(was, now, found))
        return (*undecided, Changed(case.name, path, (was.outcome, now.outcome), found, behind))


def comparison(of_each: Iterable[Sequence[Changed | Undecided]]) -> Comparison:
    """All that was found, of each host in turn. What is the same of many hosts is kept once."""
    hosts = 0
    changed: list[Changed] = []
    undecided: list[Undecided] = []
    same: dict[object, Any] = {}
    for found in of_each:
        hosts += 1
        undecided += (one for one in found if isinstance(one, Undecided))
        for one in (one for one in found if isinstance(one, Changed)):
            told = (same.setdefault(part, part) for part in (one.outcomes, one.differences, one.rules))
            changed.append(Changed(one.name, one.path, *told))
    changed.sort(key=lambda one: (gravity(one.kind), one.name))
    return Comparison(hosts, tuple(changed), tuple(undecided))


def _undecided(case: Case, was: Plan, now: Plan) -> Undecided:
    by = {"before": _faults(was), "after": _faults(now)}
    problems = dict.fromkeys(problem for faults in by.values() for problem in faults)
    return Undecided(case.name, tuple(problems), tuple(side for side, faults in by.items() if faults))


def _faults(plan: Plan) -> list[Problem]:
    """Why nothing was decided: a refusal is said by a rule, and what no rule says is that they failed on the host."""
    return [problem for problem in errors(plan.problems) if not problem.rule]


def _alike(was: Plan, now: Plan) -> bool:
    """Whether the plans say the same, whichever rules there are: by far the most do, and documents cost time."""
    return was[:SAYING] == now[:SAYING] and _setters(was) == _setters(now)


def _setters(plan: Plan) -> list[tuple[str, str]]:
    return [(reason.field, reason.rule) for reason in plan.trace]


def _behind(was: Plan, now: Plan, found: Sequence[Difference]) -> Iterator[str]:
    """The rules of the differences, and then those that fire on this host by one ruleset only."""
    named = dict.fromkeys(rule for difference in found for rule in difference.rules)
    yield from named
    for rule in dict.fromkeys((*was.outcomes, *now.outcomes)):
        fired = [plan.outcomes.get(rule) == "fired" for plan in (was, now)]
        if rule not in named and fired[0] != fired[1]:
            yield rule


# The comparison as a page: a sum, the hosts that cannot be planned, then each whose plan changes, drawn by both.


# Hosts drawn: with more of them a browser takes seconds for the page, and nobody looks at that many.
DRAWN = 200
GRAVE = ("refused", "no longer refused", "attachment")


# A host as both rulesets plan it, read again; None where it cannot be any more.
Again = Callable[[str], tuple[Case, tuple[Plan, Plan]] | None]


def page(comparison: Comparison, before: str, after: str, again: Again, proved: Sequence[str] = ()) -> str:
    """The page, whole; ``before`` and ``after`` say which rulesets these are, ``proved`` are lines about every host."""
    proof = [f"<pre>{html_text(chr(10).join(proved))}</pre>"] if proved else []
    body = [
        *proof,
        *_sum(comparison),
        *_page_undecided(comparison.undecided, before, after),
        *_hosts(comparison, before, after, again),
    ]
    return framed(f"{before} → {after}", comparison.headline, body)


def _sum(comparison: Comparison) -> Iterator[str]:
    if not comparison.changed:
        yield "" if comparison.undecided else '<p class="good">No plan changes.</p>'
        return
    yield "<table><tr><th>hosts</th><th>what becomes of them</th></tr>"
    for kind, count in comparison.summary.items():
        yield f'<tr><td class=n>{count}</td><td class="{_class(kind)}">{html_text(KINDS[kind])}</td></tr>'
    yield "</table>"


def _page_undecided(hosts: Sequence[Undecided], before: str, after: str) -> Iterator[str]:
    """The hosts of which nothing can be told, each with the reasons."""
    if not hosts:
        return
    rulesets = {"before": before, "after": after}
    yield '<h2 class="bad">Cannot be planned</h2>'
    yield "<table><tr><th>host</th><th>by</th><th>why</th><th>what to do</th></tr>"
    for host in hosts:
        by = " and ".join(rulesets[side] for side in host.by) or "any rules"
        for problem in host.problems:
            cells = (host.name, by, f"{problem.code}: {problem.message}", problem.hint)
            yield f"<tr>{''.join(f'<td>{html_text(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _hosts(comparison: Comparison, before: str, after: str, again: Again) -> Iterator[str]:
    for number, host in enumerate(comparison.changed):
        opened = " open" if number == 0 else ""
        yield (
            f"<details{opened}><summary><b>{html_text(host.name)}</b> "
            f'<span class="{_class(host.kind)}">{html_text(KINDS[host.kind])}</span> '
            f"<span class=soft>{html_text(', '.join(host.rules))}</span></summary>"
        )
        yield "<table>" + "".join(_row(difference) for difference in host.differences) + "</table>"
        if number < DRAWN and (planned := again(host.path)) is not None:
            case, plans = planned
            yield from (_figure(case, plan, by) for plan, by in zip(plans, (before, after), strict=True))
        yield "</details>"


def _row(difference: Difference) -> str:
    return (
        f'<tr><td class="{_class(difference.kind)}">{html_text(difference.what)}</td>'
        f"<td>{html_text(difference.before) or '<span class=soft>none</span>'}</td>"
        f"<td>{html_text(difference.after) or '<span class=soft>none</span>'}</td>"
        f"<td><code>{html_text(', '.join(difference.rules))}</code></td></tr>"
    )


def _figure(case: Case, plan: Plan, by: str) -> str:
    drawing = render(*pictures(case.host, plan.document()))
    return f"<figure><figcaption>by {html_text(by)}: {html_text(plan.outcome)}</figcaption>{drawing}</figure>"


def _class(kind: str) -> str:
    return "bad" if kind in GRAVE else "soft" if kind == "reason" else "warn"


# Why a golden's plan is not what it was: which rules speak now, which no longer do, and which say something else.


Document = Mapping[str, Any]


def difference_explained(before: Document, trial: Trial, rules: Mapping[str, Rule]) -> list[str]:
    """From the plan ``before`` to that of ``trial``, rule by rule; ``rules`` are those that decide now."""
    after = trial.plan.document()
    old, new = _sayings(before), _sayings(after)
    lines = []
    if before.get("outcome") != after["outcome"]:
        lines.append(f"the outcome was {before.get('outcome')}, and is {after['outcome']}")
    for name in sorted(old.keys() - new.keys()):
        lines += _silenced(name, trial, rules)
    for name in sorted(new.keys() - old.keys()):
        lines.append(f"{name} fires now ({_summary(name, rules)}): {'; '.join(new[name])}")
    for name in sorted(old.keys() & new.keys()):
        gone, come = ([*dict.fromkeys(one)] for one in (_less(old[name], new[name]), _less(new[name], old[name])))
        if gone and come:
            lines.append(f"{name} said {'; '.join(gone)}; now it says {'; '.join(come)}")
        elif gone or come:
            lines.append(f"{name} {'says besides' if come else 'no longer says'} {'; '.join(come or gone)}")
    return lines or ["the same rules say the same: their lines have moved, or a plan is written otherwise"]


def _sayings(document: Document) -> dict[str, list[str]]:
    """What each rule says in a plan."""
    found: dict[str, list[str]] = {}
    for reason in document.get("trace", ()):
        found.setdefault(reason["rule"], []).append(f"{reason['field']} = {reason['value']}")
    for problem in document.get("problems", ()):
        if problem["rule"]:
            found.setdefault(problem["rule"], []).append(
                f"{problem['severity']} {problem['code']}: {problem['message']}"
            )
    return found


def _less(one: list[str], other: list[str]) -> list[str]:
    return [saying for saying in one if saying not in other]


def _summary(name: str, rules: Mapping[str, Rule]) -> str:
    return rules[name].summary if name in rules else "not a rule of these"


def _silenced(name: str, trial: Trial, rules: Mapping[str, Rule]) -> Iterator[str]:
    """That a rule is silent now, and why."""
    rule = rules.get(name)
    if rule is None or name not in trial.plan.outcomes:
        yield f"{name} is no longer there"
        return
    outcome = trial.outcome(name)
    judgement = next(judgement for judgement in trial.judgements if judgement.stage == rule.stage)
    miss = explain(rule, judgement.facts)
    speaking = [
        other.name
        for other in rules.values()
        if name in other.overrides and judgement.outcomes.get(other.name) == "fired"
    ]
    if miss is None and speaking:
        yield f"{name} no longer speaks ({outcome}): {', '.join(speaking)} overrides it"
    elif miss is None:
        yield f"{name} no longer says anything of this ({outcome})"
    else:
        yield f"{name} no longer fires ({outcome}, {rule.file}:{miss.line}):"
        yield from (f"  {line}" for line in miss.lines)
