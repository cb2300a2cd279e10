"""Why a rule did not fire on a host: the pattern that failed, and the nearest fact."""

from collections.abc import Sequence

from planner.engine.decide import Judgement
from planner.engine.misses import explain
from planner.printing import listing
from planner.problem import Problem
from planner.rules.compiled import Compiled
from planner.rules.model import Ruleset


def why_not(rules: Compiled, name: str, judgements: Sequence[Judgement]) -> list[str] | Problem:
    """How far the rule ``name`` got in what `planner.consider` said, as lines; or that there is no such rule."""
    rule = next((rule for rule in rules.ruleset.rules if rule.name == name), None)
    if rule is None:
        return unknown_rule(name, rules.ruleset)
    judgement = next(judgement for judgement in judgements if judgement.stage == rule.stage)
    place = f"{rule.origin.replace('@', '/')}/{rule.file}"
    heading = f"{rule.name} ({rule.stage}, {place}): {rule.summary}"
    miss = explain(rule, judgement.facts)
    if miss is not None:
        return [heading, f"{judgement.outcomes[rule.name]}, at {place}:{miss.line}", *miss.lines]
    speaking = [
        other.name
        for other in rules.ruleset.rules
        if rule.name in other.overrides and judgement.outcomes.get(other.name) == "fired" and not other.shadow
    ]
    if speaking:
        return [heading, f"blocked: it matches, but {', '.join(speaking)} fired and overrides it"]
    return [heading, "it fired" + (", as a shadow that only reports" if rule.shadow else "")]


def unknown_rule(name: str, ruleset: Ruleset) -> Problem:
    """There is no such rule: what it may be called, or why it was taken out."""
    from planner.explain.book import rules_saying
    from planner.yamltext import suggest

    disabled = dict(ruleset.disabled).get(name)
    if disabled is not None:
        return Problem("unknown-rule", f"{ruleset.name} disables {name}: {disabled}", "remove it from `disable`")
    saying = [rule.name for rule in rules_saying(ruleset, name)]
    if saying:
        message = f"{name} is a code, and not a rule of {ruleset.title}"
        return Problem("unknown-rule", message, f"the rules that say it: {', '.join(saying)}")
    rows = [rule.name for rule in ruleset.rules if rule.table == name]
    if rows:
        hint = f"name one of its rows: {listing(rows)}"
        return Problem("unknown-rule", f"{name} is a table of {ruleset.title}, and each row a rule", hint)
    hint = suggest(name, [rule.name for rule in ruleset.rules]) or "`mgmtnet rules list` shows them all"
    return Problem("unknown-rule", f"{ruleset.title} has no rule {name!r}", hint)
