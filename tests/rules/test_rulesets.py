"""Rulesets: the manifest, a site's changes to an installed one, versions and digests."""

import pytest

from planner.rules.digest import digest_of
from planner.rules.ruleset import assemble

MANIFEST = 'ruleset: base\nversion: "1.0"\nsummary: For tests\n'
SITE = 'ruleset: site\nversion: "2"\nsummary: For tests\nextends: base@1.0\n'


def rule(name, extra="", then="note: {code: seen, message: seen}"):
    return f'rule: {name}\nsince: "1.0"\nsummary: s\nwhy: w\n{extra}when:\n  - definition: {{}}\nthen:\n  {then}\n'


BASE = {
    "base/1.0/ruleset.yaml": MANIFEST,
    "base/1.0/guard/first.yaml": rule("first"),
    "base/1.0/guard/second.yaml": rule("second"),
}


def assembled(site, base=BASE, root="my/site"):
    return assemble({**base, **{f"{root}/{path}": text for path, text in site.items()}}, root)


def told(*arguments, **options):
    ruleset, problems = assembled(*arguments, **options)
    assert ruleset is None
    return [f"{problem.where[0]}: {problem.code}: {problem.message} ({problem.hint})" for problem in problems]


def test_a_ruleset_by_itself():
    ruleset, problems = assemble(BASE, "base/1.0")
    assert not problems
    assert [(rule.name, rule.origin, rule.file, rule.source) for rule in ruleset.rules] == [
        ("first", "base@1.0", "guard/first.yaml", "base/1.0/guard/first.yaml"),
        ("second", "base@1.0", "guard/second.yaml", "base/1.0/guard/second.yaml"),
    ]
    assert (ruleset.name, ruleset.version) == ("base", "1.0")


def test_a_site_adds_overrides_and_disables():
    site = {
        "ruleset.yaml": SITE + "disable:\n  - {rule: second, reason: we have no bonds}\n",
        "guard/first.yaml": rule("first", "overrides: [first]\n"),
        "guard/third.yaml": rule("third", "overrides: [second]\n"),
    }
    ruleset, problems = assembled(site)
    assert not problems
    assert [(rule.name, rule.origin, rule.overrides) for rule in ruleset.rules] == [
        ("first", "site@2", ()),
        ("third", "site@2", ("second",)),
    ]
    assert ruleset.disabled == (("second", "we have no bonds"),)
    assert [(one.name, one.origin) for one in ruleset.gone] == [("first", "base@1.0"), ("second", "base@1.0")]


def test_a_rule_s_name_is_not_taken_by_accident():
    assert told({"ruleset.yaml": SITE, "guard/first.yaml": rule("first")}) == [
        (
            "my/site/guard/first.yaml:1:1: rule-exists: base@1.0 has a rule first already "
            "(add `overrides: [first]` to take its place, or choose another name)"
        )
    ]


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (
            SITE.replace("base@1.0", "base@1.1"),
            (
                "my/site/ruleset.yaml:4:10: unknown-ruleset: "
                "the ruleset base@1.1 is not installed (did you mean base@1.0?)"
            ),
        ),
        (
            SITE.replace("base@1.0", "site@2"),
            "my/site/ruleset.yaml:4:10: extends-itself: site@2 extends itself (name the ruleset it changes)",
        ),
        (
            SITE.replace("base@1.0", "base"),
            'my/site/ruleset.yaml:4:10: bad-extends: "base" cannot be the extends (spell it like "ovirtmgmt@1.0")',
        ),
        (
            SITE + "disable: [{rule: frist, reason: r}]\n",
            'my/site/ruleset.yaml:5:18: unknown-rule: base@1.0 has no rule "frist" (did you mean first?)',
        ),
        (
            SITE + "disable: [{rule: first}]\n",
            "my/site/ruleset.yaml:5:11: missing-key: an item of disable has no reason (add `reason:`)",
        ),
        (
            SITE + 'disable: [{rule: first, reason: ""}]\n',
            "my/site/ruleset.yaml:5:33: wrong-type: reason is blank (write something, or leave out `reason`)",
        ),
        (
            MANIFEST + "disable: []\n",
            (
                "my/site/ruleset.yaml:4:1: nothing-to-disable: the ruleset extends no other "
                "(delete the rule's file instead; or name the other ruleset under `extends`)"
            ),
        ),
        (
            MANIFEST.replace('"1.0"', "1.0"),
            (
                "my/site/ruleset.yaml:2:10: yaml-number: "
                '1.0 is not a whole number (numbers are whole here; quote it: "1.0")'
            ),
        ),
        (
            MANIFEST.replace('"1.0"', "one"),
            'my/site/ruleset.yaml:2:10: bad-version: "one" cannot be the version (spell it like "1.0")',
        ),
    ],
)
def test_manifests_are_refused_with_advice(manifest, expected):
    assert told({"ruleset.yaml": manifest}) == [expected]


def test_rulesets_in_a_circle():
    base = {
        "a/1/ruleset.yaml": 'ruleset: a\nversion: "1"\nsummary: s\nextends: b@1\n',
        "b/1/ruleset.yaml": 'ruleset: b\nversion: "1"\nsummary: s\nextends: a@1\n',
    }
    assert told({"ruleset.yaml": SITE.replace("base@1.0", "a@1")}, base) == [
        "b/1/ruleset.yaml:4:10: extends-circle: the rulesets extend each other: a@1 -> b@1 -> a@1 (break the circle)"
    ]


def test_files_out_of_place():
    site = {
        "ruleset.yaml": MANIFEST,
        "stray.yaml": rule("stray"),
        "gaurd/first.yaml": rule("first"),
        "guard/other.yml": rule("other"),
    }
    assert [line.partition(" (")[2] for line in told(site)] == [
        "move it to locate/ or devise/ or guard/)",
        "call it other.yaml)",
        "move it to locate/ or devise/ or guard/)",
    ]


def test_two_rules_of_one_name():
    site = {"ruleset.yaml": MANIFEST, "guard/first.yaml": rule("first"), "devise/first.yaml": rule("first")}
    assert told(site) == [
        "my/site/guard/first.yaml:1:1: duplicate-rule: two rules are called first (rename one of them)"
    ]


def test_problems_of_all_files_are_told_at_once():
    site = {"ruleset.yaml": MANIFEST + "sumary: x\n", "guard/a.yaml": "[", "guard/b.yaml": rule("c")}
    assert [line.split(": ")[1] for line in told(site)] == ["unknown-key", "yaml-syntax", "name-mismatch"]


def test_a_released_ruleset_does_not_change():
    released = digest_of({path.removeprefix("base/1.0/"): text for path, text in BASE.items()})
    files = {**BASE, "base/1.0/ruleset.yaml": MANIFEST + f'digest: "{released}"\n'}
    ruleset, problems = assemble(files, "base/1.0")
    assert not problems
    assert ruleset.digest == released
    edited = {**files, "base/1.0/guard/first.yaml": rule("first", "shadow: true\n")}
    ruleset, (problem,) = assemble(edited, "base/1.0")
    assert ruleset is None
    assert (problem.code, str(problem.where[0])) == ("digest-mismatch", "base/1.0/ruleset.yaml:4:9")
    assert "git diff" in problem.hint


def test_the_digest_sees_content_and_not_line_ends():
    plain = {"ruleset.yaml": MANIFEST, "guard/first.yaml": rule("first")}
    assert digest_of({path: text.replace("\n", "\r\n") for path, text in plain.items()}) == digest_of(plain)
    moved = {"ruleset.yaml": MANIFEST, "devise/first.yaml": rule("first")}
    others = [moved, {**plain, "guard/first.yaml": rule("first") + "\n"}]
    assert len({digest_of(files) for files in [plain, *others]} | {digest_of(plain, "sha256:base")}) == 4


def test_a_file_s_name_of_other_bytes_has_its_digest():
    names = ["guard/caf\udce9.yaml", "guard/caf\udcea.yaml"]  # as the file system's calls give bytes that are no text
    assert len({digest_of({"ruleset.yaml": MANIFEST, name: rule("first")}) for name in names}) == 2


def test_a_site_s_digest_covers_what_it_extends():
    site = {"ruleset.yaml": SITE}
    edited = {**BASE, "base/1.0/guard/first.yaml": rule("first", "shadow: true\n")}
    assert assembled(site)[0].digest != assembled(site, edited)[0].digest
