"""The frame of the bench's pages: one file, no script, nothing fetched; light and dark as the reader's system is."""

from collections.abc import Iterable, Iterator

from planner.printing import html_text

STYLE = """\
:root { color-scheme: light dark; --ink: #1f2430; --paper: #fbfaf7; --line: #d9d5cb; --soft: #6d7280;
  --good: #2c7a4b; --bad: #b3372f; --warn: #8f5a08; --fill: #efece4 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e3dc; --paper: #191b20; --line: #383c46; --soft: #9aa0ae;
    --good: #67c08c; --bad: #ec8379; --warn: #e0aa4e; --fill: #24272e } }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p.sub { color: var(--soft); margin: .2rem 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 600 }
td.n { text-align: right; white-space: nowrap }
code { font: 13px/1.4 ui-monospace, monospace }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) } .soft { color: var(--soft) }
.bar { background: var(--fill); height: .5rem; border-radius: .25rem; min-width: 6rem }
.bar i { display: block; height: 100%; border-radius: .25rem; background: var(--good) }
details { border-bottom: 1px solid var(--line); padding: .4rem 0 }
summary { cursor: pointer }
figure { margin: 1rem 0; overflow-x: auto }
figcaption { color: var(--soft) }
svg { max-width: 100%; height: auto; background: #fff; border-radius: .4rem }
"""


def framed(title: str, subtitle: str, body: Iterable[str]) -> str:
    """A whole page; ``body`` is HTML, title and subtitle are text."""
    return "\n".join(parts(title, subtitle, body)) + "\n"


def parts(title: str, subtitle: str, body: Iterable[str], head: str = "") -> Iterator[str]:
    """The page part by part, one that is too long to be kept; ``head`` is further HTML of its head."""
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"{head}<title>{html_text(title)}</title>"
    yield f"<style>\n{STYLE}</style></head><body>"
    yield f"<h1>{html_text(title)}</h1>"
    yield f'<p class="sub">{html_text(subtitle)}</p>'
    yield from body
    yield "</body></html>"
