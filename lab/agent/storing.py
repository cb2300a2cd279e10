"""The persistent configuration: JSON files in a folder that outlives a reboot, one a network and one a bond.

As VDSM's /var/lib/vdsm/persistence/netconf (vdsm.md 7.1): ``nets/<name>``, ``bonds/<name>``. Written aside and renamed:
a machine that dies meanwhile finds the old configuration or the new one.
"""

import json
import os
import shutil
from typing import Any

from planner.simulator.kernel import Config

PARTS = ("nets", "bonds")


def store(folder: str, config: Config) -> None:
    """Make ``config`` what ``folder`` tells."""
    aside = f"{folder}.new"
    shutil.rmtree(aside, ignore_errors=True)
    for part, records in zip(PARTS, config, strict=True):
        os.makedirs(os.path.join(aside, part))
        for name, record in records.items():
            with open(os.path.join(aside, part, name), "w", encoding="utf-8") as file:
                json.dump(record, file, indent=1)
    # A folder cannot be renamed over one that is not empty; `stored` looks at the old one in between.
    old = f"{folder}.old"
    shutil.rmtree(old, ignore_errors=True)
    if os.path.isdir(folder):
        os.rename(folder, old)
    os.rename(aside, folder)
    shutil.rmtree(old, ignore_errors=True)


def stored(folder: str) -> Config:
    """What ``folder`` tells; nothing, if there is none."""
    place = folder if os.path.isdir(folder) else f"{folder}.old"
    return Config(*(_records(os.path.join(place, part)) for part in PARTS))


def _records(folder: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found[name] = json.load(file)
    return found
