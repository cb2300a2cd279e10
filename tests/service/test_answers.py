"""What is answered over HTTP is what the command prints; everything answered is as the contract says."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from services import GOLDEN, SEED, Served, request_of
from standins import BARE, MGMTNET, addresses

from planner.dialects import DIALECTS
from planner.problem import Where
from planner.service.contract import LIMITS, OF_CALL, openapi, schema

DATA = GOLDEN.parent / "tests" / "data"
GOLDENS = (SEED, "dual-stack-static", "several-addresses")
SCHEMAS = openapi()["components"]["schemas"]


def printed(command: str, *arguments: str, golden: str = SEED) -> str:
    """What the command prints of a golden."""
    given = [str(GOLDEN / golden / "capture.json"), "--network", str(GOLDEN / golden / "definition.yaml")]
    given += [part for address in addresses(golden) for part in ("--address", address)]
    called = [*MGMTNET, command, given[0], *arguments, *given[1:]]
    return subprocess.run(called, env=BARE, capture_output=True, text=True, check=False).stdout


def valid(document: Any, name: str) -> None:
    """Hold an answer against its schema in the contract."""
    Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}).validate(
        document
    )


@pytest.mark.parametrize("golden", [name for name in GOLDENS if (GOLDEN / name).exists()])
def test_answers_are_what_the_command_prints(service: Served, golden: str) -> None:
    request = request_of(golden)
    plan = service.post("/v1/plan", request)
    assert plan.text == printed("plan", "-o", "json", golden=golden)
    valid(plan.json(), "plan")
    decision = plan.headers["Mgmtnet-Decision"]
    for call, arguments, further in (
        ("why", ("all",), {}),
        ("why", ("vlan",), {"field": "vlan"}),
        ("why-not", ("vlan-over-nic",), {"rule": "vlan-over-nic"}),
        ("diff", (), {}),
        ("draw", ("-o", "text"), {}),
        ("draw", ("-o", "svg"), {}),
        ("draw", ("-o", "mermaid"), {}),
    ):
        media = {"svg": "image/svg+xml", "mermaid": "text/vnd.mermaid"}.get(arguments[-1] if arguments else "")
        told = service.post(f"/v1/{call}", request | further, headers={"Accept": media or "text/plain"})
        assert told.text.rstrip() == printed(call, *arguments, golden=golden).rstrip(), (call, arguments)
        assert told.headers["Mgmtnet-Decision"] == decision
        if call != "draw":
            document = service.post(f"/v1/{call}", request | further).json()
            valid(document, call)
            assert document["text"] == told.text
    for dialect in DIALECTS:
        worded = service.post("/v1/words", request | {"dialect": dialect})
        assert worded.headers["Mgmtnet-Decision"] == decision
        words = worded.json()
        valid(words, "words")
        assert (words["text"] or "") == printed("plan", "-o", dialect, golden=golden)
        assert bool(words["text"]) is bool(words["beside"])
        assert bool(words["text"] or words["problems"]) is (words["outcome"] == "change")
    assert service.post("/v1/facts", request).json() == json.loads(printed("facts", "-o", "json", golden=golden))
    advice = service.post("/v1/advise", request)
    assert advice.json() == json.loads(printed("advise", "-o", "json", golden=golden))
    valid(advice.json(), "advice")


def test_a_judgement_is_what_the_command_prints(service: Served, tmp_path: Path) -> None:
    caps = DATA / "hosts" / "ov-bridged-bond-static" / "caps.json"
    removed = {"networks": {"ovirtmgmt": {"remove": True}}}
    path, verdicts = tmp_path / "call.json", []
    for call, allow in (
        (removed, []),
        (removed | {"bondings": {}}, ["loses-address"]),
        ({"networks": {}}, []),
        ({"networks": {"ovirtmgmt": {"nic": "eth9", "bootproto": "dhcp"}}}, []),
    ):
        path.write_text(json.dumps(call))
        typed = [*MGMTNET, "judge", str(path), "--capture", str(caps), *(f"--allow={code}" for code in allow)]
        request = {"capture": caps.read_text(), "request": call, "allow": allow}
        told = service.post("/v1/judge", request)
        valid(told.json(), "judgement")
        verdicts.append(told.json()["verdict"])
        text = service.post("/v1/judge", request | {"request": json.dumps(call)}, headers={"Accept": "text/plain"})
        for command, answer in (([*typed, "-o", "json"], told), (typed, text)):
            done = subprocess.run(command, env=BARE, capture_output=True, text=True, check=False)
            assert answer.text == done.stdout, call
    assert verdicts == ["refused", "accepted", "accepted", "refused"]
    logged = f"START setupNetworks(networks={removed['networks']}, bondings={{}}, options={{}})\n" * 2
    last = service.post("/v1/judge", {"capture": caps.read_text(), "request": logged})
    assert (last.status_code, last.json()["verdict"]) == (200, "refused"), "which call was taken is no fault"


@pytest.mark.parametrize(
    ("golden", "asked", "code"),
    [
        (SEED, {"request": {"nics": {}}}, "call-malformed"),
        (SEED, {"request": "\ud800"}, "call-malformed"),
        (SEED, {"request": {"networks": {}}, "allow": ["loses-adress"]}, "code-unknown"),
        (SEED, {"request": {"networks": {}}, "addresses": ["203.0.113.9"]}, "address-not-found"),
        ("ovirtmgmt-on-ovs", {"request": {"networks": {}}}, "call-unplayable"),
        ("excerpt-without-vlans", {"request": {"networks": {}}}, "capture-incomplete"),
    ],
)
def test_what_cannot_be_judged_is_told(service: Served, golden: str, asked: dict[str, Any], code: str) -> None:
    answer = service.post("/v1/judge", request_of(golden) | asked)
    assert answer.status_code == 422
    valid(answer.json(), "problem-document")
    assert answer.json()["problems"][0]["code"] == code


def test_every_keyword_of_a_request_has_words() -> None:
    names, used = {*OF_CALL.values()}, set[str]()
    ways: list[Any] = [schema()["$defs"][name] for name in sorted(names)]
    while ways:
        part = ways.pop()
        used |= part.keys()
        name = part.get("$ref", "").rpartition("/")[2]
        if name and name not in names:
            names.add(name)
            ways.append(schema()["$defs"][name])
        ways += part.get("properties", {}).values()
        ways += [inner for key in ("items", "additionalProperties") if isinstance(inner := part.get(key), dict)]
    assert "maxLength" in used
    assert used <= {*LIMITS, "type", "required", "oneOf", "enum", "properties", "items", "additionalProperties"} | {
        *("$ref", "description", "default", "title")
    }


@pytest.mark.parametrize(
    ("call", "asked", "message", "hint", "path"),
    [
        ("plan", {"nics": {}, "bondings": {}}, "this is a capture by itself", '{"capture": ...', ""),
        ("plan", {"result": {"nics": {}}, "jsonrpc": "2.0"}, "this is a capture by itself", '{"capture": ...', ""),
        ("plan", {"captur": {}}, 'there is no member "captur"', "did you mean capture?", "captur"),
        ("plan", {"capture": {}, "vlan": 7}, 'there is no member "vlan"', "it belongs into `definition`", "vlan"),
        ("plan", {}, "the request has no member capture", "What getVdsCaps answered", ""),
        ("plan", [], "the request is [], not an object", "A captured host", ""),
        ("plan", {"capture": 7}, "capture is 7, not an object or text", "What getVdsCaps answered", "capture"),
        ("plan", {"capture": {}, "definition": ["a"] * 99}, "definition is a list, not an", "What the", "definition"),
        (
            "plan",
            {"capture": {}, "addresses": ["a" * 81]},
            "addresses.0 is text, and has at most 80",
            "GET",
            "addresses.0",
        ),
        ("plan", {"capture": {}, "call": 0}, "call is 0, and is at least 1", "", "call"),
        ("words", {"capture": {}, "dialect": "nmstat"}, 'dialect is "nmstat"', "did you mean nmstate?", "dialect"),
        (
            "rules/check",
            {"files": {"guard/a.yaml": None}},
            "files.guard/a.yaml is null, not text",
            "",
            "files.guard/a.yaml",
        ),
    ],
)
def test_what_a_request_lacks_is_told_in_words_of_the_field(
    service: Served, call: str, asked: Any, message: str, hint: str, path: str
) -> None:
    answer = service.post(f"/v1/{call}", asked)
    assert answer.status_code == 422
    valid(answer.json(), "problem-document")
    (problem,) = answer.json()["problems"]
    assert problem["code"] == "request-invalid"
    assert problem["message"].startswith(message)
    assert hint in problem["hint"]
    assert problem["hint"]
    assert problem["where"] == [str(Where("request", path))]


def test_a_capture_comes_as_json_or_as_the_text_of_any_format(service: Served) -> None:
    request = request_of()
    wanted = service.post("/v1/plan", request).text
    text = "root@host# vdsm-client Host getCapabilities\n" + json.dumps(request["capture"], indent=4) + "\nroot@host# "
    assert (
        service.post("/v1/plan", request | {"capture": text}).json()["attachment"] == json.loads(wanted)["attachment"]
    )
    assert service.post("/v1/plan", request | {"definition": {"vlan": 3000, "mtu": 9000}}).json()["outcome"] == "change"


def test_of_a_log_another_answer_is_taken(service: Served, tmp_path: Path) -> None:
    """By `call` and `at`, as the command has them: the second of two is the host, the first has lost its bond."""
    request = request_of()
    results = [{**request["capture"], "bondings": {}}, request["capture"]]
    lines = [
        f"2026-11-27 0{hour}:00:00,000+01 DEBUG [org.ovirt.vdsm.jsonrpc.client.internal.ResponseWorker] (Worker) [] "
        f"Message received: {json.dumps({'jsonrpc': '2.0', 'id': '7', 'result': result})}\n"
        for hour, result in enumerate(results, 1)
    ]
    log, path = "".join(lines), tmp_path / "engine.log"
    path.write_text(log)
    outcomes = {}
    for which in ({}, {"call": 1}, {"call": 2.0}, {"at": "2026-11-27 01:30+01"}, {"at": "2026-11-27 02:30+01"}):
        answer = service.post("/v1/plan", request | {"capture": log} | which)
        wanted = ["--network", str(GOLDEN / SEED / "definition.yaml"), "--address", "192.0.2.10"]
        options = [f"--{name}={value:.0f}" if name == "call" else f"--{name}={value}" for name, value in which.items()]
        command = [*MGMTNET, "plan", str(path), *wanted, *options, "-o", "json"]
        plain = subprocess.run(command, env=BARE, capture_output=True, text=True, check=False).stdout
        plans = [json.loads(text) | {"problems": None} for text in (answer.text, plain)]
        assert plans[0] == plans[1], which
        outcomes[str(which)] = answer.json()["inputs"]["capture"]
    assert len(set(outcomes.values())) == 2, outcomes
    missing = service.post("/v1/why", request | {"capture": log, "call": 3})
    assert (missing.status_code, missing.json()["problems"][0]["code"]) == (422, "log-answer-missing")
    assert service.post("/v1/facts", request | {"capture": log, "call": 0}).status_code == 422
    first = service.post("/v1/plan", request | {"capture": log, "call": 1})
    kept = service.get(f"/v1/decisions/{first.headers['Mgmtnet-Decision']}?scrub=true")
    assert kept.json()["outcome"] == first.json()["outcome"]
    played = service.post("/v1/rehearse", request | {"capture": log, "call": 3})
    assert "log-answer-missing" in played.text


def test_what_cannot_be_used_is_told_with_every_problem(service: Served) -> None:
    answer = service.post(
        "/v1/plan",
        {"capture": "no capture", "definition": {"vlan": 4096}, "addresses": ["host.example.com"], "ruleset": "/etc"},
    )
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    valid(answer.json(), "problem-document")
    codes = {problem["code"] for problem in answer.json()["problems"]}
    assert {"address-invalid", "unknown-ruleset"} < codes
    assert len(codes) == 4
    assert all(problem["hint"] for problem in answer.json()["problems"])


def test_a_stream_of_hosts_is_answered_line_by_line_in_order(service: Served) -> None:
    names = [path.parent.name for path in sorted(GOLDEN.glob("*/capture.json"))][:150]
    requests = [request_of(name) for name in names]
    lines = [json.dumps(one) for one in requests]
    lines[7] = "{no json"
    told = service.post("/v1/plan", data="\n".join(lines), headers={"Content-Type": "application/x-ndjson"})
    answers = [json.loads(line) for line in told.text.splitlines()]
    assert len(answers) == len(lines)
    assert answers[7]["problems"][0]["code"] == "request-malformed"
    for number in (0, 8, 77, 149):
        assert answers[number] == service.post("/v1/plan", requests[number]).json(), names[number]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/rulesets", "rulesets"),
        ("/v1/rules", "rules"),
        ("/v1/rules?ruleset=ovirtmgmt@1.0", "rules"),
        ("/v1/rules/vlan-over-bond", "rule"),
        ("/v1/rules/vlan-tag-mismatch/other", "rule"),
        ("/v1/rules/vlan-tag-mismatch%2Fother", "rule"),
        ("/v1/goldens", "goldens"),
        (f"/v1/goldens/{SEED}", "golden"),
    ],
)
def test_what_is_installed_has_a_digest_and_an_etag(service: Served, path: str, name: str) -> None:
    found = service.get(path)
    assert found.status_code == 200
    valid(found.json(), name)
    again = service.get(path, headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_schemas_are_those_of_the_repository(service: Served) -> None:
    for path in (GOLDEN.parent / "schemas").glob("*.json"):
        assert service.get(f"/v1/schemas/{path.name}").content == path.read_bytes()
    assert service.get("/v1/schemas/..%2f..%2fpyproject.toml").status_code == 404
    for one in schema()["$defs"].values():
        Draft202012Validator.check_schema(one)


def test_an_authors_rules_are_checked_tried_and_proved(service: Served) -> None:
    rule = service.get("/v1/rules/vlan-over-bond").json()
    same = {"files": {rule["file"]: rule["text"]}}
    checked = service.post("/v1/rules/check", same).json()
    valid(checked, "findings")
    assert checked["findings"] == []
    tried = service.post("/v1/rules/test", same).json()
    valid(tried, "rules-changes")
    assert tried["changed"] == []
    broken = {"files": {rule["file"]: rule["text"].replace("vlan:", "vlam:", 1)}}
    (finding, *_) = service.post("/v1/rules/check", broken).json()["findings"]
    assert finding["places"][0]["line"] > 1
    assert finding["hint"] == "did you mean vlan?"
    assert service.post("/v1/rules/test", broken).status_code == 422
    warn = "rule: my-rule\nsince: '1'\nsummary: s\nwhy: w\nwhen:\n  - management: {}\nthen:\n  refuse:\n"
    warn += "    code: mine\n    message: mine\n    hint: h\nexamples:\n  fires: [x]\n"
    tried = service.post("/v1/rules/test", {"files": {"guard/my-rule.yaml": warn}}).json()
    assert {one["after"] for one in tried["changed"]} >= {"refused"}
    assert len(tried["changed"]) > 100
    assert tried["host"] is None
    files = {"guard/my-rule.yaml": warn}
    own = service.post("/v1/rules/test", {"files": files, "host": request_of()}).json()["host"]
    assert (own["before"], own["after"]) == ("change", "refused")
    assert any("refused" in one for one in own["differences"])
    proofs = service.post("/v1/rules/prove", same | {"invariant": "short-names"}).json()
    valid(proofs, "proofs")
    assert [one["verdict"] for one in proofs["proofs"]] == ["proved"]
    policy = {"ruleset.yaml": "ruleset: mine\nversion: '1.0'\nsummary: s\nextends: ovirtmgmt@1.0\n"}
    assert service.post("/v1/rules/check", {"files": policy}).json()["rulesets"] == ["mine@1.0"]
    assert service.get("/v1/rules/my-rule").status_code == 404, "an author's rules never reach the installed ones"


def test_a_rehearsal_tells_its_steps_as_they_come(service: Served) -> None:
    answer = service.post("/v1/rehearse", request_of() | {"reboot": False}, stream=True)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    blocks = [block.splitlines() for block in answer.text.strip().split("\n\n")]
    events = [(lines[1].removeprefix("event: "), json.loads(lines[2].removeprefix("data: "))) for lines in blocks]
    assert [lines[0] for lines in blocks] == [f"id: {number}" for number in range(1, len(blocks) + 1)]
    kind, report = events[-1]
    assert (kind, report["standing"]) == ("report", "as planned and saved")
    for name, event in events[:-1]:
        valid(event, "event")
        assert event["kind"] == name
    refused = service.post("/v1/rehearse", request_of() | {"definition": {"vlan": 7}})
    assert "event: plan" in refused.text
    nothing = service.post("/v1/rehearse", {"capture": "nothing"})
    assert "event: problems" in nothing.text


def test_it_says_how_it_is(service: Served) -> None:
    for path in ("/healthz", "/readyz"):
        valid(service.get(path).json(), "health")
    service.post("/v1/plan", request_of("nic-tag-wanted"))
    text = service.get("/metrics").text
    assert 'mgmtnet_plans_total{outcome="refused"}' in text
    assert 'mgmtnet_refusals_total{code="vlan-tag-mismatch"}' in text
    assert "mgmtnet_rules_fired_total{" in text
    assert "mgmtnet_request_seconds_bucket{" in text
    assert 'mgmtnet_workers_replaced{kind="plan"}' in text
