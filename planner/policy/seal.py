"""The seal of a ruleset: the digest of its files, and the compiled form that lies with them.

``compiled.jsonl`` has two lines: of what it was made, and the rules as `planner.policy.compiled` writes them. It
holds only while the files are those that it was made of; a sealed ruleset's manifest says which one is meant, and the
digest is of the manifest, too. Whatever is odd about it, the files are read instead.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from planner.language import Ruleset
from planner.policy.compiled import Compiled, from_document, to_document

MANIFEST = "ruleset.yaml"
COMPILED = "compiled.jsonl"
FORM = "mgmtnet/compiled@5"  # to be raised whenever what is written, or what rules mean, changes
# The manifest's lines as `mgmtnet rules release` writes them; the first is no part of what it is the digest of.
SEALED = re.compile(r"""digest: *(["']?)(sha256:[0-9a-f]{64})\1(?:\s+#.*|\s*)""")
MADE = re.compile(r"compiled: *(sha256:[0-9a-f]{64})\s*")
BASE = re.compile(r"""extends: *(["']?)([\w.@-]+)\1(?:\s+#.*|\s*)""")
LONGEST_CHAIN = 10  # rulesets that extend each other; a circle is for `assemble` to tell


def digest_of(files: Mapping[str, str], base: str = "") -> str:
    """The digest of a ruleset: of its ``files`` by path inside it, and of the ruleset it extends.

    Line ends do not count, nor does the manifest's own line with the digest.
    """
    signed = hashlib.sha256(base.encode())
    for path in sorted(files):
        text = files[path].replace("\r\n", "\n").replace("\r", "\n")
        if path == MANIFEST:
            text = "\n".join(line for line in text.split("\n") if not SEALED.fullmatch(line))
        content = text.encode("utf-8", "surrogatepass")
        signed.update(f"\n{len(path.encode('utf-8', 'surrogatepass'))} {len(content)} ".encode())
        signed.update(path.encode("utf-8", "surrogatepass") + b"\n" + content)
    return "sha256:" + signed.hexdigest()


def digest_at(texts: Mapping[str, str], root: str, length: int = 1) -> str:
    """The digest of the ruleset in the folder ``root`` of ``texts``, by their lines; "" if that takes reading YAML."""
    prefix = f"{root}/"
    files = {path.removeprefix(prefix): text for path, text in texts.items() if path.startswith(prefix)}
    lines = [line for line in files.get(MANIFEST, "").splitlines() if line.startswith("extends")]
    named = [found.group(2) for line in lines if (found := BASE.fullmatch(line))]
    if MANIFEST not in files or len(named) != len(lines) or len(named) > 1 or length > LONGEST_CHAIN:
        return ""
    return digest_of(files, digest_at(texts, named[0].replace("@", "/"), length + 1) if named else "")


class Made(NamedTuple):
    """What a compiled form was made of: which ruleset, with which digest of its files, and whether it was sealed."""

    ruleset: str
    version: str
    digest: str
    rules: str
    sealed: bool
    format: str = FORM


def written_form(compiled: Compiled, root: str) -> str:
    """The rules' line of the compiled form of the ruleset in the folder ``root``."""
    return json.dumps(to_document(compiled, root), separators=(",", ":"))


def form_of(ruleset: Ruleset, rules: str, *, sealed: bool) -> str:
    """The whole form, once the digest of the files is known; ``rules`` is what `written_form` made."""
    made = Made(ruleset.name, ruleset.version, ruleset.digest, sha256(rules.encode()), sealed)
    return "\n".join((json.dumps(made._asdict()), rules, ""))


def kept_form(content: bytes, texts: Mapping[str, str], root: str, *, shipped: bool) -> Compiled | None:
    """The ruleset in the folder ``root`` of ``texts`` as ``content`` has it; None if that was not made of them.

    ``shipped``: it came with the program that reads it, and needs no seal.
    """
    made, rules = parts_of(content)
    digest = digest_at(texts, root)
    if made is None or (made.format, made.digest) != (FORM, digest):
        return None
    seal = sealed_in(texts, root)
    if seal != ((digest,), (made.rules,)) and not (shipped and seal == ((), ())):
        return None
    return _compiled(rules, digest, root)


def ruleset_of(content: bytes, root: str) -> Ruleset | None:
    """The ruleset of a compiled form, without the files that it was made of; None if this version cannot read it."""
    made, rules = parts_of(content)
    compiled = _compiled(rules, made.digest, root) if made is not None and made.format == FORM else None
    return compiled.ruleset if compiled is not None else None


def parts_of(content: bytes) -> tuple[Made | None, bytes]:
    """What a compiled form was made of, and its rules; None if it is not whole."""
    head, _, rules = content.rstrip(b"\n").partition(b"\n")
    try:
        made = Made(**json.loads(head))
    except (ValueError, TypeError, RecursionError):
        return None, b""
    return (made, rules) if made.rules == sha256(rules) else (None, b"")


def _compiled(rules: bytes, digest: str, root: str) -> Compiled | None:
    try:
        return from_document(json.loads(rules), digest, root)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def sealed_in(texts: Mapping[str, str], root: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the manifest says the digests of the files and of the compiled rules are: each once, if it is sealed."""
    lines = texts[f"{root}/{MANIFEST}"].splitlines()
    digests = tuple(found.group(2) for line in lines if (found := SEALED.fullmatch(line)))
    return digests, tuple(found.group(1) for line in lines if (found := MADE.fullmatch(line)))


def sha256(content: bytes) -> str:
    """Its digest, as manifests and plans have it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
