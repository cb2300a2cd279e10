"""A plan as a page of text: what is to be done, why each value is as it is, what to mind."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from planner.explain.words import effects, errors_of, management_words, rows, said
from planner.facts.vocabulary import ATTACHMENT
from planner.printing import aligned, folded, legible
from planner.problem import Problem

WIDTH = 100
NARROWEST = 30  # columns of the values, however long the names of the rules
HEADLINES = {
    "change": "a change is planned",
    "no-change": "nothing to change, the host is as defined",
    "refused": "refused, the host stays as it is",
}
STEPS = {
    "adopt": "the host as it stands, unchecked and saved at once",
    "change": "what is wanted, under the connectivity check",
}
COLOURS = {
    "change": "1;34",
    "no-change": "1;32",
    "refused": "1;31",
    "error": "1;31",
    "warning": "1;33",
    "note": "1",
    "": "1",
}
Paint = Callable[[str, str], str]


def summary(document: Mapping[str, Any], *, colour: bool = False, width: int = WIDTH) -> str:
    """The plan ``document`` in words, at most ``width`` columns wide; ``colour``: with ANSI colours."""

    def paint(text: str, key: str) -> str:
        return f"\x1b[{COLOURS.get(key, '1')}m{text}\x1b[0m" if colour else text

    outcome = str(document["outcome"])
    name = legible(document["network"], 60)
    sections = [
        [paint(f"{name}: {HEADLINES.get(outcome, legible(outcome))}", outcome)],
        folded(management_words(document), width, first="Management address: "),
        list(_problems(document, paint, width, "error")),
        list(_attachment(document, paint, width)),
        list(_problems(document, paint, width, "warning", "note")),
        *([*_step(document, place, paint, width)] for place in range(len(document["steps"]))),
        folded(_rules(document), width),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _attachment(document: Mapping[str, Any], paint: Paint, width: int) -> Iterator[str]:
    attachment = document.get("attachment")
    if not attachment or document["outcome"] == "refused":
        return
    rules: dict[str, list[str]] = {}
    for reason in document.get("trace") or ():
        rules.setdefault(reason["field"], []).append(legible(reason["rule"]))
    table = [(row, _rules_of(row.fields, rules)) for row in rows(attachment)]
    longest = max(len(rule) for names in rules.values() for rule in names) if rules else 0
    wide = max(NARROWEST, min(width - 20 - longest, max(len(row.value) for row, _ in table)))
    yield paint("Attachment", "")
    for row, reasons in table:
        values = folded(row.value, wide)
        because = folded(reasons, width - 2 - 16 - wide - 2)
        for index in range(max(len(values), len(because))):
            label = row.label if index == 0 else ""
            value = values[index] if index < len(values) else ""
            reason = because[index] if index < len(because) else ""
            yield f"  {label:<16}{value:<{wide}}  {reason}".rstrip()


def _rules_of(fields: tuple[str, ...], rules: Mapping[str, list[str]]) -> str:
    return ", ".join(dict.fromkeys(rule for field in fields for rule in rules.get(field, ())))


def _step(document: Mapping[str, Any], place: int, paint: Paint, width: int) -> Iterator[str]:
    step, several = document["steps"][place], len(document["steps"]) > 1
    counted = f"step {place + 1} of {len(document['steps'])}, {step['step']}: " if several else ""
    head = f"{counted}{STEPS[step['step']]} (setupNetworks)"
    yield from (paint(line, "") for line in folded(head[0].upper() + head[1:], width))
    yield from _request(step["request"], width)
    for sentence in effects(step["foreseen"]):
        yield from folded(sentence, width, first="  - ")


def _request(request: Mapping[str, Any], width: int) -> Iterator[str]:
    for part in ("networks", "bondings"):
        for name, asked in request[part].items():
            yield from folded(said(asked), width, first=f"  {part}.{legible(name, 40)}: ", rest="    ")
    yield from folded(said(request["options"]), width, first="  options: ", rest="    ")


def _problems(document: Mapping[str, Any], paint: Paint, width: int, *severities: str) -> Iterator[str]:
    for severity in severities:
        for problem in document.get("problems") or ():
            if problem["severity"] == severity:
                head, *further = folded(
                    f"{legible(problem['code'])}: {legible(problem['message'])}",
                    width,
                    first=f"{severity}: ",
                    rest="  ",
                )
                yield paint(severity, severity) + head[len(severity) :]
                yield from further
                if problem["hint"]:
                    yield from folded(legible(problem["hint"]), width, first="  hint: ")
                if problem["event"]:
                    yield from folded(legible(problem["event"]), width, first="  engine event: ")


def _rules(document: Mapping[str, Any]) -> str:
    rules = document["rules"]
    engine = f", fired by {legible(rules['engine'])}" if rules.get("engine") else ""
    edited = " (edited: not those that are installed under this name)" if rules.get("edited") else ""
    return f"Decided by the rules {legible(rules['ruleset'])} {legible(rules['version'])}{edited}{engine}."


# Why a plan has the values it has: the rule, its place, and the facts it matched.


__all__ = ["summary", "why", "why_all"]

WIDTH_OF_REASON = 100
VALUE_WIDTH = 26

# Which keys of a request carry a field, over all dialects.
CARRIED_BY = {
    "iface": ("nic", "bonding"),
    "vlan": ("vlan",),
    "bridged": ("bridged",),
    "mtu": ("mtu",),
    "stp": ("stp", "STP"),
    "default_route": ("defaultRoute",),
    "nameservers": ("nameservers",),
    "switch": ("switch",),
    "ipv4.method": ("bootproto",),
    "ipv4.address": ("ipaddr",),
    "ipv4.prefix": ("netmask", "prefix"),
    "ipv4.gateway": ("gateway",),
    "ipv6.method": ("dhcpv6", "ipv6autoconf"),
    "ipv6.address": ("ipv6addr",),
    "ipv6.prefix": ("ipv6addr",),
    "ipv6.gateway": ("ipv6gateway",),
}
OTHERWISE = {"vm_network": "bridged", "bond": "bonding", "management address": "management"}
WITHOUT_RULE = {
    "connectivityCheck": "VDSM takes the change back unless somebody proves in time that the host can be reached",
    "connectivityTimeout": "how many seconds VDSM waits for that proof; its own default, 4, is too short",
    "commitOnSuccess": "a change is saved by a call of its own, once it is verified; what is adopted at once",
    "hostQos": "kept from the network as the host reports it",
    "custom": "kept from the network as the host reports it",
}


def why(document: Mapping[str, Any], field: str) -> str | Problem:
    """Why the plan ``document`` has its value of ``field``.

    A field of the attachment (``vlan``, ``ipv4``, ``ipv4.method``, ``attachment.vlan``), ``adopt``, ``management``, or
    a place in the request of the last step (``request.networks.ovirtmgmt.mtu``); also as the plan's text, its request
    or a definition calls a field (``VM network``, ``bootproto``, ``vm_network``).
    """
    named = _called(document, field.strip())
    if named.partition(".")[0] in ("networks", "bondings", "options"):  # as `why` itself says what is sent
        named = f"request.{named}"
    if named == "management" or named.startswith("management."):
        blocks = [_stated("management", management_words(document))]
    elif named == "request" or named.startswith("request."):
        found = _why_requested(document, named)
        if isinstance(found, Problem):
            return found
        blocks = found
    else:
        fields = _fields(named.removeprefix("attachment."))
        if not fields:
            return _unknown(document, field)
        blocks = [block for name in fields if (block := _block(document, name))] or [
            f"{legible(named)}: not part of this plan"
        ]
    return "\n\n".join([*blocks, *_refusal(document)]) + "\n"


def _called(document: Mapping[str, Any], name: str) -> str:
    """The field that is called ``name`` where a person reads or writes it; ``name`` itself, where that is none."""
    if name in _known(document):
        return name
    attachment = document.get("attachment")
    labels = {
        row.label.lower(): row.fields[0] if len(row.fields) == 1 else row.label.lower()
        for row in (rows(attachment) if attachment else ())
    }
    keys = {key.lower(): field for field, carriers in reversed(CARRIED_BY.items()) for key in carriers}
    return {**keys, **OTHERWISE, **labels}.get(name.lower(), name)


def why_all(document: Mapping[str, Any]) -> str:
    """All values with the places of their rules, as a table; for a refused plan why it is refused."""
    reasons = list(document.get("trace") or ())
    named = [("field", "value", ""), *((one["field"], legible(said(one["value"]), VALUE_WIDTH), "") for one in reasons)]
    places = ["set by", *(legible(one["at"]) for one in reasons)]
    wide = max(map(len, aligned(named))) + 3
    rows = zip(aligned(named), places, strict=True) if reasons else ()
    table = [line for row, place in rows for line in folded(place, WIDTH_OF_REASON, first=row.ljust(wide))]
    sections = [_stated("management", management_words(document)), "\n".join(table), *_refusal(document)]
    return "\n\n".join(section for section in sections if section) + "\n"


def _stated(what: str, value: str, remark: str = "") -> str:
    """``what = value``, and a remark under it."""
    lines = folded(f"{legible(what)} = {value}", WIDTH_OF_REASON, rest="  ")
    return "\n".join([*lines, *(folded(remark, WIDTH_OF_REASON, first="  ") if remark else [])])


def _fields(name: str) -> list[str]:
    """The fields that ``name`` means: itself, a family's four, or all of the attachment."""
    if name == "attachment":
        return list(ATTACHMENT)
    return [field for field in ATTACHMENT if field == name or field.startswith(f"{name}.")]


def _block(document: Mapping[str, Any], field: str) -> str:
    """One field: its value, and a paragraph for each rule that set it. ``""``: the plan does not have it."""
    reasons = [reason for reason in document.get("trace") or () if reason["field"] == field]
    if not reasons:
        return _unset(document, field)
    lines = [_stated(field, said(reasons[0]["value"]))]
    for reason in reasons:
        lines += folded(legible(reason["rule"]), WIDTH_OF_REASON, first="  rule     ")
        lines += folded(legible(reason["at"]), WIDTH_OF_REASON, first="  at       ")
        for index, path in enumerate(reason["facts"]):
            lines += folded(legible(path), WIDTH_OF_REASON, first="  facts    " if index == 0 else " " * 11)
    for index, sent in enumerate(_sent(document, field)):
        lines += folded(sent, WIDTH_OF_REASON, first="  sent as  " if index == 0 else " " * 11)
    return "\n".join(lines)


def _unset(document: Mapping[str, Any], field: str) -> str:
    attachment = document.get("attachment") or {}
    family, _, part = field.partition(".")
    held = attachment.get(family, {})
    value = held.get(part, _ABSENT) if part else attachment.get(field, _ABSENT)
    if value is _ABSENT:
        return ""
    return _stated(field, said(value), "no rule set it: this holds where no rule says otherwise")


_ABSENT = object()


def _reason_request(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the last step asks for: the attachment as it is sent. Empty without a step."""
    return dict(document["steps"][-1]["request"]) if document["steps"] else {}


def _sent(document: Mapping[str, Any], field: str) -> Iterator[str]:
    """The places of the request that carry ``field``, with their values."""
    request = _reason_request(document)
    if field == "bonding":
        for name, bond in (request.get("bondings") or {}).items():
            yield f"bondings.{legible(name)}: {said(bond)}"
    for name, network in (request.get("networks") or {}).items():
        for key in CARRIED_BY.get(field, ()):
            if key in network:
                yield f"networks.{legible(name)}.{key} = {said(network[key])}"


def _why_requested(document: Mapping[str, Any], path: str) -> list[str] | Problem:
    request = _reason_request(document)
    if not request:
        return [f"the plan's outcome is {legible(document['outcome'])}: there is no request"]
    keys = _walked(request, path.removeprefix("request").lstrip("."))
    if keys is None:
        return _unknown(document, path)
    fields = list(ATTACHMENT)
    match keys:
        case ["networks", name, key, *_] if key in WITHOUT_RULE:
            return [_stated(path, said(request["networks"][name][key]), f"no rule: {WITHOUT_RULE[key]}")]
        case ["options", key, *_]:
            remark = WITHOUT_RULE.get(key, "each request carries it")
            return [_stated(path, said(request["options"][key]), f"no rule: {remark}")]
        case ["networks", _, key, *_]:
            fields = [field for field, carriers in CARRIED_BY.items() if key in carriers]
        case ["bondings", *_]:
            fields = ["bonding"]
        case _:
            pass
    return [block for field in fields if (block := _block(document, field))] or [_stated(path, "no rule set it")]


def _walked(tree: object, path: str) -> list[str] | None:
    """The keys that ``path`` leads along, None: nowhere. Keys may hold dots, so the longest that fits counts."""
    keys: list[str] = []
    left = path
    while left:
        if not isinstance(tree, Mapping):
            return None
        fitting = [key for key in tree if left == key or left.startswith(f"{key}.")]
        if not fitting:
            return None
        key = max(fitting, key=len)
        keys.append(key)
        tree, left = tree[key], left[len(key) + 1 :]
    return keys


def _refusal(document: Mapping[str, Any]) -> list[str]:
    """Why the plan is refused, a paragraph for each reason; nothing for one that is not."""
    errors = errors_of(document) if document["outcome"] == "refused" else []
    if not errors:
        return []
    lines = ["refused because:"]
    for problem in errors:
        lines += folded(
            f"{legible(problem['code'])}: {legible(problem['message'])}", WIDTH_OF_REASON, first="  ", rest="    "
        )
        lines += folded(legible(problem["hint"]), WIDTH_OF_REASON, first="    hint  ") if problem["hint"] else []
        for place in problem.get("where") or ():
            lines += folded(legible(place), WIDTH_OF_REASON, first="    at    ")
    return ["\n".join(lines)]


def _unknown(document: Mapping[str, Any], field: str) -> Problem:
    from difflib import get_close_matches  # slow to load, and only a mistake needs it

    known = _known(document)
    near = get_close_matches(field.strip()[:200], known, 1, 0.6)
    meant = f"did you mean {near[0]}? " if near else ""
    fields = ", ".join(["management", *ATTACHMENT, "ipv4", "ipv6", "request…"])
    return Problem("unknown-field", f"a plan has no field {legible(field, 60)!r}", f"{meant}The fields are: {fields}")


def _known(document: Mapping[str, Any]) -> list[str]:
    request = _reason_request(document)
    paths = [
        f"request.{part}.{name}.{key}"
        for part in ("networks", "bondings")
        for name, asked in (request.get(part) or {}).items()
        for key in asked
    ]
    paths += [f"request.options.{key}" for key in request.get("options") or {}]
    return ["management", *ATTACHMENT, "ipv4", "ipv6", *(f"attachment.{name}" for name in ATTACHMENT), *paths]
