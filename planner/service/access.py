"""Who may ask for what: tokens with scopes, names that the service goes by, and how often.

A token file has a line for each: NAME, its scopes between commas, and the SHA-256 of the token, which is 256 bits at
random and so needs no salt; or ``certificate`` instead: whoever shows a client certificate of that name needs no token.
``plan``: everything that only computes; ``rehearse``: stand-ins; ``apply``: real hosts.
"""

import hmac
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import NamedTuple

from planner.files import content_of
from planner.problem import Problem, Where

SCOPES = ("plan", "rehearse", "apply")
LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,62}) ([a-z]+(?:,[a-z]+)*) (?:sha256:([0-9a-f]{64})|certificate)")
LARGEST_FILE = 1 << 20
# Requests that somebody may send at once after a pause. Fewer, and a page that loads its parts is told to wait.
BURST = 3
MOST_CALLERS = 10_000  # whose rate is remembered; without an end, addresses made up fill the memory


class Caller(NamedTuple):
    """Who asks, and what for it may."""

    name: str
    scopes: frozenset[str]


class Token(NamedTuple):
    """A line of a token file; without a ``digest`` it is of the certificate with the caller's name."""

    caller: Caller
    digest: str


ANYBODY = Caller("anybody", frozenset(("plan", "rehearse")))
NOBODY = Caller("nobody", frozenset())


class Tokens:
    """The tokens of a file."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        """Know these."""
        self.tokens = tuple(tokens)
        self.holders = {one.caller.name: one.caller for one in self.tokens if not one.digest}

    def caller(self, token: str) -> Caller | None:
        """Whose token it is; each is compared, in the time that all take."""
        digest = sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        found = [one.caller for one in self.tokens if hmac.compare_digest(one.digest, digest)]
        return found[0] if found else None


def read_tokens(path: str) -> Tokens | list[Problem]:
    """Read a token file, or tell everything that is wrong with it."""
    content = content_of(path, LARGEST_FILE, pipes=False)
    if not isinstance(content, bytes):
        return [_wrong(f"cannot be read: {content.reason}", "make one: mgmtnet serve --new-token", Where(path))]
    if os.stat(path).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return [_wrong("others may write to it", f"chmod go-w {path}", Where(path))]
    tokens, problems = list[Token](), list[Problem]()
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = LINE.fullmatch(line.strip())
        if found is None or not set(found[2].split(",")) <= set(SCOPES):
            hint = f"NAME SCOPE,... sha256:DIGEST, or certificate; scopes are {', '.join(SCOPES)}"
            problems.append(_wrong("it is no line of a token", hint, Where(path, line=number)))
            continue
        tokens.append(Token(Caller(found[1], frozenset(found[2].split(","))), found[3] or ""))
    if not tokens and not problems:
        problems.append(_wrong("it holds no token", "add one: mgmtnet serve --new-token", Where(path)))
    return problems or Tokens(tokens)


def new_token(name: str, scopes: str) -> tuple[str, str] | Problem:
    """Make a token: what its holder sends, and the line that the file gets."""
    token = secrets.token_urlsafe(32)
    line = f"{name} {scopes} sha256:{sha256(token.encode()).hexdigest()}"
    if LINE.fullmatch(line) is None or not set(scopes.split(",")) <= set(SCOPES):
        return _wrong(f"{name}:{scopes} names no token", f"NAME:SCOPE,... with the scopes {', '.join(SCOPES)}")
    return token, line


def _wrong(message: str, hint: str, where: Where | None = None) -> Problem:
    return Problem("tokens-unfit", message, hint, where=(where,) if where else ())


class Rate:
    """So many requests a second for each caller, and three seconds' worth at once."""

    def __init__(self, each_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Count from now on."""
        self.each_second, self.clock = each_second, clock
        self._left = dict[str, tuple[float, float]]()

    @property
    def callers(self) -> int:
        """Of how many it is remembered when they asked."""
        return len(self._left)

    def wait(self, caller: str) -> float:
        """Take one request of ``caller``: 0.0, or the seconds after which it may be sent again."""
        now, most = self.clock(), self.each_second * BURST
        left, since = self._left.pop(caller, (most, now))
        left = min(most, left + (now - since) * self.each_second)
        self._left[caller] = (max(left - 1, 0.0) if left >= 1 else left, now)
        if len(self._left) > MOST_CALLERS:
            del self._left[next(iter(self._left))]
        return 0.0 if left >= 1 else (1 - left) / self.each_second


def names_of(address: str, port: int, names: Iterable[str]) -> frozenset[str]:
    """The Host headers under which the service answers: by another name a page of another site may ask (rebinding)."""
    own = {address, *names}
    if address in ("127.0.0.1", "::1", "localhost"):
        own |= {"127.0.0.1", "::1", "localhost"}
    bracketed = {f"[{name}]" if name.count(":") > 1 and "[" not in name else name.lower() for name in own}
    return frozenset((*bracketed, *(f"{name}:{port}" for name in bracketed)))
