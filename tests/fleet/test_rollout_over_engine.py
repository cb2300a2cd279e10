"""A rollout through an engine: every host over its REST API, and no more at once than it is given."""

import sys
from pathlib import Path

from fleet_on_stage import ROOT, fleet
from rollouts import Stage, wait_until

from planner.definition import read_definition
from planner.fleet.rollout import IN_FLIGHT
from planner.fleet.waves import PACE

sys.path.insert(0, str(ROOT / "tests"))
from standin_engine.documents import logical
from standin_engine.server import serve_engine_of_many

HOSTS = 12


def test_no_more_hosts_at_once_through_an_engine_than_its_pace(tmp_path: Path) -> None:
    with fleet(HOSTS, faults={5: ["setupNetworks:crash:1"]}, setup=20) as hosts:
        wanted = read_definition(Path(hosts.definition).read_text()).definition
        assert wanted is not None
        stand_ins = {name: hosted.stand_in for name, hosted in hosts.hosts.items()}
        with serve_engine_of_many(stand_ins, tmp_path, [logical(wanted)]) as engine:
            stage = Stage(hosts, f"sqlite:///{tmp_path}/fleet.sqlite")
            through = ["--transport", "engine", "--engine", engine.url, "--engine-user", engine.user]
            through += ["--engine-password-file", str(engine.password_file), "--ca", str(engine.ca)]
            targets = ",".join(stand_in.address for stand_in in stand_ins.values())
            how = ["--hosts", targets, "--waves", "1,rest", "--max-failures", "1", "--concurrency", str(HOSTS)]
            shown = stage.start("one", *through, *how, "--plan-only")
            assert (shown.status, f"{HOSTS} hosts in 2 waves" in shown.out) == (0, True), shown
            assert stage.start("one", *through, *how, "--detach").status == 0

            most = 0

            def ended() -> bool:
                nonlocal most
                counts = stage.status("one")["counts"]
                most = max(most, sum(counts.get(state, 0) for state in IN_FLIGHT))
                return stage.is_state("one", "done", "failed")

            with stage.worker(tmp_path / "w", *through[4:], "--jobs", str(HOSTS)) as worker:
                wait_until(ended)
            account = stage.status("one")
            assert account["counts"] == {"saved": HOSTS - 1, "before": 1}, worker.said
            assert account["hosts"][5]["code"] == "vdsm-vdsm"
            assert most == PACE["engine"]
            assert not any(engine.password in said for said in (worker.said, str(account)))
            for name, known in engine.engines.items():
                actions = [action for action, _ in known.log if action != "refresh"]
                assert actions == ["setupnetworks"] if name == "host5" else ["setupnetworks", "commitnetconfig"]
