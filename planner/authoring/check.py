"""Everything that can be said of a ruleset as a whole: by thought alone, and by trying it on hosts of every shape."""

from collections.abc import Iterable, Iterator, Mapping

from planner.authoring.conflicts import Tried, advice, conflicts
from planner.authoring.findings import Finding
from planner.authoring.gaps import gaps
from planner.authoring.golden import Case, try_out
from planner.authoring.impossible import impossible_rules
from planner.authoring.shadowing import shadowed_rules
from planner.authoring.shapes import shapes
from planner.engine.compiled import Compiled, compile_ruleset
from planner.problem import Problem, Where
from planner.rules.lint import lint
from planner.rules.model import Ruleset
from planner.rules.ruleset import MANIFEST


def analyse(ruleset: Ruleset, root: str, sources: Mapping[str, str], cases: Iterable[Case] | None) -> list[Finding]:
    """Every finding; ``root`` is the ruleset's folder in ``sources``, ``cases`` further hosts, None: try no host."""
    linted = lint(ruleset, sources)
    never = {problem.where[0].source for problem in linted if problem.code == "never-fires"}
    gone = {name for name, _ in ruleset.disabled}
    rules = tuple(rule for rule in ruleset.rules if rule.name not in gone and rule.source not in never)
    found = [Finding(problem) for problem in (*linted, *impossible_rules(rules), *shadowed_rules(rules))]
    if cases is not None and not any(finding.problem.severity == "error" for finding in found):
        found += _on_hosts(compile_ruleset(ruleset), Where(f"{root}/{MANIFEST}", line=1, column=1), cases)
    return [finding._replace(problem=_pointed(finding.problem, sources)) for finding in found]


def _on_hosts(compiled: Compiled, manifest: Where, cases: Iterable[Case]) -> Iterator[Finding]:
    tried = [Tried(try_out(case, compiled), shape) for shape in shapes() if (case := shape.case()) is not None]
    attaching = (given.field == "iface" for rule in compiled.ruleset.rules for given in rule.sets)
    if any(attaching):  # else it is a part of a policy, and attaches nothing anywhere
        yield from gaps(manifest, tried)
    given = (Tried(try_out(case, compiled), None) for case in cases)
    title = f"{compiled.ruleset.name}@{compiled.ruleset.version}"
    yield from (advice(conflict, title) for conflict in conflicts(compiled, [*tried, *given]))


def _pointed(problem: Problem, sources: Mapping[str, str]) -> Problem:
    """The problem with a column wherever it names a line alone: that of the line's first word."""
    return problem._replace(where=tuple(_at_word(place, sources.get(place.source, "")) for place in problem.where))


def _at_word(place: Where, text: str) -> Where:
    lines = text.splitlines()
    if place.column or not 0 < place.line <= len(lines):
        return place
    line = lines[place.line - 1]
    return place._replace(column=len(line) - len(line.lstrip()) + 1)
