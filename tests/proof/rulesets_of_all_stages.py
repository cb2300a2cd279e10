"""Random rulesets of three stages with the facts of a host, by a seed: small, and made so that rules meet.

Unlike those of tests/policy/rulesets_at_random.py the facts are total, as real ones are, and rules say something:
values for the attachment, facts for later stages, refusals; some override others, some are shadows.
"""

from random import Random

from planner.facts.vocabulary import ATTACHMENT, KINDS, STAGES, Fact, Field, Scalar, Stage, absent
from planner.rules.model import Assignment, Conclusion, Pattern, Reference, Rule, Test, Verdict

TEXTS = ("", "eth1", "eth10", "bond0")
NUMBERS = (-1, 0, 1, 5)
EXPRESSIONS = ("eth[0-9]+", "eth1", ".*", "[^e].*")
# The kinds that occur, with the fields that rules ask for and how many facts there are at most.
READ = {
    "definition": (("network", "vm_network", "vlan", "mtu"), 1),
    "defined": (("family", "gateway"), 2),
    "vdsm": (("version", "patch", "known"), 1),
    "host": (("lacking", "gateways"), 1),
    "device": (("name", "bond", "mtu", "vlans", "link"), 3),
    "vlan": (("name", "base", "tag", "base_kind"), 3),
    "candidate": (("device", "found_by", "rivals", "owned", "address"), 2),
}
CONCLUDED = {
    "management": ("device", "kind", "family"),
    "difference": ("field", "from", "to"),
    "attachment": ("iface", "vlan", "mtu", "bridged"),
    "addressing": ("family", "method", "prefix"),
}
SEEN: dict[Stage, tuple[str, ...]] = {
    "locate": tuple(READ),
    "devise": (*READ, "management"),
    "guard": (*READ, *CONCLUDED),
}
KEYED = {"defined": ("family",), "device": ("name",), "vlan": ("name",), "candidate": ("device", "found_by")}
SET = (
    "iface",
    "vlan",
    "mtu",
    "bridged",
    "switch",
    "ipv4.method",
    "ipv4.prefix",
    "ipv6.method",
    "ipv6.prefix",
    "pin_mac",
)


class Chance:
    """One ruleset and one host in the making."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def often(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    def facts(self) -> list[Fact]:
        """What a capture could tell: every field has a value, and keys are given once."""
        found: dict[tuple[Scalar, ...], Fact] = {}
        for kind, (_, most) in READ.items():
            least = most if kind in ("defined", "definition", "vdsm", "host") else 0
            for number in range(self.random.randint(least, most)):
                fields = {name: absent(field) for name, field in KINDS[kind].fields.items()}
                fields |= {name: self.value(KINDS[kind].fields[name]) for name in READ[kind][0]}
                fields |= {"family": (4, 6)[number]} if kind == "defined" else {}
                key = tuple(fields[name] for name in KEYED.get(kind, ()))
                found.setdefault((kind, *key), Fact(kind, fields, f"{kind} {len(found)}"))
        return list(found.values())

    def value(self, field: Field) -> Scalar:
        """A value that the field may have; absent now and then."""
        if field.words:
            return self.random.choice((*field.words[:2], absent(field)))
        return self.random.choice(TEXTS if field.type is str else NUMBERS)

    def rules(self) -> list[Rule]:
        """One or two rules of locate, up to three of each later stage; the later ones may override the earlier."""
        found: list[Rule] = []
        for stage, most in zip(STAGES, (2, 3, 3), strict=True):
            for _ in range(self.random.randint(1, most)):
                found.append(self.rule(stage, found))
        return found

    def rule(self, stage: Stage, before: list[Rule]) -> Rule:
        patterns, kinds = self.patterns(stage)
        rule = Rule(f"r{len(before)}", stage, f"{stage}/r{len(before)}.yaml", summary="some", when=patterns)
        earlier = [other.name for other in before if self.often(0.3)]
        rule = rule._replace(overrides=tuple(earlier), shadow=self.often(0.1))
        if stage == "locate":
            named = "device" if "candidate" in kinds.values() else "name"
            sources = [alias for alias, kind in kinds.items() if named in KINDS[kind].fields]
            device: Scalar | Reference = Reference(self.random.choice(sources), named) if sources else "eth1"
            given = (Assignment("device", device, 1), Assignment("family", self.random.choice((4, 6)), 1))
            return rule._replace(concludes=(Conclusion("management", given, 1),) if self.often(0.8) else ())
        if stage == "devise":
            sets = tuple(self.assignment(name, kinds) for name in SET if self.often(0.4))
            differs = Conclusion("difference", (Assignment("field", "mtu", 1), self.differing(kinds)), 1)
            return rule._replace(sets=sets, concludes=(differs,) if self.often(0.4) else ())
        compliant = Conclusion("compliant", (Assignment("network", "ovirtmgmt", 1),), 1)
        error = Verdict("error", "bad", "bad", "do", "", 1)
        said = (error,) if self.often(0.6) else (Verdict("warning", "odd", "odd", "", "", 1),)
        return rule._replace(verdicts=said, concludes=(compliant,) if self.often(0.2) else ())

    def assignment(self, name: str, kinds: dict[str, str]) -> Assignment:
        """A value of the field's type, or the field of a fact that has the type."""
        declared = ATTACHMENT[name]
        alike = [
            Reference(alias, field)
            for alias, kind in kinds.items()
            for field in {**READ, "management": (CONCLUDED["management"], 1)}.get(kind, ((), 0))[0]
            if KINDS[kind].fields[field].type is declared.type and not declared.words
        ]
        if alike and self.often():
            return Assignment(name, self.random.choice(alike), 1)
        value = self.random.choice(TEXTS[1:]) if name == "iface" else self.value(declared)
        return Assignment(name, value, 1)

    def differing(self, kinds: dict[str, str]) -> Assignment:
        named = [alias for alias, kind in kinds.items() if kind in ("device", "vlan")]
        return Assignment("from", Reference(self.random.choice(named), "name") if named else "some", 1)

    def patterns(self, stage: Stage) -> tuple[tuple[Pattern, ...], dict[str, str]]:
        """Up to three patterns that want facts, and a ``no`` after some; with the kind of each alias."""
        made: list[Pattern] = []
        kinds: dict[str, str] = {}
        for number in range(self.random.randint(1, 3)):
            kind = self.random.choice(SEEN[stage])
            made.append(Pattern(kind, f"p{number}", False, self.tests(kind, kinds), 1, 1))
            kinds[f"p{number}"] = kind
            if self.often(0.3):
                kind = self.random.choice(SEEN[stage])
                made.append(Pattern(kind, f"n{number}", True, self.tests(kind, kinds), 1, 1))
        return tuple(made), kinds

    def tests(self, kind: str, kinds: dict[str, str]) -> tuple[Test, ...]:
        return tuple(self.test(kind, kinds) for _ in range(self.random.choice((0, 1, 1, 2))))

    def test(self, kind: str, kinds: dict[str, str]) -> Test:
        """A test against a value, or against the field of an earlier pattern; now and then of the other type."""
        fields = READ[kind][0] if kind in READ else CONCLUDED[kind]
        name = self.random.choice(fields)
        operator = self.random.choice(("is", "is", "is", "not", "lt", "le", "gt", "ge", "in", "not-in", "matches"))
        declared = KINDS[kind].fields[name]
        if operator in ("in", "not-in"):
            return Test(name, operator, tuple({self.value(declared) for _ in range(2)}), 1, 1)
        if operator == "matches":
            if declared.type is str:
                return Test(name, operator, self.random.choice(EXPRESSIONS), 1, 1)
            operator = "is"
        if kinds and self.often():
            alias = self.random.choice(sorted(kinds))
            other = kinds[alias]
            field = self.random.choice(READ[other][0] if other in READ else CONCLUDED[other])
            return Test(name, operator, Reference(alias, field), 1, 1)
        return Test(name, operator, self.value(declared), 1, 1)
