"""A ruleset of a few rules, about which a question takes no time."""

from pathlib import Path

FOUND = "{device: $candidate.device, kind: $candidate.kind, address: $candidate.address, found_by: address}"
NIC = "nic: {name: $management.device}"
RULES = {
    "locate/found": (f"conclude: {{management: {FOUND}}}", "candidate: {found_by: address, rivals: 0}"),
    "devise/on-nic": ("set: {iface: $nic.name, mtu: $definition.mtu}", "management: {}", "definition: {}", NIC),
    "guard/small": ("refuse: {code: small, message: small, hint: raise it}", "attachment: {mtu: {lt: 1000}}"),
    "guard/bonded": (
        "refuse: {code: bonded, message: bonded, hint: take it apart}",
        "management: {}",
        "bond: {name: $management.device}",
    ),
}


def write_small(folder: Path, *, least: int = 1000) -> Path:
    """Write it into ``folder``; hosts with an MTU below ``least`` are refused."""
    folder.mkdir(exist_ok=True)
    (folder / "ruleset.yaml").write_text('ruleset: small\nversion: "1"\nsummary: Ours.\n')
    for path, (then, *when) in RULES.items():
        stage, name = path.split("/")
        (folder / stage).mkdir(exist_ok=True)
        patterns = "".join(f"  - {pattern}\n" for pattern in when).replace("1000", str(least))
        head = f'rule: {name}\nsince: "1"\nsummary: Ours\nwhy: Ours.\n'
        text = f"{head}when:\n{patterns}then:\n  {then}\nexamples: {{fires: [any]}}\n"
        (folder / stage / f"{name}.yaml").write_text(text)
    return folder
