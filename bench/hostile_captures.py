"""Captures, changed anywhere: read, planned, explained, drawn."""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from attacking import INPUT, Family, FellError, harmless, spoken
from hosts_on_stage import ROOT
from mutations import bytes_of, changed, changed_bytes, with_raw

import planner
from planner.cli.output import complain
from planner.explain.diff import changes, text
from planner.explain.drawing import mermaid, svg
from planner.explain.drawing import text as drawing_text
from planner.explain.drawing.scene import pictures
from planner.explain.summary import summary, why, why_all
from planner.host.scrub import scrub
from planner.plan import request
from planner.plan.plan import Plan
from planner.problem import errors
from planner.rules.compiled import Compiled, compile_ruleset
from planner.yamltext import dump_yaml

sys.path.append(str(ROOT / "tests" / "host"))
from captured_hosts import FORMS, spelled, wrappings  # the tests' ways to spell a capture

SHARED = ROOT.parent / "shared" / "captures"  # where there is one
LARGEST = 1 << 20  # bytes of a capture to begin with
COMMANDS = (
    *(("plan", "-o", output) for output in ("text", "json", "yaml", "vdsm", "vdsm3")),
    *(("draw", "-o", output) for output in ("text", "svg", "mermaid")),
    *(("why", "all"), ("why-not", "vlan-over-bond"), ("facts",), ("facts", "-o", "json"), ("diff",)),
)
EVERY = 20  # how many tries go without one that is a command


@cache
def sources() -> list[Path]:
    """Every capture that there is."""
    return sorted([*ROOT.glob("golden/*/capture.*"), *ROOT.glob("tests/data/hosts/*/caps.json")])


@cache
def taken_for_captures() -> list[Path]:
    """Whatever people have of a host; none on a machine that does not have them."""
    return sorted(path for path in SHARED.rglob("*") if path.is_file() and path.stat().st_size < LARGEST)


@cache
def rules() -> Compiled:
    """The shipped rules."""
    ruleset, problems = planner.load_rules()
    assert ruleset is not None, problems
    return compile_ruleset(ruleset)


def prepare(chance: Random, number: int, folder: Path) -> None:
    """A capture, changed; what is wanted of it, and by which command it is asked."""
    source = chance.choice(taken_for_captures() or sources() if chance.random() < 0.2 else sources())
    content = source.read_bytes()
    draw = chance.random()
    document = _document(content) if draw < 0.85 else None
    if document is not None:
        content = bytes_of(with_raw(_spelled(chance, changed(chance, document))))
    if document is None or draw < 0.05:
        content = changed_bytes(chance, content)
    (folder / INPUT).write_bytes(content)
    (folder / "definition.yaml").write_text(_definition(chance, source))
    command = list(chance.choice(COMMANDS)) if number % EVERY == 0 else []
    told = {"addresses": _addresses(chance, source), "command": command, "source": str(source)}
    (folder / "case.json").write_text(json.dumps(told))


def _document(content: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(content)
    except ValueError:
        return None
    return document if isinstance(document, dict) and document else None


def _spelled(chance: Random, document: Any) -> str:
    """Mostly as JSON; as any other form where that can say it."""
    if isinstance(document, dict) and chance.random() < 0.4:
        with contextlib.suppress(Exception):  # XML has no halves of characters, no large numbers
            if chance.random() < 0.5:
                return spelled(document, chance.choice(FORMS))
            return chance.choice(list(wrappings(document).values()))
    return json.dumps(document, indent=chance.choice((None, 1)), ensure_ascii=chance.random() < 0.7)


def _definition(chance: Random, source: Path) -> str:
    own = source.parent / "definition.yaml"
    if own.exists() and chance.random() < 0.7:
        return own.read_text()
    return chance.choice(sorted(ROOT.glob("golden/*/definition.yaml"))).read_text()


def _addresses(chance: Random, source: Path) -> list[str]:
    own = source.parent / "about.yaml"
    if own.exists() and chance.random() < 0.7:
        return [str(address) for address in yaml.safe_load(own.read_text()).get("address", [])]
    return chance.choice(([], ["192.0.2.10"], ["2001:db8::10"], ["192.0.2.10", "192.0.2.11"], ["127.0.0.1"]))


def run(folder: Path) -> None:
    """Everything that can be asked of a capture; by its number one try as the command that is asked."""
    case = json.loads((folder / "case.json").read_text())
    if case["command"]:
        name, *further = case["command"]
        stated = [part for address in case["addresses"] for part in ("--address", address)]
        wanted = ["--network", str(folder / "definition.yaml"), *stated]
        spoken(name, str(folder / INPUT), *further, *wanted)
        spoken("capture", str(folder / INPUT), "--scrub")
        return
    reading = planner.read_capture((folder / INPUT).read_bytes(), "capture")
    _told(complain, reading.problems, what="the problems of a capture")
    if (reading.host is None) != bool(errors(reading.problems)):
        told = "a capture is read in spite of errors, or not without one"
        raise FellError(told)
    definition = planner.read_definition((folder / "definition.yaml").read_bytes()).definition
    assert definition is not None
    if reading.document is not None:
        scrub(reading.document, b"sixteen bytes at least")
    if reading.host is not None:
        _explained(reading.host, planner.plan(reading.host, definition, rules(), case["addresses"]))


def _explained(host: planner.Host, plan: Plan) -> None:
    document = plan.document()
    if (plan.outcome == "refused") != bool(errors(plan.problems)):
        told = "a plan is refused without a reason, or not in spite of one"
        raise FellError(told)
    _told(complain, plan.problems, what="the problems of a plan")
    written: dict[str, Callable[[], str]] = {
        "the plan as JSON": plan.json,
        "the plan as YAML": lambda: dump_yaml(document),
        "the summary": lambda: summary(document),
        "why": lambda: why_all(document),
        "why a field": lambda: str(why(document, "management")),
        "the changes": lambda: text(changes(host, document)),
        "the drawing as text": lambda: drawing_text.render(*pictures(host, document)),
        "the drawing as SVG": lambda: svg.render(*pictures(host, document)),
        "the drawing for Mermaid": lambda: mermaid.render(*pictures(host, document)),
    }
    for what, write in written.items():
        harmless(write(), what)
    for step in plan.steps:
        harmless(json.dumps(request.vdsm3(step.wanted), ensure_ascii=False), "the request")
        harmless(json.dumps(request.vdsm4(step.wanted), ensure_ascii=False), "the request")


def _told(tell: Callable[[Any], None], problems: Any, what: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        tell(problems)
    harmless(said.getvalue(), what)


# The largest host that oVirt knows, of 4,094 VLANs, is read and planned in 0.1 s; whoever waits 10 s presses Ctrl-C.
FAMILY = Family(
    "hostile captures",
    "every capture there is, changed in structure, spelling and bytes; read, planned, explained, drawn",
    20_000,
    prepare,
    run,
    processor=10,
    patience=60,
    warm=rules,
)
