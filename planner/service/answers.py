"""Requests answered, without HTTP: each call is a function of a document. This is what worker processes do.

A request is read as schemas/service.schema.json has it. Nothing in it is a path that is opened, a name that is looked
up or a URL that is fetched.
"""

import ipaddress
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import planner
from planner.authoring.golden import Case
from planner.definition import Definition, read_definition, written
from planner.facts.compute import facts_of
from planner.files import content_of
from planner.host.capture import Which, read_capture
from planner.host.model import Host
from planner.plan.plan import Plan
from planner.printing import json_text
from planner.problem import Problem, Where, errors
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.digest import MANIFEST, SEALED
from planner.rules.model import Invariant
from planner.rules.shelf import DEFAULT, compiled_rules, folder, installed, ruleset_sources
from planner.service.contract import JSON, PROBLEM, unlike
from planner.yamltext import parse_yaml, plain

if TYPE_CHECKING:  # it draws, which plans need not
    from planner.authoring.compare import Both

TEXT, SVG, MERMAID = "text/plain; charset=utf-8", "image/svg+xml", "text/vnd.mermaid"
DRAWINGS = {"image/svg+xml": ("svg", SVG), "text/vnd.mermaid": ("mermaid", MERMAID), "text/plain": ("text", TEXT)}
# A definition is a page, a rule 4 kB: what is larger is no text that somebody wrote.
LARGEST_TEXT = 256 * 1024
MOST_FILES = 400
LARGEST_GOLDEN = 64 << 20


class Answer(NamedTuple):
    """An answer: HTTP status, media type, body, and the id of the decision that it tells, or empty.

    ``told`` is what the service counts: outcome, codes of refusals, rules that fired.
    """

    status: int
    media: str
    body: bytes
    decision: str = ""
    told: Mapping[str, Any] = {}
    etag: str = ""


class Asked(NamedTuple):
    """What a request is about, read."""

    host: Host
    definition: Definition
    addresses: tuple[str, ...]
    by: planner.Planner
    problems: tuple[Problem, ...]
    record: dict[str, Any]

    @property
    def decision(self) -> str:
        """What the answer depends on, as one digest: capture, definition, addresses, ruleset."""
        ruleset = self.by.rules.ruleset
        parts = [self.host.digest, written(self.definition), self.addresses, ruleset.title, ruleset.digest]
        return sha256(json.dumps(parts).encode()).hexdigest()

    def plan(self) -> Plan:
        """The plan."""
        return self.by.plan(self.host, self.definition, self.addresses)


def answer(call: str, body: bytes, *, accept: str = "", etag: str = "") -> Answer:
    """Answer the ``call`` of `CALLS` that came with ``body``."""
    document = parsed(body) if body else {}
    if isinstance(document, Problem):
        return problem_answer(400, [document])
    if call == "scrubbed":
        return _plan_scrubbed(body)
    wrong = unlike(document, call)
    if wrong:
        return problem_answer(422, wrong)
    if call in LOOKS:
        found = LOOKS[call](document)
        return found._replace(status=304, body=b"") if found.etag and found.etag == etag else found
    if call in AUTHORS:
        return AUTHORS[call](document)
    asked = _asked(document)
    return asked if isinstance(asked, Answer) else CALLS[call](asked, document, accept)


def valid(call: str, body: bytes) -> Answer:
    """The document of a request that is answered elsewhere, or what is wrong with it."""
    document = parsed(body)
    if isinstance(document, Problem):
        return problem_answer(400, [document])
    wrong = unlike(document, call)
    if not wrong and call in ("runs", "rollouts"):
        wrong = [*_addresses(document.get("addresses", ()))[1], *_addresses(document.get("expect", ()))[1]]
        wrong += errors(read_definition(document["definition"], "definition").problems)
    wrong += _unfit_to_roll_out(document) if not wrong and call == "rollouts" else []
    by = planner_of(document.get("ruleset", DEFAULT)) if not wrong else []
    wrong += by if isinstance(by, list) else []
    return problem_answer(422, wrong) if wrong else Answer(200, JSON, json_text(document, None).encode())


def _unfit_to_roll_out(document: Mapping[str, Any]) -> list[Problem]:
    from planner.fleet.inventory import read_inventory
    from planner.fleet.rollout import wave_sizes
    from planner.fleet.waves import read_window

    stated = [wave_sizes(document.get("waves", "rest"), 0), read_window(document.get("window", ""))]
    found = read_inventory(document["inventory"]).problems if "inventory" in document else ()
    return [*(one for one in stated if isinstance(one, Problem)), *errors(found)]


def answer_lines(lines: Sequence[bytes]) -> tuple[bytes, Mapping[str, int]]:
    """Answer a plan for each line of a stream, a line each: the plan, or a problem document; and their outcomes."""
    answered, outcomes = [], dict[str, int]()
    for line in lines:
        one = answer("plan", line)
        outcome = str(one.told.get("outcome", "unread"))
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        answered.append(json_text(json.loads(one.body), None).encode())
    return b"".join(line + b"\n" for line in answered), outcomes


def parsed(body: bytes) -> Any:
    """The JSON of a request, or why it is none."""
    hint = "send one JSON document in UTF-8"
    try:
        return json.loads(body)
    except RecursionError:
        return Problem("request-too-deep", "the request's JSON is nested too deeply", "send the capture as it is")
    except UnicodeDecodeError:
        return Problem("request-malformed", "the request is not UTF-8", hint)
    except ValueError as failure:
        return Problem("request-malformed", f"the request is no JSON: {failure}", hint)


def problem_answer(status: int, problems: Sequence[Problem]) -> Answer:
    """A problem document (RFC 9457) that carries ``problems``."""
    return Answer(status, PROBLEM, problem_document(status, problems), told={"outcome": "problem"})


def problem_document(status: int, problems: Sequence[Problem]) -> bytes:
    """The bytes of a problem document; its type and detail are those of the first problem."""
    first = problems[0]
    document = {
        "type": f"urn:mgmtnet:problem:{first.code}",
        "title": first.message,
        "status": status,
        "detail": first.hint,
        "problems": [problem.document() for problem in problems],
    }
    return json_text(document).encode() + b"\n"


# What a request is about: capture, definition, addresses, ruleset.


def _asked(document: Mapping[str, Any]) -> Asked | Answer:
    capture, wanted = document["capture"], document.get("definition", {})
    content = capture.encode() if isinstance(capture, str) else capture
    reading = read_capture(content, "capture", Which(int(document.get("call", 0)), document.get("at", "")))
    definition = read_definition(wanted, "definition")
    addresses, wrong = _addresses(document.get("addresses", ()))
    by = planner_of(document.get("ruleset", DEFAULT))
    problems = [*reading.problems, *definition.problems, *wrong, *(by if isinstance(by, list) else ())]
    if errors(problems) or reading.host is None or definition.definition is None or isinstance(by, list):
        return problem_answer(422, errors(problems) or problems)
    return Asked(reading.host, definition.definition, addresses, by, tuple(problems), reading.document or {})


def _addresses(stated: Sequence[str]) -> tuple[tuple[str, ...], list[Problem]]:
    """Canonical addresses; a name is not looked up here, as a request would choose what the service asks."""
    found, problems = list[str](), list[Problem]()
    for number, text in enumerate(stated):
        try:
            address = ipaddress.ip_address(text.strip("[]"))
        except ValueError:
            hint = "give addresses like 192.0.2.10 or 2001:db8::10; names are not looked up here"
            where = (Where("request", f"addresses.{number}"),)
            problems.append(Problem("address-invalid", f"{text[:80]!r} is no IP address", hint, where=where))
            continue
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        found.append(str(mapped or address))
    return tuple(dict.fromkeys(found)), problems


def planner_of(ruleset: str) -> planner.Planner | list[Problem]:
    """What plans by an installed ruleset (NAME or NAME@VERSION), or that there is none of that name."""
    titles = {name: title for title in installed() for name in (title, title.partition("@")[0])}
    if ruleset not in titles:
        hint = f"installed are {', '.join(installed())}"
        return [Problem("unknown-ruleset", f"there is no installed ruleset {ruleset[:80]!r}", hint)]
    return _planner(titles[ruleset])


@cache
def _planner(title: str) -> planner.Planner | list[Problem]:
    rules, problems = compiled_rules(title)
    return planner.Planner(rules) if rules is not None else list(problems)


def _plan_scrubbed(body: bytes) -> Answer:
    """The plan of the host in a request that was kept, renamed."""
    from planner.service.decisions import scrubbed_request

    return answer("plan", scrubbed_request(body))


# The calls about a host.


def _plan(asked: Asked, _document: Mapping[str, Any], _accept: str) -> Answer:
    plan = asked.plan()
    told = {
        "outcome": plan.outcome,
        "codes": sorted({problem.code for problem in errors(plan.problems)}),
        "fired": [rule for rule, outcome in plan.outcomes.items() if outcome == "fired"],
    }
    return Answer(200, JSON, plan.json().encode(), asked.decision, told)


def _why(asked: Asked, document: Mapping[str, Any], accept: str) -> Answer:
    from planner.explain.summary import why, why_all

    field = document.get("field", "all")
    plan = asked.plan().document()
    text = why_all(plan) if field == "all" else why(plan, field)
    if isinstance(text, Problem):
        return problem_answer(422, [text])
    reasons = [
        reason
        for reason in plan["trace"] or ()
        if field == "all" or reason["field"] == field or reason["field"].startswith(f"{field}.")
    ]
    return _said(asked, accept, text, {"format": "mgmtnet/why@1", "field": field, "reasons": reasons})


def _why_not(asked: Asked, document: Mapping[str, Any], accept: str) -> Answer:
    from planner.explain.why_not import why_not

    told = why_not(asked.by.rules, document["rule"], asked.by.consider(*asked[:3]))
    if isinstance(told, Problem):
        return problem_answer(404, [told])
    return _said(asked, accept, "\n".join(told) + "\n", {"format": "mgmtnet/why-not@1", "rule": document["rule"]})


def _words(asked: Asked, document: Mapping[str, Any], _accept: str) -> Answer:
    from planner.dialects.wording import Wording, word

    plan, dialect = asked.plan(), document["dialect"]
    worded = word(dialect, plan, asked.host) if plan.steps else ()
    told: dict[str, Any] = {"format": "mgmtnet/words@1", "dialect": dialect, "outcome": plan.outcome}
    if isinstance(worded, Wording):
        told |= {"text": worded.text, "beside": worded.beside, "problems": []}
    else:
        told |= {"text": None, "beside": [], "problems": [problem.document() for problem in worded]}
    return _json(told, asked.decision)


def _judge(asked: Asked, document: Mapping[str, Any], accept: str) -> Answer:
    from planner.apply.judge import judged, read_call, unknown_codes
    from planner.standin.captures import unfit

    stated, allowed = document["request"], document.get("allow", ())
    call, unread = read_call((stated if isinstance(stated, str) else json.dumps(stated)).encode(errors="replace"))
    problems = errors([*unknown_codes(allowed), *unread, *unfit(asked.host, "capture")])
    if call is None or problems:
        return problem_answer(422, problems)
    found = judged(asked.record, asked.definition, asked.addresses, asked.by.rules, call, allowed)
    if isinstance(found, list):
        return problem_answer(422, found)
    if accepted(accept, [JSON, "text/plain"]) == "text/plain":
        return Answer(200, TEXT, found.text().encode())
    return _json(found.document())


def _facts(asked: Asked, _document: Mapping[str, Any], _accept: str) -> Answer:
    facts = facts_of(asked.host, asked.definition, asked.addresses)
    return _json([{"kind": fact.kind, "path": fact.path, "fields": fact.fields} for fact in facts], asked.decision)


def _diff(asked: Asked, _document: Mapping[str, Any], accept: str) -> Answer:
    from planner.explain.diff import changes, text

    found = changes(asked.host, asked.plan().document())
    document = {
        "format": "mgmtnet/diff@1",
        "outcome": found.outcome,
        "changes": [change._asdict() for change in found.changes],
        "unchanged": {kind: list(names) for kind, names in found.unchanged},
        "refusals": list(found.refusals),
    }
    return _said(asked, accept, text(found), document)


def _draw(asked: Asked, _document: Mapping[str, Any], accept: str) -> Answer:
    from planner.explain.drawing.scene import labelled, pictures

    wanted = accepted(accept, list(DRAWINGS))
    if not wanted:
        hint = f"accept one of {', '.join(DRAWINGS)}"
        return problem_answer(406, [Problem("not-acceptable", "there is no such drawing", hint)])
    name, media = DRAWINGS[wanted]
    render = import_module(f"planner.explain.drawing.{name}").render
    document = asked.plan().document()
    drawn: str = render(*labelled(pictures(asked.host, document), document))
    return Answer(200, media, drawn.encode(), asked.decision)


def _advise(asked: Asked, _document: Mapping[str, Any], _accept: str) -> Answer:
    from planner.proof.advised import advised, document

    plan, advice = advised(asked.host, asked.definition, asked.by.rules, asked.addresses)
    return _json(document(plan, advice), asked.decision)


def _said(asked: Asked, accept: str, text: str, document: dict[str, Any]) -> Answer:
    """Text to whoever prefers it, else a document that has the text in it."""
    if accepted(accept, [JSON, "text/plain"]) == "text/plain":
        return Answer(200, TEXT, text.encode(), asked.decision)
    return _json(document | {"text": text}, asked.decision)


def _json(document: Any, decision: str = "", etag: str = "") -> Answer:
    return Answer(200, JSON, json_text(document).encode() + b"\n", decision, etag=etag)


def accepted(accept: str, offered: Sequence[str]) -> str:
    """The offered media type that ``accept`` (RFC 9110, 12.5.1) likes best, the first of several; "": none."""
    liked = list[tuple[float, str]]()
    for part in (accept or "*/*").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        stated = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        liked.append((float(stated) if re.fullmatch(r"[01](\.\d{1,3})?", stated) else 1.0, name))
    best, found = 0.0, ""
    for media in offered:
        ranges = [(media, 2), (media.partition("/")[0] + "/*", 1), ("*/*", 0)]
        weights = [(near, weight) for weight, name in liked for one, near in ranges if name == one]
        weight = max(weights)[1] if weights else 0.0
        if weight > best:
            best, found = weight, media
    return found


# What is installed.


def _rulesets(_document: Mapping[str, Any]) -> Answer:
    found = [by.rules.ruleset for title in installed() if isinstance(by := _planner(title), planner.Planner)]
    told = [
        {"ruleset": one.title, "digest": one.digest, "rules": len(one.rules), "default": one.name == DEFAULT}
        for one in found
    ]
    return _json({"format": "mgmtnet/rulesets@1", "rulesets": told}, etag=_tag(*(one.digest for one in found)))


def _rules(document: Mapping[str, Any]) -> Answer:
    by = planner_of(document.get("ruleset", DEFAULT))
    if isinstance(by, list):
        return problem_answer(404, by)
    ruleset = by.rules.ruleset
    told = [{"rule": rule.name, "stage": rule.stage, "summary": rule.summary} for rule in ruleset.rules]
    head = {"format": "mgmtnet/rules@1", "ruleset": ruleset.title, "digest": ruleset.digest}
    return _json(head | {"rules": told}, etag=_tag(ruleset.digest))


def _rule(document: Mapping[str, Any]) -> Answer:
    by = planner_of(document.get("ruleset", DEFAULT))
    if isinstance(by, list):
        return problem_answer(404, by)
    from planner.explain.why_not import unknown_rule

    ruleset = by.rules.ruleset
    rule = next((one for one in ruleset.rules if one.name == document["rule"]), None)
    if rule is None:
        return problem_answer(404, [unknown_rule(document["rule"], ruleset)])
    shelved = ruleset_sources(ruleset.title)
    text = shelved.texts.get(f"{rule.origin.replace('@', '/')}/{rule.file}", "")
    told = {
        "format": "mgmtnet/rule@1",
        "rule": rule.name,
        "ruleset": rule.origin,
        "stage": rule.stage,
        "file": rule.file,
        "summary": rule.summary,
        "why": rule.why,
        "fires": list(rule.fires),
        "silent": list(rule.silent),
        "text": text,
    }
    return _json(told, etag=_tag(ruleset.digest, rule.name))


def _invariants(document: Mapping[str, Any]) -> Answer:
    """What each invariant says; whether it holds is asked one by one, as a proof takes seconds."""
    by = planner_of(document.get("ruleset", DEFAULT))
    if isinstance(by, list):
        return problem_answer(404, by)
    ruleset = by.rules.ruleset
    told = [
        {"invariant": one.name, "summary": one.summary, "file": one.file, "rests_on": list(one.rests_on)}
        for one in _stated_invariants(ruleset.title)
    ]
    head = {"format": "mgmtnet/invariants@1", "ruleset": ruleset.title, "digest": ruleset.digest}
    return _json(head | {"invariants": told}, etag=_tag(ruleset.digest, "invariants"))


@cache
def _stated_invariants(title: str) -> tuple[Invariant, ...]:
    """The invariants of an installed ruleset: nothing is planned by them, so its compiled form has none."""
    from planner.rules.ruleset import assemble

    shelved = ruleset_sources(title)
    ruleset, _ = assemble(shelved.texts, shelved.root)
    return tuple(ruleset.invariants) if ruleset is not None else ()


def _schema(document: Mapping[str, Any]) -> Answer:
    name = document["name"]
    if name not in _schema_names():
        hint = f"there are {', '.join(_schema_names())}"
        return problem_answer(404, [Problem("unknown-schema", f"there is no schema {name[:80]!r}", hint)])
    with open(os.path.join(folder("schemas"), name), "rb") as stream:
        content = stream.read()
    return Answer(200, "application/schema+json", content, etag=_tag(sha256(content).hexdigest()))


@cache
def _schema_names() -> tuple[str, ...]:
    return tuple(sorted(name for name in os.listdir(folder("schemas")) if name.endswith(".schema.json")))


def _goldens(_document: Mapping[str, Any]) -> Answer:
    """The captured hosts that come with mgmtnet, to begin with."""
    told = [{"golden": name, "about": about} for name, about in _golden_names()]
    return _json({"format": "mgmtnet/goldens@1", "goldens": told}, etag=_tag(planner.__version__))


def _golden(document: Mapping[str, Any]) -> Answer:
    name = document["golden"]
    if name not in dict(_golden_names()):
        return problem_answer(404, [Problem("unknown-golden", f"there is no golden {name[:80]!r}", "see /v1/goldens")])
    texts = _golden_texts(name)
    about = _plain(texts.get("about.yaml", ""))
    addresses = about.get("address") or []
    told = {
        "format": "mgmtnet/golden@1",
        "golden": name,
        "about": str(about.get("about") or ""),
        "capture": next(text for file, text in texts.items() if file.startswith("capture.")),
        "definition": _plain(texts["definition.yaml"]),
        "addresses": [addresses] if isinstance(addresses, str) else addresses,
    }
    return _json(told, etag=_tag(planner.__version__, name))


@cache
def _golden_names() -> tuple[tuple[str, str], ...]:
    root = folder("golden")
    names = sorted(name for name in os.listdir(root) if os.path.isfile(os.path.join(root, name, "definition.yaml")))
    return tuple((name, str(_plain(_golden_texts(name).get("about.yaml", "")).get("about") or "")) for name in names)


def _golden_texts(name: str) -> dict[str, str]:
    """The texts of a golden's files."""
    place = os.path.join(folder("golden"), name)
    texts = dict[str, str]()
    for file in sorted(os.listdir(place)):
        content = content_of(os.path.join(place, file), LARGEST_GOLDEN, pipes=False)
        if isinstance(content, bytes):
            texts[file] = content.decode("utf-8", "replace")
    return texts


def _plain(text: str) -> dict[str, Any]:
    node, _ = parse_yaml(text, "golden")
    value = plain(node) if node is not None else None
    return value if isinstance(value, dict) else {}


def _tag(*parts: str) -> str:
    return f'"{sha256(" ".join(parts).encode()).hexdigest()[:32]}"'


# What an author asks of rules that are not installed: texts, laid over an installed ruleset, or a ruleset of their own.


PATH = re.compile(r"(?:(?:locate|devise|guard|invariants)/)?[a-z0-9][a-z0-9._-]{0,80}\.ya?ml")


def _check(document: Mapping[str, Any], *, proofs: bool = False) -> Answer:
    """Findings with line and column, as `mgmtnet rules check -o json`; ``proofs``: what the solver finds, too."""
    from planner.authoring.check import analyse
    from planner.authoring.findings import Finding
    from planner.authoring.findings import document as findings_document
    from planner.rules.ruleset import assemble

    laid = _laid(document)
    if isinstance(laid, Answer):
        return laid
    texts, root = laid
    ruleset, problems = assemble(texts, root)
    findings, decided, undecided = [Finding(problem) for problem in problems], 0, tuple[str, ...]()
    if ruleset is not None:
        cases = () if proofs else None
        analysis = analyse(ruleset, root, texts, cases)
        findings += analysis.findings
        decided, undecided = analysis.decided, analysis.undecided
    return _json(findings_document([ruleset.title if ruleset else root], findings, decided, undecided))


def _test(document: Mapping[str, Any]) -> Answer:
    """Which goldens get another plan by the author's rules than by the installed ones."""
    from planner.authoring.compare import Both, comparison

    laid = _laid(document)
    if isinstance(laid, Answer):
        return laid
    after = _compiled(*laid)
    if isinstance(after, Answer):
        return after
    before = planner_of(document.get("ruleset", DEFAULT))
    if isinstance(before, list):
        return problem_answer(404, before)
    both = Both(before.rules, after)
    came = _asked(document["host"]) if "host" in document else None
    if isinstance(came, Answer):
        return came
    found = comparison(both.compare(case, case.name) for case in _cases())
    told = [
        {
            "golden": one.name,
            "kind": one.kind,
            "before": one.outcomes[0],
            "after": one.outcomes[1],
            "differences": [str(difference) for difference in one.differences],
            "rules": list(one.rules),
        }
        for one in found.changed
    ]
    undecided = [
        {"golden": one.name, "problems": [problem.document() for problem in one.problems]} for one in found.undecided
    ]
    host = _compared(both, Case("host", *came[:3])) if came is not None else None
    head = {"format": "mgmtnet/rules-changes@1", "goldens": found.hosts, "headline": found.headline, "host": host}
    return _json(head | {"changed": told, "undecided": undecided})


def _compared(both: "Both", case: Case) -> dict[str, Any]:
    """A host's plan by both rulesets: the outcomes, and what is otherwise."""
    from planner.authoring.differences import differences

    was, now = both.plans(case)
    told = [str(one) for one in differences(was.document(), now.document())] if was is not now else []
    return {"before": was.outcome, "after": now.outcome, "differences": told}


def _prove(document: Mapping[str, Any]) -> Answer:
    """Whether the author's rules keep an invariant, or each; as `mgmtnet rules prove -o json`."""
    from planner.proof import SOLVER, has_solver

    if not has_solver():
        return problem_answer(501, [Problem("solver-missing", f"proofs need {SOLVER}", "install it with the service")])
    from planner.proof.invariants import document as proofs_document
    from planner.proof.invariants import prove

    laid = _laid(document)
    rules = laid if isinstance(laid, Answer) else _compiled(*laid)
    if isinstance(rules, Answer):
        return rules
    named = document.get("invariant")
    invariants = [one for one in rules.ruleset.invariants if named in (None, one.name)]
    if named is not None and not invariants:
        known = ", ".join(one.name for one in rules.ruleset.invariants)
        return problem_answer(404, [Problem("unknown-invariant", f"there is no invariant {named!r}", f"of {known}")])
    return _json(proofs_document(rules.ruleset, [(proof, ()) for proof in prove(rules, invariants)]))


def _compiled(texts: dict[str, str], root: str) -> Compiled | Answer:
    from planner.rules.lint import lint
    from planner.rules.ruleset import assemble

    ruleset, problems = assemble(texts, root)
    problems += errors(lint(ruleset, texts)) if ruleset is not None else []
    if ruleset is None or errors(problems):
        return problem_answer(422, errors(problems))
    return compile_ruleset(ruleset)


def _laid(document: Mapping[str, Any]) -> tuple[dict[str, str], str] | Answer:
    """The author's files over those of the installed ruleset, or by themselves where they have a manifest; the root."""
    files: Mapping[str, str] = document["files"]
    large = [path for path, text in files.items() if len(text) > LARGEST_TEXT]
    odd = [path for path in files if not PATH.fullmatch(path)]
    if large or odd or len(files) > MOST_FILES:
        hint = f"name files like guard/my-rule.yaml, at most {MOST_FILES}, each of at most {LARGEST_TEXT >> 10} kB"
        return problem_answer(422, [Problem("files-unfit", f"{(odd or large or ['so many'])[0]!r} is refused", hint)])
    if MANIFEST in files:
        texts = {f"yours/{path}": text for path, text in files.items()}
        for title in installed():
            texts.update(ruleset_sources(title).texts)
        return texts, "yours"
    stated = document.get("ruleset", DEFAULT)
    if isinstance(planner_of(stated), list):
        return problem_answer(404, [Problem("unknown-ruleset", f"there is no ruleset {stated[:80]!r}", "/v1/rulesets")])
    shelved = ruleset_sources(stated)
    texts = shelved.texts | {f"{shelved.root}/{path}": text for path, text in files.items()}
    manifest = f"{shelved.root}/{MANIFEST}"
    texts[manifest] = "".join(
        line for line in texts[manifest].splitlines(keepends=True) if not SEALED.fullmatch(line.rstrip("\n"))
    )
    return texts, shelved.root


def _cases() -> Iterator[Case]:
    """The goldens that come along, as cases."""
    for name, _ in _golden_names():
        texts = _golden_texts(name)
        about = _plain(texts.get("about.yaml", ""))
        stated = about.get("address") or ()
        capture = next(text for file, text in texts.items() if file.startswith("capture."))
        host, definition = read_capture(capture.encode()).host, read_definition(texts["definition.yaml"]).definition
        if host is not None and definition is not None:
            yield Case(name, host, definition, tuple([stated] if isinstance(stated, str) else stated))


CALLS: dict[str, Callable[[Asked, Mapping[str, Any], str], Answer]] = {
    "plan": _plan,
    "why": _why,
    "why_not": _why_not,
    "words": _words,
    "judge": _judge,
    "facts": _facts,
    "diff": _diff,
    "draw": _draw,
    "advise": _advise,
}
LOOKS: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "rules": _rules,
    "rule": _rule,
    "invariants": _invariants,
    "rulesets": _rulesets,
    "schema": _schema,
    "goldens": _goldens,
    "golden": _golden,
}
AUTHORS: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "rules_check": _check,
    "rules_check_proofs": partial(_check, proofs=True),
    "rules_test": _test,
    "rules_prove": _prove,
}
