"""A new rule's file out of one that is like it: what is of the old one alone is taken out."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from planner.authoring.compare import meaning
from planner.authoring.fmt import HEADING, aligned, blocks_of, head_of, split_row
from planner.facts.vocabulary import STAGES
from planner.printing import markdown_text
from planner.problem import Problem
from planner.rules.digest import MANIFEST
from planner.rules.model import Rule, Ruleset
from planner.rules.ruleset import KEYS, parse_manifest
from planner.rules.schema import texts
from planner.yamltext import Findings, Node, dump_yaml, parse_yaml, written_at

# A comment: a why that is there and says nothing would be an error, and nobody could try the rule before it is written.
WHY = "# why: what would happen to a host without this rule, and where that is known from"
COLUMNS = ("examples.fires", "examples.silent", "why")


def copied(text: str, name: str, since: str, schema: str) -> str:
    """The file ``text``, which reads well, as that of the rule ``name``: its why and its examples are to be filled in.

    ``schema`` is the path of the rules' schema, for editors.
    """
    node, _ = parse_yaml(text, name)
    if node is None:
        return text
    lines = _with_codes(text, node, name)
    head = head_of(lines)
    tabular = any(entry.name == "table" for entry in node.entries)
    stated = next(entry.value.value for entry in node.entries if entry.name == "rule")
    goldens = ["examples:", *([] if tabular else ["  fires: []"]), "  silent: []"]
    written = {"rule": [f"rule: {name}"], "since": [f'since: "{since}"'], "why": [WHY], "examples": goldens}
    made = [f"{HEADING}: $schema={schema}", *(line for line in lines[:head] if not line.startswith(HEADING))]
    for entry, begin, end in blocks_of(lines, node, head, len(lines)):
        comments = lines[begin : entry.key.line - 1]
        if entry.name == "overrides" and stated in [item.value for item in entry.value.items]:
            continue  # it took the place of a rule of its own name
        made += [*comments, *written.pop(entry.name, lines[entry.key.line - 1 : end])]
        if entry.name == "summary" and all(other.name != "why" for other in node.entries):
            made += written.pop("why")
    made += [line for block in written.values() for line in block]
    return _without_goldens("\n".join(made) + "\n", name) if tabular else "\n".join(made) + "\n"


def _with_codes(text: str, node: Node, name: str) -> list[str]:
    """The lines of a rule's file with its verdicts called ``name``: a code is how a site speaks of its own rule."""
    lines = text.splitlines()
    then = _under(node, "then")
    for verdict in then.entries if then is not None else ():
        code = _under(verdict.value, "code")
        if code is not None and code.kind == "text":
            line, begin = lines[code.line - 1], code.column - 1
            lines[code.line - 1] = line[:begin] + name + line[begin + len(written_at(text, code.line, code.column)) :]
    return lines


def _without_goldens(text: str, source: str) -> str:
    """A table's file with the cells empty that were about the old rows, and codes that are called after the new."""
    node, _ = parse_yaml(text, source)
    table = _under(node, "table")
    columns, rows = _under(table, "columns"), _under(table, "rows")
    if columns is None or rows is None:
        return text
    old = [index for index, heading in enumerate(columns.items) if heading.value in COLUMNS]
    codes = [index for index, heading in enumerate(columns.items) if str(heading.value).endswith(".code")]
    lines = text.splitlines()
    for entry in rows.entries:
        split = split_row(lines[entry.value.line - 1])
        if split is not None and len(split[1]) == len(columns.items):
            begin, cells, rest = split
            cells = ["~" if index in old else cell for index, cell in enumerate(cells)]
            cells = [f"{source}-{entry.name}" if index in codes else cell for index, cell in enumerate(cells)]
            lines[entry.value.line - 1] = f"{begin} [{', '.join(cells)}]{rest}"
    return aligned("\n".join(lines) + "\n", source)


def _under(node: Node | None, name: str) -> Node | None:
    entries = node.entries if node is not None else ()
    return next((entry.value for entry in entries if entry.name == name), None)


# Sealing a version of a ruleset: its digest in the manifest, and what is new in it for the changelog.


def with_line(name: str, value: str, text: str) -> str:
    """The text of a manifest without errors, with ``name`` (a line of its seal) anew; no other line of it changes."""
    manifest, _ = parse_manifest(text, MANIFEST)
    entries = manifest.entries if manifest is not None else {}
    lines = text.split("\n")
    if name in entries:
        lines[entries[name].key.line - 1] = f"{name}: {value}"
        return "\n".join(lines)
    after = KEYS[KEYS.index(name) + 1 :]
    following = [entry.key.line - 1 for key, entry in entries.items() if key in after]
    place = min(following, default=len(lines))
    while place and (not lines[place - 1].strip() or (following and lines[place - 1].startswith("#"))):
        place -= 1
    return "\n".join([*lines[:place], f"{name}: {value}", *lines[place:]])


def from_the_future(ruleset: Ruleset) -> list[Problem]:
    """The rules that claim a later version than the one that is released."""
    problems = []
    for rule in ruleset.own:
        if _number(rule.since) > _number(ruleset.version):
            findings = Findings(rule.source)
            message = f"{rule.name} is there since {rule.since}, and this is {ruleset.name} {ruleset.version}"
            hint = f'write since: "{ruleset.version}", or raise the version'
            findings.report(Node("text", rule.name, rule.line, 1), "since-later", message, hint)
            problems += findings.problems
    return problems


def entry(ruleset: Ruleset, last: Ruleset | None) -> str:
    """The changelog's entry: what is otherwise than in the ``last`` version that was sealed.

    Without one: the rules that are new by what they say of themselves, stage by stage, and those a site disables.
    """
    old = {rule.name: rule for rule in last.rules} if last else {}
    now = {rule.name: rule for rule in ruleset.rules}
    own = ruleset.own
    new = [rule for rule in own if (rule.name not in old if last else rule.since == ruleset.version)]
    changed = [rule for rule in own if rule.name in old and meaning(rule) != meaning(old[rule.name])]
    gone = {name for name, _ in ruleset.disabled}
    before = {name for name, _ in last.disabled} if last else frozenset()
    removed = [rule for name, rule in old.items() if name not in now and name not in gone]
    inherited = {rule.name for rule in ruleset.rules} - {rule.name for rule in own}
    base = [now[name] for name in inherited if last and (name not in old or meaning(now[name]) != meaning(old[name]))]
    disabled = [(name, reason) for name, reason in ruleset.disabled if name not in before]
    lost = dict(last.given_up) if last else {}
    given_up = [(name, reason) for name, reason in ruleset.given_up if name not in lost]
    sections = [
        *((stage, _told([rule for rule in new if rule.stage == stage])) for stage in STAGES),
        ("changed", _told(changed)),
        ("removed", _told(removed)),
        ("disabled", (f"- `{name}`: {markdown_text(reason)}" for name, reason in disabled)),
        ("given up", (f"- `{name}`: {markdown_text(reason)}" for name, reason in given_up)),
        ("kept again", (f"- `{name}`" for name in lost if name not in dict(ruleset.given_up))),
        ("enabled again", _told([now[name] for name in before - gone if name in now])),
        ("new or changed in what it extends", _told([rule for rule in base if rule.name not in before])),
    ]
    told = [line for title, lines in sections if (said := list(lines)) for line in ("", f"### {title}", "", *said)]
    return "\n".join([heading(ruleset), *(told or ["", "No rule is new, changed, removed or disabled."]), ""])


def heading(ruleset: Ruleset) -> str:
    """The line with which the entry begins."""
    return f"## {ruleset.name} {ruleset.version}"


def entered(changelog: str, ruleset: Ruleset, last: Ruleset | None) -> str:
    """The changelog with the entry above those of earlier versions; as it is if it has one already."""
    lines = changelog.splitlines()
    if heading(ruleset) in lines:
        return changelog
    earlier = [
        number
        for number, line in enumerate(lines)
        if line.startswith("## ") and line.strip("# []").lower() != "unreleased"
    ]
    place = earlier[0] if earlier else len(lines)
    before = lines[:place]
    while before and not before[-1].strip():
        before.pop()
    after = ["", *lines[place:]] if lines[place:] else []
    return "\n".join([*(before or ["# Changelog"]), "", *entry(ruleset, last).splitlines(), *after]) + "\n"


def _told(rules: list[Rule]) -> Iterator[str]:
    """Each rule in a line; the rows of a table that have no summary of their own are one."""
    tables: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.name):
        tables.setdefault((rule.table, rule.summary), []).append(rule)
    for (table, summary), rows in tables.items():
        name = rows[0].name if len(rows) == 1 else f"{table}/…"
        yield f"- `{name}`: {markdown_text(summary)}"


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


# A site's policy as it begins: a manifest, one rule that says why, and the hosts that it is tried on.


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
