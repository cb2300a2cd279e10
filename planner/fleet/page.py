"""A planned fleet as a page: its sum, each distinct topology drawn, and every host, to be filtered.

One file, nothing fetched, light and dark. The script is in the page, and nothing else in it can run: the page's policy
has its digest.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256

from planner.authoring.page import parts
from planner.fleet.planning import UNPLANNED, Planned
from planner.fleet.summary import OUTCOMES, Tally
from planner.printing import html_text

IDS = re.compile(r'(?<=["\s])(drawing-(?:title|desc))(?=["\s])')  # of a drawing, which may stand once in a page
CLASSES = {"change": "warn", "no-change": "good", "refused": "bad", UNPLANNED: "bad"}
# Hides the rows that do not have every word of the field; =word is a whole cell.
SCRIPT = """
const field = document.getElementById("filter"), told = document.getElementById("shown");
const rows = Array.from(document.querySelectorAll("#hosts tbody tr"));
const cells = rows.map(row => Array.from(row.cells, cell => cell.textContent.toLowerCase()));
function has(row, word) {
  return word[0] === "=" ? row.includes(word.slice(1)) : row.some(cell => cell.includes(word));
}
function filter() {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, place) => {
    row.hidden = !words.every(word => has(cells[place], word));
    shown += !row.hidden;
  });
  told.textContent = shown + " of " + rows.length;
}
field.addEventListener("input", filter);
document.addEventListener("click", event => {
  const asked = event.target.closest("button[data-filter]");
  if (asked) { field.value = asked.dataset.filter; filter(); field.scrollIntoView(); }
});
filter();
"""
DIGEST = b64encode(sha256(SCRIPT.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{DIGEST}'"
HEAD = f"""<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<style>
input {{ font: inherit; width: 24rem; max-width: 100%; box-sizing: border-box; padding: .3rem; color: inherit;
  background: var(--fill); border: 1px solid var(--line); border-radius: .25rem }}
button {{ font: inherit; color: inherit; background: none; border: 0; padding: 0; text-decoration: underline;
  cursor: pointer }}
a {{ color: inherit }}
table.counts {{ width: auto; display: inline-table; vertical-align: top; margin: 0 3rem 1rem 0 }}
body {{ overflow-wrap: anywhere }}
@media (prefers-color-scheme: dark) {{ figure svg {{ filter: invert(.9) hue-rotate(180deg) }} }}
@media (max-width: 40rem) {{ #hosts th:nth-child(3), #hosts td:nth-child(3) {{ display: none }} }}
</style>"""


def page(title: str, tally: Tally, hosts: Iterable[Planned]) -> Iterator[str]:
    """The page part by part; of each host only a row is made."""
    for part in parts(title, tally.headline, _body(tally, hosts), HEAD):
        yield f"{part}\n"


def _body(tally: Tally, hosts: Iterable[Planned]) -> Iterator[str]:
    yield from _counts("outcome", {outcome: tally.outcomes[outcome] for outcome in OUTCOMES})
    yield from _counts("code", dict(tally.codes.most_common()))
    yield from _counts("VDSM", dict(sorted(tally.ages.items())))
    yield "<h2>Topologies</h2>"
    for number, (topology, each) in enumerate(tally.by_size):
        shares = ", ".join(f"{count} {outcome}" for outcome, count in sorted(each.items()))
        words = f"<b>{each.total()}</b> {html_text(topology)} <span class=soft>{shares}</span>"
        yield f"<details><summary>{words}</summary>"
        for outcome in sorted(each):
            if (topology, outcome) in tally.drawings:
                host, drawing = tally.drawings[topology, outcome]
                caption = f"{OUTCOMES[outcome]}: {host}"
                drawing = IDS.sub(rf"\1-{number}-{outcome}", drawing)
                yield f'<figure tabindex="0"><figcaption>{html_text(caption)}</figcaption>{drawing}</figure>'
        yield "</details>"
    yield '<h2>Hosts</h2><p><label>Filter: <input id="filter" type="search" placeholder="words of a row"></label> '
    yield '<span id="shown" class="soft" aria-live="polite"></span></p>'
    titles = "".join(f"<th>{title}</th>" for title in ("host", "outcome", "topology", "VDSM", "why"))
    yield f'<table id="hosts"><thead><tr>{titles}</tr></thead><tbody>'
    yield from map(_row, hosts)
    yield f"</tbody></table>\n<script>{SCRIPT}</script>"


def _counts(what: str, counts: dict[str, int]) -> Iterator[str]:
    """How many hosts there are of each; a click shows these."""
    if not any(counts.values()):
        return
    yield f"<table class=counts><tr><th>hosts</th><th>{what}</th></tr>"
    for name, number in counts.items():
        if number:
            stated = html_text(name)
            button = f'<button type="button" data-filter="{"=" * (what == "outcome")}{stated}">{stated}</button>'
            yield f'<tr><td class=n>{number}</td><td class="{CLASSES.get(name, "")}">{button}</td></tr>'
    yield "</table>"


def _row(planned: Planned) -> str:
    why = "; ".join(f"{one['code']}: {one['message']}" for one in planned.problems)
    name = html_text(planned.host)
    host = f'<a href="{_link(planned.plan)}">{name}</a>' if planned.plan else name
    cells = (html_text(planned.topology), html_text(planned.vdsm), html_text(why))
    outcome = f'<td class="{CLASSES.get(planned.outcome, "")}">{planned.outcome}</td>'
    return f"<tr><td>{host}</td>{outcome}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _link(path: str) -> str:
    from urllib.parse import quote

    return html_text(quote(path.encode("utf-8", "surrogateescape")))
