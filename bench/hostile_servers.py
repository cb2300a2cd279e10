"""Hosts that are none: on each wire, at each answer and in the handshake, whatever a peer can send, or fail to send.

The tests' servers speak well until the answer that is spoilt; the client is `mgmtnet capture`.
"""

import json
import re
import ssl
import sys
import tempfile
import time
import xmlrpc.client
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, urlsplit

from attacking import Family, FellError, golden, spoken
from hosts_on_stage import ROOT
from mutations import RAW, bytes_of, changed, changed_bytes, nasty, with_raw
from standin_engine.engine import StandInEngine
from standin_engine.server import Account

from planner.apply import contact
from planner.standin.host import StandIn

sys.path.append(str(ROOT / "tests" / "vdsm"))
from scripted import Pki, Server, http, reply, stomp  # the tests' servers

# Answers that a capture needs of each wire: greeting, ping and description; or token, lists and description.
ANSWERS = {"jsonrpc": 5, "xmlrpc": 2, "engine": 9, "auto": 5}
HOST = "seed-vlan-over-bond"
# Seconds: for a greeting, for a reading, until no further reading is begun; and on top, on a machine at work.
GREET, READ, WAIT, SLACK = 1.0, 2.0, 1.0, 4.0
PAUSE = 0.02  # seconds between two bytes of a peer that drips
BOMB = 256 << 20  # bytes that a compressed answer comes to


class Good(NamedTuple):
    """An answer as it would have been: its headers, and its body, after which a STOMP frame has a zero byte."""

    head: bytes
    body: bytes
    end: bytes

    def of(self, body: bytes) -> bytes:
        """The same with another body."""
        head = re.sub(rb"(?i)(content-length: ?)\d+", rb"\g<1>%d" % len(body), self.head)
        return head + body + self.end

    def with_length(self, length: str) -> bytes:
        """The same with another length than it has."""
        head = re.sub(rb"(?i)(content-length: ?)\d+", lambda found: found[1] + length.encode(), self.head)
        return head + self.body + self.end

    def with_headers(self, lines: bytes) -> bytes:
        """The same with further headers."""
        first, rest = self.head.split(b"\n", 1)
        return first + b"\n" + lines + rest + self.body + self.end


@cache
def pki() -> Pki:
    """Certificates, good and bad, made once."""
    return Pki(Path(tempfile.mkdtemp(prefix="mgmtnet-pki-")))


@cache
def bomb() -> bytes:
    """Some hundred kilobytes, compressed."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(squeezed.compress(b" " * (1 << 20)) for _ in range(BOMB >> 20)), squeezed.flush()])


def ready() -> None:
    """Whatever takes long and every try needs."""
    pki()
    bomb()


Speak = Callable[[Any], None]
Trick = Callable[[Any, bytes, Random], None]


def _parts(good: bytes) -> Good:
    http_answer = good.startswith(b"HTTP/")
    head, gap, body = good.partition(b"\r\n\r\n" if http_answer else b"\n\n")
    return Good(head + gap, body if http_answer else body[:-1], b"" if http_answer else b"\0")


def _sends(make: Callable[[Good, Random], bytes]) -> Trick:
    """A trick that is one answer, made of the good one; the connection stays open."""

    def trick(sock: Any, good: bytes, chance: Random) -> None:
        sock.sendall(make(_parts(good), chance))
        _wait(sock)

    return trick


def _wait(sock: Any) -> None:
    while sock.recv(1 << 16):
        pass


def _cut(sock: Any, good: bytes, chance: Random) -> None:
    sock.sendall(good[: chance.randrange(len(good))])
    draw = chance.random()
    if draw < 0.3:
        _wait(sock)
    elif draw < 0.6:
        sock.setsockopt(*RESET)


RESET = (1, 13, b"\x01\0\0\0\0\0\0\0")  # SOL_SOCKET, SO_LINGER: no time to send what is left


def _drip(sock: Any, good: bytes, chance: Random) -> None:
    for byte in good[chance.randrange(len(good)) :] if chance.random() < 0.3 else good:
        sock.sendall(bytes([byte]))
        time.sleep(PAUSE)


def _endless(sock: Any, good: bytes, chance: Random) -> None:
    sock.sendall(good[: chance.choice((0, 10, len(_parts(good).head), len(good)))])
    chunk = chance.choice((b"x", b"\n", b"\0", b"a: b\r\n", b"a:b\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"[", good))
    while True:
        sock.sendall(chunk * max(1, (1 << 16) // len(chunk)))


def _document(good: Good, chance: Random) -> bytes:
    """The answer's document, changed anywhere."""
    if good.body.startswith(b"<"):
        values = changed(chance, xmlrpc.client.loads(good.body.decode())[0][0])
        try:
            return good.of(bytes_of(xmlrpc.client.dumps((values,), methodresponse=True, allow_none=True)))
        except (OverflowError, TypeError, AttributeError):  # XML has no such numbers, and names are text
            return good.of(changed_bytes(chance, good.body))
    try:
        document = json.loads(good.body)
    except ValueError:  # a frame without a body
        return changed_bytes(chance, good.head + good.body + good.end)
    return good.of(bytes_of(with_raw(json.dumps(changed(chance, document), ensure_ascii=chance.random() < 0.5))))


def _error(good: Good, chance: Random) -> bytes:
    """An error in the wire's own words, which are nasty."""
    said = nasty(chance) + nasty(chance)
    if not good.head.startswith(b"HTTP/"):
        if chance.random() < 0.5:
            return b"ERROR\nmessage:" + bytes_of(said) + b"\n\n" + bytes_of(nasty(chance)) + b"\0"
        code: object = chance.choice((40, 99, 23, -32603, 10**30, None, "x", {}))
        identity = json.loads(good.body).get("id") if good.body else None
        error = {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": said}}
        return good.of(json.dumps(error).encode())
    fault = xmlrpc.client.Fault(1, said)
    if good.body.startswith(b"<") and chance.random() < 0.5:
        return good.of(bytes_of(xmlrpc.client.dumps(fault, methodresponse=True)))
    status = chance.choice(("400 Bad Request", "401 No", "404 Not Found", "409 Conflict", "500 Oops", "503 " + said))
    told = {"reason": said, "detail": f"[{nasty(chance)}]", "error": said, "error_description": nasty(chance)}
    answer = good.of(json.dumps(chance.choice((told, {"fault": told}))).encode())
    return bytes_of(f"HTTP/1.1 {status}\r\n") + answer.partition(b"\n")[2]


def _redirect(_good: Good, chance: Random) -> bytes:
    status = chance.choice((301, 302, 303, 307, 308))
    to = chance.choice(("/", "https://127.0.0.1:9/", "http://192.0.2.1/", "file:///etc/passwd", "//", "\x1b[31m"))
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


IDS = (b'"id": "other"', b'"id": null', b'"id": []', b'"id": ' + b"9" * 5000, b'"id": "\x1b[31m"', b"")
HEADERS = (
    *(
        b"a: b\r\n" * 20_000,
        b"a: " + b"x" * (1 << 20) + b"\r\n",
        b"a:b\n" * 20_000,
        b"\x1b[31m: \x9b\r\n",
        b"no colon\r\n",
    ),
    *(
        b" folded\r\n",
        b"Content-Length: 5\r\n",
        b"content-length:5\n",
        b"Set-Cookie: a=b\r\n",
        b"Connection: Upgrade\r\n",
    ),
    *(
        b"Content-Encoding: \x1b[2J\r\n",
        b"a:\\q\n",
        b"subscription:other\n",
        b"Transfer-Encoding: x\r\n",
        b"\r\n",
        b"\0",
    ),
)
CHUNKS = (
    *(b"40000000\r\n", b"-1\r\n", b"zz\r\n", b"1\r\nx\r\n" * 50_000, b"5\r\nab", b"0\r\n" + b"a: b\r\n" * 50_000),
    b"1;" * 90_000,
)
LENGTHS = ("0", "-1", "1", "1000000000", "9" * 30, "abc", "0x10", "1_0", "+5", " 5", "5, 6", "", "\u0665")
TRICKS: dict[str, Trick] = {
    "cut": _cut,
    "dripping": _drip,
    "endless": _endless,
    "silent": lambda sock, _good, _chance: _wait(sock),
    "closed": lambda _sock, _good, _chance: None,
    "bytes": _sends(lambda good, chance: changed_bytes(chance, good.head + good.body + good.end)),
    "body": _sends(lambda good, chance: good.of(changed_bytes(chance, good.body))),
    "document": _sends(_document),
    "error": _sends(_error),
    "redirect": _sends(_redirect),
    "garbage": _sends(lambda _good, chance: chance.randbytes(chance.choice((1, 10, 1000, 100_000)))),
    "twice": _sends(lambda good, chance: (good.head + good.body + good.end) * chance.choice((2, 3, 50))),
    "length": _sends(lambda good, chance: good.with_length(chance.choice(LENGTHS))),
    "another id": _sends(lambda good, chance: good.of(re.sub(rb'"id": *"[^"]*"', chance.choice(IDS), good.body))),
    "deep": _sends(lambda good, chance: good.of(RAW[chance.choice(("deep", "open", "some"))].encode() * 3)),
    "large": _sends(lambda good, chance: good.of(chance.choice((b" ", b"[", b'"', b"<a>")) * (15 << 20))),
    "headers": _sends(lambda good, chance: good.with_headers(chance.choice(HEADERS))),
    "compressed": _sends(lambda good, chance: good._replace(head=_compressed(good, chance)).of(bomb())),
    "chunked": _sends(lambda good, chance: _chunked(good) + chance.choice(CHUNKS)),
}


def _compressed(good: Good, chance: Random) -> bytes:
    encoding = chance.choice((b"gzip", b"deflate", b"br", b"gzip, gzip", b"zstd"))
    return good.head.replace(b"\r\n", b"\r\nContent-Encoding: " + encoding + b"\r\n", 1)


def _chunked(good: Good) -> bytes:
    return re.sub(rb"(?i)content-length: ?\d+", b"Transfer-Encoding: chunked", good.head)


# Before any answer: the peer speaks no TLS, or breaks off, or shows a certificate that is not to be believed.
HANDSHAKES: dict[str, Callable[[Any, Random], None]] = {
    "no TLS": lambda sock, chance: sock.sendall(
        chance.choice((b"HTTP/1.1 200 OK\r\n\r\n", b"220 mail\r\n", b"\0" * 9))
    ),
    "TLS garbage": lambda sock, chance: sock.sendall(b"\x16\x03\x03" + chance.randbytes(chance.choice((2, 300, 9000)))),
    "TLS alert": lambda sock, chance: sock.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([chance.randrange(256)])),
    "TLS silence": lambda sock, _chance: _wait(sock),
    "TLS dripping": lambda sock, _chance: _drip_zeros(sock),
}
UNBELIEVED = ("expired", "of another CA")
CERTIFICATES = (*UNBELIEVED, "for another name")  # which VDSM's clients take


def _drip_zeros(sock: Any) -> None:
    sock.sendall(b"\x16\x03\x03\x40\x00")
    while True:
        sock.sendall(b"\0")
        time.sleep(PAUSE)


class _Spoilt:
    """A connection of which one answer, and each after it, is spoilt."""

    def __init__(self, sock: Any, spoil: Callable[[Any, bytes], None], answers: Iterator[int], good: int) -> None:
        self._sock, self._spoil, self._answers, self._good = sock, spoil, answers, good
        self.recv = sock.recv

    def sendall(self, data: bytes) -> None:
        if next(self._answers) < self._good:
            self._sock.sendall(data)
            return
        self._spoil(self._sock, data)
        raise EOFError


def _vdsm(host: dict[str, Any]) -> Speak:
    def answer(_sock: Any, call: dict[str, Any], say: Callable[..., None]) -> None:
        say(result=host if call["method"] == "Host.getCapabilities" else True)

    return cast("Speak", stomp(answer))


def _elder(host: dict[str, Any]) -> Speak:
    def respond(sock: Any, _line: str, _headers: dict[str, str], _body: bytes) -> None:
        told = {"status": {"code": 0, "message": "Done"}, "info": host}
        sock.sendall(reply(xmlrpc.client.dumps((told,), methodresponse=True).encode()))

    return cast("Speak", http(respond))


def _engine(host: dict[str, Any]) -> Speak:
    engine, account = StandInEngine(StandIn(host)), Account()

    def respond(sock: Any, line: str, _headers: dict[str, str], body: bytes) -> None:
        method, url, _ = line.split(" ")
        parts = urlsplit(url)
        if parts.path.endswith("/token"):
            status, document = account.token(dict(parse_qsl(body.decode())))
        else:
            path = parts.path.removeprefix("/ovirt-engine/api/")
            status, document, _ = engine.answer(method, path, dict(parse_qsl(parts.query)), json.loads(body or b"{}"))
        sock.sendall(reply(json.dumps(document).encode(), f"{status} -", "application/json"))

    return cast("Speak", http(respond))


SPEAKERS = {"jsonrpc": _vdsm, "auto": _vdsm, "xmlrpc": _elder, "engine": _engine}


def prepare(chance: Random, number: int, folder: Path) -> None:
    """Which wire, what is done to it, and when."""
    tricks = [*TRICKS, *HANDSHAKES, *CERTIFICATES]
    wire, trick = list(ANSWERS)[number % len(ANSWERS)], tricks[number // len(ANSWERS) % len(tricks)]
    case = {"wire": wire, "trick": trick, "good": chance.randrange(ANSWERS[wire]), "seed": chance.randrange(1 << 32)}
    (folder / "case.json").write_text(json.dumps(case))


def run(folder: Path) -> None:
    """Serve, ask, and look how long that took."""
    case = json.loads((folder / "case.json").read_text())
    contact.GREET_WITHIN, contact.READ_WITHIN = GREET, READ
    server = Server(_script(case), _context(case))
    began = time.monotonic()
    try:
        ended = spoken(*_command(case, server.port, folder))
    finally:
        took = time.monotonic() - began
        server.stopped.set()
    if ended.status == 0 and case["trick"] in UNBELIEVED:
        told = f"a certificate is believed that is {case['trick']}"
        raise FellError(told)
    if took > GREET + READ + WAIT + SLACK:
        told = f"a host is waited for beyond its limit: {case['wire']}, {case['trick']}\n{took:.1f} s"
        raise FellError(told)


def _script(case: dict[str, Any]) -> Speak:
    chance, trick = Random(case["seed"]), case["trick"]
    if trick in HANDSHAKES:
        return lambda sock: HANDSHAKES[trick](sock, chance)
    speak = SPEAKERS[case["wire"]](json.loads((golden(HOST) / "capture.json").read_text()))
    if trick in CERTIFICATES:
        return speak
    answers = count()
    spoil = partial(_spoil, TRICKS[trick], chance)
    return lambda sock: speak(_Spoilt(sock, spoil, answers, case["good"]))


def _spoil(trick: Trick, chance: Random, sock: Any, good: bytes) -> None:
    trick(sock, good, chance)


def _context(case: dict[str, Any]) -> ssl.SSLContext | None:
    if case["trick"] in HANDSHAKES:
        return None
    bad = {"expired": pki().expired, "for another name": pki().server}
    bad["of another CA"] = pki().other.issue_cert("127.0.0.1")
    certificate = bad.get(case["trick"], pki().named)
    context: ssl.SSLContext = pki().context(certificate, mutual=case["wire"] != "engine")
    return context


def _command(case: dict[str, Any], port: int, folder: Path) -> list[str]:
    files = [f"{pki().folder}/{name}" for name in ("ca.pem", "client.crt", "client.key")]
    given = [part for pair in zip(("--ca", "--cert", "--key"), files, strict=True) for part in pair]
    given += ["--wait", str(WAIT)]
    if case["wire"] != "engine":
        return ["capture", f"127.0.0.1:{port}", "--transport", case["wire"], *given]
    (folder / "password").write_text(Account().password)
    account = ["--engine-user", Account().user, "--engine-password-file", str(folder / "password")]
    return ["capture", "host1", "--transport", "engine", "--engine", f"https://127.0.0.1:{port}", *account, *given]


# A flood of 16 MB and its parsing take 2 s; the clock is watched by the try itself.
FAMILY = Family(
    "hostile servers",
    "on three wires, at any answer or in the handshake, whatever a peer can send or fail to; `mgmtnet capture`",
    1_000,
    prepare,
    run,
    processor=20,
    patience=60,
    jobs=6,
    warm=ready,
)
