"""Every promise of security, and somebody who tries to break it."""

import gzip
import json
import os
import resource
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from services import Served, made_token, request_of, serving
from standins import BARE, MGMTNET, PATIENCE

from planner.cli.main import main
from planner.problem import Problem
from planner.service.access import Rate, names_of, new_token, read_tokens
from planner.service.changes import MOST_STREAMS
from planner.service.request import LARGEST_BODY


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str, str]]:
    """A service with tokens, and the tokens of one who may plan, and of one who may rehearse, too."""
    folder = tmp_path_factory.mktemp("guarded")
    planner, rehearser = made_token(folder, "plan", "planner"), made_token(folder, "plan,rehearse", "rehearser")
    with serving("--tokens", str(folder / "tokens")) as served:
        yield served, planner, rehearser


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# Where it listens.


def refused(*options: str) -> str:
    """What `mgmtnet serve` says where it does not."""
    done = subprocess.run(
        [*MGMTNET, "serve", *options], env=BARE, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 1
    return done.stderr


def test_it_listens_elsewhere_only_with_tls_and_a_way_to_know_callers(tmp_path: Path) -> None:
    for options in (
        ("--listen", "0.0.0.0:0"),
        ("--listen", "[::]:0"),
        ("--listen", "192.0.2.1:8080"),
        ("--listen", "host.example.com:8080"),
    ):
        assert "listen-unguarded" in refused(*options)
    made_token(tmp_path, "plan")
    assert "listen-unguarded" in refused("--listen", "0.0.0.0:0", "--tokens", str(tmp_path / "tokens"))
    assert "runs-unguarded" in refused("--runs")
    assert "tls-incomplete" in refused("--tls-cert", "none.pem")
    assert "tls-incomplete" in refused("--client-ca", "none.pem")
    assert "address-malformed" in refused("--listen", "127.0.0.1")
    with serving() as served:
        assert "cannot-listen" in refused("--listen", f"127.0.0.1:{served.port}")


# Tokens.


def test_tokens_are_kept_hashed_and_only_the_owner_writes_them(tmp_path: Path) -> None:
    token = made_token(tmp_path, "plan")
    path = tmp_path / "tokens"
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o666)
    assert "others may write" in refused("--tokens", str(path))
    path.chmod(0o600)
    path.write_text("engine root sha256:12\n")
    assert "tokens:1" in refused("--tokens", str(path))
    path.write_text("")
    assert "holds no token" in refused("--tokens", str(path))
    assert isinstance(read_tokens(str(tmp_path / "none")), list)
    assert isinstance(new_token("a b", "plan"), Problem)
    assert isinstance(new_token("a", "plan,all"), Problem)


def test_a_token_one_letter_off_none_and_two_are_refused(guarded: tuple[Served, str, str]) -> None:
    served, token, _ = guarded
    assert served.post("/v1/plan", request_of(), headers=bearer(token)).status_code == 200
    off = token[:-1] + ("A" if token[-1] != "A" else "B")
    for headers in ({}, bearer(off), bearer(""), {"Authorization": token}, {"Authorization": f"Basic {token}"}):
        answer = served.post("/v1/plan", request_of(), headers=headers)
        assert (answer.status_code, answer.json()["problems"][0]["code"]) == (401, "token-needed")
        told = "the token is not one of those known here" if headers else "a token is needed"
        assert answer.json()["title"] == told
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for path in ("/v1/rules", "/metrics", "/v1/decisions/x", "/nope"):
        assert served.get(path).status_code == 401
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert served.get(path).status_code == 200


def test_a_scope_is_needed_for_what_it_covers(guarded: tuple[Served, str, str]) -> None:
    served, planner, rehearser = guarded
    refused_one = served.post("/v1/rehearse", request_of(), headers=bearer(planner))
    assert (refused_one.status_code, refused_one.json()["problems"][0]["code"]) == (403, "scope-missing")
    run = {"host": "192.0.2.1", "definition": {}}
    key = {"Idempotency-Key": "12345678"}
    for token in (planner, rehearser):
        assert served.post("/v1/runs", run, headers=bearer(token) | key).status_code == 403
        assert served.get("/v1/runs", headers=bearer(token)).status_code == 403
        assert served.get("/v1/runs/x/events", headers=bearer(token)).status_code == 403


# Certificates.


def test_only_a_certificate_of_the_ca_may_ask_and_no_expired_one(tmp_path: Path) -> None:
    import datetime as dt

    ca, other = trustme.CA(), trustme.CA()
    files = {name: str(tmp_path / name) for name in ("ca", "cert", "key", "mine", "foreign", "late")}
    ca.cert_pem.write_to_path(files["ca"])
    served_by = ca.issue_cert("127.0.0.1")
    served_by.cert_chain_pems[0].write_to_path(files["cert"])
    served_by.private_key_pem.write_to_path(files["key"])
    ca.issue_cert("engine.example.com", common_name="engine").private_key_and_cert_chain_pem.write_to_path(
        files["mine"]
    )
    other.issue_cert("engine.example.com").private_key_and_cert_chain_pem.write_to_path(files["foreign"])
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    late = ca.issue_cert("engine.example.com", not_after=yesterday)
    late.private_key_and_cert_chain_pem.write_to_path(files["late"])
    options = ("--tls-cert", files["cert"], "--tls-key", files["key"], "--client-ca", files["ca"])
    with serving(*options) as served:
        assert served.url.startswith("https://")
        served.session.verify = files["ca"]
        for name in ("foreign", "late", ""):
            with pytest.raises((requests.exceptions.SSLError, requests.exceptions.ConnectionError)):
                served.get("/healthz", cert=files.get(name))
        assert served.get("/v1/rules", cert=files["mine"]).status_code == 200
        old = ssl.create_default_context(cafile=files["ca"])
        old.load_cert_chain(files["mine"])
        with warnings.catch_warnings():  # Python deprecates what is refused here
            warnings.simplefilter("ignore")
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", served.port)) as plain, pytest.raises(ssl.SSLError):
            old.wrap_socket(plain, server_hostname="127.0.0.1")


def test_the_name_on_a_certificate_has_the_scopes_of_its_line(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca"))
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own"))
    for name in ("reader", "stranger"):
        ca.issue_cert("a.example.com", common_name=name).private_key_and_cert_chain_pem.write_to_path(
            str(tmp_path / name)
        )
    (tmp_path / "tokens").write_text("reader plan certificate\n")
    own, tokens = str(tmp_path / "own"), str(tmp_path / "tokens")
    secured = ("--tls-cert", own, "--tls-key", own, "--client-ca", str(tmp_path / "ca"), "--tokens", tokens)
    with serving(*secured) as served:
        served.session.verify = str(tmp_path / "ca")
        reader, stranger = {"cert": str(tmp_path / "reader")}, {"cert": str(tmp_path / "stranger")}
        assert served.post("/v1/plan", request_of(), **reader).status_code == 200
        assert served.post("/v1/rehearse", request_of(), **reader).status_code == 403
        assert served.post("/v1/plan", request_of(), **stranger).status_code == 401
        assert served.post("/v1/plan", request_of(), **reader, headers={"Authorization": "Bearer x"}).status_code == 401


# Pages of other sites.


def test_another_sites_page_is_refused(service: Served) -> None:
    foreign = service.post("/v1/plan", request_of(), headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.json()["problems"][0]["code"]) == (403, "origin-foreign")
    assert service.post("/v1/plan", request_of(), headers={"Origin": "null"}).status_code == 403
    assert service.post("/v1/plan", request_of(), headers={"Origin": service.url}).status_code == 200
    simple = service.post("/v1/plan", data=json.dumps(request_of()), headers={"Content-Type": "text/plain"})
    assert simple.status_code == 415, "what a form of another site can send is not taken"
    preflight = service.session.options(f"{service.url}/v1/plan", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in {name.lower() for name in preflight.headers}


def test_a_name_that_was_rebound_is_refused(service: Served) -> None:
    for host in ("evil.example", f"evil.example:{service.port}", "127.0.0.1.evil.example", "", "127.0.0.1:1"):
        assert service.get("/v1/rules", headers={"Host": host}).status_code in (400, 421), host
    assert service.get("/v1/rules", headers={"Host": f"LOCALHOST:{service.port}"}).status_code == 200


def test_answers_forbid_what_pages_could_be_made_to_do(service: Served) -> None:
    for path in ("/", "/v1/rules", "/nope"):
        headers = service.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


# Bodies.


def test_paths_and_urls_in_every_field_are_only_texts(service: Served, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(request_of()["capture"]))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/capture.json"
        for place in (str(secret), f"file://{secret}", url, "-", "/dev/stdin"):
            whole: dict[str, Any] = request_of()
            for field, value in (
                ("capture", place),
                ("definition", place),
                ("addresses", [place]),
                ("ruleset", place),
                ("definition", {"network": "ovirtmgmt", "gateway": place}),
            ):
                answer = service.post("/v1/plan", whole | {field: value})
                assert answer.status_code in (422, 404), (field, place)
        for path in (str(secret), f"guard/../../{secret}", "x/y.yaml"):
            rules = {"files": {path: "rule: x"}}
            assert service.post("/v1/rules/check", rules).status_code == 422
        for place in (str(secret), url):
            extends = f"ruleset: mine\nversion: '1'\nsummary: s\nextends: {place}\n"
            found = service.post("/v1/rules/check", {"files": {"ruleset.yaml": extends}})
            assert found.json()["counts"]["errors"]
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_deep_json_and_bombs_are_refused_at_once(service: Served) -> None:
    began = time.monotonic()
    json_type = {"Content-Type": "application/json"}
    deep = '{"capture":' + "[" * 10_000 + "]" * 10_000 + "}"
    assert service.post("/v1/plan", data=deep, headers=json_type).status_code in (400, 422)
    inside = json.dumps({"capture": "{" + '"a":{' * 10_000 + "}" * 10_001})
    assert service.post("/v1/plan", data=inside, headers=json_type).status_code == 422
    bomb = gzip.compress(b"[" + b" " * (64 << 20))
    packed = service.post("/v1/plan", data=bomb, headers=json_type | {"Content-Encoding": "gzip"})
    assert packed.status_code == 415
    yaml = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [*{m},*{m},*{m},*{m},*{m},*{m},*{m},*{m}]\n" for m, n in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert service.post("/v1/plan", request_of() | {"definition": yaml}).status_code == 422
    assert service.post("/v1/rules/check", {"files": {"guard/x.yaml": yaml}}).status_code == 200
    assert service.post("/v1/plan", data=b"\xff\xfe", headers=json_type).status_code == 400
    assert service.get("/readyz").status_code == 200
    assert time.monotonic() - began < 20


def test_what_is_too_large_is_refused_before_it_is_read(service: Served) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as way:
        head = f"POST /v1/plan HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Type: application/json\r\n"
        way.sendall(f"{head}Content-Length: {LARGEST_BODY * 100}\r\n\r\n{{".encode())
        assert b" 413 " in way.recv(4096).split(b"\r\n")[0]
    parts = (b" " * (1 << 20) for _ in range(200))  # with no length told
    try:
        answer = service.post("/v1/plan", data=parts, headers={"Content-Type": "application/json"})
    except requests.exceptions.ConnectionError:
        return  # it was closed while this was still sending
    assert answer.status_code == 413


def test_slow_senders_are_dropped(service: Served) -> None:
    began = time.monotonic()
    ways = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(50)]
    for number, way in enumerate(ways):
        if number % 2:
            way.sendall(b"POST /v1/plan HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    assert service.post("/v1/plan", request_of()).status_code == 200, "others are served meanwhile"
    for way in ways:
        way.settimeout(30)
        assert way.recv(4096) == b"" or b" 4" in way.recv(0), "the connection is closed"
        way.close()
    assert time.monotonic() - began < 25


# How often, how many.


def test_a_caller_has_a_rate() -> None:
    with serving("--rate", "2") as served:
        statuses = [served.get("/healthz").status_code for _ in range(12)]
        assert statuses[:3] == [200, 200, 200]
        assert 429 in statuses
        told = next(answer for answer in iter(lambda: served.get("/healthz"), None) if answer.status_code == 429)
        assert int(told.headers["Retry-After"]) >= 1


def test_the_rate_forgets_and_does_not_grow() -> None:
    now = [0.0]
    rate = Rate(1.0, lambda: now[0])
    assert [rate.wait("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rate.wait("a") == 1.0
    now[0] = 1.0
    assert rate.wait("a") == 0.0
    for number in range(20_000):
        rate.wait(str(number))
    assert rate.callers <= 10_000


def test_event_streams_have_an_end(service: Served) -> None:
    """As many streams as the service allows are open; the next is told so, and plans are made all the while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 12_000), hard))
    body = json.dumps(request_of()).encode()
    ways = []
    try:
        for _ in range(1_500):
            way = socket.create_connection(("127.0.0.1", service.port))
            head = f"POST /v1/rehearse HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Type: application/json\r\n"
            way.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            ways.append(way)
        began = time.monotonic()
        assert service.post("/v1/plan", request_of()).status_code in (200, 503)
        assert time.monotonic() - began < 30
    finally:
        for way in ways:
            way.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    deadline = time.monotonic() + 60
    while service.post("/v1/plan", request_of()).status_code != 200:
        assert time.monotonic() < deadline, "it has not recovered"
    assert MOST_STREAMS < 1_500


# Rules of strangers.


def test_a_runaway_rule_costs_its_own_request_only(service: Served) -> None:
    rule = """rule: runaway
since: "1"
summary: A pattern that takes for ever elsewhere
why: It is an attack.
when:
  - nic: {name: {matches: "(a+)+$"}}
then:
  refuse: {code: runaway, message: runaway, hint: none}
examples: {fires: [seed-vlan-over-bond]}
"""
    began = time.monotonic()
    answer = service.post("/v1/rules/test", {"files": {"guard/runaway.yaml": rule}})
    assert answer.status_code in (200, 422, 503, 504)
    assert service.post("/v1/plan", request_of()).status_code == 200
    joined = "\n".join(f"  - nic as n{number}: {{}}" for number in range(9))
    every = rule.replace('  - nic: {name: {matches: "(a+)+$"}}', joined).replace("runaway", "each-with-each")
    answer = service.post("/v1/rules/test", {"files": {"guard/each-with-each.yaml": every}})
    assert answer.status_code in (200, 422, 503, 504)
    assert time.monotonic() - began < 130
    many = {"files": {f"guard/r{number}.yaml": rule for number in range(500)}}
    assert service.post("/v1/rules/check", many).status_code == 422
    assert service.post("/v1/rules/check", {"files": {"guard/x.yaml": "#" * 300_000}}).status_code == 422


def test_an_audit_has_who_and_what_and_no_secret(tmp_path: Path) -> None:
    token = made_token(tmp_path, "apply")
    audit = tmp_path / "audit"
    environ = {"MGMTNET_STATE": str(tmp_path / "state"), "MGMTNET_ENGINE_PASSWORD": "geheim"}
    with serving(
        "--runs", "--tokens", str(tmp_path / "tokens"), "--audit", str(audit), token=token, environ=environ
    ) as served:
        request = {"host": "127.0.0.1:1", "definition": {}}
        assert served.post("/v1/runs", request, headers={"Idempotency-Key": "key-of-mine"}).status_code == 422
    (line,) = audit.read_text().splitlines()
    assert json.loads(line)["caller"] == "engine"
    assert not any(secret in line for secret in (token, "key-of-mine", "geheim"))
    assert os.stat(audit).st_mode & 0o077 == 0


def test_on_every_address_it_goes_by_the_names_of_the_loopback_and_those_given(tmp_path: Path) -> None:
    own, token = str(tmp_path / "own"), made_token(tmp_path, "plan")
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(own)
    secured = ("--tls-cert", own, "--tls-key", own, "--tokens", str(tmp_path / "tokens"))
    with serving("--listen", "0.0.0.0:0", "--host-name", "h.example.com", *secured, token=token) as served:
        served.session.verify = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # urllib3 warns of certificates that are not looked at
            for host in ("127.0.0.1", f"localhost:{served.port}", "[::1]", f"h.example.com:{served.port}"):
                assert served.get("/v1/rules", headers={"Host": host}).status_code == 200, host
            foreign = served.get("/v1/rules", headers={"Host": "h2.example.com"})
    assert foreign.status_code == 421
    assert foreign.json()["detail"] == "if it is to be, start it with --host-name h2.example.com"
    assert names_of("192.0.2.1", 80, ()) == {"192.0.2.1", "192.0.2.1:80"}, "of one address nothing else"


def test_a_method_or_a_scope_that_is_missing_is_told_with_what_helps(guarded: tuple[Served, str, str]) -> None:
    served, planner, _ = guarded
    unmeant = served.session.delete(f"{served.url}/v1/plan", headers=bearer(planner))
    assert (unmeant.status_code, unmeant.headers["Allow"]) == (405, "POST")
    told = unmeant.json()
    assert told["title"] == "DELETE means nothing here"
    assert told["detail"] == "send POST; GET /openapi.json lists the calls"
    lacking = served.post("/v1/rehearse", request_of(), headers=bearer(planner)).json()
    assert lacking["title"] == "this needs the scope rehearse, which planner does not have"
    assert lacking["detail"].startswith("`mgmtnet serve --new-token NAME:rehearse --tokens FILE` makes a token")
    assert lacking["detail"].endswith("or add it to the line of planner there")


def test_whoever_asks_without_a_token_is_told_where_they_come_from(service: Served) -> None:
    lacking = service.post("/v1/runs", {}).json()
    assert lacking["title"] == "this needs the scope apply, which whoever asks without a token does not have"
    assert lacking["detail"].endswith("start the service with --tokens FILE")


def test_a_name_may_have_the_port_that_others_see() -> None:
    names = names_of("0.0.0.0", 8443, ["Host.example.com:443", "2001:db8::1", "[2001:db8::2]:443"])
    assert {"host.example.com:443", "[2001:db8::1]", "[2001:db8::1]:8443", "[2001:db8::2]:443"} <= names
    assert "host.example.com" not in names


def test_a_second_token_of_a_name_leaves_the_first_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ["serve", "--new-token", "engine:plan", "--tokens", str(tmp_path / "tokens")]
    assert main(made) == 0
    assert "count, too" not in capsys.readouterr().err
    assert main(made) == 0
    assert "earlier lines of engine there count, too, until they are taken out" in capsys.readouterr().err
    assert len((tmp_path / "tokens").read_text().splitlines()) == 2
