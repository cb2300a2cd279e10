"""What outlives a reboot: VDSM's configurations and NetworkManager's profiles.

A configuration is a folder of JSON files, one a network and one a bond.

As VDSM keeps them: ``nets/<name>``, ``bonds/<name>`` (docs/vdsm.md, Running and persistent). Written aside and renamed:
a machine that dies meanwhile finds the old configuration or the new one.
"""

import json
import os
import shutil
from typing import Any

from lab.agent.machine import Link, Machine, Route
from planner.standin.kernel import Config

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


def store_machine(path: str, machine: Machine) -> None:
    """Make ``machine`` what the file ``path`` tells."""
    links = {name: {**link._asdict(), "options": dict(link.options)} for name, link in machine.links.items()}
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump({**machine._asdict(), "links": links}, file, indent=1)
    os.replace(f"{path}.new", path)


def stored_machine(path: str) -> Machine | None:
    """What the file ``path`` tells; None, if there is none."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        told = json.load(file)
    links = {name: Link(**{**link, "addresses": tuple(link["addresses"])}) for name, link in told["links"].items()}
    routes = tuple(Route(*route) for route in told["routes"])
    return Machine(links, routes, tuple(told["rules"]), tuple(told["nameservers"]), told["resolver"])
