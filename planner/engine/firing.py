"""Both engines on one stage: durable_rules fires, the plain matcher checks."""

import os
from _thread import RLock  # importing threading would cost each start 3 ms
from collections.abc import Sequence

from planner.engine import durable
from planner.engine.likeness import Known, Likeness, asked_by, likeness
from planner.engine.matcher import MOST_MATCHES, Answer, Memory, Reach, match, reach
from planner.engine.network import Network, networks_of
from planner.facts.vocabulary import Fact, Stage
from planner.problem import Problem
from planner.rules.compiled import Compiled
from planner.rules.steps import Fired, Firing, RuleOutcome

PLAIN = "plain matcher"

# A fact costs durable_rules 8 kB and 30 microseconds: with more of them the check would cost more than the plan.
MOST_FACTS = 10_000
# Sets of rules for which a network is kept in one stage, 0.1 MB each. Hosts that are built alike need one between them;
# beyond this many one network of all the stage's rules serves.
MOST_NETWORKS = 64
# Hosts of late that are kept for comparison, in each stage, and the facts of one: 10 kB each. Fewer, and a fleet of
# that many designs is judged anew host by host; more would cost more memory than all else together.
MOST_KNOWN = 1_024
MOST_COMPARED = 500

# Whoever plans is alone at it: durable_rules has one state for the whole process, what is worth keeping is changed
# meanwhile, and so are facts that are worked out once: before Python 3.12 under a lock of functools, for which a child
# would wait in vain. A fork waits, too, so that a child has all of it whole, and a lock that somebody will open.
ALONE = RLock()
os.register_at_fork(before=ALONE.acquire, after_in_parent=ALONE.release, after_in_child=ALONE.release)


class Engines:
    """Both engines for the rules of a ruleset, with what is worth keeping from one host to the next.

    Whoever fires holds ``ALONE``.
    """

    def __init__(self, rules: Compiled) -> None:
        """Serve ``rules``; nothing is made before it is needed."""
        self.rules = rules
        # What durable_rules is asked, by the places of the rules that can match a host.
        self.networks: dict[tuple[Stage, tuple[int, ...]], tuple[Network, ...]] = {}
        # What fired on the hosts of late; None while there was but one.
        self.known: dict[Stage, Known | None] = {}

    def __reduce__(self) -> tuple[type["Engines"], tuple[Compiled]]:
        """To another process go the rules alone: what durable_rules has made of them is no use there."""
        return Engines, (self.rules,)

    def fire(self, stage: Stage, facts: Sequence[Fact]) -> Fired:
        """Fire the rules of ``stage`` on ``facts``, unless they have just been fired on facts that are alike."""
        if stage not in self.known:  # a command plans one host: it has nothing to compare
            self.known[stage] = None
            return self._fire(stage, facts)
        known = self.known[stage] = self.known[stage] or Known(asked_by(self.rules.stages[stage]), {})
        if len(facts) > MOST_COMPARED:
            return self._fire(stage, facts)
        seen = likeness(known.asked, facts)
        fired = known.fired.get(seen)
        if fired is None:
            fired = self._fire(stage, facts)
            if not fired.problems:  # what went wrong is tried again
                _keep(known.fired, seen, fired)
        return fired

    def _fire(self, stage: Stage, facts: Sequence[Fact]) -> Fired:
        """Both engines on ``facts``; where they disagree, that is a problem."""
        memory, rules = Memory(facts), self.rules.stages[stage]
        reached = reach(rules, memory)
        plain = match(rules, memory, reached.alive)
        outcomes: dict[str, RuleOutcome] = {rule.name: "not applicable" for rule in rules.rules}
        outcomes.update(dict.fromkeys(plain.blocked, "blocked"))
        outcomes.update({firing.rule: "fired" for firing in plain.firings})
        refused = [(rule.name, problem) for rule, problem in self.rules.refused if rule.stage == stage]
        engine, doubtful, problems = self._check(stage, memory, reached, plain)
        erring = (*(name for name, _ in refused), *sorted(plain.endless), *doubtful)
        outcomes.update(dict.fromkeys(erring, "error"))
        told = (*(problem for _, problem in refused), *_endless(plain.endless), *problems)
        return Fired(tuple(plain.firings), outcomes, told, engine)

    def _check(
        self, stage: Stage, memory: Memory, reached: Reach, plain: Answer
    ) -> tuple[str, list[str], list[Problem]]:
        """Ask durable_rules, too: which engine served, the rules in doubt, and why."""
        if not durable.available() or plain.endless:
            return PLAIN, [], []
        rules = self.rules.stages[stage]
        asserted = len(reached.positive) + len(reached.blocking)
        if asserted > MOST_FACTS:
            return PLAIN, [], [_spared(stage, asserted)]
        engine = f"durable_rules {durable.VERSION}"
        fired: set[Firing] = set()
        try:
            for network in self._networks(stage, reached.alive):
                fired |= durable.run(network, rules, memory, reached)
        except durable.EngineError as failure:
            return engine, [rule.name for rule in rules.rules], [_failed(stage, failure)]
        differing = sorted({firing.rule for firing in fired.symmetric_difference(plain.firings)})
        return engine, differing, [_disagreement(stage, differing)] if differing else []

    def _networks(self, stage: Stage, alive: tuple[int, ...]) -> tuple[Network, ...]:
        """The networks of the rules that can match: small ones compile in a tenth of the time of the whole stage."""
        known, rules = self.networks, self.rules.stages[stage]
        if (stage, alive) not in known and sum(of == stage for of, _ in known) >= MOST_NETWORKS:
            alive = tuple(range(len(rules.rules)))
        if (stage, alive) not in known:
            known[stage, alive] = networks_of(rules, alive)
        return known[stage, alive]


def _keep(fired: dict[Likeness, Fired], seen: Likeness, answer: Fired) -> None:
    """Remember one more answer, in place of the eldest when there are too many."""
    if len(fired) >= MOST_KNOWN:
        del fired[next(iter(fired))]
    fired[seen] = answer


def _endless(rules: set[str]) -> list[Problem]:
    if not rules:
        return []
    return [
        Problem(
            code="too-many-matches",
            message=f"more than {MOST_MATCHES:,} combinations of this host's facts match {_listed(sorted(rules))}",
            hint="join the patterns by a reference, as `base: $vlan.base`, so that not each goes with each",
        )
    ]


def _spared(stage: Stage, count: int) -> Problem:
    return Problem(
        code="engine-spared",
        message=f"the {stage} rules reach {count:,} facts; durable_rules is given {MOST_FACTS:,} at most, so the plain "
        "matcher decided alone",
        hint="narrow the rules that look at every fact of a kind",
        severity="note",
    )


def _failed(stage: Stage, failure: Exception) -> Problem:
    return Problem(
        code="engine-failed",
        message=f"durable_rules failed on the {stage} rules: {failure}",
        hint="please report this with the capture and the rules; nothing was decided",
    )


def _disagreement(stage: Stage, rules: list[str]) -> Problem:
    return Problem(
        code="engines-disagree",
        message=f"durable_rules and the plain matcher disagree on {_listed(rules)} ({stage})",
        hint="please report this with the capture and the rules; nothing was decided",
    )


def _listed(names: Sequence[str]) -> str:
    """The names, at most five of them."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
