"""Two plans of one host: what is otherwise in the second, how grave that is, and by which rules.

Plans are compared as documents (schemas/plan.schema.json), so that one that was kept, in a golden or a file, will do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from planner.explain.words import effects, said

Document = Mapping[str, Any]

# What may become of a host when a rule is edited, the gravest first.
KINDS = {
    "refused": "a plan becomes a refusal",
    "no longer refused": "a refusal becomes a plan",
    "attachment": "the network is attached otherwise",
    "value": "a value changes",
    "warning": "a refusal or warning comes, goes, or says something else",
    "note": "a note or a foreseen effect comes, goes, or says something else",
    "reason": "the same plan, for another reason",
}
ATTACHED_BY = ("iface", "vlan", "bridged", "bonding", "switch")


class Difference(NamedTuple):
    """One thing that is otherwise: its kind (`KINDS`), what it is, how it was and is in words, the rules behind it."""

    kind: str
    what: str
    before: str
    after: str
    rules: tuple[str, ...]

    def __str__(self) -> str:
        """``mtu: 1500 -> 9000 (as-defined)``."""
        by = f" ({', '.join(self.rules)})" if self.rules else ""
        return f"{self.what}: {self.before or 'none'} -> {self.after or 'none'}{by}"


def differences(before: Document, after: Document) -> tuple[Difference, ...]:
    """Where ``after`` is otherwise, the gravest first; which rules there are at all does not count."""
    found = [*_outcome(before, after), *_values(before, after), *_problems(before, after)]
    if "refused" not in (before["outcome"], after["outcome"]):
        found += _effects(before, after)
    if not found:
        found += _reasons(before, after)
    return tuple(sorted(found, key=lambda difference: gravity(difference.kind)))


def gravest(found: Sequence[Difference]) -> str:
    """The kind of a host's gravest difference, by which the host is told."""
    return found[0].kind


def gravity(kind: str) -> int:
    """The place of a kind, 0 for the gravest."""
    return list(KINDS).index(kind)


def _outcome(before: Document, after: Document) -> Iterator[Difference]:
    was, now = str(before["outcome"]), str(after["outcome"])
    if was == now:
        return
    if now == "refused":
        yield Difference("refused", "outcome", was, now, _speaking(after, "error"))
    elif was == "refused":
        yield Difference("no longer refused", "outcome", was, now, _speaking(before, "error"))
    else:
        yield Difference("attachment", "outcome", was, now, ())


def _values(before: Document, after: Document) -> Iterator[Difference]:
    """The fields of the attachment, and where the management address was found."""
    for part in ("device", "address", "found_by"):
        was, now = _management(before, part), _management(after, part)
        if was != now:
            yield Difference("attachment", f"management {part}", was, now, _behind(before, after, "management"))
    if before["outcome"] != after["outcome"] and "refused" in (before["outcome"], after["outcome"]):
        return  # one of them has no values to speak of
    past, present = _flat(before["attachment"] or {}), _flat(after["attachment"] or {})
    for field in dict.fromkeys((*past, *present)):
        if past.get(field) != present.get(field):
            kind = "attachment" if field.partition(".")[0] in ATTACHED_BY else "value"
            yield Difference(
                kind, field, said(past.get(field)), said(present.get(field)), _behind(before, after, field)
            )
    if past == present and _requests(before) != _requests(after):
        yield Difference("value", "request", _step_names(before), _step_names(after), ())


def _problems(before: Document, after: Document) -> Iterator[Difference]:
    """What is said of the host, by severity and code; a rule that only words it anew changes nothing."""
    past, present = _spoken(before), _spoken(after)
    for key in dict.fromkeys((*past, *present)):
        was, now = past.get(key), present.get(key)
        if was is None or now is None or was["message"] != now["message"] or was["hint"] != now["hint"]:
            rules = tuple(dict.fromkeys(str(one["rule"]) for one in (was, now) if one and one["rule"]))
            kind = "note" if key[0] == "note" else "warning"
            yield Difference(kind, f"{key[0]} {key[1]}", _told(was), _told(now), rules)


def _effects(before: Document, after: Document) -> Iterator[Difference]:
    past, present = ([words for step in one["steps"] for words in effects(step["foreseen"])] for one in (before, after))
    yield from (Difference("note", "foreseen", words, "", ()) for words in past if words not in present)
    yield from (Difference("note", "foreseen", "", words, ()) for words in present if words not in past)


def _reasons(before: Document, after: Document) -> Iterator[Difference]:
    past, present = _setters(before), _setters(after)
    for field in dict.fromkeys((*past, *present)):
        was, now = past.get(field, ()), present.get(field, ())
        if was != now:
            yield Difference("reason", f"rule of {field}", ", ".join(was), ", ".join(now), (*was, *now))


def _requests(document: Document) -> list[object]:
    return [step["request"] for step in document["steps"]]


def _step_names(document: Document) -> str:
    return " and ".join(str(step["step"]) for step in document["steps"])


def _management(document: Document, part: str) -> str:
    return said((document["management"] or {}).get(part))


def _flat(attachment: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by their names in a trace: ``ipv4.method``."""
    flat: dict[str, Any] = {}
    for field, value in attachment.items():
        if field in ("ipv4", "ipv6"):
            flat.update({f"{field}.{part}": one for part, one in value.items()})
        else:
            flat[field] = value
    return flat


def _setters(document: Document) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for reason in document["trace"]:
        found.setdefault(str(reason["field"]), []).append(str(reason["rule"]))
    return {field: tuple(rules) for field, rules in found.items()}


def _behind(before: Document, after: Document, field: str) -> tuple[str, ...]:
    """The rules that set a field, in the one plan or the other."""
    return tuple(dict.fromkeys((*_setters(before).get(field, ()), *_setters(after).get(field, ()))))


def _speaking(document: Document, severity: str) -> tuple[str, ...]:
    rules = (str(problem["rule"]) for problem in document["problems"] if problem["severity"] == severity)
    return tuple(dict.fromkeys(rule for rule in rules if rule))


def _spoken(document: Document) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    """Problems by severity, code and how many of that code came before."""
    counts: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str, int], Mapping[str, Any]] = {}
    for problem in document["problems"]:
        key = (str(problem["severity"]), str(problem["code"]))
        counts[key] = counts.get(key, 0) + 1
        found[(*key, counts[key])] = problem
    return found


def _told(problem: Mapping[str, Any] | None) -> str:
    return "" if problem is None else f"{problem['message']}; {problem['hint']}".removesuffix("; ")
