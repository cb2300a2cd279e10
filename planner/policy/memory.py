"""The facts of one stage, by kind, and by the value of a field once somebody asks for it."""

from collections.abc import Sequence

from planner.language import Fact, Scalar
from planner.policy.comparison import holds
from planner.policy.shape import Constant


class Memory:
    """Facts, each named by its index in ``facts``.

    The index over a field is made when it is first asked for, so 4,094 vlans that no rule joins cost nothing.
    """

    __slots__ = ("_by_value", "_kinds", "_passing", "facts")

    def __init__(self, facts: Sequence[Fact]) -> None:
        """Remember ``facts``; their indexes are what bindings refer to."""
        self.facts = facts
        self._kinds: dict[str, list[int]] = {}
        self._by_value: dict[tuple[str, str], dict[Scalar, list[int]]] = {}
        self._passing: dict[int, list[int]] = {}
        for index, fact in enumerate(facts):
            self._kinds.setdefault(fact.kind, []).append(index)

    def of_kind(self, kind: str) -> list[int]:
        """Every fact of a kind."""
        return self._kinds.get(kind, [])

    def passing(self, sieve: int, kind: str, constants: tuple[Constant, ...]) -> list[int]:
        """The facts of a kind that pass constant tests, worked out once for each ``sieve`` of the stage."""
        every = self._kinds.get(kind, [])
        if not constants or not every:
            return every
        found = self._passing.get(sieve)
        if found is None:
            facts = self.facts
            found = every
            for field, op, value in constants:
                if op == "is":  # by far the most frequent, and no value equals one of another type
                    found = [index for index in found if facts[index].fields.get(field) == value]
                else:
                    found = [index for index in found if holds(op, facts[index].fields.get(field), value)]
                if not found:
                    break
            self._passing[sieve] = found
        return found

    def by_value(self, kind: str, field: str) -> dict[Scalar, list[int]]:
        """The facts of a kind by the value of ``field``; those without it are not among them."""
        found = self._by_value.get((kind, field))
        if found is None:
            found = self._by_value[kind, field] = {}
            for index in self.of_kind(kind):
                value = self.facts[index].fields.get(field)
                if value is not None:
                    found.setdefault(value, []).append(index)
        return found
