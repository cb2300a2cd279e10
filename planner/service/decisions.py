"""Decisions that are kept: what was asked and what was answered, by the digest of what the answer depends on."""

import json
import os
import re
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from planner.problem import Problem

POSTGRESQL = "postgresql://"
ID = re.compile(r"[0-9a-f]{64}")
LARGEST = 1 << 28
# Seconds to wait for a database: a plan is answered whether its decision can be kept or not.
CONNECT_WITHIN = 5
TABLE = """
CREATE TABLE IF NOT EXISTS mgmtnet_decisions
  (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), request bytea NOT NULL, answer bytea NOT NULL)
"""


class Decision(NamedTuple):
    """The bytes of a request and of the plan that answered it."""

    request: bytes
    answer: bytes


class Decisions(Protocol):
    """Where decisions are kept. Each call may take as long as a disk or a database does."""

    def keep(self, digest: str, decision: Decision) -> None:
        """Keep a decision; the first of several that are the same stays."""

    def find(self, digest: str) -> Decision | None:
        """The decision, if there is one."""


def decisions_at(place: str) -> Decisions | Problem:
    """Where ``place`` says: a folder, or the URL of a PostgreSQL database."""
    try:
        return Database(place) if place.startswith(POSTGRESQL) else Folder(place)
    except Exception as failure:  # noqa: BLE001  of a file system, or of a database's driver
        reason = str(failure).strip().splitlines()[-1] if str(failure).strip() else type(failure).__name__
        return Problem("decisions-unkept", f"decisions cannot be kept: {reason}", "name a folder of yours, or none")


class Folder:
    """A folder with a file for each decision; they tell of hosts, so nobody else may read them."""

    def __init__(self, path: str) -> None:
        """Keep them under ``path``, which is made."""
        self.path = path
        os.makedirs(path, mode=0o700, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            msg = f"{path} cannot be written to"
            raise PermissionError(msg)

    def keep(self, digest: str, decision: Decision) -> None:
        """Write it beside, and rename it: nobody reads half of it."""
        path = self._file(digest)
        if os.path.exists(path):
            return
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        beside = f"{path}.{os.getpid()}.new"
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(len(decision.request).to_bytes(8, "big") + decision.request + decision.answer)
        os.replace(beside, path)

    def find(self, digest: str) -> Decision | None:
        """Read it."""
        with suppress(OSError), open(self._file(digest), "rb") as stream:
            held = stream.read(LARGEST)
            length = int.from_bytes(held[:8], "big")
            return Decision(held[8 : 8 + length], held[8 + length :])
        return None

    def _file(self, digest: str) -> str:
        return os.path.join(self.path, digest[:2], digest)


class Database:
    """A table of a PostgreSQL database, which several services may share."""

    def __init__(self, url: str) -> None:
        """Make the table, if it is not there."""
        self.url = url
        with self._connected() as database:
            database.execute(TABLE)

    def _connected(self) -> Any:
        import psycopg

        return psycopg.connect(self.url, autocommit=True, connect_timeout=CONNECT_WITHIN)

    def keep(self, digest: str, decision: Decision) -> None:
        """Insert it."""
        with self._connected() as database:
            statement = "INSERT INTO mgmtnet_decisions (id, request, answer) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
            database.execute(statement, (digest, *decision))

    def find(self, digest: str) -> Decision | None:
        """Select it."""
        with self._connected() as database:
            asked = database.execute("SELECT request, answer FROM mgmtnet_decisions WHERE id = %s", (digest,))
            row = asked.fetchone()
        return Decision(bytes(row[0]), bytes(row[1])) if row else None


def scrubbed_request(request: bytes) -> bytes:
    """The request with its capture, definition and addresses renamed, as `mgmtnet capture --scrub` does."""
    import secrets

    from planner.authoring.golden import scrubbed
    from planner.host.capture import Which
    from planner.host.scrub import KEY_LENGTH
    from planner.standin.captures import read_document
    from planner.yamltext import parse_yaml, plain

    document = json.loads(request)
    capture = document["capture"]
    text = capture if isinstance(capture, str) else json.dumps(capture)
    which = Which(int(document.pop("call", 0)), document.pop("at", ""))
    captured = read_document(text.encode(), "capture", which).document or {}  # a plan was made of it
    wanted = document.get("definition", {})
    if isinstance(wanted, str):
        node, _ = parse_yaml(wanted, "definition")
        wanted = plain(node) if node is not None else {}
    found = scrubbed(captured, wanted or {}, document.get("addresses", ()), (), secrets.token_bytes(KEY_LENGTH))
    document |= {"capture": found.capture, "definition": found.definition, "addresses": list(found.addresses)}
    return json.dumps(document).encode()
