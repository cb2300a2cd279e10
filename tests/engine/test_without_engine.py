"""Where durable_rules is not built, the plain matcher serves alone, and the plan says so."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_plain_matcher_plans_the_same() -> None:
    seed = ROOT / "golden" / "seed-vlan-over-bond"
    code = (
        "import sys; sys.modules['durable_rules_engine'] = None; from planner.cli.main import main; "
        f"main(['plan', {str(seed / 'capture.json')!r}, '--network', {str(seed / 'definition.yaml')!r}, "
        "'--address', '192.0.2.10', '-o', 'json'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    plan = json.loads(ran.stdout)
    golden = json.loads((seed / "plan.json").read_text())
    assert plan["rules"].pop("engine") == "plain matcher"
    for told in (plan, golden):
        told["rules"] = None
        told["management"]["found_by"] = ""
        told["trace"] = [reason for reason in told["trace"] if reason["field"] != "management"]
    for told in (plan, golden):
        told["trace"] = [(reason["field"], reason["value"], reason["rule"]) for reason in told["trace"]]
    assert plan == golden
