"""The ledger's tables without a database, for rollouts of a hundred thousand; a test holds it against the real one."""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any, TypeVar

from planner.fleet.ledger import AT_WORK, OVER, Beat, Row, Standing
from planner.fleet.rollout import Asked, Rollout
from planner.fleet.waves import Ending

T = TypeVar("T")


class Tables:
    """What `planner.fleet.ledger.Ledger` keeps: one number that every change raises, and what changed at which."""

    def __init__(self) -> None:
        """Empty."""
        self.seq = 0
        self.rollouts: dict[str, tuple[Rollout, Standing]] = {}
        self.rows: dict[str, dict[int, Row]] = {}
        self.changes: dict[str, tuple[list[int], list[int]]] = {}
        self.workers: dict[str, Beat] = {}


class TableLedger:
    """As `planner.fleet.ledger.Ledger`: the same questions, the same answers."""

    def __init__(self, tables: Tables, database: Any = None) -> None:
        """``database``: by whom it is asked, and which may be away; None: at once."""
        self._tables, self._database = tables, database

    def _ask(self, kind: str, work: Callable[[], T]) -> T:
        answer: T = work() if self._database is None else self._database.ask(kind, work)
        return answer

    def _change(self, work: Callable[[int], T]) -> T:
        def changed() -> T:
            self._tables.seq += 1
            return work(self._tables.seq)

        return self._ask("change", changed)

    def close(self) -> None:
        """Nothing is open."""

    def prepare(self) -> None:
        """Tables are there."""
        self._ask("read", lambda: None)

    def add(self, rollout: Rollout) -> bool:
        """Write a rollout down."""

        def work(_: int) -> bool:
            if rollout.name in self._tables.rollouts:
                return False
            self._tables.rollouts[rollout.name] = rollout, Standing(rollout.name, rollout.digest, "go", "")
            self._tables.rows[rollout.name], self._tables.changes[rollout.name] = {}, ([], [])
            return True

        return self._change(work)

    def rollout(self, name: str) -> Rollout | None:
        """The rollout of that name."""
        found = self._ask("read", lambda: self._tables.rollouts.get(name))
        return found[0] if found else None

    def standings(self, *, going: bool = False) -> list[Standing]:
        """Every rollout, or those ``going`` on."""
        found = self._ask("read", lambda: [one for _, one in self._tables.rollouts.values()])
        return [one for one in found if not (going and one.ended)]

    def standing(self, name: str) -> Standing | None:
        """What was asked of a rollout."""
        found = self._ask("read", lambda: self._tables.rollouts.get(name))
        return found[1] if found else None

    def ask(self, name: str, asked: Asked) -> None:
        """What is asked of a rollout."""
        self._stands(name, asked=asked, ended="")

    def end(self, name: str, ended: Ending) -> None:
        """How a rollout has ended."""
        self._stands(name, ended=ended)

    def _stands(self, name: str, **how: Any) -> None:
        def work(_: int) -> None:
            rollout, standing = self._tables.rollouts[name]
            self._tables.rollouts[name] = rollout, standing._replace(**how)

        self._change(work)

    def enter(self, rollout: str, row: Row, *, begun: bool = True) -> bool:
        """Write down how a host is doing, unless it is further."""

        def work(seq: int) -> bool:
            rows = self._tables.rows[rollout]
            old = rows.get(row.host)
            if old is not None and not _further(old, row, begun=begun):
                return False
            rows[row.host] = row._replace(changed=seq)
            numbers, hosts = self._tables.changes[rollout]
            numbers.append(seq)
            hosts.append(row.host)
            return True

        return self._change(work)

    def rows(self, rollout: str, since: int = 0) -> list[Row]:
        """The hosts that have changed since, in that order."""

        def work() -> list[Row]:
            rows, (numbers, hosts) = self._tables.rows[rollout], self._tables.changes[rollout]
            begin = bisect_right(numbers, since)
            return [
                rows[host]
                for seq, host in zip(numbers[begin:], hosts[begin:], strict=True)
                if rows[host].changed == seq
            ]

        return self._ask("read", work)

    def row(self, rollout: str, host: int) -> Row | None:
        """One host of a rollout."""
        return self._ask("read", lambda: self._tables.rows[rollout].get(host))

    def beat(self, beat: Beat) -> None:
        """A worker is there."""

        def work(_: int) -> None:
            self._tables.workers[beat.worker] = beat

        self._change(work)

    def workers(self) -> list[Beat]:
        """Every worker."""
        return self._ask("read", lambda: list(self._tables.workers.values()))

    def forget(self, worker: str) -> None:
        """A worker that has ended."""

        def work(_: int) -> None:
            self._tables.workers.pop(worker, None)

        self._change(work)


def _further(old: Row, new: Row, *, begun: bool) -> bool:
    if not begun:
        return new.attempt > old.attempt and old.stage < AT_WORK
    return new.attempt > old.attempt or (new.attempt == old.attempt and old.stage < OVER and new.stage >= old.stage)
