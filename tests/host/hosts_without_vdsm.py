"""The lab's hosts as other programs than VDSM describe them; all of them where ../shared is, else those kept here."""

import json
from pathlib import Path
from typing import Any

from captured_hosts import ROOT, Document

import planner
from planner.host.capture import read_capture
from planner.host.model import Host

SHARED = ROOT.parent / "shared" / "captures" / "vdsm-lab"
HERE = ROOT / "tests" / "data" / "hosts"
DESCRIBED = {
    path.parent.name: path.parent
    for path in sorted((SHARED if SHARED.exists() else HERE).glob("*/nmstate-show.json"))
    if path.with_name("caps.json").exists()
}
RULES, _ = planner.load_rules("ovirtmgmt@1.0")
PLANNER = planner.Planner(RULES) if RULES is not None else None


def told(slug: str, file: str) -> Any:
    return json.loads((DESCRIBED[slug] / file).read_text())


def iproute(slug: str, *files: str) -> str:
    """What `ip` answers on the host, with its nics as cards: in the lab they are veths that VDSM takes for some."""
    nics = told(slug, "caps.json")["nics"]
    answers = [told(slug, file) for file in files or ("ip-addr.json", "ip-route.json", "ip6-route.json")]
    for link in (record for answer in answers for record in answer if record.get("ifname") in nics):
        link.get("linkinfo", {}).pop("info_kind", None)
    return "".join(f"{json.dumps(answer)}\n" for answer in answers)


def wanted(slug: str) -> planner.Definition:
    """The management network with the tag that the host's has."""
    tag = told(slug, "about.json")["management_device"].rpartition(".")[2]
    definition = planner.read_definition({"vlan": int(tag)} if tag.isdigit() and 0 < int(tag) < 4095 else {})
    return definition.required()


def planned(slug: str, host: Host) -> Document:
    address = told(slug, "about.json")["management_address"]
    assert PLANNER is not None
    return PLANNER.plan(host, wanted(slug), [address]).document()


def from_caps(slug: str) -> Document:
    return planned(slug, read_capture((DESCRIBED[slug] / "caps.json").read_bytes(), slug).required())


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)
