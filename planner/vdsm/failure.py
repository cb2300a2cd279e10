"""What can go wrong between here and a host, as a value: a call answers with what it asked for or with a Failure."""

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["unreachable", "tls", "protocol", "vdsm", "timeout", "busy", "recovering", "credentials", "refused"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call.

    `kind`: unreachable (no connection), tls (no handshake: expired, wrong CA, wrong name, no client certificate),
    credentials (files missing or unreadable, password rejected), protocol (what came is not the protocol), timeout (no
    answer in time), vdsm (VDSM answered with an error: `code` and `name`, e.g. 23 BAD_NIC), busy (VDSM's 40),
    recovering (VDSM's 99), refused (the engine's validation said no).
    `sent`: whether the request may have reached the host. A call that changes the host and failed with `sent` may have
    been carried out: only re-reading the host can tell.
    """

    kind: Kind
    message: str
    hint: str
    sent: bool = False
    code: int | None = None
    name: str | None = None

    @property
    def retryable(self) -> bool:
        """Whether the same call may be made again without asking what became of the first one."""
        return self.kind in ("busy", "recovering") or (self.kind in ("unreachable", "timeout") and not self.sent)

    def not_sent(self) -> "Failure":
        """The same, of a call that came before the one that matters, or that asked only."""
        return replace(self, sent=False)


LONGEST = 400  # characters of a peer's text that help; more of it hides the rest of the message


def excerpt(text: str) -> str:
    """A peer's words on one line, without control characters (a terminal would obey them), and not too many."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST]).split())
    return plain if len(plain) <= LONGEST else plain[:LONGEST] + " ..."


def redact(text: str, secret: str) -> str:
    """`text` without `secret`, also where it is quoted as JSON, Python or XML does."""
    quoted = repr(secret)[1:-1]
    json = secret.replace("\\", "\\\\").replace('"', '\\"')
    xml = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for form in sorted({secret, quoted, json, xml} - {""}, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def discreet(failure: Failure, secret: str) -> Failure:
    """`failure` of a call that carried `secret`, which the peer may repeat.

    VDSM's own errors have been redacted where they were read, in full. Of what is no answer of VDSM's nothing is shown:
    it was shortened, and half a password is still one.
    """
    if failure.kind in ("protocol", "vdsm") and failure.code is None:
        return replace(failure, message="no answer of VDSM's (it is not shown: it may repeat the agent's password)")
    return replace(failure, message=redact(failure.message, secret))
