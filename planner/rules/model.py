"""The words of the rule language, as values: what a rule file says once it is read.

Every position is a line and a column counted from 1 in the rule's own file.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from planner.facts.vocabulary import Scalar, Stage

INVARIANTS = "invariants"  # the folder beside those of the stages; its files see what all of them concluded
OPERATORS = ("is", "not", "lt", "le", "gt", "ge", "in", "not-in", "matches")
# What holds exactly where an operator does not; `matches` has no opposite that one writes.
OPPOSITE = {
    "is": "not",
    "not": "is",
    "lt": "ge",
    "ge": "lt",
    "le": "gt",
    "gt": "le",
    "in": "not-in",
    "not-in": "in",
}


class Reference(NamedTuple):
    """``$alias.field``; an empty ``field`` means the whole fact, allowed only under ``set``."""

    alias: str
    field: str


class Test(NamedTuple):
    """``field: {op: value}``; ``value`` is a tuple for ``in`` and ``not-in``, a pattern for ``matches``."""

    field: str
    op: str
    value: Scalar | tuple[Scalar, ...] | Reference
    line: int
    column: int


class Pattern(NamedTuple):
    """``kind as alias: {tests}``, or ``no kind: {tests}`` when ``negated``. ``alias`` defaults to ``kind``."""

    kind: str
    alias: str
    negated: bool
    tests: tuple[Test, ...]
    line: int
    column: int


class Assignment(NamedTuple):
    """One field given a value; ``None`` is absence, a `Reference` a fact's field or the whole fact."""

    field: str
    value: Scalar | Reference | None
    line: int


class Conclusion(NamedTuple):
    """A fact for the next stage; fields not given are absent."""

    kind: str
    fields: tuple[Assignment, ...]
    line: int


class Verdict(NamedTuple):
    """A refusal (``error``), ``warning`` or ``note``; message and hint hold ``{alias.field}``."""

    severity: Literal["error", "warning", "note"]
    code: str
    message: str
    hint: str
    event: str
    line: int


class Rule(NamedTuple):
    """One rule file. ``file`` is its path inside the ruleset (``devise/vlan-over-bond.yaml``).

    ``source`` is the same file as one would open it; it says nothing about the rule. ``advisory`` is why no invariant
    rests on a rule that refuses.
    """

    name: str
    stage: Stage
    file: str
    line: int = 1
    since: str = ""
    summary: str = ""
    why: str = ""
    advisory: str = ""
    when: tuple[Pattern, ...] = ()
    sets: tuple[Assignment, ...] = ()
    concludes: tuple[Conclusion, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    overrides: tuple[str, ...] = ()
    shadow: bool = False
    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    origin: str = ""
    source: str = ""

    @property
    def table(self) -> str:
        """Its file's name: its own, but for a row of a decision table, which is called ``table/row``."""
        return self.name.partition("/")[0]

    @property
    def refuses(self) -> bool:
        """Whether it refuses hosts; one in shadow only tells that it would."""
        return not self.shadow and any(verdict.severity == "error" for verdict in self.verdicts)


class Invariant(NamedTuple):
    """What must never be, whatever the host: ``never`` are patterns that no facts may match together.

    ``file`` is its path inside the ruleset (``invariants/tag-kept.yaml``), ``source`` as one would open it. ``origin``
    is the ruleset that it came from. ``rests_on`` are the rules without whose refusal the planner would break it.
    """

    name: str
    file: str
    line: int = 1
    since: str = ""
    summary: str = ""
    why: str = ""
    never: tuple[Pattern, ...] = ()
    rests_on: tuple[str, ...] = ()
    origin: str = ""
    source: str = ""

    @property
    def when(self) -> tuple[Pattern, ...]:
        """Its patterns, as a rule calls them."""
        return self.never


class Ruleset(NamedTuple):
    """Rules that stand together. ``origin`` of a rule names the ruleset it came from (``ovirtmgmt@1.0``).

    ``invariants`` are those of its folder and of what it extends; a compiled form has none, for no plan asks for them.
    ``disabled`` maps a rule's name to the reason a site gave for taking it out, ``given_up`` an invariant's. ``gone``
    are the rules of what it extends that it disables, or whose place one of its own takes. ``edited``: an installed
    ruleset has its name and version, and other files.
    """

    name: str
    version: str
    digest: str
    rules: Sequence[Rule]
    disabled: tuple[tuple[str, str], ...] = ()
    edited: bool = False
    invariants: tuple[Invariant, ...] = ()
    given_up: tuple[tuple[str, str], ...] = ()
    gone: tuple[Rule, ...] = ()

    @property
    def title(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def own(self) -> list[Rule]:
        """The rules of its own folder, without those of the ruleset that it extends."""
        return [rule for rule in self.rules if rule.origin == self.title]

    @property
    def enabled(self) -> list[Rule]:
        """The rules that are not disabled."""
        disabled = {name for name, _ in self.disabled}
        return [rule for rule in self.rules if rule.name not in disabled]
