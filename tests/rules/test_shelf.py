"""Finding and reading rule files: what is there is read, what cannot be is told."""

import os

import pytest

from planner.rules.shelf import folder, installed, load_rules, ruleset_sources

RULE = 'rule: one\nsince: "1"\nsummary: s\nwhen:\n  - definition: {}\nthen:\n  note: {code: c, message: m}\n'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "guard").mkdir()
    (tmp_path / "ruleset.yaml").write_text('ruleset: site\nversion: "1"\nsummary: s\n')
    (tmp_path / "guard" / "one.yaml").write_text(RULE)
    return tmp_path


def told(spec):
    ruleset, problems = load_rules(str(spec))
    assert ruleset is None
    return [(problem.code, str(problem.where[0]).removeprefix(str(spec))) for problem in problems]


def test_the_shipped_rules_are_free_of_errors():
    ruleset, problems = load_rules()
    assert not problems
    assert ruleset.name == "ovirtmgmt"
    assert len(ruleset.rules) > 50
    assert load_rules(f"ovirtmgmt@{ruleset.version}")[0] == ruleset
    assert f"ovirtmgmt@{ruleset.version}" in installed()


def test_sources_are_named_as_plans_name_them():
    assert "ovirtmgmt/1.0/devise/vlan-over-bond.yaml" in ruleset_sources("ovirtmgmt@1.0").texts


def test_a_folder(site):
    ruleset, problems = load_rules(str(site))
    assert not problems
    assert [rule.source for rule in ruleset.rules] == [f"{site}/guard/one.yaml"]


def test_a_folder_that_extends_an_installed_ruleset(site):
    (site / "ruleset.yaml").write_text('ruleset: site\nversion: "1"\nsummary: s\nextends: ovirtmgmt@1.0\n')
    ruleset, problems = load_rules(str(site))
    assert not problems
    assert {rule.origin for rule in ruleset.rules} == {"ovirtmgmt@1.0", "site@1"}


def test_what_is_no_rule_is_left_alone(site):
    (site / "README.md").write_text("hello")
    (site / "docs" / "pictures").mkdir(parents=True)
    (site / "guard" / ".one.yaml.swp").write_bytes(b"\xff")
    assert load_rules(str(site))[1] == ()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ovirtmgmt@9", "ovirtmgmt is not installed in the version 9"),
        ("nothing", "there is no ruleset and no folder 'nothing'"),
        ("../nothing", "there is no ruleset and no folder '../nothing'"),
        ("nothing@1.0", "there is no ruleset and no folder 'nothing@1.0'"),
        ("a\0b", "there is no ruleset and no folder 'a\\x00b'"),
        (__file__, f"{__file__!r} is not a folder"),
    ],
)
def test_an_unknown_ruleset(spec, message):
    ruleset, (problem,) = load_rules(spec)
    assert (ruleset, problem.code, problem.message) == (None, "unknown-ruleset", message)
    assert "installed: ovirtmgmt@1.0" in problem.hint


def test_a_folder_of_versions_is_not_a_ruleset():
    _, (problem,) = load_rules(os.path.join(folder("rules"), "ovirtmgmt"))
    assert problem.code == "no-manifest"
    assert problem.hint.startswith("did you mean ")


def test_files_that_cannot_be_read(site):
    (site / "guard" / "folder.yaml").mkdir()
    (site / "guard" / "loop.yaml").symlink_to("loop.yaml")
    (site / "guard" / "gone.yaml").symlink_to("nowhere")
    (site / "guard" / "latin.yaml").write_bytes(b"rule: caf\xe9")
    (site / "guard" / "large.yaml").write_bytes(b" " * 2_000_000)
    (site / "guard" / "deeper").mkdir()
    os.mkfifo(site / "guard" / "pipe.yaml")
    (site / "guard" / os.fsdecode(b"caf\xe9.yaml")).write_text(RULE)
    (site / "devise").symlink_to("nowhere")
    assert told(site) == [
        ("file-unreadable", "/devise"),
        ("file-unreadable", "/guard/caf\\udce9.yaml"),
        ("misplaced-file", "/guard/deeper"),
        ("file-unreadable", "/guard/folder.yaml"),
        ("file-unreadable", "/guard/gone.yaml"),
        ("file-unreadable", "/guard/large.yaml"),
        ("not-utf8", "/guard/latin.yaml:1:10"),
        ("file-unreadable", "/guard/loop.yaml"),
        ("file-unreadable", "/guard/pipe.yaml"),
    ]


def test_a_folder_that_holds_itself(site):
    (site / "devise").symlink_to(".")
    assert ("misplaced-file", "/devise/devise") in told(site)


def test_warnings_are_for_authors(site):
    assert load_rules(str(site))[1] == ()
