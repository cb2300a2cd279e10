"""An Ansible inventory as hosts with their addresses, groups and variables; Ansible itself is not needed.

Read are the two kinds of file that people keep, INI and YAML, and what ``ansible-inventory --list`` prints (JSON),
which also tells of plugins, scripts and the folders ``group_vars`` and ``host_vars``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from string import ascii_letters
from typing import Any, NamedTuple

from planner.files import read_file
from planner.problem import Problem, Where, errors
from planner.vdsm.addresses import canonical
from planner.yamltext import decode, parse_yaml, plain, suggest

LIKE = "an inventory has [group] lines with hosts below (INI), or groups with hosts, children and vars (YAML)"
# Hosts that one range may stand for: more are a slip of the keyboard, and fill the memory.
MOST_OF_RANGE = 100_000
ALL = "all"
UNGROUPED = "ungrouped"
RANGE = re.compile(r"\[(\w+):(\w+)(?::(\d+))?\]")
SECTION = re.compile(r"\[([^\]:]+)(?::(\w+))?\]\s*(?:[#;].*)?")
# A word of an INI line, with its quotes.
WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*'|["'])+""")
COLUMNS = ("host", "address")
YAML_ENDINGS = (".yml", ".yaml", ".json")


class Entry(NamedTuple):
    """A host of an inventory.

    ``address``: its ``ansible_host``, else its name; where Ansible reaches it. ``groups``: each that it is in, directly
    or by a child, by name, without ``all``. ``vars``: of its groups and of itself, whose win.
    """

    name: str
    address: str
    groups: tuple[str, ...]
    vars: Mapping[str, Any]


class Inventory(NamedTuple):
    """Its hosts in the order in which they are named first, and what is wrong with it."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


class _Group:
    """A group while it is read: hosts and vars are its own."""

    def __init__(self) -> None:
        self.hosts: dict[str, None] = {}
        self.children: dict[str, None] = {}
        self.vars: dict[str, Any] = {}


class _Draft:
    """What was read so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.groups: dict[str, _Group] = {}
        self.hosts: dict[str, dict[str, Any]] = {}
        self.problems: list[Problem] = []

    def group(self, name: str) -> _Group:
        return self.groups.setdefault(name, _Group())

    def host(self, pattern: str, group: str, variables: Mapping[str, Any], line: int = 0) -> None:
        """A host, or those of a range, in a group."""
        names = expanded(pattern)
        if isinstance(names, Problem):
            self.problems.append(names._replace(where=(Where(self.source, line=line),)))
            return
        for name in names:
            self.hosts.setdefault(name, {}).update(variables)
            self.group(group).hosts[name] = None

    def wrong(self, message: str, line: int = 0, hint: str = LIKE) -> None:
        self.problems.append(Problem("inventory-invalid", message, hint, where=(Where(self.source, line=line),)))


def read_inventory(text: str, source: str = "inventory") -> Inventory:
    """The hosts of the inventory ``text``, each once; where an error is among the problems there are none."""
    draft = _Draft(source)
    if _is_yaml(text, source):
        _read_yaml(draft, text)
    else:
        _read_ini(draft, text)
    if not draft.hosts and not draft.problems:
        draft.wrong("it names no host")
    if errors(draft.problems):
        return Inventory((), tuple(draft.problems))
    return Inventory(tuple(_entries(draft)), tuple(draft.problems))


def expanded(pattern: str) -> list[str] | Problem:
    """The hosts that ``pattern`` stands for: ``host[01:20]`` for twenty, ``rack-[a:c]-[1:2]`` for six."""
    parts: list[list[str]] = []
    end = 0
    for found in RANGE.finditer(pattern):
        between = _between(*found.groups())
        if between is None:
            message = f"{found.group()} is no range"
            return Problem("inventory-invalid", message, "write it like [01:20], [1:20:2] or [a:f], the lesser first")
        parts += [[pattern[end : found.start()]], between]
        end = found.end()
    parts.append([pattern[end:]])
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST_OF_RANGE:
        return Problem("inventory-invalid", f"{pattern} is {count:,} hosts", f"at most {MOST_OF_RANGE:,} are read")
    return ["".join(each) for each in product(*parts)]


def _between(first: str, last: str, step: str | None) -> list[str] | None:
    """From the first to the last, which belongs to it; numbers are as long as the first, if that begins with 0."""
    by = int(step or 1)
    if not by:
        return None
    if first.isdecimal() and last.isdecimal() and len(last) < 10:
        numbers = range(int(first), int(last) + 1, by)
        width = len(first) if first.startswith("0") else 0
        return [f"{number:0{width}}" for number in numbers[: MOST_OF_RANGE + 1]] or None
    if len(first) == len(last) == 1 and first in ascii_letters and last in ascii_letters:
        return list(ascii_letters[ascii_letters.index(first) : ascii_letters.index(last) + 1 : by]) or None
    return None


# INI: sections of hosts, of children and of variables.


def _read_ini(draft: _Draft, text: str) -> None:
    group, kind = UNGROUPED, "hosts"
    for number, line in enumerate(text.splitlines(), 1):
        stated = line.strip()
        if not stated or stated[0] in "#;":
            continue
        if (section := SECTION.fullmatch(stated)) is not None:
            group, kind = section[1].strip(), section[2] or "hosts"
            if kind not in ("hosts", "children", "vars"):
                draft.wrong(f"[{group}:{kind}] is no section", number, suggest(kind, ("children", "vars")))
            draft.group(group)
        elif kind == "children":
            draft.group(group).children[_uncommented(stated)] = None
            draft.group(_uncommented(stated))
        elif kind == "vars":
            name, equals, value = stated.partition("=")
            if not equals:
                draft.wrong(f"{stated!r} gives no variable a value", number, "write name=value")
            draft.group(group).vars[name.strip()] = _value(value.strip())
        elif kind == "hosts":
            _ini_host(draft, stated, group, number)


def _ini_host(draft: _Draft, line: str, group: str, number: int) -> None:
    """``host[1:3].example.com:2222 ansible_host=192.0.2.1 rack="a b"``."""
    words = []
    for word in WORD.findall(line):
        if word[0] in "#;":
            break
        words.append(word)
    pattern, *assigned = words
    variables = {}
    for word in assigned:
        name, equals, value = word.partition("=")
        if not equals:
            draft.wrong(f"{word!r} gives no variable a value", number, "write name=value, one host a line")
        variables[name] = _value(value)
    host, colon, port = pattern.rpartition(":")
    if colon and port.isdecimal() and host.count(":") == host.count("[") and not host.endswith("["):
        pattern, variables = host, {"ansible_port": int(port)} | variables
    draft.host(pattern, group, variables, number)


def _uncommented(text: str) -> str:
    return re.split(r"\s+[#;]", text, maxsplit=1)[0]


def _value(text: str) -> Any:
    """A value of an INI file, which Ansible reads as Python would, and as text where that cannot be."""
    from ast import literal_eval

    try:
        return literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


# YAML, and what ansible-inventory prints.


def _is_yaml(text: str, source: str) -> bool:
    """Whether it is YAML (or JSON): by the file's name, else by its first line that says something."""
    if source.lower().endswith(YAML_ENDINGS):
        return True
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and line[0] not in "#;"), "")
    return first.startswith(("---", "{")) or first.endswith(":")


def _read_yaml(draft: _Draft, text: str) -> None:
    node, problems = parse_yaml(text, draft.source)
    draft.problems += problems
    document = plain(node) if node is not None else None
    if errors(problems):
        return
    if not isinstance(document, dict):
        draft.wrong("it is no map of groups")
        return
    told = document.pop("_meta", None)
    hostvars = told.get("hostvars") if isinstance(told, dict) else None
    for name, group in document.items():
        _yaml_group(draft, str(name), group)
    for host, variables in hostvars.items() if isinstance(hostvars, dict) else ():
        if isinstance(variables, dict):
            draft.hosts.setdefault(str(host), {}).update(variables)


def _yaml_group(draft: _Draft, name: str, stated: Any) -> None:
    """One group with those below it, however deep they are written; deeper than YAML is read there are none."""
    group = draft.group(name)
    content = stated if stated is not None else {}
    if not isinstance(content, dict):
        draft.wrong(f"the group {name} is no map", hint="a group has hosts, children and vars")
        return
    for key in content:
        if key not in ("hosts", "children", "vars"):
            draft.wrong(f"the group {name} has no {key}", hint=suggest(str(key), ("hosts", "children", "vars")))
    for host, variables in _mapping(draft, name, "hosts", content).items():
        draft.host(host, name, variables if isinstance(variables, dict) else {})
    for child, below in _mapping(draft, name, "children", content).items():
        group.children[child] = None
        _yaml_group(draft, child, below)
    group.vars.update(_mapping(draft, name, "vars", content))


def _mapping(draft: _Draft, group: str, key: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Hosts and children are maps where people write them, and lists where a program prints them."""
    stated = content.get(key)
    if isinstance(stated, list) and key != "vars":
        return {str(name): None for name in stated}
    if stated is not None and not isinstance(stated, dict):
        draft.wrong(f"{key} of the group {group} is no map")
        return {}
    return {str(name): value for name, value in (stated or {}).items()}


# From groups to hosts.


def _entries(draft: _Draft) -> Iterator[Entry]:
    """Each host; of two groups the variables of the one that is further from ``all`` win, then of the later name."""
    depths = _depths(draft.groups)
    above = _above(draft.groups)
    parents: dict[str, set[str]] = {}
    for name, group in draft.groups.items():
        for host in group.hosts:
            parents.setdefault(host, set()).update({name}, above[name])
    shared = draft.groups.get(ALL, _Group()).vars
    for host, own in draft.hosts.items():
        groups = sorted(parents.get(host, set()) - {ALL, UNGROUPED}, key=lambda name: (depths[name], name))
        variables = dict(shared)
        for name in groups:
            variables |= draft.groups[name].vars
        variables |= own
        yield Entry(host, str(variables.get("ansible_host") or host), tuple(sorted(groups)), variables)


def _above(groups: Mapping[str, _Group]) -> dict[str, set[str]]:
    """The groups that each is in, through others, too; groups that are in each other are in both."""
    direct: dict[str, set[str]] = {name: set() for name in groups}
    for name, group in groups.items():
        for child in group.children:
            direct[child].add(name)
    found = {}
    for name in groups:
        seen: set[str] = set()
        left = [name]
        while left:
            new = direct[left.pop()] - seen
            seen |= new
            left += new
        found[name] = seen - {name}
    return found


def _depths(groups: Mapping[str, _Group]) -> dict[str, int]:
    """How far each group is from those that are in none, at most."""
    depths = dict.fromkeys(groups, 0)
    for _ in groups:  # a chain is no longer than there are groups, and a circle ends here
        moved = False
        for name, group in groups.items():
            for child in group.children:
                if depths[child] <= depths[name] < len(groups):
                    depths[child] = depths[name] + 1
                    moved = True
        if not moved:
            break
    return depths


# Which entry is about which captured host.


class Register:
    """Hosts by their names, and by the first part of these as far as that is theirs alone."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Of entries with one name the first counts."""
        self.entries = entries
        self.places: dict[str, int] = {}
        self.short: dict[str, int] = {}  # -1: several
        for place, entry in enumerate(entries):
            self.places.setdefault(entry.name, place)
            short = _short(entry.name)
            self.short[short] = place if short not in self.short else -1

    def place(self, names: Iterable[str]) -> int:
        """The place among the entries of the host with one of these names; -1: it is not there."""
        every = list(names)
        exact = (self.places[name] for name in every if name in self.places)
        short = (self.short[one] for name in every if (one := _short(name)) in self.short)
        return next(exact, next(short, -1))


def _short(name: str) -> str:
    """``node1`` of node1.example.com; an address is no such name."""
    return name if canonical(name) is not None else name.partition(".")[0]


def read_register(path: str) -> tuple[Register, list[Problem]]:
    """The hosts of an inventory, or of a table (CSV) with the columns host and address."""
    content = read_file(path, "inventory")
    text = content if isinstance(content, Problem) else decode(content, path)
    if isinstance(text, Problem):
        return Register(()), [text]
    rows = _table(text)
    if not rows:
        read = read_inventory(text, path)
        return Register(read.entries), list(read.problems)
    host, address = (rows[0][1].index(name) for name in COLUMNS)
    entries, problems = [], []
    for line, cells in rows[1:]:
        if len(cells) == len(rows[0][1]) and cells[host] and cells[address]:
            entries.append(Entry(cells[host], cells[address], (), {}))
        else:
            hint = f"give each line a host and its address, and {len(rows[0][1])} cells"
            where = (Where(path, line=line),)
            problems.append(Problem("table-invalid", "the row is not a host with its address", hint, where=where))
    return Register(entries), problems


def _table(text: str) -> list[tuple[int, list[str]]]:
    """The rows of a table with their lines; none if the first does not name the columns of one."""
    import csv

    reader = csv.reader(text.splitlines())
    try:
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    except csv.Error:
        return []
    return rows if rows and all(name in rows[0][1] for name in COLUMNS) else []
