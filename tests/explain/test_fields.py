"""The table of kinds and fields: whole, readable on a terminal, and as docs/fields.md has it."""

import json
from pathlib import Path

import pytest

from planner.cli.main import main
from planner.explain.book import MEANINGS, SET, WIDTH_OF_FIELDS, described, fields_of, holds, listed
from planner.facts.vocabulary import KINDS

ROOT = Path(__file__).parents[2]


def test_the_page_is_as_the_vocabulary_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "fields", "-o", "markdown"]) == 0
    page = capsys.readouterr().out
    assert page == (ROOT / "docs" / "fields.md").read_text(), "run make docs"
    for name in MEANINGS:
        assert f"\n## {name}\n" in page
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == list(fields_of(name))
        assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


def test_every_kind_is_listed_with_its_meaning() -> None:
    lines = list(listed())
    assert {line.split()[0] for line in lines if not line.startswith(" ")} == {*KINDS, SET}
    assert max(map(len, lines)) <= WIDTH_OF_FIELDS


@pytest.mark.parametrize("name", MEANINGS)
def test_a_kind_is_a_table(name: str) -> None:
    lines = list(described(name))
    assert lines[0].startswith(f"{name}: ")
    assert max(map(len, lines)) <= WIDTH_OF_FIELDS
    starts = [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]
    assert starts == list(fields_of(name))
    for field, declared in fields_of(name).items():
        (row,) = (line for line in lines if line.startswith(f"  {field} "))
        assert f" {holds(name, declared)} " in row
        if holds(name, declared) == "word":
            told = " ".join(" ".join(lines).split())
            assert all(str(word).partition(" ")[0] in told for word in declared.words)


def test_a_program_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "fields", "-o", "json"]) == 0
    kinds = {kind["kind"]: kind for kind in json.loads(capsys.readouterr().out)["kinds"]}
    assert {*kinds} == {*MEANINGS}
    assert kinds["management"]["concluded_in"] == "locate"
    assert main(["rules", "fields", "vlan", "-o", "json"]) == 0
    (vlan,) = json.loads(capsys.readouterr().out)["kinds"]
    fields = {field["field"]: field for field in vlan["fields"]}
    assert {name: fields["tag"][name] for name in ("type", "most", "absent")} == {
        "type": "number",
        "most": 4095,
        "absent": -1,
    }
    assert fields["base_kind"]["values"] == ["nic", "bond", "vlan", "bridge", "unlisted"]


def test_an_unknown_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "fields", "brigde"]) == 1
    told = capsys.readouterr()
    assert told.err == "error[unknown-kind]: there is no kind of fact 'brigde'\n  hint: did you mean bridge?\n"
    assert told.out == ""
    assert main(["rules", "fields", "mtu"]) == 1
    assert "hint: it is a field of definition, device, network, attachment\n" in capsys.readouterr().err
    assert main(["rules", "fields", "bond"]) == 0
    assert "  mode " in capsys.readouterr().out
