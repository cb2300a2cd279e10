"""What was tested as a JUnit report, which continuous integration shows: XML as Ant and Jenkins read it.

Only ASCII is written, so the report is well-formed in whatever encoding it is printed or kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.printing import html_text


class Result(NamedTuple):
    """One thing that was tested: of which group, how it is called, and how long that took.

    ``fault`` is the kind of what is wrong, "" where nothing is; ``message`` says it in a line, ``lines`` at length.
    ``broken``: it could not be tested at all.
    """

    group: str
    name: str
    seconds: float = 0.0
    fault: str = ""
    message: str = ""
    lines: tuple[str, ...] = ()
    broken: bool = False


class Suite(NamedTuple):
    """Things that were tested together."""

    name: str
    tested: Sequence[Result]

    @property
    def sums(self) -> "Sums":
        """What stands before them."""
        faults = [one.broken for one in self.tested if one.fault]
        seconds = sum(one.seconds for one in self.tested)
        return Sums(len(self.tested), faults.count(False), faults.count(True), seconds)


class Sums(NamedTuple):
    """How many were tested, how many have failed, how many could not be tested, and how long all took."""

    tests: int
    failures: int
    errors: int
    seconds: float = 0.0


def report(suites: Iterable[Suite], began: str) -> str:
    """The report of ``suites``; ``began`` is when the first test was run, as ``2026-01-31T12:00:00``."""
    return "".join(lines(((suite.name, suite.sums, suite.tested) for suite in suites), began))


def lines(suites: Iterable[tuple[str, Sums, Iterable[Result]]], began: str) -> Iterator[str]:
    """The report line by line, of more results than are to be kept: each suite's name, its sums, its results."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for number, (name, sums, tested) in enumerate(suites):
        for line in _suite(name, sums, tested, number, began):
            yield line.encode("ascii", "xmlcharrefreplace").decode() + "\n"
    yield "</testsuites>\n"


def _suite(name: str, sums: Sums, tested: Iterable[Result], number: int, began: str) -> Iterator[str]:
    """One suite, with every attribute and element that Ant's schema asks for."""
    counted = {"tests": sums.tests, "failures": sums.failures, "errors": sums.errors}
    took = {"time": f"{sums.seconds:.3f}"}
    head = {"name": name, "package": "mgmtnet", "id": number, "timestamp": began, "hostname": "localhost"}
    yield f"  <testsuite{_attributes({**head, **counted, **took})}>"
    yield "    <properties/>"
    for one in tested:
        yield from _case(one)
    yield "    <system-out/>"
    yield "    <system-err/>"
    yield "  </testsuite>"


def _case(one: Result) -> Iterator[str]:
    attributes = _attributes({"classname": one.group, "name": one.name, "time": f"{one.seconds:.3f}"})
    if not one.fault:
        yield f"    <testcase{attributes}/>"
        return
    element = "error" if one.broken else "failure"
    yield f"    <testcase{attributes}>"
    text = "\n".join(map(html_text, one.lines))
    yield f"      <{element}{_attributes({'type': one.fault, 'message': one.message})}>{text}</{element}>"
    yield "    </testcase>"


def _attributes(values: dict[str, object]) -> str:
    return "".join(f' {name}="{html_text(value)}"' for name, value in values.items())
