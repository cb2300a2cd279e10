"""Every host that VDSM's own code described on a real kernel, planned against a table gone through by eye.

The table, tests/data/outcomes.yaml, gives for each host the definition it is planned by, the outcome,
the codes of its errors and warnings, and why that is right. Without `definition` the host is planned as it
stands: with its own tag and MTU 1500.
"""

import json
from pathlib import Path

import pytest
import yaml

import planner
from planner.host.capture import read_capture
from planner.plan.plan import Plan
from planner.rules.compiled import Compiled

HOSTS = Path(__file__).parents[1] / "data" / "hosts"
TABLE: dict[str, dict] = yaml.safe_load((HOSTS.parent / "outcomes.yaml").read_text())


def planned(slug: str, rules: Compiled) -> Plan:
    host = read_capture((HOSTS / slug / "caps.json").read_bytes()).host
    definition = planner.read_definition(TABLE[slug].get("definition") or {}).definition
    assert host is not None
    assert definition is not None
    about = json.loads((HOSTS / slug / "about.json").read_text())
    return planner.plan(host, definition, rules, (about["management_address"],))


def test_every_host_is_in_the_table() -> None:
    assert sorted(TABLE) == sorted(path.name for path in HOSTS.iterdir() if path.is_dir())


@pytest.mark.parametrize("slug", sorted(TABLE))
def test_a_lab_host_gets_the_plan_that_was_reviewed(slug: str, rules: Compiled) -> None:
    plan = planned(slug, rules)
    told = [problem.code for problem in plan.problems if problem.severity != "note"]
    assert (plan.outcome, told) == (TABLE[slug]["outcome"], TABLE[slug].get("codes", []))
    assert TABLE[slug]["because"]
    if plan.outcome == "change":
        assert plan.attachment is not None
        about = json.loads((HOSTS / slug / "about.json").read_text())
        addresses = {plan.attachment.ipv4.address, plan.attachment.ipv6.address}
        methods = {plan.attachment.ipv4.method, plan.attachment.ipv6.method}
        assert about["management_address"] in addresses or methods & {"dhcp", "auto+dhcp"}
