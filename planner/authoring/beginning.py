"""A site's policy as it begins: a manifest, one rule that says why, and the hosts that it is tried on."""

import json
from typing import Any, NamedTuple

from planner.documents.sources import dump_yaml
from planner.policy.seal import MANIFEST
from planner.schemas import texts

SCHEMAS = ("rule.schema.json", "ruleset.schema.json", "definition.schema.json")
ADDRESS = "192.0.2.10"
# What is special about each host, and the modes of its bonds; the address is on the first.
GOLDENS = {
    "bond-of-mode-1": ("A bond of mode 1 (active-backup)", "1"),
    "bond-of-mode-4": ("A bond of mode 4 (802.3ad), as the policy wants it", "4"),
    "bond-of-mode-1-beside": ("A bond of mode 4, and beside it one of mode 1, which is not the rule's business", "41"),
}
RULE = """\
# yaml-language-server: $schema=../schemas/rule.schema.json
rule: bond-without-lacp
since: "1"
summary: The management network is on a bond that does not speak LACP
why: >
  An example, to be replaced by a rule of the site's own. Where the switches have a port channel for every host, a bond
  of another mode than 4 works until the switch sends a flow to a member that drops it: the host comes and goes.
when:
  - attachment: {}
  - bond: {name: $attachment.iface, mode: {not: 4}}
then:
  warn:
    code: bond-without-lacp
    message: "{bond.name} is of mode {bond.mode}; the switches here have a port channel for every host"
    hint: "set {bond.name} to mode 4 (802.3ad)"
examples:
  fires: [bond-of-mode-1]
  silent: [bond-of-mode-4, bond-of-mode-1-beside]
"""


class Beginning(NamedTuple):
    """The files of a new policy by path, and the goldens among them, whose plans are made when its rules can be."""

    files: dict[str, str]
    goldens: tuple[str, ...]


def beginning(name: str, extends: str) -> Beginning:
    """The policy ``name`` over the ruleset ``extends`` (``ovirtmgmt@1.0``).

    The schemas lie in it: an editor finds them wherever the folder is moved to, also where mgmtnet is not installed.
    """
    schemas = {f"schemas/{file}": text for file, text in texts().items() if file in SCHEMAS}
    manifest = (
        "# yaml-language-server: $schema=schemas/ruleset.schema.json\n"
        f'ruleset: {name}\nversion: "1"\nsummary: The management network as our site wants it\nextends: {extends}\n'
    )
    files = {MANIFEST: manifest, "guard/bond-without-lacp.yaml": RULE, **schemas}
    stated = "# yaml-language-server: $schema=../../schemas/definition.schema.json\n"
    for golden, (about, modes) in GOLDENS.items():
        files[f"golden/{golden}/capture.json"] = json.dumps(_capture(modes), indent=1) + "\n"
        files[f"golden/{golden}/definition.yaml"] = stated + dump_yaml({"network": "ovirtmgmt"})
        files[f"golden/{golden}/about.yaml"] = f"about: {json.dumps(about)}\naddress: {json.dumps([ADDRESS])}\n"
    return Beginning(files, tuple(f"golden/{golden}" for golden in GOLDENS))


def _capture(modes: str) -> dict[str, Any]:
    """A host with a bond of two nics for each of ``modes``, the address on the first, as VDSM 4.50 reports it."""
    nics = {f"eth{number}": _device(number) for number in range(1, 2 * len(modes) + 1)}
    bonds = {}
    for place, mode in enumerate(modes):
        first, second = 2 * place + 1, 2 * place + 2
        nics[f"eth{second}"]["hwaddr"] = nics[f"eth{first}"]["hwaddr"]  # that of the bond, while it is a member
        bond = {"slaves": [f"eth{first}", f"eth{second}"], "opts": {"mode": mode, "miimon": "100"}, "switch": "legacy"}
        active = {"active_slave": f"eth{first}"} if mode == "1" else {}
        bonds[f"bond{place}"] = {**_device(first, with_address=place == 0), **bond, **active}
    return {
        "software_version": "4.50",
        "networks": {},
        "bondings": bonds,
        "bridges": {},
        "nics": nics,
        "vlans": {},
        "nameservers": ["192.0.2.53"],
        "supportsIPv6": True,
        "netConfigDirty": "False",
        "lastClientIface": "bond0",
    }


def _device(number: int, *, with_address: bool = False) -> dict[str, Any]:
    """What VDSM reports of every device, here with the MAC address of this number."""
    return {
        "hwaddr": f"52:54:00:00:00:0{number}",
        "permhwaddr": f"52:54:00:00:00:0{number}",
        "addr": ADDRESS if with_address else "",
        "netmask": "255.255.255.0" if with_address else "",
        "ipv4addrs": [f"{ADDRESS}/24"] if with_address else [],
        "gateway": "192.0.2.1" if with_address else "",
        "ipv4defaultroute": with_address,
        "mtu": "1500",
        "ipv6addrs": [],
        "ipv6autoconf": False,
        "ipv6gateway": "::",
        "dhcpv4": False,
        "dhcpv6": False,
        "speed": 10000,
    }
