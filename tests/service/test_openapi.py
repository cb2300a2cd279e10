"""Whatever the OpenAPI document allows to be asked gets an answer that it declares, and never a fault."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate
from schemathesis.specs.openapi.checks import positive_data_acceptance
from services import Served, made_token, request_of, serving

from planner.service.contract import openapi

DOCUMENT = schemathesis.openapi.from_dict(openapi())
# What takes seconds for each answer is asked by its own tests.
SLOW = ("/v1/rules/test", "/v1/rules/prove", "/v1/rules/check", "/v1/rehearse")
QUICK = DOCUMENT.exclude(path=list(SLOW))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service with all that can be turned on."""
    folder = tmp_path_factory.mktemp("everything")
    token = made_token(folder, "plan,rehearse,apply")
    options = ("--runs", "--tokens", str(folder / "tokens"), "--decisions", str(folder / "kept"), "--rate", "100000")
    with serving(*options, token=token, environ={"MGMTNET_STATE": str(folder / "state")}) as served:
        yield served


def test_the_document_is_an_openapi_document(service: Served) -> None:
    document = service.get("/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {path for path in document["paths"] if path.startswith("/v1/")} >= {"/v1/plan", "/v1/runs/{id}/events"}


@QUICK.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_declared(case: Any, everything: Served) -> None:
    answer = case.call(base_url=everything.url, headers=dict(everything.session.headers), timeout=60)
    assert answer.status_code < 500 or answer.status_code in (501, 503), answer.text
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])  # {} is JSON, and no capture


def test_answers_that_tell_a_decision_are_those_that_are_declared(service: Served) -> None:
    request = request_of() | {"definition": {}}
    further = {
        "/v1/why-not": {"rule": "vlan-over-bond"},
        "/v1/words": {"dialect": "nmstate"},
        "/v1/judge": {"request": {"networks": {}}},
    }
    calls = {path: call["post"]["responses"]["200"] for path, call in openapi()["paths"].items() if "post" in call}
    about = [path for path in calls if "Mgmtnet-Decision" in calls[path].get("headers", {})]
    assert {"/v1/plan", "/v1/words"} < {*about}
    for path in (*about, "/v1/judge"):
        answer = service.post(path, request | further.get(path, {}))
        assert (answer.status_code, "Mgmtnet-Decision" in answer.headers) == (200, path in about), path
