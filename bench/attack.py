"""`make attack`: hostile inputs to everything that is read, and kills at random instants.

Writes its section of docs/reliability.md. `SEED=7` makes other tries, `TRIES=200` fewer of each family (that leaves
the page alone), `ONLY=rules` those of one family. The status is 1 if any failed.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hostile_captures
import hostile_journals
import hostile_names
import hostile_repositories
import hostile_rules
import hostile_servers
import random_kills
from attacking import FAULT, MEMORY, Family, attack, replay
from hosts_on_stage import ROOT
from page_sections import read_section, write_section

FAMILIES = tuple(
    family.FAMILY
    for family in (
        hostile_captures,
        hostile_rules,
        hostile_servers,
        hostile_journals,
        hostile_repositories,
        hostile_names,
        random_kills,
    )
)
PAGE, HEADING = ROOT / "docs" / "reliability.md", "Attacks"
ROW = re.compile(r"^\| ([^|]+) \| .*$", re.MULTILINE)
TOLD = f"""\
Written by `make attack`: inputs that somebody made to break what reads them. Each try is a process of its own. It has
survived when it ended with a plan, a refusal or problems that say what to do: without an exception, an internal fault
or a status that no page names, within its seconds of processor, within {MEMORY >> 20} MB, with nothing executed that
stands in an input, and with nothing printed that steers a terminal (C0, C1, direction, surrogates). A folder that
reproduces it is kept of one that failed.
"""


def main() -> int:
    """Attack, tell, write the page; 1 if a try failed."""
    given = _options()
    chosen = [family for family in FAMILIES if given.only in family.name]
    if given.replay:
        kind = replay(chosen[0], given.replay)
        print((given.replay / FAULT).read_text() if kind else "survived")
        return 1 if kind else 0
    kept = Path(tempfile.mkdtemp(prefix="mgmtnet-fallen-"))
    failed = {}
    for family in chosen:
        tries = min(family.tries, given.tries or family.tries)
        failed[family] = len(attack(family, given.seed, tries, given.jobs or family.jobs, kept))
        if not given.tries:
            write_section(PAGE, HEADING, _section({family.name: _row(family, given.seed, failed[family])}))
    return 1 if any(failed.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make attack", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tries", type=int, default=0, help="no more of each family")
    parser.add_argument("--only", default="", help="families with this in their names")
    parser.add_argument("--jobs", type=int, default=0, help="tries at once")
    parser.add_argument("--replay", type=Path, metavar="FOLDER", help="a try that was kept; --only names its family")
    return parser.parse_args()


def _section(rows: dict[str, str]) -> Iterator[str]:
    """The section with new rows; those of the families that were not attacked now stay."""
    known = {found[1]: found[0] for found in ROW.finditer(read_section(PAGE, HEADING))} | rows
    yield TOLD
    yield "| attack | what is done | seed | tries | survived | failed | seconds |"
    yield "|---|---|---|---|---|---|---|"
    yield from (known[family.name] for family in FAMILIES if family.name in known)


def _row(family: Family, seed: int, failed: int) -> str:
    counts = f"{family.tries:,} | {family.tries - failed:,} | {failed:,}"
    return f"| {family.name} | {family.told} | {seed} | {counts} | {family.processor} |"


if __name__ == "__main__":
    sys.exit(main())
