"""The smallest edit of a definition by which a refused host is accepted, or the proof that there is none.

The host's facts stand, and the definition's are open: the solver proposes the edit of the fewest keys, and the planner
is run on it before it is believed. The network's name is not edited: it tells which network is meant. A text that
nobody has named, as the address of another gateway, is never proposed; where only such a text might help, that is left
undecided.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import z3

import planner
from planner.definition import LARGEST_TAG, SMALLEST_MTU, Definition, read_definition, written
from planner.engine.decide import decide
from planner.facts.compute import READERS, facts_of
from planner.facts.vocabulary import KINDS, Fact, Scalar
from planner.host.model import Host
from planner.plan.plan import Plan
from planner.proof.ask import Answer, World
from planner.proof.axioms import axioms
from planner.rules.comparison import holds
from planner.rules.compiled import Compiled
from planner.rules.model import Pattern, Reference, Rule, Test

# The keys of a definition, those first that are changed with the least ado, each with the fields of the fact that tell
# it; the gateways are told by a fact for each family.
KEYS: dict[str, tuple[str, ...]] = {
    "mtu": ("mtu",),
    "stp": ("stp",),
    "default_route": ("default_route", "default_route_stated"),
    "nameservers": ("nameservers", "nameservers_stated"),
    "gateway": ("gateway4", "gateway6"),
    "ipv4": ("ipv4",),
    "vm_network": ("vm_network",),
    "vlan": ("vlan",),
}
NUMBERS = ("mtu", "vlan")  # of which any may be proposed
FEW: dict[str, Sequence[Sequence[Scalar]]] = {  # of which a person may choose, the most usual first
    "default_route": ((1, 0), (0, 1), (1, 1)),
    "nameservers": (("", 0),),
    "ipv4": (("",), ("dhcp",), ("static",)),
    "stp": ((0,), (1,)),
    "vm_network": ((1,), (0,)),
}
USUAL_MTUS = (1500, 9000, 1280)  # bytes: Ethernet's, jumbo frames, the least of IPv6
GATEWAYS = {"gateway4": 4, "gateway6": 6}  # by family
OPEN = {  # what the definition tells, and facts of the host that follow it
    "definition": tuple(name for names in KEYS.values() for name in names if name not in GATEWAYS),
    "defined": ("gateway",),
    "ip": ("planned",),
}
# Effects that depend on all of the attachment; the others do not depend on the fields named below.
DEPENDENT = ("mtu", "default-route-loses")
UNSEEN = ("mtu", "stp", "nameservers", "default_route", "gateway", "gateway_inside")
TRIES = 30  # edits that the planner is asked about; with more, a person does not wait for them

Values = Mapping[str, Scalar]


class Edit(NamedTuple):
    """A key of the definition, as it is and as it would have to be; None: it is left out."""

    field: str
    before: Any
    after: Any


class Advice(NamedTuple):
    """What helps a host.

    ``plan`` is what it gets as it is defined. ``definition`` is the one that is accepted, with its ``edits``; None:
    there is none, or none was found. ``proved``: that no smaller edit is accepted, or, without a definition, that none
    is at all, given the ``axioms``.
    """

    plan: Plan
    edits: tuple[Edit, ...]
    definition: Definition | None
    proved: bool
    axioms: tuple[str, ...] = ()


def advise(
    host: Host,
    definition: Definition,
    rules: Compiled,
    addresses: Sequence[str] = (),
    *,
    seconds_left: Callable[[], float] = lambda: math.inf,
) -> Advice:
    """Find the smallest edit of ``definition`` that is accepted, or give up once no seconds are left."""
    plan = planner.plan(host, definition, rules, addresses)
    if plan.outcome != "refused":
        return Advice(plan, (), definition, proved=True)
    question = _Question(host, definition, rules, addresses)
    question.world.seconds_left = seconds_left
    found = question.within(len(KEYS))
    smaller = True  # whether it is proved that no smaller edit is accepted
    for most in range(1, len(KEYS) + 1 if found.verdict == "refuted" else 1):
        accepted = question.smallest(most)
        if accepted is not None:
            return Advice(plan, edits_between(definition, accepted), accepted, smaller)
        found = question.within(most)
        smaller = smaller and found.verdict == "proved"
        if question.given_up:
            return Advice(plan, (), None, proved=False)
    return Advice(plan, (), None, proved=found.verdict == "proved", axioms=found.axioms)


def edits_between(before: Definition, after: Definition) -> tuple[Edit, ...]:
    """The keys in which two definitions differ."""
    was, now = written(before), written(after)
    return tuple(Edit(key, was.get(key), now.get(key)) for key in KEYS if was.get(key) != now.get(key))


class _Question:
    """One host with its definition open."""

    def __init__(self, host: Host, definition: Definition, rules: Compiled, addresses: Sequence[str]) -> None:
        self.host, self.rules, self.addresses = host, rules, addresses
        facts = facts_of(host, definition, tuple(addresses), READERS)
        told = _told(facts)
        alive = _alive(rules.ruleset.enabled, facts)
        self.world = World(alive, axioms(), [told])
        self.world.close(facts, but=OPEN, silent=("attachment", "addressing", "foreseen"))
        self.accepted = z3.Or([self.world.field("outcome", "is", word) for word in ("change", "no-change")])
        self.fields = _fields(facts)
        self.usual = {key: [dict(zip(KEYS[key], one, strict=True)) for one in _usual(key, facts)] for key in KEYS}
        self.given_up = False
        self._tries = 0
        changed = [z3.If(self._stands(key), 0, 1) for key in KEYS]
        self._changed = z3.Sum(changed)

    def smallest(self, most: int) -> Definition | None:
        """A definition that is accepted and differs in at most so many keys, with the most usual values."""
        for named in (KEYS, [key for key in KEYS if key not in NUMBERS]):
            few = [self._changed <= most, *(z3.Or(self._stands(key), self._meant(key)) for key in named)]
            while (answer := self.world.ask(self.accepted, *few)).verdict != "proved":
                self._tries += 1
                if answer.verdict == "undecided" or self._tries > TRIES:
                    self.given_up = True
                    return None
                fields = self._plainest(few, _fields(answer.facts))
                proposed = _definition(fields)
                if proposed is not None and self._is_accepted(proposed):
                    return proposed
                self.world.solver.add(z3.Not(z3.And([self._has(key, fields) for key in KEYS])))
        return None

    def within(self, most: int) -> Answer:
        """Facts of a definition that differs in at most so many keys and may be accepted, or the proof of none."""
        return self.world.ask(self.accepted, self._changed <= most)

    def _is_accepted(self, proposed: Definition) -> bool:
        """Whether the planner accepts it; what it foresees of its attachment, the solver cannot know, and is told."""
        judgements = planner.consider(self.host, proposed, self.rules, self.addresses)
        facts = judgements[-1].facts
        devised = [fact for fact in facts if fact.kind in ("attachment", "addressing")]
        if devised:
            known = self.world.texts.number
            same = [
                self._equals(fact, name, value)
                for fact in devised
                for name, value in fact.fields.items()
                if name not in UNSEEN
            ]
            for fact in (fact for fact in facts if fact.kind == "foreseen" and fact.fields["effect"] not in DEPENDENT):
                there = self.world.truth(f"foreseen {len(self.world.rows['foreseen'])}")
                effect = self.world.row("foreseen", "effect", there)
                told = [
                    (name, value) for name, value in fact.fields.items() if value in known or isinstance(value, int)
                ]
                self.world.solver.add(z3.Implies(z3.And(same), there))
                self.world.solver.add(*(effect.fields[name] == self._number(value) for name, value in told))
        return decide(judgements).outcome != "refused"

    def _equals(self, fact: Fact, name: str, value: Scalar) -> Any:
        row = self.world.only(fact.kind, fact.fields.get("family"))
        return self.world.never if row is None else row.fields[name] == self._number(value)

    def _number(self, value: Scalar) -> int:
        """The number of a value; of a text that nobody names, one that no fact has."""
        return self.world.texts.number.get(value, -2) if isinstance(value, str) else value

    def _plainest(self, few: Sequence[Any], found: dict[str, Scalar]) -> dict[str, Scalar]:
        """The definition with the most usual values: those that stand, of the keys that matter most first."""
        assumed: list[Any] = []
        usual = z3.And([z3.Or(self._stands(key), self._is(self.usual[key][0])) for key in KEYS])
        asked = self.world.ask(self.accepted, *few, usual)
        if asked.verdict == "refuted":
            found = _fields(asked.facts)
            assumed.append(usual)
        for key in reversed(KEYS):
            for values in (_of(key, self.fields), *self.usual[key]):
                wish = self._is(values)
                if not values.items() <= found.items():
                    asked = self.world.ask(self.accepted, *few, *assumed, wish)
                    if asked.verdict != "refuted":
                        continue
                    found = _fields(asked.facts)
                assumed.append(wish)
                break
        return found

    def _stands(self, key: str) -> Any:
        return self._has(key, self.fields)

    def _meant(self, key: str) -> Any:
        return z3.Or([self._is(values) for values in self.usual[key]])

    def _has(self, key: str, values: Values) -> Any:
        return self._is(_of(key, values))

    def _is(self, values: Values) -> Any:
        return z3.And([self._tells(name, value) for name, value in values.items()])

    def _tells(self, name: str, value: Scalar) -> Any:
        if name in GATEWAYS:
            return self.world.field("defined", "gateway", value, GATEWAYS[name])
        return self.world.field("definition", name, value)


def _of(key: str, fields: Values) -> dict[str, Scalar]:
    """The values of a key's fields."""
    return {name: fields[name] for name in KEYS[key]}


def _fields(facts: Sequence[Fact]) -> dict[str, Scalar]:
    """What the facts tell of the definition, by the names of `KEYS`."""
    gateways = {fact.fields["family"]: fact.fields["gateway"] for fact in facts if fact.kind == "defined"}
    stated = next(fact.fields for fact in facts if fact.kind == "definition")
    return {**stated, **{name: gateways[family] for name, family in GATEWAYS.items()}}


def _told(facts: Sequence[Fact]) -> Rule:
    """A rule that names every text of the facts, so that the solver knows them."""
    texts = {value for fact in facts for value in fact.fields.values() if isinstance(value, str)} | {"none"}
    named = Test("addresses", "in", tuple(sorted(texts)), 1, 1)
    return Rule("told", "guard", "", when=(Pattern("host", "host", negated=False, tests=(named,), line=1, column=1),))


def _alive(rules: Sequence[Rule], facts: Sequence[Fact]) -> list[Rule]:
    """The rules that may match, whatever the definition is: the others would only make the question longer."""
    return [rule for rule in rules if all(pattern.negated or _may_match(pattern, facts) for pattern in rule.when)]


def _may_match(pattern: Pattern, facts: Sequence[Fact]) -> bool:
    free = OPEN.get(pattern.kind, ())
    tests = [test for test in pattern.tests if test.field not in free and not isinstance(test.value, Reference)]
    if KINDS[pattern.kind].concluded_in:
        return True
    return any(
        all(holds(test.op, fact.fields[test.field], test.value) for test in tests)
        for fact in facts
        if fact.kind == pattern.kind
    )


def _usual(key: str, facts: Sequence[Fact]) -> Iterable[Sequence[Scalar]]:
    """Values of a key's fields that mean something on this host, the most usual first."""
    if key == "mtu":
        told = sorted({fact.fields["mtu"] for fact in facts if fact.kind in ("device", "network")})
        return product(dict.fromkeys((*USUAL_MTUS, *(mtu for mtu in told if int(mtu) >= SMALLEST_MTU))))
    if key == "vlan":
        tags = sorted({fact.fields["tag"] for fact in facts if fact.kind == "vlan"})
        return product((-1, *(tag for tag in tags if 1 <= int(tag) <= LARGEST_TAG)))
    if key == "gateway":
        routes: list[tuple[Scalar, Scalar]] = [
            (fact.fields["family"], fact.fields["gateway"]) for fact in facts if fact.kind == "route"
        ]
        four, six = (["", *(gateway for family, gateway in routes if family == wanted)] for wanted in (4, 6))
        found: list[Sequence[Scalar]] = [*product(four, six), ("none", "none")]
        return found
    return FEW[key]


def _definition(fields: Values) -> Definition | None:
    """The definition that a fact tells of; None if it names what is no definition."""
    gateways = [gateway for gateway in (fields["gateway4"], fields["gateway6"]) if gateway]
    document: dict[str, Any] = {
        "network": fields["network"],
        "vm_network": fields["vm_network"] == 1,
        "vlan": None if fields["vlan"] == -1 else fields["vlan"],
        "mtu": fields["mtu"],
        "stp": fields["stp"] == 1,
        "default_route": fields["default_route"] == 1 if fields["default_route_stated"] else None,
        "nameservers": _listed(fields["nameservers"]) if fields["nameservers_stated"] else None,
        "gateway": "none" if "none" in gateways else gateways or None,
        "ipv4": fields["ipv4"] or None,
    }
    return read_definition(document).definition


def _listed(value: Scalar) -> list[str]:
    return [text for text in str(value).split(",") if text]
