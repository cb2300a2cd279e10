"""From the texts of rule files to a ruleset, and from a site's changes to the ruleset that results.

Texts are given by path. A ruleset's folder is whatever stands before ``/ruleset.yaml``; an installed one is
``<name>/<version>``, and only those can be extended.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planner.facts.vocabulary import STAGES, Stage
from planner.problem import Problem, Where, errors
from planner.rules.digest import MANIFEST, digest_of
from planner.rules.model import INVARIANTS, Invariant, Rule, Ruleset
from planner.rules.reader import NAME, VERSION, parse_invariant, parse_rules
from planner.yamltext import Entry, Findings, Node, parse_yaml

# The manifest of a ruleset, ``ruleset.yaml``: its name, version and digest, and what it changes of another.


KEYS = ("ruleset", "version", "summary", "digest", "compiled", "extends", "disable", "give_up")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BASE = re.compile(rf"{NAME.pattern}@{VERSION.pattern}")


class Manifest(NamedTuple):
    """What ``ruleset.yaml`` says. ``node`` of an entry is its place, for problems that show only later."""

    name: str
    version: str
    digest: str
    compiled: str
    extends: str
    disable: tuple[tuple[str, str], ...]
    give_up: tuple[tuple[str, str], ...]
    entries: dict[str, Entry]

    @property
    def title(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    def named_at(self, key: str, name: str) -> Node:
        """Where the manifest names a rule that it disables, or an invariant that it gives up."""
        nodes = (entry.value for item in self.entries[key].value.items for entry in item.entries)
        return next(node for node in nodes if node.value == name)


def parse_manifest(text: str, source: str) -> tuple[Manifest | None, Findings]:
    """The manifest, None if it has an error; and the findings, for what shows only later."""
    findings = Findings(source, text)
    node, problems = parse_yaml(text, source)
    findings.problems += problems
    if node is None:
        return None, findings
    entries = findings.fields(node, "a ruleset's manifest", KEYS, ("ruleset", "version", "summary"))
    manifest = Manifest(
        name=_spelled(entries.get("ruleset"), "ruleset", NAME, "ovirtmgmt", findings),
        version=_spelled(entries.get("version"), "version", VERSION, "1.0", findings),
        digest=_spelled(entries.get("digest"), "digest", DIGEST, "sha256:0123...", findings),
        compiled=_spelled(entries.get("compiled"), "compiled", DIGEST, "sha256:0123...", findings),
        extends=_spelled(entries.get("extends"), "extends", BASE, "ovirtmgmt@1.0", findings),
        disable=_reasoned(entries.get("disable"), "rule", "disabled", findings),
        give_up=_reasoned(entries.get("give_up"), "invariant", "given up", findings),
        entries=entries,
    )
    findings.string(entries.get("summary"), "summary")
    for key, what in (("disable", "rule"), ("give_up", "invariant")):
        if key in entries and "extends" not in entries:
            code, hint = f"nothing-to-{key.replace('_', '-')}", f"delete the {what}'s file instead; or name the other"
            hint += " ruleset under `extends`"
            findings.report(entries[key].key, code, "the ruleset extends no other", hint)
    return None if findings.problems else manifest, findings


def _spelled(entry: Entry | None, what: str, form: re.Pattern[str], example: str, findings: Findings) -> str:
    text = findings.string(entry, what)
    if entry is not None and text and not form.fullmatch(text):
        findings.report(entry.value, f"bad-{what}", f'"{text}" cannot be the {what}', f'spell it like "{example}"')
    return text


def _reasoned(entry: Entry | None, what: str, told: str, findings: Findings) -> tuple[tuple[str, str], ...]:
    """What is taken out of the ruleset that is extended, each with the reason, which nobody may leave out."""
    named: dict[str, str] = {}
    hint = f"write `- {what}: name` and `reason: why`"
    if entry is None or not findings.expect(entry.value, "list", entry.name, hint):
        return ()
    for item in entry.value.items:
        if not findings.expect(item, "map", f"an item of {entry.name}", hint):
            continue
        fields = findings.fields(item, f"an item of {entry.name}", (what, "reason"), (what, "reason"))
        name = findings.string(fields.get(what), what)
        if name in named:
            findings.report(item, "named-twice", f"{name} is {told} twice", "keep one of them")
        named[name] = findings.string(fields.get("reason"), "reason")
    return tuple(named.items())


Sources = Mapping[str, str]


class _Layer(NamedTuple):
    """One ruleset by itself: its manifest, its findings, and the files, rules and invariants in its folder."""

    manifest: Manifest
    findings: Findings
    files: dict[str, str]
    rules: tuple[Rule, ...]
    invariants: tuple[Invariant, ...]


def assemble(sources: Sources, root: str) -> tuple[Ruleset | None, list[Problem]]:
    """The ruleset in the folder ``root`` of ``sources``, or None and every problem that the files show."""
    problems: list[Problem] = []
    layers: list[_Layer] = []
    folder: str | None = root
    while folder is not None:
        layer = _layer(sources, folder, problems)
        if layer is None:
            return None, problems
        layers.append(layer)
        folder = _base(sources, layers)
    ruleset: Ruleset | None = None
    for layer in reversed(layers):
        ruleset = _combine(layer, ruleset, problems)
    return None if ruleset is None or errors(problems) else _row_by_row(ruleset), problems


def _layer(sources: Sources, root: str, problems: list[Problem]) -> _Layer | None:
    prefix = f"{root}/"
    files = {path.removeprefix(prefix): text for path, text in sources.items() if path.startswith(prefix)}
    if MANIFEST not in files:
        hint = f"a ruleset is a folder with {MANIFEST} and the folders {', '.join(STAGES)}"
        problems.append(Problem("no-manifest", f"there is no {prefix}{MANIFEST}", hint, where=(Where(root),)))
        return None
    manifest, findings = parse_manifest(files[MANIFEST], prefix + MANIFEST)
    problems += findings.problems
    rules: dict[str, Rule] = {}
    tables: dict[str, Rule] = {}  # a rule of each file, by the file's name
    title = manifest.title if manifest else ""
    never = sorted(file for file in files if file.startswith(f"{INVARIANTS}/") and file.count("/") == 1)
    invariants = []
    for file in never:
        invariant, found = parse_invariant(files[file], prefix + file, file)
        problems += found
        invariants += [invariant._replace(origin=title)] if invariant is not None else []
    for file in sorted(files.keys() - {MANIFEST, *never}):
        stage = _stage(file, prefix, problems)
        if stage is None:
            continue
        read, found = parse_rules(files[file], prefix + file, stage, file)
        problems += found
        if read and read[0].table in tables:
            problems.append(_twice(read[0], tables[read[0].table]))
            continue
        for rule in read:
            tables[rule.table] = rules[rule.name] = rule._replace(origin=title)
    if manifest is None:
        return None
    findings.problems = []
    return _Layer(manifest, findings, files, tuple(rules.values()), tuple(invariants))


def _stage(file: str, prefix: str, problems: list[Problem]) -> Stage | None:
    """The stage whose folder a file is in; None and a problem if it is not in one, or no rule's file."""
    folder, _, name = file.rpartition("/")
    for stage in STAGES:
        if folder == stage and name.endswith(".yaml"):
            return stage
    if folder in STAGES:
        message, hint = "a rule's file ends in .yaml", f"call it {name.rpartition('.')[0]}.yaml"
    else:
        message = "a rule's file lies directly in the folder of its stage"
        hint = "move it to " + " or ".join(f"{stage}/" for stage in STAGES)
    problems.append(Problem("misplaced-file", message, hint, where=(Where(prefix + file, line=1, column=1),)))
    return None


def _twice(rule: Rule, other: Rule) -> Problem:
    places = (Where(rule.source, line=rule.line, column=1), Where(other.source, line=other.line, column=1))
    return Problem("duplicate-rule", f"two rules are called {rule.name}", "rename one of them", where=places)


def _base(sources: Sources, layers: list[_Layer]) -> str | None:
    """The folder of the ruleset that the last of ``layers`` extends; None if it extends none, or none that there is."""
    manifest, findings, *_ = layers[-1]
    if not manifest.extends:
        return None
    folder = manifest.extends.replace("@", "/")
    here = manifest.entries["extends"].value
    passed = [layer.manifest.title for layer in layers]
    if manifest.extends == manifest.title:
        findings.report(here, "extends-itself", f"{manifest.title} extends itself", "name the ruleset it changes")
    elif manifest.extends in passed:
        circle = " -> ".join([*passed[passed.index(manifest.extends) :], manifest.extends])
        findings.report(here, "extends-circle", f"the rulesets extend each other: {circle}", "break the circle")
    elif f"{folder}/{MANIFEST}" not in sources:
        installed = _installed(sources)
        message = f"the ruleset {manifest.extends} is not installed"
        findings.unknown(here._replace(value=manifest.extends), "unknown-ruleset", message, installed)
    else:
        return folder
    return None


def _installed(sources: Sources) -> list[str]:
    folders = (path.removesuffix(f"/{MANIFEST}") for path in sources if path.endswith(f"/{MANIFEST}"))
    return sorted("@".join(folder.split("/")) for folder in folders if folder.count("/") == 1)


def _combine(layer: _Layer, base: Ruleset | None, problems: list[Problem]) -> Ruleset:
    """The rules of ``layer`` on top of those of ``base``."""
    manifest, findings, files, own, invariants = layer
    inherited = {rule.name: rule for rule in base.rules} if base else {}
    tables = {rule.table: rule for rule in inherited.values()}
    for name, _ in manifest.disable if base else ():
        if name not in inherited and name not in tables:
            node = manifest.named_at("disable", name)
            findings.unknown(node, "unknown-rule", f'{manifest.extends} has no rule "{name}"', inherited)
    disabled = dict(manifest.disable)
    reasons = {rule.name: disabled[rule.table] for rule in inherited.values() if rule.table in disabled} | disabled
    replaced: set[str] = set()
    rules = []
    for rule in own:
        other = tables.get(rule.table)
        by_intent = {rule.table, rule.name} & {*rule.overrides, *reasons}
        if other is not None and not by_intent and rule.table not in replaced:
            problems.append(_taken(rule, other))
        replaced.add(rule.table)
        rules.append(_without_itself(rule) if other is not None else rule)
    known = {one.name: one for one in (base.invariants if base else ())}
    for name, _ in manifest.give_up if base else ():
        if name not in known:
            node = manifest.named_at("give_up", name)
            findings.unknown(node, "unknown-invariant", f'{manifest.extends} has no invariant "{name}"', known)
    problems += [_kept(one, known[one.name]) for one in invariants if one.name in known]
    digest = digest_of(files, base.digest if base else "")
    if manifest.digest not in ("", digest):
        _changed(layer, digest)
    problems += findings.problems
    gone = [rule for rule in inherited.values() if rule.name in reasons or rule.table in replaced]
    kept = inherited.keys() - {rule.name for rule in gone}
    problems += _resting(layer, [*inherited.values(), *rules])
    return Ruleset(
        name=manifest.name,
        version=manifest.version,
        digest=digest,
        rules=(*(rule for rule in inherited.values() if rule.name in kept), *rules),
        disabled=(*(base.disabled if base else ()), *reasons.items()),
        invariants=(*(base.invariants if base else ()), *invariants),
        given_up=(*(base.given_up if base else ()), *manifest.give_up),
        gone=tuple(gone),
    )


def _row_by_row(ruleset: Ruleset) -> Ruleset:
    """The ruleset with each table that a rule overrides, or an invariant rests on, spelt out: its rows."""
    rows: dict[str, list[str]] = {}
    for rule in ruleset.rules:
        if rule.table != rule.name:
            rows.setdefault(rule.table, []).append(rule.name)

    def spelt(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row for name in names for row in rows.get(name, (name,))))

    if not rows:
        return ruleset
    rules = tuple(rule._replace(overrides=spelt(rule.overrides)) if rule.overrides else rule for rule in ruleset.rules)
    return ruleset._replace(
        rules=rules, invariants=tuple(one._replace(rests_on=spelt(one.rests_on)) for one in ruleset.invariants)
    )


def _without_itself(rule: Rule) -> Rule:
    """The rule once it has taken the place of the one of its name, which it overrides by that alone."""
    return rule._replace(overrides=tuple(name for name in rule.overrides if name not in (rule.name, rule.table)))


def _taken(rule: Rule, other: Rule) -> Problem:
    places = (Where(rule.source, line=rule.line, column=1), Where(other.source, line=other.line, column=1))
    message = f"{other.origin} has a rule {rule.name} already"
    hint = f"add `overrides: [{rule.name}]` to take its place, or choose another name"
    return Problem("rule-exists", message, hint, where=places)


def _kept(invariant: Invariant, other: Invariant) -> Problem:
    places = (Where(invariant.source, line=invariant.line, column=1), Where(other.source, line=other.line, column=1))
    message = f"{other.origin} has an invariant {invariant.name} already"
    hint = (
        "give this one another name: what a base keeps is not redefined, `mgmtnet rules prove` tells what is given up"
    )
    return Problem("invariant-exists", message, hint, where=places)


def _resting(layer: _Layer, rules: Sequence[Rule]) -> list[Problem]:
    """What is wrong with the rules that invariants of the layer are said to rest on."""
    problems: list[Problem] = []
    refusing = {name for rule in rules if rule.refuses for name in (rule.name, rule.table)}
    known = {name for rule in rules for name in (rule.name, rule.table)}
    for invariant in layer.invariants:
        findings = Findings(invariant.source, layer.files[invariant.file])
        top = Node("text", "rests_on", 1, 1)
        for name in invariant.rests_on:
            here = findings.word(findings.word(top, "rests_on:"), name)._replace(value=name)
            if name not in known:
                message = f"{invariant.name} is said to rest on the rule {name}, and there is none"
                findings.unknown(here, "unknown-rule", message, known)
            elif name not in refusing:
                message = f"{invariant.name} is said to rest on {name}, which refuses nothing"
                findings.report(
                    here, "rests-on-no-refusal", message, "an invariant rests on rules that refuse: take it out"
                )
        problems += findings.problems
    return problems


def _changed(layer: _Layer, digest: str) -> None:
    """A released ruleset's files are not what its digest was made of."""
    manifest, findings, *_ = layer
    here = manifest.entries["digest"].value
    message = f"the files of {manifest.title} are not those that were released"
    hint = (
        f"undo the edit (git diff shows it), or make it in a copy under a new version, without a digest; "
        f"the files as they are have the digest {digest}"
    )
    findings.report(here, "digest-mismatch", message, hint)
