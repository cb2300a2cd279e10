"""What apply costs beyond VDSM's own calls, on the stand-in; and up to 200 hosts read at once from one process."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hosts_on_stage import LIMITS, ROOT, access_to, stage

from planner.apply.execute import see
from planner.apply.world import speaker_of
from planner.standin import StandIn
from planner.standin.server import Site
from planner.vdsm.client import Done, Failure

MGMTNET = str(Path(sys.executable).parent / "mgmtnet")
MANY = (1, 10, 50, 200)


def rows() -> list[str]:
    """The table of docs/performance.md."""
    bare, whole = min(bare_calls() for _ in range(3)), min(apply() for _ in range(3))
    reading = [(count, *many_hosts(count)) for count in MANY]
    return [
        "## Applying, on the stand-in",
        "",
        "| work | time | bound |",
        "|---|---|---|",
        f"| VDSM's calls alone (describe, set up while confirming, describe, save, describe) | {bare:.2f} s | |",
        f"| `mgmtnet apply --yes`, whole process, journal and proofs included | {whole:.2f} s | |",
        f"| the difference | {whole - bare:.2f} s | ≤ 1.0 s |",
        *(
            f"| {count} hosts read at once from one process | {read} of {count} in {seconds:.2f} s | all |"
            for count, read, seconds in reading
        ),
        "",
    ]


def bare_calls() -> float:
    """Seconds for the calls that a change takes, by nobody who asks questions."""
    with stage("seed-vlan-over-bond", "jsonrpc") as scene:
        speaker = speaker_of(scene.order.access)
        assert not isinstance(speaker, Failure)
        over = threading.Event()

        def confirm() -> None:
            while not over.wait(LIMITS.confirm):
                speaker.confirm(timeout=2)

        began = time.monotonic()
        speaker.capabilities(timeout=10)
        thread = threading.Thread(target=confirm)
        thread.start()
        for step in scene.order.plan["steps"]:
            assert speaker.set_up(step["request"], timeout=60) == Done()
        over.set()
        thread.join()
        speaker.capabilities(timeout=10)
        assert isinstance(speaker.commit(timeout=10), Done)
        speaker.capabilities(timeout=10)
        return time.monotonic() - began


def apply() -> float:
    """Seconds for the command."""
    with stage("seed-vlan-over-bond", "jsonrpc") as scene, tempfile.TemporaryDirectory() as state:
        access = scene.order.access
        definition = str(ROOT / "golden/seed-vlan-over-bond/definition.yaml")
        (scene.folder / "routes.json").write_text(json.dumps(access.routes))
        files = ["--ca", access.ca, "--cert", access.certificate, "--key", access.key]
        command = [MGMTNET, "apply", access.target, "--network", definition, "--yes", *files]
        began = time.monotonic()
        ran = subprocess.run(
            [*command, "--routes", str(scene.folder / "routes.json")],
            env=os.environ | {"MGMTNET_STATE": state},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return time.monotonic() - began


def many_hosts(count: int) -> tuple[int, float]:
    """How many of so many hosts are read at once, and in how many seconds."""
    capture = json.loads((ROOT / "golden/seed-vlan-over-bond/capture.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        try:
            hosts = [access_to(site, site.add(StandIn(capture)), "jsonrpc") for _ in range(count)]
            began = time.monotonic()
            with ThreadPoolExecutor(count) as pool:
                seen = list(pool.map(lambda access: see(access, LIMITS), hosts))
            return sum(not isinstance(one, Failure) for one in seen), time.monotonic() - began
        finally:
            site.stop()
