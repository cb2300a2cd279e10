"""The compiled form that lies with a ruleset: what it is made of, and when it is believed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sites import MANIFEST, RULE, released

from planner.cli.main import main
from planner.rules import compiled
from planner.rules.compiled import compile_ruleset
from planner.rules.digest import digest_at, sha256
from planner.rules.shelf import COMPILED, compiled_rules, form_of, kept_form, load_rules, ruleset_sources, written_form

ROOT = Path(__file__).parents[2]
SEED = ROOT / "golden" / "seed-vlan-over-bond"
HOST = [str(SEED / "capture.json"), "--network", str(SEED / "definition.yaml"), "--address", "192.0.2.10"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A sealed ruleset of a site."""
    folder = tmp_path / "site"
    (folder / "guard").mkdir(parents=True)
    (folder / "ruleset.yaml").write_text(MANIFEST)
    (folder / "guard" / "ours.yaml").write_text(RULE.format(name="ours", since="1.2", summary="Ours"))
    assert released(folder) == 0
    return folder


def is_kept(spec: str) -> bool:
    rules, problems = compiled_rules(spec)
    assert rules is not None, problems
    return isinstance(rules.ruleset.rules, compiled.KeptRules)


def test_the_form_is_the_ruleset() -> None:
    ruleset, _ = load_rules("ovirtmgmt@1.0")
    assert ruleset is not None
    shelved = ruleset_sources("ovirtmgmt@1.0")
    anew = compile_ruleset(ruleset)
    text = form_of(ruleset, written_form(anew, shelved.root), sealed=False)
    kept = kept_form(text.encode(), shelved.texts, shelved.root, shipped=True)
    assert kept is not None
    assert tuple(kept.ruleset.rules) == tuple(ruleset.rules)
    assert kept.ruleset._replace(rules=()) == ruleset._replace(rules=(), invariants=()), "no plan asks for invariants"
    assert (kept.stages, kept.kinds, kept.refused) == (anew.stages, anew.kinds, anew.refused)
    assert dict(kept.by_name) == anew.by_name
    assert kept_form(text.encode(), shelved.texts, shelved.root, shipped=False) is None, "a folder needs a seal"


def test_a_form_of_other_files_is_not_believed() -> None:
    shelved = ruleset_sources("ovirtmgmt@1.0")
    ruleset, _ = load_rules("ovirtmgmt@1.0")
    assert ruleset is not None
    text = form_of(ruleset, written_form(compile_ruleset(ruleset), shelved.root), sealed=False)
    path = next(path for path in shelved.texts if "/guard/" in path)
    edited = {**shelved.texts, path: shelved.texts[path] + "# a remark\n"}
    assert kept_form(text.encode(), edited, shelved.root, shipped=True) is None
    fewer = {other: text for other, text in shelved.texts.items() if other != path}
    assert kept_form(text.encode(), fewer, shelved.root, shipped=True) is None


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n[]\n", b"\xff\xfe\n", b"null"])
def test_what_is_no_form_is_not_believed(content: bytes) -> None:
    shelved = ruleset_sources("ovirtmgmt@1.0")
    assert kept_form(content, shelved.texts, shelved.root, shipped=True) is None


@pytest.mark.parametrize("rules", ["null", "{}", "[]", "[1,2,3,4,5,6]", '["a","b",[],[],[[]],[]]', "[" * 5000])
def test_a_form_of_another_shape_is_not_believed(rules: str) -> None:
    shelved = ruleset_sources("ovirtmgmt@1.0")
    content = form_of(load_rules("ovirtmgmt@1.0")[0], rules, sealed=False).encode()
    assert kept_form(content, shelved.texts, shelved.root, shipped=True) is None


def test_a_sealed_ruleset_starts_from_its_form(site: Path, tmp_path: Path) -> None:
    assert is_kept(str(site))
    moved = tmp_path / "elsewhere"
    shutil.copytree(site, moved)
    assert is_kept(str(moved))
    rules, _ = compiled_rules(str(moved))
    anew, _ = load_rules(str(moved))
    assert rules is not None
    assert anew is not None
    assert tuple(rules.ruleset.rules) == tuple(anew.rules)
    (moved / "ruleset.yaml").write_text(MANIFEST)
    assert not is_kept(str(moved)), "what is not sealed is read anew"


def test_a_form_with_a_rule_less_is_not_believed(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = site / COMPILED
    head, stages, *written = path.read_text().splitlines()
    document = json.loads(stages)
    document[2] = [name for name in document[2] if name != "ours"]
    rules = "\n".join((json.dumps(document), *(rule for rule in written if json.loads(rule)[0] != "ours")))
    forged = json.dumps({**json.loads(head), "rules": sha256(rules.encode())})
    path.write_text(f"{forged}\n{rules}\n")
    assert not is_kept(str(site))
    assert main(["plan", *HOST, "--rules", str(site)]) == 0
    assert "ours: seen" in capsys.readouterr().out


def test_a_form_that_was_sealed_and_is_none_of_the_files_is_told(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever seals can lie; `rules check` compiles the files again."""
    ruleset, _ = load_rules(str(site))
    assert ruleset is not None
    rules = (site / COMPILED).read_text().partition("\n")[2].rstrip("\n")
    forged = rules.replace('"seen"', '"not seen"')
    assert forged != rules
    manifest = (site / "ruleset.yaml").read_text().replace(sha256(rules.encode()), sha256(forged.encode()))
    (site / "ruleset.yaml").write_text(manifest.replace(f"digest: {ruleset.digest}\n", ""))
    shelved = ruleset_sources(str(site))
    digest = digest_at(shelved.texts, shelved.root)
    (site / "ruleset.yaml").write_text(manifest.replace(ruleset.digest, digest))
    (site / COMPILED).write_text(form_of(ruleset._replace(digest=digest), forged, sealed=True))
    capsys.readouterr()
    assert main(["rules", "check", str(site)]) == 1
    assert "error[compiled-differs]" in capsys.readouterr().out


def test_a_seal_that_was_edited_is_told(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = site / "ruleset.yaml"
    manifest.write_text(manifest.read_text().replace("compiled: sha256:", "compiled: sha256:0")[:-1])
    assert main(["plan", *HOST, "--rules", str(site)]) == 1
    assert "error[" in capsys.readouterr().err


def test_an_edited_copy_of_an_installed_ruleset_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shipped_copy: Callable[[Path], Path]
) -> None:
    copy = shipped_copy(tmp_path / "copy")
    assert main(["plan", *HOST, "--rules", str(copy)]) == 0
    assert "edited" not in capsys.readouterr().out, "a copy is no other ruleset"
    rule = next((copy / "guard").iterdir())
    rule.write_text(rule.read_text() + "# a remark\n")
    assert main(["plan", *HOST, "--rules", str(copy)]) == 0
    assert "ovirtmgmt 1.0 (edited: not those that are installed under this name)" in capsys.readouterr().out
    assert main(["plan", *HOST, "--rules", str(copy), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"]["edited"] is True


def test_nothing_is_kept_in_a_home(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": "/usr/bin"}
    subprocess.run([sys.executable, "-m", "planner", "plan", *HOST], env=environment, cwd=ROOT, check=True)
    assert not list(tmp_path.iterdir())
