"""Rules tried on a host whose definition is known: a golden, or a capture and what is wanted of it."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import unified_diff
from typing import Any, Literal, NamedTuple

from planner import Planner
from planner.authoring.differences import Difference, Document, differences
from planner.definition import DEFAULT_NETWORK, Definition
from planner.engine.decide import Judgement, decide
from planner.host.model import Host
from planner.host.scrub import Pseudonyms, pseudonyms, scrub
from planner.plan.plan import FORMAT, Plan, draft
from planner.problem import Problem
from planner.rules.compiled import Compiled
from planner.rules.model import Rule
from planner.yamltext import dump_yaml


class Case(NamedTuple):
    """A host by name, what its data centre wants, and its management addresses (none: as the host says)."""

    name: str
    host: Host
    definition: Definition
    addresses: tuple[str, ...] = ()


class Trial(NamedTuple):
    """What rules make of a case: the plan, and each stage's judgement with the facts that it saw."""

    case: Case
    plan: Plan
    judgements: tuple[Judgement, ...]

    def outcome(self, rule: str) -> str:
        """What became of a rule: fired, not applicable, blocked, error."""
        return self.plan.outcomes[rule]


def try_out(case: Case, rules: Compiled | Planner) -> Trial:
    """Plan ``case`` by ``rules``, keeping what each stage said; a `Planner` is quicker for many cases."""
    by = rules if isinstance(rules, Planner) else Planner(rules)
    judgements = by.consider(case.host, case.definition, case.addresses)
    plan = draft(case.host, case.definition, by.rules.ruleset, decide(judgements))
    return Trial(case, plan, judgements)


# A golden's kept plan compared with the one that its host gets now: a golden in which only lines of rules have moved
# is told apart from one whose plan differs.


KEPT_PLAN, KEPT_WHY = "plan.json", "why.txt"
State = Literal["same", "moved", "differs"]
# The place of a rule, as plans spell it (`planner.engine.decide.place_of`); the path of a fact has no stage in it.
PLACE = re.compile(r"(/(?:locate|devise|guard)/[^/:\s]+\.ya?ml)(?::\d+)+")
# What reading a plan ends in that somebody has edited, so that it is no whole plan any more.
UNSHAPED = (LookupError, TypeError, ValueError, AttributeError)
AROUND = 2  # lines of a file that are shown beside a changed one


class Standing(NamedTuple):
    """How a golden's files stand to what the rules make of it now.

    ``stale`` are the files that are not as they would be written; ``before`` is the kept plan, None without one
    that can be read; ``differences`` is what changes for the host, which may be nothing where something is worded anew.
    """

    state: State
    stale: tuple[str, ...]
    before: Document | None
    differences: tuple[Difference, ...]


def kept_of(plan: Plan) -> dict[str, str]:
    """The files of a golden that come out of its plan, by name.

    The digest of the rules, that they are an edited copy, and the engine's name are left out of them: these would
    change in every golden.
    """
    plan = plan._replace(rules=plan.rules._replace(digest="sha256:-", engine="-", edited=False))
    return {KEPT_PLAN: plan.json(), KEPT_WHY: _why(plan.document())}


def standing(kept: Mapping[str, str | None], wanted: Mapping[str, str], plan: Plan) -> Standing:
    """How the ``kept`` texts (None: no such file) stand to the ``wanted`` ones, which `kept_of` makes of ``plan``."""
    stale = tuple(name for name, text in wanted.items() if kept.get(name) != text)
    before = read_plan(kept.get(KEPT_PLAN)) if stale else None
    if before is None or isinstance(before, Problem):
        return Standing("differs" if stale else "same", stale, None, ())
    try:
        found = differences(before, plan.document())
        moved = not found and _only_moved(before, kept, wanted)
    except UNSHAPED:
        return Standing("differs", stale, None, ())
    return Standing("moved" if moved else "differs", stale, before, found)


def read_plan(text: str | None) -> Document | Problem:
    """The plan that a golden has kept, or the problem with reading it."""
    hint = "`mgmtnet golden update` writes it anew"
    if text is None:
        return Problem("golden-invalid", f"there is no {KEPT_PLAN}", "`mgmtnet golden update` writes it")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as failure:
        return Problem("golden-invalid", f"{KEPT_PLAN} is no JSON: {failure}", hint)
    if isinstance(document, dict) and document.get("format") == FORMAT:
        return document
    return Problem("golden-invalid", f"{KEPT_PLAN} is no plan", hint)


def in_lines(name: str, kept: str | None, wanted: str) -> Iterator[str]:
    """From the file as it is to what the rules make of it now, without the lines of rules, which tell nothing here."""
    old, new = (PLACE.sub(r"\1", text or "").splitlines() for text in (kept, wanted))
    yield from unified_diff(old, new, name, "by these rules", n=AROUND, lineterm="")


def _only_moved(before: Document, kept: Mapping[str, str | None], wanted: Mapping[str, str]) -> bool:
    """Whether nothing but lines of rules is otherwise, also in the why, which then is that of the kept plan.

    Of that rather than only of the new one: a place with a longer number may be folded into the next line.
    """
    if _without_lines(before) != _without_lines(json.loads(wanted[KEPT_PLAN])):
        return False
    why = PLACE.sub(r"\1", kept.get(KEPT_WHY) or "")
    return any(why == PLACE.sub(r"\1", text) for text in (wanted[KEPT_WHY], _why(before)))


def _without_lines(document: Document) -> dict[str, Any]:
    trace = [{**reason, "at": PLACE.sub(r"\1", reason["at"])} for reason in document["trace"]]
    problems = [
        {**problem, "where": [PLACE.sub(r"\1", place) for place in problem["where"]]}
        for problem in document["problems"]
    ]
    return {**document, "trace": trace, "problems": problems}


def _why(document: Document) -> str:
    from planner.explain.summary import summary, why_all

    return summary(document) + "\n" + why_all(document)


# The promises of rules and goldens, held against what the rules do.


class Example(NamedTuple):
    """What a rule says of itself: that it ``fires`` on a golden, or is silent there; and why that does not hold."""

    rule: Rule
    golden: str
    fires: bool
    fault: str = ""

    def __str__(self) -> str:
        """``devise/on-nic.yaml: nic-static: is to fire, and is not applicable``."""
        return f"{self.rule.file}: {self.golden}: {self.fault}"

    def held_against(self, trial: Trial | None) -> "Example":
        """The example with what is wrong with it; ``trial`` is that of its golden, None if there is no such golden."""
        if trial is None:
            return self._replace(fault="there is no such golden")
        outcome = trial.outcome(self.rule.name)
        if (outcome == "fired") is self.fires:
            return self._replace(fault="")
        return self._replace(
            fault=f"is to fire, and is {outcome}" if self.fires else "is to be silent, and fires",
        )


def examples_of(rules: Iterable[Rule]) -> Iterator[Example]:
    """Every example of ``rules``."""
    for rule in rules:
        for goldens, fires in ((rule.fires, True), (rule.silent, False)):
            yield from (Example(rule, golden, fires) for golden in goldens)


def broken_examples(rules: Iterable[Rule], trials: Mapping[str, Trial]) -> list[Example]:
    """Every example of ``rules`` that the ``trials``, by golden, do not bear out."""
    held = (example.held_against(trials.get(example.golden)) for example in examples_of(rules))
    return [example for example in held if example.fault]


# A golden out of a captured host: renamed, so that it tells of nobody, and planned to see that it is the same case.


class Scrubbed(NamedTuple):
    """A capture, its definition and its management addresses, without what names anybody."""

    capture: dict[str, Any]
    definition: dict[str, Any]
    addresses: tuple[str, ...]

    def files(self, about: str) -> dict[str, str]:
        """What goes into a golden, by file."""
        description = f"about: {json.dumps(about, ensure_ascii=False)}\n"
        if self.addresses:
            description += f"address: {json.dumps(self.addresses)}\n"
        return {
            "capture.json": json.dumps(self.capture, indent=1, ensure_ascii=False) + "\n",
            "definition.yaml": dump_yaml(self.definition),
            "about.yaml": description,
        }


def scrubbed(
    capture: Mapping[str, Any],
    definition: Mapping[str, Any],
    addresses: Collection[str],
    keep: Collection[str],
    key: bytes,
) -> Scrubbed:
    """All three renamed alike, by ``key``; the names in ``keep`` stay, and so does ovirtmgmt."""
    kept = (DEFAULT_NETWORK, *keep)
    network = str(definition.get("network") or DEFAULT_NETWORK)
    new = pseudonyms(capture, key, kept, (network,))
    wanted: dict[str, Any] = {"network": new.names[network]}
    for field, value in definition.items():
        if field != "network":
            wanted[field] = _renamed(value, new) if field in ("nameservers", "gateway") else value
    return Scrubbed(scrub(capture, key, kept, (network,)), wanted, tuple(map(new.address, addresses)))


def _renamed(value: Any, new: Pseudonyms) -> Any:
    """An address, or a list of them; `none` and null stay as they are."""
    if isinstance(value, list):
        return [_renamed(item, new) for item in value]
    return new.address(value) if isinstance(value, str) else value


def changed_by_scrubbing(before: Trial, after: Trial) -> list[Problem]:
    """The rules that the renamed host does not meet as the captured one did: it is another case then."""
    differing = [
        f"{rule} ({outcome}, now {after.outcome(rule)})"
        for rule, outcome in before.plan.outcomes.items()
        if after.outcome(rule) != outcome
    ]
    if not differing:
        return []
    message = f"renamed, the host is another case: {', '.join(differing)}"
    hint = "keep the name that these rules look at: --keep NAME"
    return [Problem("scrubbed-away", message, hint, severity="warning")]


def described(trial: Trial) -> str:
    """One sentence on the host, for whoever gave none."""
    plan = trial.plan
    place = f"The management address is on a {plan.management.kind}" if plan.management else "Nothing holds the address"
    codes = [problem.code for problem in plan.problems if problem.severity == "error"]
    return f"{place}; {plan.outcome}" + (f": {', '.join(codes)}" if codes else "")
