"""CLIPS, an engine that is not ours and no relation of durable_rules, fires what our own matcher fires."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings

import planner
from planner.facts.vocabulary import Fact
from planner.rules.compiled import compile_ruleset
from planner.rules.model import Ruleset

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))
from engines import Clips, plain, stages_of
from fleet import goldens
from rulesets_at_random import case


def test_clips_fires_the_same_on_every_golden() -> None:
    clips, by = Clips(), planner.Planner(planner.load_rules().required())
    asked = [stage for golden in goldens() for stage in stages_of(by, [golden])]
    assert len(asked) > 800
    differing = [number for number, stage in enumerate(asked) if sorted(clips(*stage)) != plain(*stage)]
    assert differing == []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(case())
def test_clips_fires_the_same_on_rules_at_random(drawn: tuple[Ruleset, list[Fact]]) -> None:
    ruleset, facts = drawn
    rules = compile_ruleset(ruleset).stages["locate"]
    numbers = [value for fact in facts for value in fact.fields.values() if isinstance(value, int)]
    numbers += [value for step in rules.steps for _, _, value in step.constants if isinstance(value, int)]
    assume(all(abs(number) < 2**63 for number in numbers))  # CLIPS has no larger ones
    assert sorted(Clips()(rules, facts)) == plain(rules, facts)
