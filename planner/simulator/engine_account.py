"""The account at a stand-in engine: a token for its password, or the password with each request (vdsm.md 8.4)."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import NamedTuple

from planner.simulator.kernel import Record

USER, PASSWORD = "admin@internal", "rehearsal"  # of an engine that guards nothing
TOKEN = "stand-in-token"  # noqa: S105  it opens nothing but a rehearsal
DENIED = "access_denied: Cannot authenticate user Invalid user credentials."


class Account(NamedTuple):
    """The one account. ``tokens`` False: an engine before 4.0, which knows only passwords."""

    user: str = USER
    password: str = PASSWORD
    tokens: bool = True

    def token(self, form: Mapping[str, str]) -> tuple[int, Record]:
        """Status and answer of POST /sso/oauth/token."""
        if not self.tokens:
            return 404, {}
        if not self._is(form.get("username", ""), form.get("password", "")):
            return 400, {"error": "access_denied", "error_description": DENIED}
        return 200, {"access_token": TOKEN, "scope": form.get("scope", ""), "token_type": "bearer"}

    def admits(self, authorization: str) -> bool:
        """Whether a request with that header may go on."""
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer":
            return self.tokens and value == TOKEN
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind == "Basic" and self._is(user, password)

    def _is(self, user: str, password: str) -> bool:
        return user == self.user and hmac.compare_digest(password.encode(), self.password.encode())
