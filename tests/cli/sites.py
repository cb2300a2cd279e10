"""A site's rules as the tests write them, and their release."""

import shutil
from pathlib import Path

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
MANIFEST = 'ruleset: site\nversion: "1.2"\nsummary: Ours\nextends: ovirtmgmt@1.0\n'
RULE = """\
rule: {name}
since: "{since}"
summary: {summary}
why: >
  Because we say so.
when:
  - management: {{}}
then:
  note:
    code: ours
    message: seen
    hint: none
examples:
  fires: [nic-static]
  silent: [address-unknown]
"""


def released(site: Path, *options: str) -> int:
    """The status of `rules release`, with two goldens that its rules were tried on."""
    for name in ("nic-static", "address-unknown"):
        if not (site / "golden" / name).exists():
            shutil.copytree(ROOT / "golden" / name, site / "golden" / name)
    main(["golden", "update", str(site / "golden"), "--policy", str(site)])
    return main(["rules", "release", str(site), *options])
