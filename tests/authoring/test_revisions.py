"""Rules of a git revision: what was committed, whatever the repository's configuration would make of it."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from planner.cli import git as objects
from planner.cli.main import main
from planner.cli.rules_diff import ruleset_at
from planner.problem import render
from planner.rules.shelf import load_rules

ROOT = Path(__file__).parents[2]
MANIFEST = 'ruleset: site\nversion: "1"\nsummary: s\n'
RULE = 'rule: {}\nsince: "1"\nsummary: s\nwhen:\n  - definition: {{}}\nthen:\n  note: {{code: c, message: m}}\n'


def git(folder: Path, *arguments: str | bytes, given: bytes = b"") -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false")
    told = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, input=given)
    return told.stdout.decode().strip()


def commit(folder: Path) -> None:
    git(folder, "add", "--all", ".")
    git(folder, "commit", "-qm", "as it was")


def lay(folder: Path, *rules: str, manifest: str = MANIFEST) -> Path:
    (folder / "guard").mkdir(parents=True)
    (folder / "ruleset.yaml").write_text(manifest)
    for name in rules:
        (folder / "guard" / f"{name}.yaml").write_text(RULE.format(name))
    return folder


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    lay(folder / "site", "one", "two")
    monkeypatch.chdir(folder)
    return folder


def names(spec):
    ruleset, problems, _ = ruleset_at(spec)
    assert not problems
    return [rule.name for rule in ruleset.rules]


def told(spec):
    """What is wrong, code and place, where it can also be shown to its author."""
    ruleset, problems, texts = ruleset_at(spec)
    assert ruleset is None
    for problem in problems:
        assert render(problem, texts).isprintable() or "\n" in render(problem, texts)
    return [(problem.code, "".join(str(place) for place in problem.where[:1])) for problem in problems]


def only(spec):
    ruleset, (problem,), _ = ruleset_at(spec)
    assert ruleset is None
    return problem


def test_no_attribute_hides_or_rewrites_a_rule(repository):
    (repository / ".gitattributes").write_text("two.yaml export-ignore\none.yaml export-subst ident\n")
    (repository / "site" / "guard" / "one.yaml").write_text(RULE.format("one") + "# $Format:%H$ $Id$\n")
    commit(repository)
    assert names("HEAD:site") == ["one", "two"]
    assert "# $Format:%H$ $Id$\n" in ruleset_at("HEAD:site")[2]["HEAD:site/guard/one.yaml"]


def test_no_command_of_the_repository_runs(repository, tmp_path):
    witness = tmp_path / "ran"
    command = f"touch {witness}; cat"
    (repository / ".gitattributes").write_text("*.yaml filter=f diff=d merge=m\n")
    commit(repository)
    for key in (
        *(
            "filter.f.smudge",
            "filter.f.clean",
            "filter.f.process",
            "diff.d.textconv",
            "diff.d.command",
            "diff.external",
        ),
        *(
            "core.fsmonitor",
            "core.pager",
            "core.editor",
            "core.sshCommand",
            "core.gitProxy",
            "core.alternateRefsCommand",
        ),
        *("pager.cat-file", "pager.rev-parse", "credential.helper", "merge.m.driver", "interactive.diffFilter"),
        *("uploadpack.packObjectsHook", "gpg.program", "sequence.editor"),
    ):
        git(repository, "config", key, command)
    for name in ("cat-file", "rev-parse"):
        git(repository, "config", f"alias.{name}", f"!{command}")
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {witness}\n")
        hook.chmod(0o755)
    witness.unlink(missing_ok=True)
    assert names("HEAD:site") == ["one", "two"]
    assert not witness.exists()


def test_nothing_is_fetched_into_a_partial_clone(repository, tmp_path, monkeypatch):
    commit(repository)
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = ("clone", "-q", "--no-checkout", "--filter=blob:none", repository.as_uri(), str(tmp_path / "partial"))
    git(tmp_path, *clone)
    git(tmp_path / "partial", "config", "remote.origin.uploadpack", f"touch {tmp_path / 'ran'}; git-upload-pack")
    monkeypatch.chdir(tmp_path / "partial")
    assert only("HEAD:site").code == "git-failed"
    monkeypatch.delitem(objects.ENVIRONMENT, "GIT_NO_LAZY_FETCH")  # an elder git does not know it
    assert only("HEAD:site").code == "git-failed"
    assert not (tmp_path / "ran").exists()


def test_what_was_committed_is_read_whatever_was_put_in_its_place(repository):
    commit(repository)
    (repository / "site" / "guard" / "two.yaml").unlink()
    commit(repository)
    git(repository, "replace", "HEAD~1", "HEAD")
    assert names("HEAD~1:site") == ["one", "two"]


def test_a_revision_without_the_ruleset_is_an_error_that_tells_what_there_is(repository, capsys):
    commit(repository)
    for spec, place in (("HEAD", "HEAD:rules/ovirtmgmt"), ("HEAD:nowhere/../gone", "HEAD:gone")):
        problem = only(spec)
        assert (problem.code, problem.message) == ("no-manifest", f"there is no ruleset.yaml in {place}")
        assert problem.hint == "the revision has HEAD:site"
        assert main(["rules", "diff", spec, "ovirtmgmt", "--hosts", str(ROOT / "golden" / "nic-dhcp")]) == 1
        assert f"there is no ruleset.yaml in {place}\n" in capsys.readouterr().err
    (repository / "empty").mkdir()
    (repository / "empty" / "note").write_text("")
    shutil.rmtree(repository / "site")
    commit(repository)
    assert only("HEAD:empty").hint == "the revision has no ruleset in this folder"
    assert only("HEAD:../..").code == "no-manifest"
    lay(repository / "ovirtmgmt" / "1.0", "one")
    commit(repository)
    assert only("HEAD").message == "there is no ruleset.yaml in HEAD:rules/ovirtmgmt"


@pytest.mark.parametrize(
    "name", ["with blank", "größe", "new\nline", 'quo"te', "back\\slash", "-dash", ":colon", "*", "tab\t", b"caf\xe9"]
)
def test_a_folder_may_have_any_name(repository, name):
    name = os.fsdecode(name)
    lay(repository / name / name, "three")
    commit(repository)
    assert names(f"HEAD:{name}/{name}") == ["three"]
    assert load_rules(f"./{name}/{name}")[0].digest == ruleset_at(f"HEAD:{name}/{name}")[0].digest


@pytest.mark.parametrize("name", ["new\nline.yaml", "\x1b[31mred.yaml", b"caf\xe9.yaml", b"caf\xe9/one.yaml"])
def test_a_rule_s_file_may_not(repository, name):
    path = repository / "site" / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(RULE.format("three"))
    commit(repository)
    problem = only("HEAD:site")
    assert (problem.code, problem.message) == ("file-unreadable", "cannot be read: its name cannot be printed")
    assert str(problem.where[0]).isprintable()
    assert load_rules("site")[1] == (problem._replace(where=load_rules("site")[1][0].where),)


def test_what_is_no_file_is_refused(repository):
    (repository / "site" / "guard" / "link.yaml").symlink_to("one.yaml")
    (repository / "site" / "guard" / "deeper.yaml").mkdir()
    (repository / "site" / "guard" / "deeper.yaml" / "x").write_text("")
    (repository / "site" / "locate").symlink_to("guard")
    (repository / "site" / "notes").symlink_to("guard")  # which is nobody's business
    commit(repository)
    git(
        repository, "update-index", "--add", "--cacheinfo", f"160000,{git(repository, 'rev-parse', 'HEAD')},site/devise"
    )
    git(repository, "commit", "-qm", "a submodule")
    assert told("HEAD:site") == [
        ("file-unreadable", "HEAD:site/devise"),
        ("file-unreadable", "HEAD:site/guard/deeper.yaml"),
        ("file-unreadable", "HEAD:site/guard/link.yaml"),
        ("file-unreadable", "HEAD:site/locate"),
    ]
    assert told("HEAD:site/locate") == [("no-manifest", "HEAD:site/locate")]


def test_a_manifest_that_is_a_link(repository):
    (repository / "site" / "ruleset.yaml").rename(repository / "site" / "manifest")
    (repository / "site" / "ruleset.yaml").symlink_to("manifest")
    commit(repository)
    assert told("HEAD:site") == [("file-unreadable", "HEAD:site/ruleset.yaml")]


def test_files_that_are_too_large_or_no_text(repository):
    (repository / "site" / "guard" / "large.yaml").write_bytes(b" " * 2_000_000)
    (repository / "site" / "guard" / "latin.yaml").write_bytes(b"rule: caf\xe9")
    (repository / "site" / "guard" / "limit.yaml").write_bytes(RULE.format("limit").ljust(1 << 20).encode())
    commit(repository)
    assert told("HEAD:site") == [
        ("file-unreadable", "HEAD:site/guard/large.yaml"),
        ("not-utf8", "HEAD:site/guard/latin.yaml:1:10"),
    ]


def test_a_revision_that_is_too_large(repository, monkeypatch):
    commit(repository)
    monkeypatch.setattr(objects, "MOST", 300)
    assert only("HEAD:site").code == "too-large"


def test_a_folder_of_too_many_files(repository):
    commit(repository)
    blob = git(repository, "rev-parse", "HEAD:site/ruleset.yaml")
    listed = "".join(f"100644 blob {blob}\t{number:08}.yaml\n" for number in range(30_000))
    tree = git(repository, "mktree", given=listed.encode())
    assert only(f"{tree}:.").code == "too-large"


@pytest.mark.parametrize(
    "content",
    [b"no tree", b"100644 ruleset.yaml\0short", b"40000 site\0" + bytes(20), b"100644 site/a.yaml\0" + bytes(20)],
)
def test_a_tree_that_is_none(repository, content):
    path = repository / "made"
    path.write_bytes(content)
    tree = git(repository, "hash-object", "-w", "--literally", "-t", "tree", str(path))
    assert only(f"{tree}:site").code == "git-failed"


def test_an_object_that_is_gone(repository):
    commit(repository)
    blob = git(repository, "rev-parse", "HEAD:site/guard/one.yaml")
    loose = repository / ".git" / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"damaged")
    assert only("HEAD:site").code == "git-failed"
    loose.unlink()
    assert only("HEAD:site").message == f"the repository lacks the object {blob}"


@pytest.mark.parametrize(
    "spec", ["--help:site", "-x:site", "", ":site", "HEAD\n:site", "HEAD\0x:site", "no such:site", "é"]
)
def test_what_is_no_revision(repository, spec, tmp_path):
    commit(repository)
    problem = only(spec)
    assert problem.code == "unknown-ruleset"
    assert problem.message == f"{spec!r} is neither a ruleset nor a git revision"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["repository"]


@pytest.mark.parametrize("name", ["-x", "--batch-all-objects", "größe"])
def test_a_revision_of_a_name_that_looks_like_an_option(repository, name):
    commit(repository)
    git(repository, "update-ref", f"refs/heads/{name}", "HEAD")
    assert names(f"{name}:site") == ["one", "two"]


def test_git_s_reason_is_told_in_a_line(repository, tmp_path, monkeypatch):
    commit(repository)
    with monkeypatch.context() as another:
        another.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        assert "detected dubious ownership in repository at" in only("HEAD:site").message
        assert "\n" not in only("HEAD:site").message
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert only("HEAD:site").message.startswith("'HEAD:site' is no ruleset, and git reads no revision here: not a git ")


@pytest.mark.parametrize("answer", ["sleep 60", 'test "$1" = cat-file || exit 0; exec sleep 60'])
def test_a_git_that_does_not_answer_is_not_waited_for(answer, tmp_path, monkeypatch):
    stand_in(answer, tmp_path, monkeypatch)
    monkeypatch.setattr(objects, "LONGEST", 0.2)
    assert only("HEAD").message == "git has not read the revision within 0.2 seconds"


def test_a_git_that_dies_or_is_not_there(tmp_path, monkeypatch):
    stand_in('test "$1" = cat-file || exit 0; read name; echo "00 tree 100"; echo ouch >&2', tmp_path, monkeypatch)
    assert only("HEAD").message == "git cannot read the revision: ouch"
    stand_in('test "$1" = cat-file || exit 0', tmp_path, monkeypatch)
    assert only("HEAD").message == "git cannot read the revision: it ended"
    (tmp_path / "bin" / "git").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert only("HEAD").code == "no-git"


def stand_in(script, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "git"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def test_folders_count_from_the_working_folder(repository, monkeypatch):
    lay(repository / "rules" / "ovirtmgmt" / "1.9", "nine", manifest=MANIFEST.replace("site", "ovirtmgmt"))
    lay(repository / "rules" / "ovirtmgmt" / "1.10", "ten", manifest=MANIFEST.replace("site", "ovirtmgmt"))
    lay(repository / "below" / "rules" / "ovirtmgmt" / "1", "below", manifest=MANIFEST.replace("site", "ovirtmgmt"))
    commit(repository)
    assert names("HEAD") == ["ten"]
    monkeypatch.chdir(repository / "site")
    assert names("HEAD:.") == names("HEAD:../site/") == ["one", "two"]
    assert names("HEAD") == ["ten"]
    assert (
        only("HEAD:site").hint == "the revision has HEAD:., HEAD:../rules/ovirtmgmt/1.9, HEAD:../rules/ovirtmgmt/1.10"
    )
    assert names("HEAD:../rules/ovirtmgmt/1.9") == ["nine"]
    monkeypatch.chdir(repository / "below")
    assert names("HEAD") == names("HEAD:rules/ovirtmgmt/1") == ["below"]
    git(repository, "clone", "-q", "--bare", ".", "../bare")
    monkeypatch.chdir(repository / ".." / "bare")
    assert names("HEAD:site") == ["one", "two"]


def test_what_is_extended_is_the_revision_s_own_or_else_installed(repository, monkeypatch):
    lay(repository / "mine", "mine", manifest=MANIFEST + "extends: ovirtmgmt@1.0\n")
    commit(repository)
    assert len(names("HEAD:mine")) > 50
    shelved = MANIFEST.replace("site", "ovirtmgmt").replace('"1"', '"1.0"')
    lay(repository / "rules" / "ovirtmgmt" / "1.0", "base", manifest=shelved)
    commit(repository)
    assert names("HEAD:mine") == ["base", "mine"]
    monkeypatch.chdir(repository / "mine")
    assert names("HEAD:.") == ["base", "mine"]


def test_a_repository_with_longer_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = subprocess.run(["git", "init", "-q", "--object-format=sha256"], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("this git knows sha1 alone")
    lay(tmp_path / "site", "one")
    commit(tmp_path)
    assert names("HEAD:site") == ["one"]


def test_this_repository_s_own_revision():
    told = subprocess.run(["git", "status", "--porcelain", "rules"], cwd=ROOT, check=False, capture_output=True)
    if told.returncode or told.stdout:
        pytest.skip("no repository, or rules that are being worked on")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(ROOT)
        for folder in ("rules/ovirtmgmt/1.0", "rules/examples/site"):
            assert ruleset_at(f"HEAD:{folder}")[0].digest == load_rules(folder)[0].digest
        assert ruleset_at("HEAD")[0].digest == load_rules("ovirtmgmt@1.0")[0].digest


@pytest.mark.parametrize("seed", range(40))
def test_a_checkout_and_its_revision_are_one(repository, seed):
    rng = random.Random(seed)
    folder = repository / "site"
    for _ in range(rng.randint(0, 6)):
        inside = rng.choice(["", "guard", "devise", "docs", "guard/deeper", ".hidden", "golden/x"])
        name = rng.choice(["a.yaml", "b.yml", "c", ".d.yaml", "é.yaml", "blank .yaml", "one.yaml", "README.md"])
        content = rng.choice([RULE.format("a").encode(), b"\xef\xbb\xbf" + RULE.format("one").encode(), b"\xff", b""])
        path = folder / inside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.replace(b"\n", rng.choice([b"\n", b"\r\n"])))
    git(repository, "config", "core.autocrlf", "false")
    commit(repository)
    there, problems, _ = ruleset_at("HEAD:site")
    here, found = load_rules("site")
    assert (there and there.digest) == (here and here.digest)
    assert [(one.code, one.message, one.where[0].source.removeprefix("HEAD:")) for one in problems] == [
        (one.code, one.message, one.where[0].source) for one in found
    ]
