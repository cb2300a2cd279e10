"""Facts by kind, and by the value of a field once somebody asks for it."""

from collections.abc import Sequence

from planner.policy.language import Fact, Scalar


class Indexed:
    """The facts of one stage. A fact is named by its place in ``facts``.

    An index over a field is made when it is first asked for, so 4,094 vlans that no rule joins cost nothing.
    """

    __slots__ = ("_by_value", "_kinds", "facts")

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = facts
        self._kinds: dict[str, list[int]] = {}
        self._by_value: dict[tuple[str, str], dict[Scalar, list[int]]] = {}
        for place, fact in enumerate(facts):
            self._kinds.setdefault(fact.kind, []).append(place)

    def of_kind(self, kind: str) -> list[int]:
        """All facts of a kind."""
        return self._kinds.get(kind, [])

    def by_value(self, kind: str, field: str) -> dict[Scalar, list[int]]:
        """The facts of a kind by the value of a field; those without the field are not among them."""
        index = self._by_value.get((kind, field))
        if index is None:
            index = self._by_value[kind, field] = {}
            for place in self.of_kind(kind):
                value = self.facts[place].fields.get(field)
                if value is not None:
                    index.setdefault(value, []).append(place)
        return index
