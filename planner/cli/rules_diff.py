"""``mgmtnet rules diff``: which hosts' plans change between two rulesets, how, and by which rule."""

import argparse
import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from planner.authoring.compare import Again, Both, Changed, Comparison, Undecided, comparison
from planner.authoring.differences import KINDS
from planner.authoring.golden import Case
from planner.cli.cases import GOLDENS, case_at, compiled_of, definition_of, hosts_at, paths_in, point_out
from planner.cli.git import Objects, Stopped, Tree, opened
from planner.cli.output import complain, say, say_json, say_lines, tell
from planner.cli.progress import with_bar
from planner.definition import Definition
from planner.fleet.captures import Captured
from planner.fleet.processes import LOST, spread
from planner.plan.plan import Plan
from planner.problem import Problem, advice, errors
from planner.proof import SOLVER, has_solver
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.digest import MANIFEST
from planner.rules.lint import lint
from planner.rules.model import Ruleset
from planner.rules.ruleset import assemble
from planner.rules.shelf import (
    DEFAULT,
    DISK,
    Files,
    Shelved,
    folder,
    installed,
    is_file,
    listing,
    read_bases,
    read_ruleset,
    rulesets_in,
    versions_in,
)

if TYPE_CHECKING:
    from planner.cli.rules_equivalent import Proved

FORMAT = "mgmtnet/rules-diff@1"
CHANGED = 4  # the exit status of `plan --exit-code` for a change
UNDECIDED = 1  # that of bad input: what a host gets that cannot be planned, nobody can tell
LISTED_OF_DIFF = 6  # differences told of a host; -o json has them all


def run_diff(options: argparse.Namespace) -> int:
    """Compare, print; status 0 when no plan changes, 4 when one does, and 1 when of some host that cannot be told."""
    before, after = _rules(options.before), _rules(options.after)
    definition = definition_of(options.network) if options.network else None  # which nobody but the user can know
    if before is None or after is None or (options.network and definition is None):
        return 1
    proved = _proved(before, after, options) if options.prove else None
    named = options.hosts or ([] if options.prove else [GOLDENS])
    folders = {folder: list(paths_in(folder)) for folder in named}
    empty = [folder for folder, hosts in folders.items() if not hosts]
    if empty:
        hint = "name goldens or captures by --hosts"
        complain([Problem("no-hosts", f"there is no host in {folder}", hint) for folder in empty])
        return 1
    paths = [path for hosts in folders.values() for path in hosts]
    both = Both(before, after)
    hosts = (host for path in paths for host in hosts_at(path))
    found = spread(partial(_compared, both, definition), hosts, _lost, weight=_weight)
    compared = comparison(with_bar(found, len(paths), "hosts planned twice"))
    _print(compared, options, proved, partial(_again, both, definition, paths))
    differ = before.ruleset.digest != after.ruleset.digest
    if differ and not options.prove and not compared.changed and not compared.undecided:
        tell("the rules differ all the same: --prove tells of every host there can be")
    unproved = options.prove and (proved is None or proved.found.verdict == "undecided")
    if compared.undecided or unproved:
        return UNDECIDED
    return CHANGED if compared.changed or (proved is not None and proved.found.verdict != "same") else 0


def _proved(before: Compiled, after: Compiled, options: argparse.Namespace) -> "Proved | None":
    """What is found out of every host; None without a solver, which is told."""
    if not has_solver():
        question = f"whether {options.after} gives every host the same plan as {options.before}"
        tell(f"{question} is not decided: that needs {SOLVER}")
        return None
    from planner.cli.rules_equivalent import Proved

    return Proved(before, after, options)


def _compared(both: Both, definition: Definition | None, at: str | Captured) -> tuple[Changed | Undecided, ...]:
    found = case_at(at, definition)
    faults = tuple(errors(found.problems))
    if found.case is None or faults:
        return (Undecided(_name(at), faults),)
    return both.compare(found.case, found.path)


def _lost(at: str | Captured) -> tuple[Undecided]:
    return (Undecided(_name(at), (LOST,)),)


def _name(at: str | Captured) -> str:
    return os.path.basename(os.path.normpath(at)) if isinstance(at, str) else at.host


def _weight(at: str | Captured) -> int:
    return 0 if isinstance(at, str) or not isinstance(at.held, bytes) else len(at.held)


def _again(
    both: Both, definition: Definition | None, paths: list[str], place: str
) -> tuple[Case, tuple[Plan, Plan]] | None:
    """The host at ``place``, which is a path, or in one of the ``paths``."""
    within = (host for path in paths for host in hosts_at(path) if isinstance(host, Captured) and host.source == place)
    at = place if os.path.lexists(place) else next(within, None)
    case = None if at is None else case_at(at, definition).case
    return None if case is None else (case, both.plans(case))


def _rules(spec: str) -> Compiled | None:
    """The ruleset in a folder, an installed one, or that of a git revision."""
    name = spec.partition("@")[0]
    if os.path.isdir(spec) or any(name in (one, one.partition("@")[0]) for one in installed()):
        return compiled_of(spec)

    ruleset, problems, texts = ruleset_at(spec)
    point_out(problems, texts)
    return None if ruleset is None else compile_ruleset(ruleset)


def _print(comparison: Comparison, options: argparse.Namespace, proved: "Proved | None", again: Again) -> None:
    if options.output == "json":
        say_json(
            document_of(comparison, options.before, options.after)
            | ({"proof": proved and proved.document()} if options.prove else {})
        )
    elif options.output == "html":
        from planner.authoring.compare import page

        say(page(comparison, options.before, options.after, again, tuple(proved.lines()) if proved else ()))
    else:
        if options.hosts or not options.prove:
            say_lines(lines_of(comparison, options.before, options.after))
        if proved is not None:
            say("\n".join(proved.lines()))


def lines_of(comparison: Comparison, before: str, after: str, most: int | None = None) -> Iterator[str]:
    """What becomes of each host, ``most`` of them, and the sum; ``before`` and ``after`` say what plans are made by."""
    sides = {"before": before, "after": after}
    for unplanned in comparison.undecided[:most]:
        by = " and ".join(sides[side] for side in unplanned.by)
        yield f"{unplanned.name}: cannot be planned" + (f" by {by}" if by else "")
        yield from (f"  {line}" for problem in unplanned.problems[:LISTED_OF_DIFF] for line in advice(problem))
        if len(unplanned.problems) > LISTED_OF_DIFF:
            yield f"  and {len(unplanned.problems) - LISTED_OF_DIFF} more"
    for host in comparison.changed[:most]:
        yield f"{host.name}: {KINDS[host.kind]} ({', '.join(host.rules)})"
        yield from (f"  {difference}" for difference in host.differences[:LISTED_OF_DIFF])
        if len(host.differences) > LISTED_OF_DIFF:
            yield f"  and {len(host.differences) - LISTED_OF_DIFF} more"
    left = sum(len(hosts) - len(hosts[:most]) for hosts in (comparison.changed, comparison.undecided))
    if left:
        yield f"and {left} more; -o json has them all"
    if comparison.changed or comparison.undecided:
        yield ""
    yield comparison.headline
    yield from (f"  {count:>5}  {KINDS[kind]}" for kind, count in comparison.summary.items())


def document_of(comparison: Comparison, before: str, after: str, form: str = FORMAT) -> dict[str, object]:
    """The comparison as JSON has it."""
    return {
        "format": form,
        "before": before,
        "after": after,
        "hosts": comparison.hosts,
        "summary": comparison.summary,
        "changed": [
            {
                "host": host.name,
                "kind": host.kind,
                "rules": list(host.rules),
                "outcome": dict(zip(("before", "after"), host.outcomes, strict=True)),
                "differences": [difference._asdict() for difference in host.differences],
            }
            for host in comparison.changed
        ],
        "undecided": [
            {
                "host": host.name,
                "by": list(host.by),
                "problems": [problem.document() for problem in host.problems],
            }
            for host in comparison.undecided
        ],
    }


# Rules as a git revision has them: ``REV:FOLDER``, or ``REV`` for the shipped ruleset there.
#
# Folders count from the working folder, as everywhere on a command line. What a ruleset extends is taken from the
# revision, too, if it has rulesets in a folder ``rules``, that of the working folder or else of the repository; if it
# has none, as where a repository holds a site's rules alone, it is an installed one.


RULES = "rules"
LISTED_OF_REVISIONS = 5  # rulesets that a hint names


def ruleset_at(spec: str) -> tuple[Ruleset | None, list[Problem], dict[str, str]]:
    """The ruleset of a revision, what is wrong with it, and the texts it was read from."""
    try:
        with opened(spec) as objects:
            shelved = _shelved(spec, objects)
    except Stopped as stopped:
        return None, [stopped.problem], {}
    if shelved.problems:
        return None, list(shelved.problems), shelved.texts
    ruleset, problems = assemble(shelved.texts, shelved.root)
    if ruleset is not None:
        problems += errors(lint(ruleset, shelved.texts))
    return None if errors(problems) else ruleset, problems, shelved.texts


def _shelved(spec: str, objects: Objects) -> Shelved:
    """The files of the ruleset, and of those that it may extend."""
    revision, _, stated = spec.partition(":")
    top = objects.get(f"{revision}^{{tree}}") if revision and not {"\n", "\0"} & set(revision) else None
    if top is None:
        hint = "give a folder, NAME@VERSION, or a revision of the git repository that you are in"
        message = f"{spec!r} is neither a ruleset nor a git revision"
        raise Stopped(Problem("unknown-ruleset", message, hint))
    files, here = Tree(objects, top), objects.prefix
    shelf = next((path for path in (f"{here}{RULES}", RULES) if rulesets_in(files, path)), None)
    rules = shelf or f"{here}{RULES}"
    newest = versions_in(files, f"{rules}/{DEFAULT}")[-1:]
    path = os.path.normpath(f"./{here}{stated}") if stated else "/".join((rules, DEFAULT, *newest))
    root = _called(revision, path, here)
    texts, problems = read_ruleset(files, path, root)
    if any(problem.code == "no-manifest" for problem in problems):
        there = [_called(revision, path, here) for path in islice(_rulesets(files, here, rules), LISTED_OF_REVISIONS)]
        hint = f"the revision has {', '.join(there)}" if there else "the revision has no ruleset in this folder"
        problems = [problem._replace(hint=hint) for problem in problems]
    manifest = texts.get(f"{root}/{MANIFEST}", "")
    bases, found = read_bases(manifest, files, shelf) if shelf else read_bases(manifest, DISK, folder("rules"))
    return Shelved(root, texts | bases, (*problems, *found))


def _called(revision: str, path: str, here: str) -> str:
    """How a user in the folder ``here`` of the repository calls what lies at ``path``."""
    return f"{revision}:{os.path.relpath(path, here or os.curdir)}"


def _rulesets(files: Files, here: str, rules: str) -> Iterator[str]:
    """The rulesets of a revision: in the working folder, in the folders there, and on its shelf."""
    for name in (os.curdir, *listing(files, here)):
        if is_file(files, f"{here}{name}/{MANIFEST}"):
            yield f"{here}{name}"
    for title in rulesets_in(files, rules):
        yield f"{rules}/{title.replace('@', '/')}"
