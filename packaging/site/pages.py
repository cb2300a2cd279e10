"""The pages that stand outside docs/ are on the site, too, and a page that is named in a sentence can be followed.

The repository's pages link to each other by where they lie in it; here they are led to where they lie on the site.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "lab/README.md": "lab.md",
}
INSIDE = {place: path for path, place in OUTSIDE.items()}
# Blocks of code stay as they are, and so does what stands between backticks.
CODE = re.compile(r"(^```.*?^```$|^(?: {4}[^\n]*\n)+|`[^`]+`)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^)#:]+)((?:#[^)]*)?\))")
NAMED = re.compile(r"(?<!\]\()(?<![\w/\[.])((?:docs|lab)/[\w/-]+\.md|(?:README|CONTRIBUTING|CHANGELOG)\.md)(?!\])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """README and the others beside docs/ get a place."""
    for path, place in OUTSIDE.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    files.append(
        File.generated(config, "site.css", content=".md-grid { max-width: 78rem }  /* a plan is 100 columns wide */")
    )
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: object) -> str:
    """Links lead to where their pages are on the site; pages named in a sentence become links."""
    place = page.file.src_uri
    path = INSIDE.get(place, f"docs/{place}")

    def led(target: str) -> str | None:
        on_site = OUTSIDE.get(target, target.removeprefix("docs/"))
        if files.get_file_from_path(on_site) is None:
            return None
        return posixpath.relpath(on_site, posixpath.dirname(place) or ".")

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[2]))
        return f"{found[1]}{led(target) or found[2]}{found[3]}"

    def named(found: re.Match[str]) -> str:
        there = led(found[1])
        return f"[{found[1]}]({there})" if there and there != posixpath.basename(place) else found[1]

    parts = CODE.split(markdown)
    parts[::2] = [NAMED.sub(named, LINK.sub(link, text)) for text in parts[::2]]
    return "".join(parts)
