"""Runs on hosts over HTTP: begun once, followed, in the same journal as the command's, and ended whatever is killed."""

import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from services import GOLDEN, SEED, Served, made_token, serving
from standins import Machine, machine, wait_until

from planner.service.runs import run_name

HURRIED = (sys.executable, str(GOLDEN.parent / "bench" / "hurried.py"))
STEPS = ["look", "announce-adopt", "adopt", "verify-adopt", "announce", "set-up", "verify", "commit", "prove"]


class Site(NamedTuple):
    """A host, and what a service needs to change it."""

    host: Machine
    token: str
    folder: Path

    @contextmanager
    def service(self) -> Iterator[Served]:
        options = ("--runs", "--tokens", str(self.folder / "tokens"))
        with serving(*options, token=self.token, environ=self.host.environ, command=HURRIED, measured=True) as served:
            yield served

    @property
    def request(self) -> dict[str, Any]:
        definition = (GOLDEN / SEED / "definition.yaml").read_text()
        return {"host": self.host.target, "definition": definition, "addresses": ["192.0.2.10"]}

    def written(self) -> int:
        """How many steps the journal has."""
        path = self.folder / "host" / "state" / "journal.sqlite"
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
            return int(journal.execute("SELECT count(*) FROM operation_outputs").fetchone()[0])
        return 0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    token = made_token(tmp_path, "plan,apply")
    with machine(tmp_path / "host", SEED) as host:
        yield Site(host, token, tmp_path)


def begun(served: Served, site: Site, key: str = "change-0001") -> Any:
    return served.post("/v1/runs", site.request, headers={"Idempotency-Key": key})


def events(served: Served, run: str, last: str = "") -> list[tuple[str, str, Any]]:
    """The events of a run until its end: number, kind, data."""
    headers = {"Last-Event-ID": last} if last else {}
    text = served.get(f"/v1/runs/{run}/events", headers=headers).text
    found = []
    for block in text.strip().split("\n\n"):
        parts = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((parts.get("id", ""), parts["event"], json.loads(parts["data"])))
    return found


def test_a_host_is_changed_and_every_step_is_told(site: Site) -> None:
    with site.service() as served:
        first = begun(served, site)
        assert first.status_code == 202
        run = first.json()["run"]
        assert first.headers["Location"] == f"/v1/runs/{run}"
        told = events(served, run)
        assert [(number, kind) for number, kind, _ in told[:-1]] == [(str(n), "step") for n in range(1, 10)]
        assert [data["name"] for _, _, data in told[:-1]] == STEPS
        assert told[-1][1:] == ("ended", {"run": run, "host": site.host.target, "standing": "as planned and saved"})
        assert events(served, run, last="7") == told[7:], "taken up after the event that was seen last"
        again = begun(served, site)
        assert (again.status_code, again.json()["run"]) == (200, run)
        assert site.host.changed() == ["setupNetworks", "setupNetworks", "setSafeNetworkConfig"]
        status = site.host.mgmtnet("status", run, "-o", "json").document
        assert [step["name"] for step in status[0]["steps"]] == STEPS, "the command reads the same journal"
        assert served.get("/v1/runs").json()["runs"][0]["run"] == run
        audit = [json.loads(line) for line in (site.folder / "host/state/audit.jsonl").read_text().splitlines()]
        assert [(one["caller"], one["what"], one["run"], one["status"]) for one in audit] == [
            ("engine", "begin", run, 202)
        ]
        settled = begun(served, site, "change-0002")
        assert (settled.status_code, settled.json()["standing"]) == (200, "as planned and saved")


def test_a_key_serves_one_request_and_a_host_one_run(tmp_path: Path) -> None:
    token = made_token(tmp_path, "plan,apply")
    slow = machine(tmp_path / "host", SEED, faults=["setupNetworks:slow=60:2"])
    with slow as host, (site := Site(host, token, tmp_path)).service() as served, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: begun(served, site), range(4)))
        assert {answer.status_code for answer in answers} == {202}
        (run,) = {answer.json()["run"] for answer in answers}
        other = site.request | {"addresses": []}
        assert served.post("/v1/runs", other, headers={"Idempotency-Key": "change-0001"}).status_code == 409
        beside = begun(served, site, "change-0002")
        assert (beside.status_code, beside.json()["problems"][0]["code"]) == (409, "host-held")
        assert events(served, run)[-1][2]["standing"] == "as planned and saved"
        assert site.host.changed() == ["setupNetworks", "setupNetworks", "setSafeNetworkConfig"]


def test_what_is_refused_is_told_and_nothing_is_sent(site: Site) -> None:
    with site.service() as served:
        refused = served.post(
            "/v1/runs", site.request | {"definition": {"vlan": 7}}, headers={"Idempotency-Key": "change-0001"}
        )
        assert (refused.status_code, refused.json()["outcome"]) == (200, "refused")
        nobody = served.post(
            "/v1/runs", site.request | {"host": "127.0.0.1:1"}, headers={"Idempotency-Key": "change-0002"}
        )
        wrong = served.post("/v1/runs", site.request | {"host": "--help"}, headers={"Idempotency-Key": "change-0003"})
        assert wrong.status_code == 422
        assert served.post("/v1/runs", site.request).json()["problems"][0]["code"] == "key-needed"
        short = served.post("/v1/runs", site.request, headers={"Idempotency-Key": "first"})
        assert (short.status_code, short.json()["title"]) == (400, "this is no Idempotency-Key")
        assert nobody.status_code == 422
    assert site.host.changed() == []


def test_a_run_outlives_its_service_and_the_command_goes_on_with_it(site: Site) -> None:
    with site.service() as served:
        run = begun(served, site).json()["run"]
        (child,) = [one for one in served.children() if "apply" in Path(f"/proc/{one}/cmdline").read_text()]
        wait_until(lambda: site.written() >= 2)
        os.killpg(child, signal.SIGKILL)
        wait_until(lambda: child not in served.children())
        resumed = site.host.mgmtnet("resume", run, "-o", "json")
        assert resumed.document["standing"] == "as planned and saved"
        assert events(served, run)[-1][2]["standing"] == "as planned and saved"


def test_a_change_is_kept_and_taken_back(site: Site) -> None:
    with site.service() as served:
        request = site.request | {"confirm_within": 600}
        run = served.post("/v1/runs", request, headers={"Idempotency-Key": "change-0001"}).json()["run"]
        early = ordered(served, run, "undo")
        assert (early.status_code, early.json()["problems"][0]["code"]) == (409, "run-unfinished"), early.text
        wait_until(lambda: served.get(f"/v1/runs/{run}").json()["confirm_by"] is not None)
        left = served.get(f"/v1/runs/{run}").json()["confirm_by"] - time.time()
        assert 500 < left <= 600
        kept = served.post(f"/v1/runs/{run}/confirm")
        assert (kept.status_code, kept.json()["run"], kept.json()["confirm_by"]) == (200, run, None), kept.text
        assert events(served, run)[-1][2]["standing"] == "as planned and saved"
        late = served.post(f"/v1/runs/{run}/confirm")
        assert (late.status_code, late.json()["problems"][0]["code"]) == (409, "not-asked")

        undone = ordered(served, run, "undo")
        assert (undone.status_code, undone.json()["undoes"]) == (202, run), undone.text
        back = undone.json()["run"]
        assert undone.headers["Location"] == f"/v1/runs/{back}"
        assert events(served, back)[-1][2]["standing"] == "as planned and saved"
        assert f"(undoes {run})" in site.host.mgmtnet("status", back).out + site.host.mgmtnet("status").out
        again = ordered(served, run, "undo")
        assert (again.status_code, again.json()["run"]) == (200, back)
        assert ordered(served, back, "undo").json()["problems"][0]["code"] == "key-reused"
        stands = ordered(served, run, "undo", "change-0003")
        assert (stands.status_code, stands.json()["run"], stands.json()["undoes"]) == (200, "", run)
        assert served.post(f"/v1/runs/{run}/undo", {}).json()["problems"][0]["code"] == "key-needed"
        for asked in ("confirm", "undo"):
            assert ordered(served, "nobody", asked).status_code == 404
        audit = [json.loads(line) for line in (site.folder / "host/state/audit.jsonl").read_text().splitlines()]
        assert [
            (one["what"], one["run"], one.get("undoes"), one["status"]) for one in audit if one["status"] < 300
        ] == [
            ("begin", run, None, 202),
            ("confirm", run, None, 200),
            ("undo", back, run, 202),
            ("undo", run_name("change-0003", "engine"), run, 200),
        ]


def test_what_nobody_keeps_is_taken_back_and_is_nothing_to_undo(site: Site) -> None:
    with site.service() as served:
        odd = served.post("/v1/runs", site.request | {"confirm_within": 0}, headers={"Idempotency-Key": "change-0000"})
        assert odd.status_code == 422
        request = site.request | {"confirm_within": 1}
        run = served.post("/v1/runs", request, headers={"Idempotency-Key": "change-0001"}).json()["run"]
        assert events(served, run)[-1][2]["standing"] in ("adopted", "as before")
        refused = ordered(served, run, "undo")
        assert (refused.status_code, refused.json()["problems"][0]["code"]) == (409, "nothing-to-undo")


def ordered(served: Served, run: str, asked: str, key: str = "change-0002") -> Any:
    return served.post(f"/v1/runs/{run}/{asked}", {}, headers={"Idempotency-Key": key})


def test_runs_are_off_unless_enabled(tmp_path: Path) -> None:
    token = made_token(tmp_path, "plan,apply")
    with serving("--tokens", str(tmp_path / "tokens"), token=token) as served:
        asked = served.post("/v1/runs", {"host": "h", "definition": {}}, headers={"Idempotency-Key": "change-0001"})
        assert (asked.status_code, asked.json()["problems"][0]["code"]) == (501, "runs-disabled")
        assert served.get("/v1/runs").status_code == 501
        assert served.post("/v1/runs/any/confirm").status_code == 501
