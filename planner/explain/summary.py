"""A plan as a page of text: what is to be done, why each value is as it is, what to mind."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from planner.explain.lettering import folded, legible
from planner.explain.values import effects, management_words, rows, said

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


def summary(document: Mapping[str, Any], *, colour: bool = False) -> str:
    """The plan ``document`` in words, at most 100 columns wide; ``colour``: with ANSI colours."""

    def paint(text: str, key: str) -> str:
        return f"\x1b[{COLOURS.get(key, '1')}m{text}\x1b[0m" if colour else text

    outcome = str(document["outcome"])
    name = legible(document["network"], 60)
    sections = [
        [paint(f"{name}: {HEADLINES.get(outcome, legible(outcome))}", outcome)],
        folded(management_words(document), WIDTH, first="Management address: "),
        list(_problems(document, paint, "error")),
        list(_attachment(document, paint)),
        list(_problems(document, paint, "warning", "note")),
        *([*_step(document, place, paint)] for place in range(len(document["steps"]))),
        folded(_rules(document), WIDTH),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _attachment(document: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    attachment = document.get("attachment")
    if not attachment or document["outcome"] == "refused":
        return
    rules: dict[str, list[str]] = {}
    for reason in document.get("trace") or ():
        rules.setdefault(reason["field"], []).append(legible(reason["rule"]))
    table = [(row, _rules_of(row.fields, rules)) for row in rows(attachment)]
    longest = max(len(rule) for names in rules.values() for rule in names) if rules else 0
    wide = max(NARROWEST, min(WIDTH - 20 - longest, max(len(row.value) for row, _ in table)))
    yield paint("Attachment", "")
    for row, reasons in table:
        values = folded(row.value, wide)
        because = folded(reasons, WIDTH - 2 - 16 - wide - 2)
        for index in range(max(len(values), len(because))):
            label = row.label if index == 0 else ""
            value = values[index] if index < len(values) else ""
            reason = because[index] if index < len(because) else ""
            yield f"  {label:<16}{value:<{wide}}  {reason}".rstrip()


def _rules_of(fields: tuple[str, ...], rules: Mapping[str, list[str]]) -> str:
    return ", ".join(dict.fromkeys(rule for field in fields for rule in rules.get(field, ())))


def _step(document: Mapping[str, Any], place: int, paint: Paint) -> Iterator[str]:
    step, several = document["steps"][place], len(document["steps"]) > 1
    counted = f"step {place + 1} of {len(document['steps'])}, {step['step']}: " if several else ""
    head = f"{counted}{STEPS[step['step']]} (setupNetworks)"
    yield paint(head[0].upper() + head[1:], "")
    yield from _request(step["request"])
    for sentence in effects(step["foreseen"]):
        yield from folded(sentence, WIDTH, first="  - ")


def _request(request: Mapping[str, Any]) -> Iterator[str]:
    for part in ("networks", "bondings"):
        for name, asked in request[part].items():
            yield from folded(said(asked), WIDTH, first=f"  {part}.{legible(name, 40)}: ", rest="    ")
    yield from folded(said(request["options"]), WIDTH, first="  options: ", rest="    ")


def _problems(document: Mapping[str, Any], paint: Paint, *severities: str) -> Iterator[str]:
    for severity in severities:
        for problem in document.get("problems") or ():
            if problem["severity"] == severity:
                head, *further = folded(
                    f"{legible(problem['code'])}: {legible(problem['message'])}",
                    WIDTH,
                    first=f"{severity}: ",
                    rest="  ",
                )
                yield paint(severity, severity) + head[len(severity) :]
                yield from further
                if problem["hint"]:
                    yield from folded(legible(problem["hint"]), WIDTH, first="  hint: ")
                if problem["event"]:
                    yield from folded(legible(problem["event"]), WIDTH, first="  engine event: ")


def _rules(document: Mapping[str, Any]) -> str:
    rules = document["rules"]
    engine = f", fired by {legible(rules['engine'])}" if rules.get("engine") else ""
    edited = " (edited: not those that are installed under this name)" if rules.get("edited") else ""
    return f"Decided by the rules {legible(rules['ruleset'])} {legible(rules['version'])}{edited}{engine}."
