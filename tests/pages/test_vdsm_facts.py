"""What the code cites of docs/vdsm.md is there: "docs/vdsm.md, Verdict" names a section by its heading."""

import re
from pathlib import Path

import pytest
from places import ROOT

HEADINGS = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "vdsm.md").read_text(encoding="utf-8"), re.MULTILINE)
CITING = sorted(
    path
    for folder in ("planner", "lab", "tests", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "test_vdsm_facts.py" and "vdsm.md" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", CITING, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_citation_names_a_section(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    cited = re.findall(r"docs/vdsm\.md,\s+([^\n]*)", text)
    assert len(cited) == text.count("vdsm.md"), "each citation names a section, on its own line"
    unknown = [words for words in cited if not any(re.match(rf"{re.escape(name)}\b", words) for name in HEADINGS)]
    assert not unknown
