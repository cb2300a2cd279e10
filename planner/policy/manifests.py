"""The manifest of a ruleset, ``ruleset.yaml``: its name, version and digest, and what it changes of another."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from planner.documents.findings import Findings
from planner.documents.node import Entry, Node
from planner.documents.sources import parse_yaml
from planner.policy.parsing import NAME, VERSION

MANIFEST = "ruleset.yaml"
KEYS = ("ruleset", "version", "summary", "digest", "extends", "disable")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BASE = re.compile(rf"{NAME.pattern}@{VERSION.pattern}")


class Manifest(NamedTuple):
    """What ``ruleset.yaml`` says. ``node`` of an entry is its place, for problems that show only later."""

    name: str
    version: str
    digest: str
    extends: str
    disable: tuple[tuple[str, str], ...]
    entries: dict[str, Entry]

    @property
    def title(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    def disabled_at(self, rule: str) -> Node:
        """Where the manifest disables ``rule``."""
        nodes = (entry.value for item in self.entries["disable"].value.items for entry in item.entries)
        return next(node for node in nodes if node.value == rule)


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
        extends=_spelled(entries.get("extends"), "extends", BASE, "ovirtmgmt@1.0", findings),
        disable=tuple(_disabled(entries.get("disable"), findings)),
        entries=entries,
    )
    findings.string(entries.get("summary"), "summary")
    if "disable" in entries and "extends" not in entries:
        hint = "delete the rule's file instead; or name the other ruleset under `extends`"
        findings.report(entries["disable"].key, "nothing-to-disable", "the ruleset extends no other", hint)
    return None if findings.problems else manifest, findings


def _spelled(entry: Entry | None, what: str, form: re.Pattern[str], example: str, findings: Findings) -> str:
    text = findings.string(entry, what)
    if entry is not None and text and not form.fullmatch(text):
        findings.report(entry.value, f"bad-{what}", f'"{text}" cannot be the {what}', f'spell it like "{example}"')
    return text


def _disabled(entry: Entry | None, findings: Findings) -> list[tuple[str, str]]:
    """The rules taken out, each with the reason, which nobody may leave out."""
    disabled: dict[str, str] = {}
    if entry is None or not findings.expect(entry.value, "list", "disable", "write `- rule: name` and `reason: why`"):
        return []
    for item in entry.value.items:
        fields = findings.fields(item, "an item of disable", ("rule", "reason"), ("rule", "reason"))
        rule = findings.string(fields.get("rule"), "rule")
        if rule in disabled:
            findings.report(item, "named-twice", f"{rule} is disabled twice", "keep one of them")
        disabled[rule] = findings.string(fields.get("reason"), "reason")
    return list(disabled.items())


def digest_of(files: Mapping[str, str], base: str = "") -> str:
    """The digest of a ruleset: of its ``files`` by path inside it, and of the ruleset it extends.

    Line ends do not count, nor does the manifest's own line with the digest.
    """
    import hashlib

    signed = hashlib.sha256(base.encode())
    for path in sorted(files):
        lines = files[path].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if path == MANIFEST:
            lines = [line for line in lines if not line.startswith("digest:")]
        content = "\n".join(lines).encode("utf-8", "surrogatepass")
        named = path.encode("utf-8", "surrogateescape")  # a file's name may be any bytes
        signed.update(b"\n%d %d %s\n" % (len(named), len(content), named))
        signed.update(content)
    return "sha256:" + signed.hexdigest()
