"""A throw-away certificate authority with the certificates of a test's hosts and clients, as files in a folder."""

import contextlib
import datetime as dt
import fcntl
import os
import socket
import ssl
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

# TLS on the server's side that tells a client why its handshake failed, as OpenSSL on a socket does.
#
# asyncio drops the alert ("unknown ca", "certificate required") together with the connection.


CLIENT: ContextVar[socket.socket] = ContextVar("CLIENT")


class _Telling(ssl.SSLObject):
    """The TLS of one connection; what it wants to be sent is in ``outgoing``."""

    outgoing: ssl.MemoryBIO

    def do_handshake(self) -> None:
        """Go on with the handshake; its failure is sent to the connection's `CLIENT`."""
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError:
            with contextlib.suppress(OSError, LookupError):
                CLIENT.get().send(self.outgoing.read())
            raise


class TellingContext(ssl.SSLContext):
    """A server's context."""

    sslobject_class = _Telling

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *further: Any, **how: Any) -> ssl.SSLObject:
        """As every context does."""
        made = super().wrap_bio(incoming, outgoing, *further, **how)
        if isinstance(made, _Telling):
            made.outgoing = outgoing
        return made


PAIRS = ("client", "host", "expired", "stranger")


class Pair(NamedTuple):
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Credentials(NamedTuple):
    """The authority's certificate, and pairs.

    ``client`` and ``host`` are good; ``expired`` is over; ``stranger`` comes from another authority (``stranger_ca``).
    """

    ca: Path
    stranger_ca: Path
    client: Pair
    host: Pair
    expired: Pair
    stranger: Pair


def issue(folder: Path, names: Sequence[str] = ("localhost", "127.0.0.1")) -> Credentials:
    """The credentials in ``folder``; what is not there yet is made. ``names``: whom the host's certificate is for."""
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)  # of stand-ins that start at once, one makes what all of them show
        return _issued(_places(folder), names)
    finally:
        os.close(held)


def _issued(credentials: Credentials, names: Sequence[str]) -> Credentials:
    files = (credentials.ca, credentials.stranger_ca, *(path for name in PAIRS for path in getattr(credentials, name)))
    if all(path.exists() for path in files):
        return credentials
    import trustme  # cryptography takes 0.2 s to import, and only a simulator needs it

    authority, other = trustme.CA(organization_name="mgmtnet simulate"), trustme.CA(organization_name="a stranger")
    authority.cert_pem.write_to_path(str(credentials.ca))
    other.cert_pem.write_to_path(str(credentials.stranger_ca))
    past = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    issued = {
        "client": authority.issue_cert("engine.example.com", common_name="engine.example.com"),
        "host": authority.issue_cert(*names, common_name=names[0]),
        "expired": authority.issue_cert(*names, common_name=names[0], not_before=past.replace(day=1), not_after=past),
        "stranger": other.issue_cert(*names, common_name=names[0]),
    }
    for name, pair in issued.items():
        place: Pair = getattr(credentials, name)
        place.key.touch(mode=0o600)
        pair.private_key_pem.write_to_path(str(place.key))
        place.certificate.write_bytes(b"".join(blob.bytes() for blob in pair.cert_chain_pems))
    return credentials


def _places(folder: Path) -> Credentials:
    pairs = {name: Pair(folder / f"{name}-cert.pem", folder / f"{name}-key.pem") for name in PAIRS}
    return Credentials(folder / "ca.pem", folder / "stranger-ca.pem", **pairs)


def server_context(credentials: Credentials, pair: str = "host") -> ssl.SSLContext:
    """What a host listens with; ``pair``: which certificate it shows. A client without a certificate is turned away."""
    context = TellingContext(ssl.PROTOCOL_TLS_SERVER)
    shown: Pair = getattr(credentials, pair)
    context.load_cert_chain(shown.certificate, shown.key)
    context.load_verify_locations(credentials.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
