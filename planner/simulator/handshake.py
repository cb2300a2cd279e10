"""TLS on the server's side that tells a client why its handshake failed, as OpenSSL on a socket does.

asyncio drops the alert ("unknown ca", "certificate required") together with the connection.
"""

import contextlib
import socket
import ssl
from contextvars import ContextVar
from typing import Any

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
