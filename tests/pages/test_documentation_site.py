"""`make site`: README and docs as a site, on which every link leads somewhere and nothing comes from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

FETCHED = re.compile(
    r"""<(?:script|img|iframe)\b[^>]*\ssrc=["']?(?:https?:)?//|<link\b[^>]*\shref=["']?(?:https?:)?//"""
)
# What is linked to, or named by its address, outside: looked up by hand, as the suite asks nobody.
OUTSIDE = {
    "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    "https://json-schema.org/draft/2020-12/schema",
    "https://stomp.github.io/stomp-specification-1.2.html",
    "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
    "https://www.kernel.org/doc/html/latest/virt/uml/user_mode_linux_howto_v2.html",
    "http://www.w3.org/2000/svg",
    "https://github.com/example/mgmtnet",  # a place to put one's own in
}
ADDRESS = re.compile(r"https?://[^\s)>\"'`,;]*[^\s)>\"'`,;.:]")
# Names that stand for another (RFC 2606), and this machine.
NOBODY = re.compile(
    r"https?://(?:[\w.-]*\bexample(?:\.com|\.org)?|localhost|127\.0\.0\.1)(?:[:/]|$)|https?://(?:[A-Z{.]|host/)"
)


def build(configuration: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder, "--config-file", configuration]
    return subprocess.run(call, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT / "packaging/site/mkdocs.yml", folder)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_address_outside_was_looked_up() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--", "*.md", "packaging", "planner", "schemas", "lab", "*.toml", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [name for name in listed.stdout.split() if not name.startswith(("tests/", "bench/"))]
    found = {address for name in files for address in ADDRESS.findall((ROOT / name).read_text(errors="replace"))}
    assert {address for address in found if not NOBODY.match(address)} == OUTSIDE


def test_every_page_is_on_it(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    there = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    assert {page.with_name("index") if page.name == "README" else page for page in pages} <= there


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    assert FETCHED.search('<link rel="x" href="https://fonts.example/a.css">')
    assert not [path.name for path in site.rglob("*.html") if FETCHED.search(path.read_text())]


def test_a_page_that_is_named_can_be_followed(site: Path) -> None:
    assert '<a href="applying.html">docs/applying.md</a>' in (site / "index.html").read_text()
    assert '<a href="index.html">README.md</a>' in (site / "architecture.html").read_text()


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("[there](nowhere.md)\n")
    text = (ROOT / "packaging/site/mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(
        re.sub(r"^(docs_dir|site_dir|hooks):.*\n|^nav:\n(?s:.*)", "", text, flags=re.MULTILINE)
    )
    built = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert built.returncode == 1
    assert "nowhere.md" in built.stderr
