"""Small rulesets that a hasty proof would take for the same, or for stricter: each of them raises its doubt."""

from collections.abc import Callable

import pytest

import planner
from planner.authoring.compare import meaning, meanings
from planner.authoring.differences import differences
from planner.facts.vocabulary import STAGES
from planner.proof.equivalence import Rules, doubts_between, equivalence, same
from planner.proof.witness import Witness
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Rule, Ruleset
from planner.rules.reader import parse_rules

pytestmark = pytest.mark.no_cover  # the solver's answers are judged in a loop that measuring makes slow


def differing(before: Compiled, after: Compiled) -> Callable[[Witness], bool]:
    """Whether the planner gives a host another plan by the one than by the other."""

    def differ(witness: Witness) -> bool:
        read = witness.read()
        if read is None:
            return False
        was, now = (planner.plan(*read, rules, witness.addresses).document() for rules in (before, after))
        return bool(differences(was, now))

    return differ


def small(*texts: str) -> tuple[Rules, Compiled]:
    """A ruleset of a few rules, each ``stage/name`` and what follows."""
    rules: list[Rule] = []
    for text in texts:
        head, _, body = text.partition("\n")
        folder, _, name = head.partition("/")
        stage = next(stage for stage in STAGES if stage == folder)
        written = f'rule: {name}\nsince: "1"\nsummary: {name}\n{body}\n'
        found, problems = parse_rules(written, f"{head}.yaml", stage, f"{head}.yaml")
        assert not problems, problems
        rules += found
    compiled = compile_ruleset(Ruleset("small", "1", "", tuple(rules)))
    return {rule.name: meaning(rule) for rule in rules}, compiled


def meanings_of(*texts: str) -> Rules:
    return small(*texts)[0]


def verdict(before: tuple[Rules, Compiled], after: tuple[Rules, Compiled]) -> str:
    """What is found out of two small rulesets; a host that is shown is planned by both."""
    differ = differing(before[1], after[1])
    found = equivalence(before[0], after[0], differ)
    assert found.witness is None or differ(found.witness)
    assert same(before[0], after[0]) == (found.verdict == "same")
    return found.verdict


def warns(name: str, when: str, overrides: str = "", severity: str = "warn", stage: str = "guard") -> str:
    over = f"overrides: [{overrides}]\n" if overrides else ""
    told = f"{{code: {name}, message: {name}, hint: {name}}}"
    return f"{stage}/{name}\n{over}when: [{when}]\nthen: {{{severity}: {told}}}"


VLANS = "'vlan': {}"
TAGGED = "'vlan': {tag: {ge: 5}}"


def test_equal_rulesets_raise_no_doubt(rules: Compiled) -> None:
    meant = meanings(rules)
    assert list(doubts_between(meant, meant)) == []
    assert same(meant, meant)


def test_another_way_to_say_it_is_the_same() -> None:
    one = small(warns("one", "'vlan': {tag: {ge: 5}}"))
    assert verdict(one, small(warns("one", "'vlan': {tag: {gt: 4, not: 2}}"))) == "same"
    assert verdict(one, small(warns("one", "'vlan': {tag: {gt: 5}}"))) == "words"


def test_what_refuses_more_is_stricter_and_the_other_way_wider() -> None:
    few, many = (small(warns("one", when, severity="refuse")) for when in (TAGGED, VLANS))
    assert verdict(few, many) == "stricter"
    assert verdict(many, few) == "wider"


def test_what_is_silenced_in_both_says_nothing_in_either() -> None:
    loud = warns("loud", VLANS, "quiet")
    before = small(loud, warns("quiet", VLANS))
    assert verdict(before, small(loud, warns("quiet", TAGGED))) == "same"
    assert verdict(before, small(loud)) == "same"
    assert verdict(before, small(warns("loud", TAGGED, "quiet"), warns("quiet", VLANS))) == "words"


def test_a_rule_of_another_stage_is_not_silenced_by_those_of_its_old_one() -> None:
    """In its old stage it was overridden wherever it matched; what it sets in the new one is heard."""
    over = warns("over", VLANS, "moved", stage="devise")
    quiet = warns("moved", VLANS, stage="devise")
    setting = "guard/moved\nwhen: ['vlan': {}]\nthen: {conclude: {freed: {bridge: $vlan.name}}}"
    before, after = meanings_of(over, quiet), meanings_of(over, setting)
    assert not same(before, after)


def test_what_an_overridden_rule_overrides_counts_too() -> None:
    """A refusal that comes silences a warning, and with it what kept another refusal silent: not only stricter."""
    quiet = warns("refusal", VLANS, severity="refuse")
    between = warns("between", VLANS, "refusal")
    before = small(between, quiet, warns("top", TAGGED, "between", severity="refuse"))
    after = small(between, quiet, warns("top", "'vlan': {tag: {ge: 9}}", "between", severity="refuse"))
    assert verdict(before, after) == "wider"
    setting = "devise/sets\nwhen: ['vlan': {}]\nthen: {set: {iface: $vlan.name}}"
    over = warns("between", VLANS, "sets", stage="devise")
    top, less = (
        warns("top", when, "between", severity="refuse", stage="devise") for when in (TAGGED, "'vlan': {tag: {ge: 9}}")
    )
    told = [doubt.turns for doubt in doubts_between(small(top, over, setting)[0], small(less, over, setting)[0])]
    assert told
    assert all("otherwise" in turns for turns in told)


FOUND = (
    "locate/found\nwhen: ['candidate': {{}}{more}]\n"
    "then: {{conclude: {{management: {{device: $candidate.device, kind: $candidate.kind, "
    "address: $candidate.address, family: $candidate.family, found_by: $candidate.found_by}}}}}}"
)


def test_hosts_of_which_only_one_ruleset_finds_several_devices_count() -> None:
    before = small(FOUND.format(more=""))
    after = small(FOUND.format(more=", 'no candidate': {device: {not: $candidate.device}}"))
    assert verdict(before, after) != "same"
    assert verdict(after, before) != "same"


def test_a_pattern_that_is_matched_several_times_is_told_several_times() -> None:
    before = small(warns("one", "'definition': {}, 'vlan': {}"))
    after = small(warns("one", "'definition': {}, 'vlan': {}, 'bond': {}"))
    beside = small(warns("one", "'definition': {}, 'vlan': {}, 'host': {}"))
    assert verdict(before, beside) == "same"
    assert verdict(before, after) == "words"
    assert "one worded" in {doubt.name for doubt in doubts_between(before[0], after[0])}
