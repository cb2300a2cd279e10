"""Rule files, manifests and definitions, changed anywhere: loaded, linted, compiled, and hosts planned by them."""

import json
import shutil
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from attacking import INPUT, Family, FellError, golden, harmless, spoken, unsealed
from hosts_on_stage import ROOT
from mutations import MARKER, NASTY, bytes_of, changed, changed_bytes, nasty

import planner
from planner.explain.summary import summary, why_all
from planner.problem import errors, render
from planner.rules.compiled import compile_ruleset
from planner.rules.digest import MANIFEST
from planner.rules.lint import lint
from planner.rules.shelf import load_rules, ruleset_sources
from planner.yamltext import decode

SHIPPED = ROOT / "rules" / "ovirtmgmt" / "1.0"
SITE = ROOT / "rules" / "examples" / "site"
BESIDE = 8  # rules that stand unchanged beside the one that is changed: what they say together counts, too
HOSTS = ("seed-vlan-over-bond", "nic-static", "bond-dhcp")
# Alone or in place of a value: expressions that take exponential time elsewhere, aliases that multiply, tags that make
# objects, what YAML takes for something else.
WORDS = (
    *("(a+)+$", "(a|aa)+b", "(.*)*x", "(?=(a+))a*b", "(?P<n>a)(?P=n)", "[", "\\", "a{1,99999}", "(" * 200, "a{64}{64}"),
    *("&a [*a, *a]", "&b {<<: *b}", "<<: {a: 1}", "<<: [*a]", "*nobody", "&x 1", "? [a]: b", "? - a", "!!set {a}"),
    *("!!python/object/apply:os.mkdir [MADE]", "!!python/name:os.system", "!!binary aaaa", "!!timestamp 2001-01-01"),
    *(
        "!<tag:yaml.org,2002:float> .nan",
        "!local x",
        "0o17",
        "0b1",
        "1_000",
        "1:30",
        ".inf",
        "-.nan",
        "1e999",
        "~",
        "=",
    ),
    *("|", ">-", "|2", "'", '"', '"\\x1b"', '"\\u202e"', '"\\ud800"', "%YAML 9.9\n---", "---", "...", "\t", "#", "-"),
    *("$management", "$management.", "$.device", "{management.address", "{}", "$nobody.x", "9" * 5000, ": ", ",", "{"),
)
LINES = ("when:", "then:", "  - nic: {}", "  refuse:", "overrides: [one]", "rule: a", "examples: 1", "why: 5")
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
COMMANDS = (
    *("list RULES", "list RULES -o json", "show RULE RULES --goldens GOLDEN", "digest RULES", "doc RULES"),
    *(
        "check --quick RULES",
        "check --quick RULES -o json",
        "check --quick RULES -o sarif",
        "check --quick --fix RULES",
    ),
    *("fmt --check RULES", "fmt RULES", "test RULES --goldens GOLDEN", "release RULES"),
)
EVERY = 10  # how many tries go without one that is a command


@cache
def rule_files() -> list[Path]:
    """Every rule that is shipped, the example's too."""
    return sorted(path for root in (SHIPPED, SITE) for path in root.glob("*/*.yaml") if path.parent.name != "golden")


@cache
def hosts() -> list[planner.Host]:
    """Hosts to plan: some goldens, and one whose names are long enough for slow expressions."""
    documents = [json.loads((golden(name) / "capture.json").read_text()) for name in HOSTS]
    lengthy = {"nics": {"a" * length + "!": {"addr": "192.0.2.10"} for length in (30, 60, 250)}, "lastClientIface": "x"}
    found = [planner.read_capture(document).host for document in (*documents, lengthy)]
    return [host for host in found if host is not None]


def prepare(chance: Random, number: int, folder: Path) -> None:
    """A ruleset of a few rules, one of them, or its manifest, changed; or a definition that is."""
    draw = chance.random()
    command = chance.choice(COMMANDS) if number % EVERY == 0 else ""
    if draw < 0.1:
        place = "definition.yaml"
        original = chance.choice(sorted(ROOT.glob("golden/*/definition.yaml"))).read_text()
        command = command and "plan"
    else:
        ruleset = folder / "rules"
        source = SITE if draw < 0.25 else SHIPPED
        chosen = chance.choice([path for path in rule_files() if path.is_relative_to(source)])
        beside = chance.sample(rule_files(), BESIDE) if source is SHIPPED else rule_files()
        for path in (source / MANIFEST, chosen, *(path for path in beside if path.is_relative_to(source))):
            target = ruleset / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        unsealed(ruleset)
        chosen = source / MANIFEST if chance.random() < 0.15 else chosen
        place = f"rules/{chosen.relative_to(source)}"
        original = chosen.read_text()
        command = command.replace("RULE ", f"{chosen.stem} ")
    (folder / INPUT).write_bytes(_changed(chance, original).replace(b"MADE", bytes_of(str(folder / "made"))))
    (folder / "case.json").write_text(json.dumps({"place": place, "command": command}))


def _changed(chance: Random, text: str) -> bytes:
    """The text with other words, lines, structure or bytes."""
    draw = chance.random()
    if draw < 0.35:
        return bytes_of(_other_words(chance, text))
    if draw < 0.55:
        return bytes_of(_other_lines(chance, text))
    if draw < 0.85:
        return bytes_of(_other_structure(chance, yaml.safe_load(text)))
    if draw < 0.95:
        return changed_bytes(chance, bytes_of(text))
    large = (BOMB, "[" * 100_000, "a: " * 1000, "- " * 50_000, "{" * 20_000 + "}" * 20_000, "# " + "x" * (1 << 21))
    return bytes_of(chance.choice(large) + chance.choice(("", text)))


def _other_words(chance: Random, text: str) -> str:
    for _ in range(chance.randint(1, 4)):
        spaces = [place for place, letter in enumerate(text) if letter in " \n{}[],:"] or [0]
        start = chance.choice(spaces)
        end = next((place for place in spaces if place > start), len(text)) if chance.random() < 0.7 else start
        word = chance.choice(WORDS) if chance.random() < 0.8 else nasty(chance)
        text = f"{text[: start + 1]}{word}{text[end:]}"
    return text


def _other_lines(chance: Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(chance.randint(1, 4)):
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        draw = chance.random()
        if draw < 0.25 and len(lines) > 1:
            del lines[place]
        elif draw < 0.5:
            lines.insert(place, lines[other])
        elif draw < 0.65:
            lines[place], lines[other] = lines[other], lines[place]
        elif draw < 0.8:
            lines[place] = " " * chance.randint(1, 5) + lines[place]
        elif draw < 0.9:
            lines[place] = lines[place].lstrip()
        else:
            lines.insert(place, f"{chance.choice(LINES)}\n")
    return "".join(lines)


def _other_structure(chance: Random, document: Any) -> str:
    written = yaml.safe_dump(changed(chance, document), allow_unicode=chance.random() < 0.5, sort_keys=False)
    return MARKER.sub(lambda _: chance.choice(WORDS + NASTY[:-1]), written)


def run(folder: Path) -> None:
    """Load, lint, compile, plan; by its number one try as a command."""
    case = json.loads((folder / "case.json").read_text())
    shutil.copy(folder / INPUT, folder / case["place"])
    if case["command"]:
        _commanded(folder, case["command"])
    elif case["place"] == "definition.yaml":
        definition, problems = planner.read_definition((folder / INPUT).read_bytes())
        text = decode((folder / INPUT).read_bytes(), "definition")
        _shown(problems, {"definition": text} if isinstance(text, str) else {})
        if definition is not None:
            _planned(planner.load_rules()[0], definition)
    else:
        _loaded(str(folder / "rules"))
    if (folder / "made").exists():
        told = "what stands in a rule was executed"
        raise FellError(told)


def _commanded(folder: Path, command: str) -> None:
    told = {"RULES": str(folder / "rules"), "GOLDEN": str(golden(HOSTS[0]))}
    if command != "plan":
        spoken("rules", *(told.get(word, word) for word in command.split(" ")))
        return
    for output in ("text", "json"):
        wanted = str(folder / "definition.yaml")
        spoken("plan", str(golden(HOSTS[0]) / "capture.json"), "--network", wanted, "-o", output)


def _loaded(spec: str) -> None:
    ruleset, problems = load_rules(spec)
    sources = ruleset_sources(spec).texts
    _shown(problems, sources)
    if (ruleset is None) != bool(errors(problems)):
        told = "rules are loaded in spite of errors, or not without one"
        raise FellError(told)
    if ruleset is not None:
        _shown(lint(ruleset, sources), sources)
        _planned(ruleset, planner.Definition())


def _shown(problems: Any, sources: dict[str, str]) -> None:
    for problem in problems:
        harmless(render(problem, sources), "a problem with rules")


def _planned(ruleset: planner.Ruleset | None, definition: planner.Definition) -> None:
    assert ruleset is not None
    compiled = compile_ruleset(ruleset)
    for host in hosts():
        plan = planner.plan(host, definition, compiled)
        harmless(summary(plan.document()), "the summary")
        harmless(why_all(plan.document()), "why")
        harmless(plan.json(), "the plan as JSON")


# All shipped rules are loaded and linted in 0.1 s; a rule's file has at most 1 MB (planner.rules.shelf), in which YAML
# can hold a hundred times as much as in all of them.
FAMILY = Family(
    "hostile rules",
    "rules, manifests, definitions with other words, lines, structure, bytes; loaded, linted, planned by",
    5_000,
    prepare,
    run,
    processor=20,
    patience=90,
    warm=hosts,
)
