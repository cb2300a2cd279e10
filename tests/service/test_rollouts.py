"""Rollouts over HTTP: begun once, followed, paused, stopped; the same rollout as the command's, whatever is killed."""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from services import Served, made_token, serving
from standins import ROOT, Ended, mgmtnet, wait_until

sys.path.insert(0, str(ROOT / "bench"))
from fleet_on_stage import Fleet, fleet

ONCE = Counter({"setupNetworks": 2, "setSafeNetworkConfig": 1})
SLOW = "setupNetworks:slow=60:2"  # three seconds at the stand-ins' speed


class Site(NamedTuple):
    """A fleet, and what a service needs to change it."""

    fleet: Fleet
    token: str
    folder: Path

    @contextmanager
    def service(self) -> Iterator[Served]:
        options = ("--runs", "--tokens", str(self.folder / "tokens"))
        with serving(*options, token=self.token, environ=self.fleet.environ, measured=True) as served:
            yield served

    def request(self, **stated: Any) -> dict[str, Any]:
        inventory = {"inventory": Path(self.fleet.inventory).read_text()} if "hosts" not in stated else {}
        return {**inventory, "definition": Path(self.fleet.definition).read_text(), **stated}

    def command(self, *arguments: str) -> Ended:
        return mgmtnet(*arguments, environ=self.fleet.environ)

    def sent(self) -> list[Counter[str]]:
        """What each host was sent that changes it."""
        return [self.fleet.sent(name) for name in self.fleet.hosts]


@contextmanager
def site(folder: Path, count: int, faults: dict[int, Sequence[str]] | None = None) -> Iterator[Site]:
    token = made_token(folder, "plan,apply")
    with fleet(count, faults=faults) as hosts:
        yield Site(hosts, token, folder)


def begun(served: Served, request: dict[str, Any], key: str = "change-0001") -> Any:
    return served.post("/v1/rollouts", request, headers={"Idempotency-Key": key})


def events(served: Served, name: str, last: str = "") -> Iterator[tuple[str, str, Any]]:
    """The events of a rollout as they come: number, kind, data."""
    headers = {"Last-Event-ID": last} if last else {}
    with served.get(f"/v1/rollouts/{name}/events", headers=headers, stream=True) as stream:
        parts: dict[str, str] = {}
        for line in stream.iter_lines(decode_unicode=True):
            if line:
                parts.update([line.split(": ", 1)])
            else:
                yield parts.get("id", ""), parts["event"], json.loads(parts["data"])
                parts = {}


def state(served: Served, name: str) -> str:
    return str(served.get(f"/v1/rollouts/{name}").json()["state"])


def working(served: Served, name: str) -> int:
    """The process that is at work on a rollout."""
    (found,) = [one for one in served.children() if name in Path(f"/proc/{one}/cmdline").read_text()]
    return found


def test_a_rollout_is_the_same_over_http_and_by_the_command(tmp_path: Path) -> None:
    with site(tmp_path, 5) as stage, stage.service() as served:
        asked = stage.request(waves="1,50%,rest", concurrency=4)
        first = begun(served, asked)
        assert first.status_code == 202, first.text
        name = first.json()["rollout"]
        assert first.headers["Location"] == f"/v1/rollouts/{name}"
        assert [wave["hosts"] for wave in first.json()["waves"]] == [1, 2, 2]

        told = list(events(served, name))
        saved = [data["host"] for _, kind, data in told if kind == "host" and data["state"] == "saved"]
        assert sorted(saved) == sorted(stage.fleet.hosts)
        assert saved[0] == "host0", "the first wave's host is the first to be saved"
        numbers = [int(number) for number, kind, _ in told if kind == "host"]
        assert numbers == sorted(set(numbers))
        assert told[-1][1:] == ("ended", {"rollout": name, "state": "done"})
        again = list(events(served, name, last=str(numbers[-3])))
        assert [number for number, kind, _ in again if kind == "host"] == [str(one) for one in numbers[-2:]]

        wait_until(
            lambda: (
                served.get(f"/v1/rollouts/{name}").text == stage.command("rollout", "status", name, "-o", "json").out
            )
        )
        listed = served.get("/v1/rollouts").json()["rollouts"]
        assert listed == json.loads(stage.command("rollout", "status", "-o", "json").out)
        assert stage.sent() == [ONCE] * 5

        host = served.get(f"/v1/rollouts/{name}/hosts/host3").json()
        assert (host["host"]["state"], host["report"]["standing"]) == ("saved", "as planned and saved")
        assert host["run"]["run"] == host["host"]["run"] == host["report"]["run"]
        drawn = served.get(f"/v1/rollouts/{name}/hosts/host3", headers={"Accept": "image/svg+xml"})
        assert (drawn.headers["Content-Type"], drawn.text[:4]) == ("image/svg+xml", "<svg")
        assert served.get(f"/v1/rollouts/{name}/hosts/host9").json()["problems"][0]["code"] == "rollout-host-unknown"

        assert (begun(served, asked).status_code, begun(served, asked).json()["rollout"]) == (200, name)
        other = begun(served, asked | {"max_failures": 3})
        assert (other.status_code, other.json()["problems"][0]["code"]) == (409, "key-reused")
        settled = begun(served, asked, "change-0002")
        assert (settled.status_code, settled.json()["members"]) == (200, [])
        assert stage.sent() == [ONCE] * 5

        audit = [json.loads(line) for line in (stage.fleet.folder / "state/audit.jsonl").read_text().splitlines()]
        assert (audit[0]["caller"], audit[0]["what"], audit[0]["rollout"], audit[0]["status"]) == (
            *("engine", "begin", name),
            202,
        )


def test_it_is_paused_resumed_and_stopped(tmp_path: Path) -> None:
    """A rollout of the command, too: who began it makes no difference."""
    with site(tmp_path, 3, {number: [SLOW] for number in range(3)}) as stage, stage.service() as served:
        places = [host.address_of(host.stand_in.address) for host in stage.fleet.hosts.values()]
        hosts = ",".join(f"{place.address}:{place.port}" for place in places)
        options = ("--hosts", hosts, "--network", stage.fleet.definition, "--waves", "rest", "--concurrency", "1")
        assert stage.command("rollout", "start", *options, "--name", "ours", "--yes", "--detach").status == 0
        resumed = served.post("/v1/rollouts/ours/resume")
        assert resumed.status_code == 202, resumed.text
        told = events(served, "ours")
        wait_until(lambda: next(told)[2].get("state") == "at work")
        paused = served.post("/v1/rollouts/ours/pause")
        assert (paused.status_code, paused.json()["state"]) == (200, "pausing")
        wait_until(lambda: state(served, "ours") == "paused")
        assert stage.command("rollout", "status", "ours").out.startswith("ours: paused: ")
        before = working(served, "ours")

        assert served.post("/v1/rollouts/ours/resume").json()["state"] == "going"
        assert working(served, "ours") == before, "the process that waits goes on"
        wait_until(lambda: served.get("/v1/rollouts/ours").json()["counts"].get("at work") == 1)
        stopped = served.post("/v1/rollouts/ours/stop")
        assert (stopped.status_code, stopped.json()["state"]) == (200, "stopping")
        assert list(told)[-1][2] == {"rollout": "ours", "state": "stopped"}
        counts = served.get("/v1/rollouts/ours").json()["counts"]
        assert counts["saved"] + counts["waiting"] == 3
        ended = served.post("/v1/rollouts/ours/pause")
        assert (ended.status_code, ended.json()["problems"][0]["code"]) == (409, "rollout-ended")

        wait_until(lambda: len(served.children()) == len(served.workers()) + len(served.workers("journal")))
        assert served.post("/v1/rollouts/ours/resume").status_code == 202
        assert list(events(served, "ours"))[-1][2]["state"] == "done"
        assert stage.sent() == [ONCE] * 3


def test_it_outlives_its_service_and_another_goes_on_with_it(tmp_path: Path) -> None:
    with site(tmp_path, 3, {number: [SLOW] for number in range(3)}) as stage:
        with stage.service() as served:
            name = begun(served, stage.request(waves="2,rest")).json()["rollout"]
            process = working(served, name)
            told = events(served, name)
            number, _, _ = next(event for event in told if event[1] == "host" and event[2]["state"] == "at work")
            served.process.kill()
            served.process.wait()
        with stage.service() as served:
            assert state(served, name) == "going"
            told = events(served, name, last=number)
            first = next(event for event in told if event[1] == "host")
            assert int(first[0]) > int(number)
            assert Path(f"/proc/{process}").exists(), "it went on by itself"
            assert not any(name in Path(f"/proc/{one}/cmdline").read_text() for one in served.children())
            served.process.kill()
            served.process.wait()
        os.killpg(process, signal.SIGKILL)
        with stage.service() as served:
            assert list(events(served, name))[-1][2] == {"rollout": name, "state": "done"}
            assert served.get(f"/v1/rollouts/{name}").json()["counts"] == {"saved": 3}
        assert stage.sent() == [ONCE] * 3


def test_what_is_asked_wrongly_is_told_at_once(tmp_path: Path) -> None:
    with site(tmp_path, 2) as stage, stage.service() as served:
        wrong = stage.request(waves="half", window="noon", inventory="[all:hostz]")
        found = begun(served, wrong)
        assert found.status_code == 422
        codes = [one["code"] for one in found.json()["problems"]]
        assert codes == ["waves-malformed", "window-malformed", "inventory-invalid"]
        for odd in ({"hosts": ["a"]}, {"inventory": "a", "hosts": ["--help"]}, {"hosts": []}, {"waves": 5}):
            assert begun(served, stage.request() | odd).status_code == 422, odd
        assert served.post("/v1/rollouts", stage.request()).json()["problems"][0]["code"] == "key-needed"
        for path in ("", "/events", "/hosts/host0"):
            assert served.get(f"/v1/rollouts/nothing{path}").json()["problems"][0]["code"] == "rollout-unknown"
        for asked in ("pause", "resume", "stop"):
            assert served.post(f"/v1/rollouts/nothing/{asked}").status_code == 404

        shown = begun(served, stage.request(waves="1,rest", plan_only=True))
        assert (shown.status_code, shown.json()["waves"]) == (200, [1, 1])
        assert served.get("/v1/rollouts").json()["rollouts"] == []
        assert stage.sent() == [Counter(), Counter()]


def test_rollouts_are_off_unless_enabled(service: Served) -> None:
    for answer in (service.get("/v1/rollouts"), service.post("/v1/rollouts/any/stop")):
        assert (answer.status_code, answer.json()["problems"][0]["code"]) == (403, "scope-missing")


def test_they_are_off_where_runs_are(tmp_path: Path) -> None:
    token = made_token(tmp_path, "plan,apply")
    with serving("--tokens", str(tmp_path / "tokens"), token=token) as served:
        assert served.get("/v1/rollouts").json()["problems"][0]["code"] == "runs-disabled"
