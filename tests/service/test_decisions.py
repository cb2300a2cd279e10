"""Decisions that are kept: replayed byte for byte, renamed on demand, in a folder or in PostgreSQL."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from postgres import server
from services import Served, request_of, serving

from planner.service.decisions import decisions_at


@pytest.fixture(params=["folder", "database"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    place = nullcontext(str(tmp_path / "decisions")) if request.param == "folder" else server()
    with place as where, serving("--decisions", str(where), measured=True) as served:
        yield served


def test_a_decision_is_replayed_byte_for_byte(keeping: Served) -> None:
    answer = keeping.post("/v1/plan", request_of())
    decision = answer.headers["Mgmtnet-Decision"]
    replayed = keeping.get(f"/v1/decisions/{decision}")
    assert replayed.content == answer.content
    assert replayed.headers["Mgmtnet-Decision"] == decision
    other = keeping.post("/v1/plan", request_of() | {"addresses": []})
    assert other.headers["Mgmtnet-Decision"] != decision
    scrubbed = keeping.get(f"/v1/decisions/{decision}?scrub=true")
    assert "192.0.2.10" not in scrubbed.text
    assert scrubbed.json()["outcome"] == answer.json()["outcome"]
    assert keeping.get("/v1/decisions/" + "0" * 64).status_code == 404
    assert keeping.get("/v1/decisions/..%2f..%2fetc%2fpasswd").status_code == 404


def test_it_is_nobody_elses(tmp_path: Path) -> None:
    with serving("--decisions", str(tmp_path / "decisions")) as served:
        decision = served.post("/v1/plan", request_of()).headers["Mgmtnet-Decision"]
    kept = tmp_path / "decisions" / decision[:2] / decision
    assert kept.stat().st_mode & 0o077 == 0


def test_where_none_can_be_kept_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = [decisions_at(str(tmp_path / "file" / "folder")), decisions_at("postgresql://nobody@127.0.0.1:1/none")]
    assert [one.code for one in found] == ["decisions-unkept", "decisions-unkept"]


def test_without_it_is_turned_off() -> None:
    with serving() as served:
        assert served.get("/v1/decisions/" + "0" * 64).status_code == 501
