"""Cures that need no judgement, put into the texts of rule files; what makes no file better is taken back."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from planner.facts.vocabulary import STAGES, Stage
from planner.problem import Fix, Problem, Where
from planner.rules.digest import MANIFEST
from planner.rules.lint import lint
from planner.rules.reader import parse_rule
from planner.rules.ruleset import assemble, parse_manifest
from planner.yamltext import UNREADABLE

SCHEMA_LINE = "# yaml-language-server: $schema="
Judge = Callable[[str], Sequence[Problem]]


class Change(NamedTuple):
    """One cure that was applied, and what it is for; ``fix`` speaks of the text as it was just before."""

    source: str
    fix: Fix
    problem: Problem

    def __str__(self) -> str:
        """A line for the author."""
        place = f"{self.source}:{self.fix.line}:{self.fix.column}"
        old, new = self.fix.old, self.fix.new.rstrip("\n")
        return f"{place}: {old} -> {new} [{self.problem.code}]" if old else f"{place}: + {new} [{self.problem.code}]"


class Mended(NamedTuple):
    """The texts as they are to be, and every change that led there."""

    texts: dict[str, str]
    changes: tuple[Change, ...]


def mend(sources: Mapping[str, str], root: str, schemas: Mapping[str, str]) -> Mended:
    """Cure the files of the ruleset in ``root``; ``schemas`` says where the schema lies, seen from each file.

    What other rulesets say is left alone, and so is a released one: its digest is of its files as they are.
    """
    own = {path: text for path, text in sources.items() if path.startswith(f"{root}/")}
    manifest = own.get(f"{root}/{MANIFEST}", "")
    if any(line.startswith("digest:") for line in manifest.splitlines()):
        return Mended(own, ())
    changes: list[Change] = []
    for path in sorted(own):
        own[path] = _cured(path, own[path], _reader(path, root), changes)
    for path in sorted(own):
        own[path] = _cured(path, own[path], _ruleset_judge({**sources, **own}, root, path), changes)
        own[path] = _cured(path, own[path], partial(missing_schema, path, schemas=schemas), changes)
    return Mended(own, tuple(changes))


def missing_schema(path: str, text: str, schemas: Mapping[str, str]) -> list[Problem]:
    """A note for a file that does not tell an editor which schema it follows, where one is at hand."""
    schema = schemas.get(path, "")
    if not schema or any(SCHEMA_LINE.strip("# ") in line for line in text.splitlines()[:5] if line.startswith("#")):
        return []
    line = f"{SCHEMA_LINE}{schema}"
    ending = "\r\n" if "\r\n" in text else "\n"
    return [
        Problem(
            "no-schema-line",
            "editors are not told which schema the file follows, so they complete nothing",
            f"begin it with `{line}`",
            "note",
            where=(Where(path, line=1, column=1),),
            fixes=(Fix(1, 1, "", line + ending),),
        )
    ]


def applied(text: str, fix: Fix) -> str | None:
    """The text with the cure in it; None if what it is for no longer stands there."""
    lines = text.splitlines(keepends=True)
    if not 0 < fix.line <= len(lines):
        return None
    line, start = lines[fix.line - 1], fix.column - 1
    if not line.startswith(fix.old, start):
        return None
    lines[fix.line - 1] = line[:start] + fix.new + line[start + len(fix.old) :]
    return "".join(lines)


def _cured(path: str, text: str, judge: Judge, changes: list[Change]) -> str:
    """The text after every cure by which ``judge`` finds less fault with it."""
    refused: set[Fix] = set()
    problems = judge(text)
    while True:
        broken = [problem for problem in problems if problem.code == UNREADABLE]  # it hides what else is wrong
        tried = ((problem, fix) for problem in broken or problems for fix in problem.fixes if fix not in refused)
        problem, fix = next(tried, (None, None))
        if problem is None or fix is None:
            return text
        better = applied(text, fix)
        left = judge(better) if better is not None else problems
        if better is None or _gravity(left) >= _gravity(problems):
            refused.add(fix)
            continue
        changes.append(Change(path, fix, problem))
        text, problems = better, left
        refused.clear()  # lines may have moved


def _gravity(problems: Sequence[Problem]) -> tuple[int, ...]:
    unreadable = sum(problem.code == UNREADABLE for problem in problems)
    counted = Counter(problem.severity for problem in problems)
    return unreadable, counted["error"], counted["warning"], counted["note"]


def _reader(path: str, root: str) -> Judge:
    """What is wrong with one file by itself."""
    file = path.removeprefix(f"{root}/")
    stage = next((stage for stage in STAGES if file.startswith(f"{stage}/")), None)

    def read(text: str) -> Sequence[Problem]:
        if file == MANIFEST:
            return parse_manifest(text, path)[1].problems
        return _rule_problems(text, path, stage, file) if stage else ()

    return read


def _rule_problems(text: str, path: str, stage: Stage, file: str) -> Sequence[Problem]:
    return parse_rule(text, path, stage, file)[1]


def _ruleset_judge(sources: Mapping[str, str], root: str, path: str) -> Judge:
    """What is wrong with one file among the others, once all of them can be read."""

    def judge(text: str) -> Sequence[Problem]:
        texts = {**sources, path: text}
        ruleset, problems = assemble(texts, root)
        found = problems if ruleset is None else [*problems, *lint(ruleset, texts)]
        return [problem for problem in found if problem.where and problem.where[0].source == path]

    return judge
