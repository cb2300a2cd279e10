"""One HTTP request over a channel: the only module that knows requests (and urllib3, which carries it).

requests' own timeout is one for each read, and its answers have no limit. So the connection below is ours: requests
writes to and reads from a `Channel`, which has both, and which speaks TLS as VDSM wants it. Proxies, netrc files,
redirects, retries and compressed answers are off: each could take credentials elsewhere, or outlive the deadline.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from planner.vdsm.channel import CHUNK, Broken, Channel
from planner.vdsm.client import Failure, excerpt

OTHER_PORT = "is it the right port? What answers there is no HTTP server"
HEADERS = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "mgmtnet"}


class Reply(NamedTuple):
    """What the server at `peer` answered."""

    status: int
    body: bytes
    peer: str


class _Unsigned(requests.auth.AuthBase):
    """No credentials but those in our headers."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Reader(io.RawIOBase):
    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = None
        while data is None:
            data = self.channel.receive(min(len(buffer), CHUNK))
        buffer[: len(data)] = data
        return len(data)


class _Socket:
    """As much of a socket as http.client uses."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def sendall(self, data: bytes) -> None:
        self.channel.sent = True
        self.channel.send(data)

    def makefile(self, *_mode: object) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self.channel))

    def settimeout(self, _seconds: float | None) -> None:
        """The channel has a deadline."""

    def close(self) -> None:
        """http.client does so before it has read an answer of unknown length; the adapter closes the channel."""


class _Adapter(HTTPAdapter):
    """Takes every request to one channel, made by `dialer`."""

    def __init__(self, host: str, port: int, dialer: Callable[[], Channel]) -> None:
        super().__init__(max_retries=0)
        self.channel: Channel | None = None
        adapter = self  # the connection is made by the pool, which knows nothing of us

        class Connection(HTTPConnection):
            def connect(self) -> None:
                adapter.channel = dialer()
                self.sock: Any = _Socket(adapter.channel)

        class Pool(urllib3.HTTPConnectionPool):
            ConnectionCls = Connection

        self.pool = Pool(host, port, maxsize=1, retries=False)

    def get_connection_with_tls_context(self, *_request: Any, **_settings: Any) -> urllib3.HTTPConnectionPool:
        return self.pool

    def cert_verify(self, *_settings: Any) -> None:
        """The channel has done so."""

    def close(self) -> None:
        self.pool.close()
        super().close()
        if self.channel is not None:
            self.channel.close()


def exchange(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, dialer: Callable[[], Channel]
) -> Reply | Failure:
    """Send one request on the channel that `dialer` makes (it may raise Broken) and read the whole answer."""
    parts = urllib3.util.parse_url(url)
    adapter = _Adapter(parts.host or "", parts.port or 443, dialer)
    with requests.Session() as session:
        session.trust_env = False
        session.auth = _Unsigned()
        session.mount("https://", adapter)
        try:
            response = session.request(
                method,
                url,
                data=body,
                headers={**HEADERS, "Host": parts.netloc or "", **headers},
                stream=True,
                allow_redirects=False,
                timeout=None,
            )
            return _read(response, adapter.channel)
        except Broken as broken:
            return broken.failure
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            return _not_http(adapter.channel, error)


def _read(response: requests.Response, channel: Channel | None) -> Reply | Failure:
    peer = channel.peer if channel is not None else ""
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        text = f"{peer}: the answer is compressed ({excerpt(encoding)}), and nobody asked for that"
        return Failure("protocol", text, OTHER_PORT, sent=True)
    announced = response.headers.get("Content-Length", "")
    limit = channel.limit if channel is not None else 0
    if (
        limit
        and announced.isascii()
        and announced.isdigit()
        and (len(announced) > len(str(limit)) or int(announced) > limit)
    ):
        text = f"{peer}: an answer of {excerpt(announced)} bytes, and no more than {limit} are taken"
        return Failure("protocol", text, OTHER_PORT, sent=True)
    body = b"".join(response.iter_content(CHUNK))
    if channel is not None:
        channel.answered = True
    return Reply(response.status_code, body, peer)


def _not_http(channel: Channel | None, error: Exception) -> Failure:
    """The library's messages quote the request's URL and more: what went wrong is said in our words."""
    peer, sent = (channel.peer, channel.sent) if channel is not None else ("", False)
    if channel is not None and channel.ended:
        message = f"{peer}: the connection was closed before the answer was complete"
        return Failure("unreachable", message, "the server may be restarting", sent=sent)
    return Failure("protocol", f"{peer}: the answer is no HTTP ({type(error).__name__})", OTHER_PORT, sent=sent)
