"""The digest of a ruleset's files, by which plans name it and a sealed one is known to be as it was released.

Found by the lines of manifests alone: a start-up that finds a compiled form never loads what reads YAML rules.
"""

import hashlib
import re
from collections.abc import Mapping

MANIFEST = "ruleset.yaml"

# The manifest's line that `mgmtnet rules release` writes, which is no part of what it is the digest of.
SEALED = re.compile(r"""digest: *(["']?)(sha256:[0-9a-f]{64})\1(?:\s+#.*|\s*)""")
EXTENDED = r"""extends: *(["']?)([\w.@-]+)\1(?:\s+#.*|\s*)"""

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
    named = [found.group(2) for line in lines if (found := re.fullmatch(EXTENDED, line))]
    if MANIFEST not in files or len(named) != len(lines) or len(named) > 1 or length > LONGEST_CHAIN:
        return ""
    return digest_of(files, digest_at(texts, named[0].replace("@", "/"), length + 1) if named else "")


def sha256(content: bytes) -> str:
    """Its digest, as manifests and plans have it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
