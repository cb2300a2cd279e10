"""A worker that dies or hangs costs one request a typed error, and a new worker takes its place."""

import json
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
import requests
from services import Served, request_of, serving
from standins import PATIENCE, wait_until


@pytest.fixture
def impatient() -> Iterator[Served]:
    with serving("--patience", "2", "--workers", "2") as served:
        yield served


class Load:
    """Callers who ask for plans all the while, each on a connection of its own."""

    def __init__(self, served: Served, callers: int) -> None:
        self.served, self.answers, self.over = served, Counter[str](), threading.Event()
        self.wanted = served.post("/v1/plan", request_of()).content
        self.threads = [threading.Thread(target=self._ask) for _ in range(callers)]
        for thread in self.threads:
            thread.start()

    def _ask(self) -> None:
        session, request = requests.Session(), request_of()
        while not self.over.is_set():
            answer = session.post(f"{self.served.url}/v1/plan", json=request, timeout=PATIENCE)
            same = answer.status_code == 200 and answer.content == self.wanted
            self.answers["planned" if same else answer.json()["problems"][0]["code"]] += 1

    def asked(self, more: int) -> None:
        """Wait for so many more answers."""
        end = self.answers["planned"] + more
        wait_until(lambda: self.answers["planned"] >= end)

    def ended(self) -> Counter[str]:
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        return self.answers


def test_a_worker_killed_under_load_costs_no_other_request(impatient: Served) -> None:
    load = Load(impatient, 8)
    for _ in range(3):
        load.asked(60)
        os.kill(impatient.workers()[0], signal.SIGKILL)
        wait_until(lambda: len(impatient.workers()) == 2)
    load.asked(60)
    answers = load.ended()
    assert set(answers) <= {"planned", "worker-lost"}
    assert answers["worker-lost"] <= 3, "one request each, at most"
    assert 'mgmtnet_workers_replaced{kind="plan"} 3.0' in impatient.get("/metrics").text


def test_a_worker_that_hangs_under_load_costs_no_other_request(impatient: Served) -> None:
    load = Load(impatient, 8)
    load.asked(60)
    hanging = impatient.workers()[0]
    os.kill(hanging, signal.SIGSTOP)
    wait_until(lambda: hanging not in impatient.workers())
    load.asked(60)
    answers = load.ended()
    assert answers["too-late"] == 1
    assert set(answers) == {"planned", "too-late"}


def test_workers_end_with_their_service(impatient: Served) -> None:
    impatient.post("/v1/rules/check", {"files": {"guard/x.yaml": "rule: x"}})
    workers = impatient.workers() + impatient.workers("author")
    assert len(workers) >= 3
    os.kill(impatient.process.pid, signal.SIGKILL)
    impatient.process.wait(PATIENCE)
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}/exe") for pid in workers))


def test_an_author_gets_a_process_that_nobody_had_before(impatient: Served) -> None:
    assert impatient.workers("author") == [], "none is started before somebody asks"
    impatient.post("/v1/rules/check", {"files": {"guard/x.yaml": "rule: x"}})
    wait_until(lambda: impatient.workers("author"))
    before = impatient.workers("author")
    impatient.post("/v1/rules/check", {"files": {"guard/x.yaml": "rule: x"}})
    wait_until(lambda: impatient.workers("author") not in ([], before))
    assert impatient.post("/v1/rules/check", {"files": {"guard/x.yaml": "rule: x"}}).status_code == 200


def test_what_an_author_asks_ends_with_who_asked(impatient: Served) -> None:
    impatient.post("/v1/rules/check", {"files": {"guard/x.yaml": "rule: x"}})
    wait_until(lambda: len(impatient.workers("author")) == 2)
    before = set(impatient.workers("author"))
    with pytest.raises(requests.exceptions.ReadTimeout):  # the proofs of every invariant take a minute
        requests.post(f"{impatient.url}/v1/rules/prove", json={"files": {}}, timeout=1)
    wait_until(lambda: before - set(impatient.workers("author")))


def test_callers_who_go_away_cost_no_worker(impatient: Served) -> None:
    before = impatient.workers()
    lines = (json.dumps(request_of()) + "\n").encode() * 400
    head = f"POST /v1/plan HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\nContent-Type: application/x-ndjson\r\n"
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", impatient.port)) as way:
            way.sendall(f"{head}Content-Length: {len(lines)}\r\n\r\n".encode() + lines)
            way.recv(1000)
    assert impatient.post("/v1/plan", request_of()).status_code == 200
    assert impatient.workers() == before
