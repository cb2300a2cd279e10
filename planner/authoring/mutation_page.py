"""The mutation test of rules as a page: the score by stage, and every survivor with its reason."""

from collections.abc import Iterator, Mapping

from planner.authoring.mutation import EXAMPLE, NOBODY, PLAN, UNFIT, Fate, Score
from planner.language import STAGES
from planner.printing import markdown_code, markdown_text

INTRODUCTION = """\
Written by `make mutate-rules`. Each rule is made wrong in every way that is one slip of the pen: a term dropped or
turned into its opposite, a pattern that nothing refers to dropped, a `no` dropped or turned into what must be there, an
override dropped. A mutant is *noticed* when the plan of some golden is otherwise, or when an example of the rule no
longer holds. *Unfit* ones, which the linter refuses, do not count."""
NO_REASON = "**no reason is given**"


def page(score: Score, reasons: Mapping[str, str]) -> str:
    """The whole page, as Markdown."""
    lines = [
        "# The mutation test of the rules",
        "",
        INTRODUCTION,
        "",
        f"**{score.percent:.1f} % of the mutants of {score.rules} rules are noticed on {score.goldens} goldens.**",
        "",
        "| stage | mutants | unfit | noticed by a plan | by an example alone | survivors |",
        "|---|---|---|---|---|---|",
        *(_row(stage, [fate for fate in score.fates if fate.mutant.rule.stage == stage]) for stage in STAGES),
        _row("all", score.fates),
        "",
        "## Survivors",
        "",
        *_survivors(score, reasons),
    ]
    return "\n".join(lines) + "\n"


def _row(stage: str, fates: "list[Fate] | tuple[Fate, ...]") -> str:
    counts = [sum(fate.by == way for fate in fates) for way in (UNFIT, PLAN, EXAMPLE, NOBODY)]
    return f"| {stage} | {len(fates)} | " + " | ".join(map(str, counts)) + " |"


def _survivors(score: Score, reasons: Mapping[str, str]) -> Iterator[str]:
    """The survivors under the reason that they share."""
    by_reason: dict[str, list[Fate]] = {}
    for fate in score.survivors:
        by_reason.setdefault(reasons.get(fate.mutant.name, NO_REASON), []).append(fate)
    for reason, fates in by_reason.items():
        yield from (reason if reason == NO_REASON else markdown_text(reason), "")
        yield from (f"- {place(fate)}: {markdown_code(fate.mutant.what)}" for fate in fates)
        yield ""
    if not by_reason:
        yield "None."


def place(fate: Fate) -> str:
    """Where the slip would be: ``devise/on-nic.yaml:8:18``."""
    mutant = fate.mutant
    return f"{mutant.rule.file}:{mutant.line}:{mutant.column}"
