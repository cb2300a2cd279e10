"""What is explored: hosts and plans that take every way through the steps, over each transport."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import yaml
from hosts_on_stage import ROOT
from virtual_host import MARK, MARKS, Reader, VirtualHost
from virtual_world import Scenario

import planner
from planner.apply import contact, execute, run, steps, verify
from planner.apply.contact import Sight
from planner.apply.execute import order_for
from planner.apply.order import Access, Limits, Reboot
from planner.apply.run import Run
from planner.apply.world import VARIABLE
from planner.rules.compiled import compile_ruleset

# As the defaults stand to each other, and longer than what is fixed in the steps: a request is late for longer than
# VDSM waits for a sign, VDSM waits for longer than signs are given after a sight.
LIMITS = Limits(vdsm=4, change=6, settle=4, late=16, reboot=8, confirm=1)
HOSTS = {
    "first network": "nic-static",
    "first network, adopted": "nic-bridgeless",
    "first network, rebooted": "nic-static",
    "own network, rebooted": "ovirtmgmt-should-be-bridged",
    "own network": "ovirtmgmt-should-be-bridged",
    "own network, kept": "ovirtmgmt-should-be-bridged",
    "own network, kept by nobody": "ovirtmgmt-should-be-bridged",
    "first network, kept by nobody": "nic-static",
    "first network before 4.40": "nic-static",
    "VDSM of 2012": "bond-static-on-4-10",
}
# As it was before there was adopting: what is known to lose a host, to show that it is found.
UNADOPTED = "first network in one step"
OLD = {"software_version": "4.30.17"}
READER = Reader()


def names() -> list[str]:
    """Every scenario: each host over each wire that its VDSM may speak, and the first network over all three."""
    spoken = {"first network": ("xmlrpc", "jsonrpc", "engine"), "VDSM of 2012": ("xmlrpc", "engine")}
    direct = {
        host: ("jsonrpc",) for host in HOSTS if "kept" in host
    }  # the engine takes nothing back, so nobody is asked
    return [f"{host} / {wire}" for host in HOSTS for wire in (spoken | direct).get(host, ("jsonrpc", "engine"))]


def scenario(name: str) -> Scenario:
    """One of them."""
    kind, transport = name.split(" / ")
    folder = ROOT / "golden" / HOSTS.get(kind, "nic-static")
    told: dict[str, Any] = json.loads((folder / "capture.json").read_text())
    told |= {"uuid": "one"} | (OLD if "before" in kind else {})
    definition = planner.read_definition(yaml.safe_load((folder / "definition.yaml").read_text()), "").definition
    assert definition is not None
    address = json.loads((folder / "plan.json").read_text())["management"]["address"]
    host = VirtualHost(told, address)
    capture = host.told(address, dirty=transport != "engine")
    sight = Sight(READER.host(capture, address), capture, address)
    ruleset, problems = planner.load_rules("ovirtmgmt@1.0")
    assert ruleset is not None, problems
    plan = planner.plan(sight.host, definition, compile_ruleset(ruleset), (address,))
    assert plan.outcome == "change", plan
    access = Access(address, transport)
    wanted = plan.document()
    if kind == UNADOPTED:
        wanted["steps"] = wanted["steps"][1:]
    reboot = Reboot(access, "bmc", "ipmilan", "admin") if "rebooted" in kind else None
    limits = replace(LIMITS, keep=3) if "kept" in kind else LIMITS
    order = order_for(access, sight, wanted, reboot=reboot, limits=limits)
    order.before[MARK] = next(MARKS)
    confirms = transport == "xmlrpc" or host.age.xmlrpc_only
    word = None if kind.endswith("by nobody") else True
    return Scenario(name, order, host, sight.host, READER, confirms, word)


@contextmanager
def remembering() -> Iterator[None]:
    """Meanwhile captures are read once, hosts held against plans once; and what is fixed fits `LIMITS`."""
    stances: dict[Any, Any] = {}
    measures: dict[Any, Any] = {}
    stance, measure = Run.stance, verify.measure

    def stance_of(one: Run, seen: Sight) -> Any:
        key = id(one.order.plan), seen.capture[MARK], seen.address, seen.aside
        if key not in stances:
            stances[key] = stance(one, seen)
        return stances[key]

    def measure_of(request: Any, host: Any, *, family: int = 0, routes: bool | None = None) -> Any:
        key = id(request["networks"]), id(host), family, routes
        if key not in measures:
            measures[key] = measure(request, host, family=family, routes=routes)
        return measures[key]

    with ExitStack() as replaced:
        replaced.enter_context(patch.dict(os.environ, {VARIABLE: "any"}))
        for place, name, value in (
            (contact, "read_capture", READER),
            (execute, "read_capture", READER),
            (run, "measure", measure_of),
            (verify, "measure", measure_of),
            (Run, "stance", stance_of),
            (steps, "COMMIT_WITHIN", 1.0),
            (steps, "COMMIT_WITHIN", 1.0),
        ):
            replaced.enter_context(patch.object(place, name, value))
        yield
