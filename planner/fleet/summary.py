"""A planned fleet in sum: hosts by outcome, by refusal code and by topology, as text, as JSON and as a JUnit report."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from planner.authoring.junit import Result, Sums, lines
from planner.fleet.planning import UNPLANNED, Done, Planned
from planner.printing import aligned, counted, legible

FORMAT = "mgmtnet/fleet@1"
OUTCOMES = {
    "change": "a change is planned",
    "no-change": "nothing to change",
    "refused": "refused",
    UNPLANNED: "cannot be planned",
}
# Topologies and hosts that a terminal shows; the folder has all.
MOST_TOPOLOGIES = 20
MOST_UNPLANNED = 20
MOST_NAMED = 3  # hosts that a code is said of


class Tally:
    """What has been counted of a fleet so far; hosts themselves are not kept, but the first that cannot be planned."""

    def __init__(self) -> None:
        """Begin with none."""
        self.outcomes: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.topologies: dict[str, Counter[str]] = {}
        self.ages: Counter[str] = Counter()
        self.kept = 0
        self.rows: set[int] = set()
        self.entries: set[int] = set()
        self.unlisted = 0
        self.unplanned: list[Planned] = []
        self.named: dict[str, list[str]] = {}  # by code, the first hosts of which it is said
        self.drawings: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, done: Done) -> None:
        """Count a host."""
        planned = done.planned
        self.outcomes[planned.outcome] += 1
        self.codes.update(planned.codes)
        for code in set(planned.codes):
            self.named[code] = sorted((*self.named.get(code, ()), planned.host))[:MOST_NAMED]
        self.kept += done.kept
        self.rows.add(done.row)
        self.entries.add(done.entry)
        self.unlisted += done.entry < 0
        if planned.outcome == UNPLANNED:
            if len(self.unplanned) < MOST_UNPLANNED:
                self.unplanned.append(planned)
            return
        self.ages[planned.vdsm] += 1
        self.topologies.setdefault(planned.topology, Counter())[planned.outcome] += 1
        if done.drawing:
            self.drawings.setdefault((planned.topology, planned.outcome), (planned.host, done.drawing))

    @property
    def hosts(self) -> int:
        """How many there are."""
        return self.outcomes.total()

    @property
    def headline(self) -> str:
        """``120 hosts: 80 a change is planned, 40 refused``."""
        told = (f"{self.outcomes[outcome]} {words}" for outcome, words in OUTCOMES.items() if self.outcomes[outcome])
        return f"{counted(self.hosts, 'host')}: {', '.join(told)}" if self.hosts else "no hosts"

    @property
    def by_size(self) -> list[tuple[str, Counter[str]]]:
        """The topologies, the commonest first."""
        return sorted(self.topologies.items(), key=lambda one: (-one[1].total(), one[0]))

    def document(self) -> dict[str, Any]:
        """The sum as JSON has it."""
        return {
            "format": FORMAT,
            "hosts": self.hosts,
            "outcomes": {outcome: self.outcomes[outcome] for outcome in OUTCOMES},
            "codes": dict(sorted(self.codes.items(), key=lambda one: (-one[1], one[0]))),
            "topologies": [
                {"topology": name, "hosts": each.total(), "outcomes": dict(sorted(each.items()))}
                for name, each in self.by_size
            ],
            "vdsm": dict(sorted(self.ages.items())),
        }

    def text(self) -> Iterator[str]:
        """The sum for a terminal."""
        for planned in self.unplanned:
            problem = planned.problems[0] if planned.problems else {"code": "", "message": ""}
            yield f"{legible(planned.source)}: {problem['code']}: {legible(problem['message'])}"
        if self.outcomes[UNPLANNED] > len(self.unplanned):
            yield f"and {self.outcomes[UNPLANNED] - len(self.unplanned)} more that cannot be planned"
        yield from [""] if self.unplanned else []
        yield self.headline
        for title, counts in (("by code", self.codes), ("by VDSM", self.ages)):
            if counts:
                yield from ("", title)
                rows = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
                yield from aligned((f"{number:>7}", name, self._hosts_of(name, number)) for name, number in rows)
        if self.topologies:
            yield from ("", "by topology")
            shown = self.by_size[:MOST_TOPOLOGIES]
            yield from aligned((f"{each.total():>7}", name, _shares(each)) for name, each in shown)
            if len(self.topologies) > len(shown):
                yield f"{'':>7}   and {len(self.topologies) - len(shown)} more"

    def _hosts_of(self, code: str, number: int) -> str:
        named = [legible(host) for host in self.named.get(code, ())]
        return ", ".join(named) + (f" and {number - len(named)} more" if named and number > len(named) else "")


def _shares(each: Counter[str]) -> str:
    return ", ".join(f"{each[outcome]} {outcome}" for outcome in OUTCOMES if each[outcome])


def junit(tally: Tally, hosts: Iterable[Planned], began: str) -> Iterator[str]:
    """The fleet as a JUnit report, a host a test: one that is refused has failed, one without a plan is an error."""
    sums = Sums(tally.hosts, tally.outcomes["refused"], tally.outcomes[UNPLANNED])
    yield from lines([("fleet", sums, map(_result, hosts))], began)


def _result(planned: Planned) -> Result:
    if planned.outcome not in ("refused", UNPLANNED):
        return Result(planned.topology or planned.outcome, planned.host)
    told = tuple(f"{one['code']}: {one['message']}; {one['hint']}".removesuffix("; ") for one in planned.problems)
    fault = ", ".join(planned.codes) or planned.outcome
    message = told[0] if told else planned.outcome
    group = planned.topology or planned.outcome
    return Result(group, planned.host, 0.0, fault, message, told, broken=planned.outcome == UNPLANNED)
