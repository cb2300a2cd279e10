"""A page for each rule and each code: none is missing, each has its hosts drawn, and the terminal can show them."""

import ast
import itertools
import re
from pathlib import Path

import pytest

from planner.cli.explain import Hosts
from planner.cli.main import main
from planner.cli.rules_look import pages
from planner.explain.book import Book, code_page, codes_of, for_terminal, markdown, rule_page
from planner.explain.codes import CHAPTERS, CODES
from planner.rules.compiled import Compiled

ROOT = Path(__file__).parents[2]
KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
REPORTERS = ("Problem", "report", "unknown", "refused", "wrong", "odd", "_wrong", "_refuse", "_Meaning")
# Codes that are put together of parts: what a definition or manifest has wrong, and how a call to a host failed.
ASSEMBLED = {
    *("network-invalid", "vm-network-invalid", "vlan-invalid", "mtu-invalid", "stp-invalid", "default-route-invalid"),
    *("nameservers-invalid", "gateway-invalid", "ipv4-invalid"),
    *("bad-ruleset", "bad-version", "bad-digest", "bad-compiled", "bad-extends"),
    *("host-unreachable", "host-tls", "host-protocol", "host-vdsm", "host-timeout", "host-busy", "host-recovering"),
    *("host-credentials", "host-refused"),
    *("invariant-refuted", "invariant-symbolic-only", "invariant-undecided"),
}


@pytest.fixture(scope="module")
def book(rules: Compiled) -> Book:
    return Book(rules.ruleset, Hosts(rules, []).draw)


def test_the_files_are_as_they_would_be_written(rules: Compiled) -> None:
    made = pages(rules, [])
    kept = {
        str(path.relative_to(ROOT / "docs")): path.read_text()
        for folder in ("rules", "codes")
        for path in (ROOT / "docs" / folder).rglob("*.md")
    }
    kept["invariants.md"] = (ROOT / "docs" / "invariants.md").read_text()
    assert {*kept} == {*made}, "run make docs"
    assert [name for name, text in made.items() if kept[name] != text] == [], "run make docs"


def test_links_lead_somewhere() -> None:
    links = 0
    for folder in ("rules", "codes"):
        for path in (ROOT / "docs" / folder).rglob("*.md"):
            for target in re.findall(r"\]\(([^)]+\.md)\)", path.read_text()):
                assert (path.parent / target).is_file(), (path, target)
                links += 1
    assert links > 400


def test_every_rule_has_a_host_on_which_it_fires_and_one_on_which_it_is_silent(rules: Compiled, book: Book) -> None:
    for rule in rules.ruleset.rules:
        page = list(rule_page(rule, book))
        drawings = [block.text for block in page if block.kind == "drawing"]
        assert len(drawings) == 2, rule.name
        assert all(re.search("[─═━]|lists no device", drawing) for drawing in drawings), rule.name
        assert any(rule.why.split()[0] in block.text for block in page)
        titles = [block.text for block in page if block.kind == "heading"]
        assert titles == [
            *("When it fires", "What it says"),
            *(["What would be broken without it"] if rule.refuses else []),
            *("A host on which it fires", "A host on which it is silent"),
        ]
        fired, silent = (titles.index(title) for title in titles[-2:])
        assert fired < silent


def test_a_rule_tells_what_would_be_broken_without_it(rules: Compiled, book: Book) -> None:
    told = {name: markdown(rule_page(rules.by_name[name], book)) for name in ("base-in-use", "capture-contradictory")}
    assert "- `others-left-alone`: A change never takes the place of another network." in told["base-in-use"]
    assert "No invariant: the rule is advisory. A plan is judged by its capture." in told["capture-contradictory"]
    assert "What would be broken" not in markdown(rule_page(rules.by_name["vlan-over-bond"], book))


def literal_codes() -> set[str]:
    """Every code that the planner's own modules report a problem with, word for word."""
    found = set()
    for path in (ROOT / "planner").rglob("*.py"):
        if "codes" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                stated = [*node.args[:4], *(word.value for word in node.keywords if word.arg == "code")]
                words = [one.value for one in stated if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                found |= {word for word in words[:1] if name in REPORTERS and KEBAB.fullmatch(word)}
    return found


def test_every_code_of_the_planner_has_its_meaning() -> None:
    assert literal_codes() - {*CODES} == set()


def test_no_meaning_is_left_of_a_code_that_is_gone() -> None:
    texts = "\n".join(path.read_text() for path in (ROOT / "planner").rglob("*.py") if "codes" not in path.parts)
    gone = {code for code in CODES if f'"{code}"' not in texts} - ASSEMBLED
    assert gone == set()
    assert {*CODES} >= ASSEMBLED


def test_no_code_stands_in_two_chapters_and_each_says_what_and_what_to_do() -> None:
    assert sum(map(len, CHAPTERS.values())) == len(CODES)
    for code, meaning in CODES.items():
        assert KEBAB.fullmatch(code) or code in ("declined", "released", "untested"), code
        assert meaning.what.endswith("."), code
        assert meaning.cure.endswith("."), code


def test_what_is_printed_fits_a_terminal(rules: Compiled, book: Book) -> None:
    every = itertools.chain(
        (rule_page(rule, book) for rule in rules.ruleset.rules),
        (code_page(code, book) for code in codes_of(rules.ruleset)),
    )
    for page in every:
        for line in for_terminal(block for block in page if block.kind != "drawing"):
            assert len(line) <= 100
            assert line == line.rstrip()


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "vlan-over-bond"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(
        "vlan-over-bond\n\nThe management IP is on a VLAN over a bond. A devise rule of ovirtmgmt@1.0"
    )
    assert "\nA HOST ON WHICH IT FIRES\n" in told
    assert "bond bond4" in told
    assert "  - iface = bond4\n" in told
    assert "no bond has name" in told


def test_a_code_that_rules_say_is_explained_by_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "vlan-tag-mismatch"]) == 0
    told = capsys.readouterr().out
    for rule in ("own-network-tag-mismatch", "vlan-tag-mismatch/other", "vlan-tag-missing", "vlan-tag-zero"):
        assert f"SAID BY THE RULE {rule.upper()}\n" in told
    assert "The engine's event: VLAN_ID_MISMATCH_FOR_MANAGEMENT_NETWORK_CONFIGURATION." in told
    assert told.count("A HOST ON WHICH THE RULE ") == 2


def test_a_row_and_a_code_of_the_planner(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "vlan-tag-mismatch/other"]) == 0
    assert capsys.readouterr().out.startswith("vlan-tag-mismatch/other\n")
    assert main(["explain", "capture-truncated"]) == 0
    assert "Half a host is never planned." in " ".join(capsys.readouterr().out.split())


def test_why_not_of_a_code_names_the_rules_that_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    golden = ROOT / "golden" / "nic-static"
    arguments = [str(golden / "capture.json"), "--network", str(golden / "definition.yaml")]
    assert main(["why-not", *arguments, "vlan-tag-mismatch"]) == 1
    told = capsys.readouterr().err
    assert "error[unknown-rule]: vlan-tag-mismatch is a code, and not a rule of ovirtmgmt@1.0" in told
    (hint,) = [line for line in told.splitlines() if "hint: the rules that say it: " in line]
    for rule in hint.partition("say it: ")[2].split(", "):
        assert main(["why-not", *arguments, rule]) == 0


def test_what_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    for name, near in (("vlan-tag-missmatch", "vlan-tag-mismatch"), ("capture-trunkated", "capture-truncated")):
        assert main(["explain", name]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert f"error[unknown-name]: ovirtmgmt@1.0 has no rule '{name}', and there is no such code" in told.err
        assert f"did you mean {near}?" in told.err
    assert main(["explain", "VLAN_ID_MISMATCH_FOR_MANAGEMENT_NETWORK_CONFIGURATION"]) == 1
    assert "hint: it is the engine's event of vlan-tag-mismatch\n" in capsys.readouterr().err


def test_a_rule_of_a_site_is_drawn_on_its_own_goldens(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    site = str(tmp_path / "site")
    assert main(["rules", "init", site]) == 0
    capsys.readouterr()
    assert main(["explain", "bond-without-lacp", "--policy", site]) == 0
    told = capsys.readouterr().out
    assert "Golden bond-of-mode-1: A bond of mode 1 (active-backup)." in told
    assert "warning: bond0 is of mode 1" in " ".join(told.split())
    assert "no bond has name bond0 ($attachment.iface) and mode not 4" in " ".join(told.split())
    (tmp_path / "site" / "golden").rename(tmp_path / "elsewhere")
    assert main(["explain", "bond-without-lacp", "--policy", site]) == 0
    assert "Golden bond-of-mode-1: not at hand here." in capsys.readouterr().out
    assert main(["explain", "bond-without-lacp", "--policy", site, "--goldens", str(tmp_path / "elsewhere")]) == 0
    assert "warning: bond0" in capsys.readouterr().out


def test_pages_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert main(["rules", "doc", "--pages", str(tmp_path / "file")]) == 1
    assert "error[file-unwritable]" in capsys.readouterr().err
