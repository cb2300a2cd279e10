"""Clients, units and the container file, each run or judged by what it is for."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests
from services import GOLDEN, SEED, Served, made_token, request_of, serving
from standins import BARE, MGMTNET, PATIENCE, wait_until

from planner.service.contract import MEANINGS, openapi

ROOT = GOLDEN.parent
PACKAGING = ROOT / "packaging"
FILES = [str(GOLDEN / SEED / name) for name in ("capture.json", "definition.yaml")]


def needed(program: str) -> str:
    """The path of a program; without it the test is skipped, or fails if SERVICE_REQUIRED=1."""
    found = shutil.which(program)
    if found is None:
        reason = f"no {program} here"
        if os.environ.get("SERVICE_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def clients() -> list[list[str]]:
    java, python = PACKAGING / "clients" / "MgmtnetPlan.java", PACKAGING / "clients" / "mgmtnet_plan.py"
    return [["java", str(java)], [sys.executable, str(python)]]


@pytest.mark.parametrize("client", clients(), ids=["java", "python"])
def test_a_client_gets_the_plan_that_the_command_prints(client: list[str], service: Served) -> None:
    command = [needed(client[0]), *client[1:], service.url, *FILES]
    done = subprocess.run([*command, "192.0.2.10"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == service.post("/v1/plan", request_of()).text
    assert "decision " in done.stderr
    wrong = subprocess.run([*command, "example.com"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert wrong.returncode == 1
    assert "'example.com' is no IP address" in wrong.stderr
    refused = [*command[:-1], str(GOLDEN / "nic-tag-wanted" / "definition.yaml"), "192.0.2.10"]
    assert subprocess.run(refused, capture_output=True, timeout=PATIENCE, check=False).returncode == 3


def test_a_client_with_a_token(tmp_path: Path) -> None:
    token = made_token(tmp_path, "plan")
    with serving("--tokens", str(tmp_path / "tokens")) as served:
        command = [*clients()[1], served.url, *FILES]
        for environ, status in (({}, 1), ({"MGMTNET_TOKEN": token}, 0)):
            done = subprocess.run(command, env=BARE | environ, capture_output=True, timeout=PATIENCE, check=False)
            assert done.returncode == status


def test_a_socket_that_systemd_hands_over_is_served() -> None:
    activate = needed("systemd-socket-activate")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([activate, "-l", f"127.0.0.1:{port}", *MGMTNET, "serve"], env=BARE)
    try:
        wait_until(lambda: _opens(port))
        answer = requests.post(f"http://127.0.0.1:{port}/v1/plan", json=request_of(), timeout=PATIENCE)
        assert answer.json()["outcome"] == "change"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _opens(port: int) -> bool:
    with socket.socket() as way:
        return way.connect_ex(("127.0.0.1", port)) == 0


def test_a_handed_over_socket_that_others_reach_is_refused() -> None:
    activate = needed("systemd-socket-activate")
    with socket.socket() as free:
        free.bind(("0.0.0.0", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [activate, "-l", f"0.0.0.0:{port}", *MGMTNET, "serve"], env=BARE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(0.5)
    wait_until(lambda: _opens(port) or process.poll() is not None)
    _, told = process.communicate(timeout=PATIENCE)
    assert "listen-unguarded" in told


def test_the_units_are_sound_and_hardened(tmp_path: Path) -> None:
    analyze = needed("systemd-analyze")
    for name in ("mgmtnet.service", "mgmtnet.socket"):
        text = (PACKAGING / "systemd" / name).read_text().replace("/usr/bin/mgmtnet", "/bin/true")
        (tmp_path / name).write_text(text)
    units = [str(tmp_path / name) for name in ("mgmtnet.service", "mgmtnet.socket")]
    judged = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, timeout=PATIENCE, check=False)
    complaints = [line for line in judged.stderr.splitlines() if "mgmtnet" in line and "man page" not in line]
    assert complaints == []
    scored = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", units[0]],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert scored.returncode == 0, scored.stdout


def test_the_container_has_what_the_wheel_is_made_of(tmp_path: Path) -> None:
    """What the container file copies is enough to build the wheel from."""
    lines = (PACKAGING / "Containerfile").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            *sources, target = line.split()[1:]
            if target.endswith("/"):
                (tmp_path / target).mkdir(exist_ok=True)
            for source in sources:
                place = tmp_path / target if target != "./" else tmp_path / source
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                copy(ROOT / source, place)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path / "out"), "."]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    names = set(ZipFile(wheel).namelist())
    data = "planner/_data/schemas/service.schema.json"
    assert {"planner/service/app.py", "planner/service/page/index.html", data} <= names


def test_the_contract_travels_with_the_package(service: Served) -> None:
    assert json.loads((ROOT / "schemas" / "service.schema.json").read_text())["$defs"]
    assert service.get("/v1/schemas/service.schema.json").status_code == 200


def test_the_page_of_the_interface_has_every_call_and_status() -> None:
    text = (ROOT / "docs" / "http-api.md").read_text()
    document = openapi()
    calls = {f"| {method.upper()} `{path}` |" for path, methods in document["paths"].items() for method in methods}
    assert {call for call in calls if call not in text} == set()
    assert {status for status in MEANINGS if f"| {status} |" not in text} == set()
