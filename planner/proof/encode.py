"""Rules as formulas: when one fires, what silences it, what the attachment and the plan become of what all say.

A rule that fires has a row for each of its patterns. That a rule does not fire is a statement about all facts, of which
there is no end: `planner.proof.ask` adds it where it is needed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import z3

from planner.facts.vocabulary import ATTACHMENT, KINDS, OUTCOMES, Field, Stage, absent
from planner.plan.attachment import Attachment, attachment_facts
from planner.proof.axioms import Axiom
from planner.proof.rows import Patterned, Row, Rows, family_named, positive
from planner.rules.model import Assignment, Pattern, Reference, Rule

# The kinds of which there are only the facts that rules conclude.
MADE = ("attachment", "addressing", "foreseen", "outcome", "problem")
CONCLUDED = {kind for kind, declared in KINDS.items() if declared.concluded_in} - {*MADE}


class Claim(NamedTuple):
    """That a rule fires: ``fires`` is true exactly if it does, and then its positive patterns match ``rows``."""

    rule: Patterned
    fires: Any
    rows: Mapping[str, Row]


class Rules(Rows):
    """Rules over rows: claims that they fire, the attachment that they set, and the outcome of the plan."""

    def __init__(
        self,
        rules: Iterable[Rule],
        axioms: Iterable[Axiom] = (),
        others: Iterable[Patterned] = (),
        given: Collection[str] = (),
    ) -> None:
        """Speak of ``rules``; ``others`` will be asked about besides; facts of the kinds ``given`` need no rule."""
        self.rules = {rule.name: rule for rule in rules}
        axioms, others = tuple(axioms), tuple(others)
        super().__init__([*self.rules.values(), *axioms, *others], axioms)
        self.claims: dict[tuple[str, str], Claim] = {}
        self.refusals: dict[str, Any] = {}
        self.problems: list[Row] = []
        self.known: set[tuple[str, ...]] = set()  # what was said already
        self._silenced: dict[tuple[str, Stage], Any] = {}
        self.given = frozenset(given)
        self.concluders = {kind: [one for one in self.rules.values() if _concludes(one, kind)] for kind in KINDS}
        self.concluders |= {kind: [] for kind in given}
        setting = [(rule, one) for rule in self.rules.values() if not rule.shadow for one in rule.sets]
        self.setters = {name: [(rule, one) for rule, one in setting if one.field == name] for name in ATTACHMENT}
        self.single["management"] = self.row("management", "management", self.truth("management"))
        if "attachment" in given:
            self._devise(self.truth("attachment"))
        else:
            self._attach()
        self._decide()
        self._tell([pattern for one in others for pattern in one.when if pattern.kind == "problem"])
        if "management" not in given:
            self.solver.add(self.justification(self.single["management"], ""))

    def fires(self, name: str, tag: str = "") -> Any:
        """That the rule fires; another ``tag`` is another match of it."""
        return self.claim(self.rules[name], tag).fires

    def speaks(self, name: str) -> Any:
        """That the rule fires, and that none that speaks overrides it in its stage."""
        rule = self.rules[name]
        return z3.And(self.fires(name), z3.Not(self.silenced(name, rule.stage)))

    def silenced(self, name: str, stage: Stage) -> Any:
        """That a rule of ``stage`` that speaks overrides the rule."""
        key = name, stage
        if key not in self._silenced:
            self._silenced[key] = self.never  # a circle of overrides, which the linter refuses
            rules = self.rules.values()
            over = [rule.name for rule in rules if name in rule.overrides and rule.stage == stage and not rule.shadow]
            silencing = [z3.And(self.fires(other), z3.Not(self.silenced(other, stage))) for other in over]
            self._silenced[key] = self.any_of(silencing)
        return self._silenced[key]

    def refuses(self, name: str) -> Any:
        """That a refusal of the rule is told: no stage overrides it."""
        stages = {rule.stage for rule in self.rules.values() if name in rule.overrides} | {self.rules[name].stage}
        return z3.And(self.fires(name), *(z3.Not(self.silenced(name, stage)) for stage in sorted(stages)))

    def conflicting(self, name: str) -> Any:
        """That two rules set a field of the attachment to different values."""
        return self.setting(name)[2]

    def claim(self, rule: Patterned, tag: str = "") -> Claim:
        """The claim that ``rule`` is matched, made when it is first asked for."""
        key = rule.name, tag
        if key not in self.claims:
            fires = self.truth(f"fires {rule.name} {tag}".strip())
            rows: dict[str, Row] = {}
            self.claims[key] = Claim(rule, fires, rows)
            for pattern in positive(rule.when):
                row = self.only(pattern.kind, family_named(pattern))
                rows[pattern.alias] = row or self.row(pattern.kind, f"{rule.name}/{pattern.alias}/{tag}", fires)
            self.solver.add(z3.Implies(fires, self.matched(rule.when, rows)))
            for pattern in (pattern for pattern in rule.when if pattern.negated):
                for concluder in self.concluders[pattern.kind]:
                    self.claim(concluder)  # what it concludes must not be overlooked
        return self.claims[key]

    def justification(self, row: Row, tag: str) -> Any:
        """That a concluded fact that is there is one that some rule concludes."""
        self.known.add(("justified", row.name))
        by = []
        for rule in self.concluders[row.kind]:
            if rule.shadow:
                continue
            for conclusion in (conclusion for conclusion in rule.concludes if conclusion.kind == row.kind):
                claim = self.claim(rule, tag)
                fields = self.concluded(row.kind, conclusion.fields, claim.rows)
                equal = [row.fields[name] == value for name, value in fields.items()]
                by.append(z3.And(claim.fires, z3.Not(self.silenced(rule.name, rule.stage)), *equal))
        return z3.Implies(row.present, self.any_of(by))

    def value(self, given: Assignment, rows: Mapping[str, Row], declared: Field) -> Any:
        """What a rule gives to a field, on the rows that it matches."""
        value = given.value
        if isinstance(value, Reference):
            row, name = rows[value.alias], value.field or "name"
            if KINDS[row.kind].fields[name].type is declared.type:
                return row.fields[name]
            spelled = self.number(f"spelled {row.name}.{name}")  # a number as text: any text but the empty one
            self.solver.add(spelled > 0)
            return spelled
        return self.constant(self.texts.of(absent(declared) if value is None else value))

    def concluded(self, kind: str, given: Sequence[Assignment], rows: Mapping[str, Row]) -> dict[str, Any]:
        """The fields of a fact that a rule concludes."""
        declared = KINDS[kind].fields
        fields = {name: self.constant(self.texts.of(absent(field))) for name, field in declared.items()}
        return fields | {one.field: self.value(one, rows, declared[one.field]) for one in given}

    def setting(self, name: str) -> tuple[Any, Any, Any]:
        """Of a field of the attachment: whether a rule sets it, to what, and whether two differ."""
        return self.truth(f"set {name}"), self.number(f"value {name}"), self.truth(f"conflict {name}")

    def says(self, rule: Rule, given: Assignment, value: Any, tag: str = "") -> Any:
        """That a rule speaks, and gives ``value`` to a field of the attachment."""
        claim = self.claim(rule, tag)
        there = self.value(given, claim.rows, ATTACHMENT[given.field])
        return z3.And(claim.fires, z3.Not(self.silenced(rule.name, rule.stage)), value == there)

    def _devise(self, present: Any) -> None:
        """The facts of the attachment, of which only the vocabulary is known."""
        self.single["attachment"] = self.row("attachment", "attachment", present)
        self.pair("addressing", present)

    def _attach(self) -> None:
        """The facts of the attachment as `planner.plan.attachment` makes them of the values that rules set."""
        present, device, conflict = self.setting("iface")
        self._devise(z3.And(present, z3.Not(conflict), device != 0))
        for name, by in self.setters.items():
            is_set, value, differ = self.setting(name)
            said = [self.says(rule, given, value) for rule, given in by]
            self.solver.add(z3.Implies(z3.And(is_set, z3.Not(differ)), self.any_of(said)), z3.Implies(differ, is_set))
        families = self.pairs["addressing"]
        rows = {"": self.single["attachment"]} | {f"ipv{family}.": row for family, row in families.items()}
        for (prefix, row), plain in zip(rows.items(), attachment_facts(Attachment("")), strict=True):
            for name in (name for name in row.fields if prefix + name in ATTACHMENT):
                is_set, value, differ = self.setting(prefix + name)
                stands = z3.And(is_set, z3.Not(differ))
                if name in ("switch", "method"):
                    stands = z3.And(stands, value != 0)
                elif prefix:
                    stands = z3.And(stands, row.fields["method"] == self.texts.of("static"))
                if ATTACHMENT[prefix + name].words == (0, 1):
                    value = z3.If(value == 0, 0, 1)  # the absence of a yes or no that is set counts as yes
                self.solver.add(row.fields[name] == z3.If(stands, value, self.texts.of(plain.fields[name])))
        for row in families.values():
            told = z3.And(row.fields["gateway"] != 0, row.fields["address"] != 0, row.fields["prefix"] >= 0)
            self.solver.add((row.fields["gateway_inside"] >= 0) == told)
        some = self.any_of([row.fields["nameservers"] != 0 for row in families.values()])
        self.solver.add((self.single["attachment"].fields["nameservers"] != 0) == some)

    def _decide(self) -> None:
        """The outcome as `planner.engine.decide` finds it."""
        self.refused = self.truth("refused")
        refusing = {rule.name: self.refuses(rule.name) for rule in self.rules.values() if rule.refuses}
        self.refusals |= {name: self.truth(f"refusal {name}") for name in refusing}
        told = [z3.And(self.refusals[name], refuses) for name, refuses in refusing.items()]
        self.solver.add(self.refused == self.any_of(told))
        self.compliant = self.any_of(
            [self.speaks(rule.name) for rule in self.concluders["compliant"] if not rule.shadow]
        )
        self.conflict = self.any_of([self.conflicting(name) for name in ATTACHMENT])
        self.attached = self.single["attachment"].present
        words = {word: self.constant(self.texts.of(word)) for word in OUTCOMES}
        stopped = z3.Or(self.refused, self.conflict, z3.Not(self.attached))
        settled = z3.If(self.conflict, words["refused"], words["no-change"])
        row = self.single["outcome"] = self.row("outcome", "outcome", self.certain)
        otherwise = z3.If(stopped, words["refused"], words["change"])
        self.solver.add(row.fields["is"] == z3.If(self.compliant, settled, otherwise))

    def _tell(self, asked: Sequence[Pattern]) -> None:
        """The problems that the patterns ``asked`` may mean: of rules, that two contradict, that none says anything."""
        silent = z3.Not(z3.Or(self.compliant, self.refused, self.conflict, self.attached))
        unruly = {"rule-conflict": self.conflict, "nothing-devised": silent}
        told = [("", "error", code, "narrow one") for code in unruly]
        for rule in (rule for rule in self.rules.values() if not rule.shadow):
            told += [(rule.name, one.severity, one.code, one.hint) for one in rule.verdicts]
        names = tuple(KINDS["problem"].fields)
        for number, values in enumerate(told):
            known = dict(zip(names, values, strict=True))
            if not any(all(test.op != "is" or test.value == known[test.field] for test in one.tests) for one in asked):
                continue
            there = self.refuses(known["rule"]) if known["rule"] else unruly[known["code"]]
            if known["rule"] in self.refusals:
                there = z3.And(self.refusals[known["rule"]], there)
            fields = {name: self.constant(self.texts.of(value)) for name, value in known.items()}
            name = f"problem {number}"
            self.known.add(("justified", name))
            self.problems.append(self.add(Row("problem", name, there, fields)))


def _concludes(rule: Rule, kind: str) -> bool:
    return any(conclusion.kind == kind for conclusion in rule.concludes)
