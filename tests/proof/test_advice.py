"""Advice is what the planner accepts; where none is said to help, no definition that is tried is accepted."""

import json
import os
import pty
import random
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

import planner
from planner.cli.cases import golden_folders, read_golden
from planner.cli.main import main
from planner.definition import written
from planner.engine.decide import decide
from planner.facts.compute import facts_of
from planner.plan.effects import foresee
from planner.proof.advice import DEPENDENT, KEYS, OPEN, UNSEEN, advise

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "golden"
REFUSED = [
    path for path in golden_folders(str(GOLDEN)) if '"outcome": "refused"' in Path(path, "plan.json").read_text()
]
PARTS = 6
# What a definition may say, and more than advice ever proposes.
VALUES = {
    "mtu": (68, 576, 1280, 1400, 1500, 9000, 65535),
    "stp": (None, True),
    "default_route": (None, True, False),
    "nameservers": (None, ["192.0.2.53"], ["2001:db8::53"]),
    "gateway": (None, "none", "192.0.2.1", "198.51.100.1", "2001:db8::1", ["192.0.2.1", "2001:db8::1"]),
    "ipv4": (None, "dhcp", "static"),
    "vm_network": (True, False),
    "vlan": (None, 1, 10, 20, 100, 200, 4094),
}


def case_of(name):
    case, problems = read_golden(str(GOLDEN / name))
    assert case is not None, problems
    return case


def asked(case, rules):
    return advise(case.host, case.definition, rules, case.addresses)


def some(definition, seed, number):
    """So many definitions of the same network."""
    chosen = random.Random(seed)
    for _ in range(number):
        document = {key: chosen.choice(values) for key, values in VALUES.items()}
        found = planner.read_definition({"network": definition.network, **document}).definition
        assert found is not None
        yield found


@pytest.mark.no_cover  # the solver's answers are judged in a loop that measuring makes four times as slow
@pytest.mark.parametrize("part", range(PARTS))
def test_advice_for_refused_goldens(part, rules, soak):
    every = 1 if soak > 500 else 6
    assert len(REFUSED) > 150
    for path in REFUSED[::every][part::PARTS]:
        case = case_of(path)
        advice = asked(case, rules)
        assert advice.plan.outcome == "refused"
        assert advice.proved, path
        if advice.definition is not None:
            assert planner.plan(case.host, advice.definition, rules, case.addresses).outcome != "refused", path
            assert advice.definition.network == case.definition.network
            was, now = written(case.definition), written(advice.definition)
            assert (
                {edit.field for edit in advice.edits} == {key for key in KEYS if was.get(key) != now.get(key)} != set()
            )
        else:
            assert not advice.edits
            for tried in some(case.definition, path, 20):
                assert planner.plan(case.host, tried, rules, case.addresses).outcome == "refused", (path, tried)


EDITS = {
    "vlan-other-tag": [("vlan", 200, 100)],
    "bond-mode-0": [("vm_network", True, False)],
    "ipv6-mtu-too-small": [("mtu", 576, 1500)],
    "static-without-address": [("ipv4", "static", None)],
    "ovirtmgmt-gateway-none": [("gateway", "none", None)],
    "gateway-unknown": [("default_route", None, False)],
}


@pytest.mark.parametrize("golden", EDITS)
def test_the_smallest_edit_has_the_most_usual_values(golden, rules):
    advice = asked(case_of(golden), rules)
    assert [tuple(edit) for edit in advice.edits] == EDITS[golden]
    assert advice.proved


def test_two_keys_are_edited_where_one_does_not_do(rules):
    case = case_of("bond-mode-0")
    spoilt = planner.read_definition({**written(case.definition), "vlan": 100}).definition
    worse = case._replace(definition=spoilt)
    advice = asked(worse, rules)
    assert [tuple(edit) for edit in advice.edits] == [("vm_network", True, False), ("vlan", 100, None)]
    assert advice.proved
    for edit in advice.edits:  # neither alone is enough
        one = planner.read_definition({**written(spoilt), edit.field: edit.after}).definition
        assert planner.plan(case.host, one, rules, case.addresses).outcome == "refused"


def test_what_the_solver_cannot_know_it_is_told(rules):
    """The address by router advertisement changes whatever the definition is: only the planner foresees it."""
    advice = asked(case_of("slaac-stable-privacy"), rules)
    assert advice.definition is None
    assert advice.proved


def test_a_host_that_is_not_refused_needs_no_advice(rules):
    case = case_of("seed-vlan-over-bond")
    advice = asked(case, rules)
    assert (advice.edits, advice.definition, advice.proved) == ((), case.definition, True)


def test_advice_that_takes_too_long_is_given_up(rules):
    case = case_of("vlan-other-tag")
    advice = advise(case.host, case.definition, rules, case.addresses, seconds_left=lambda: 0.0)
    assert (advice.edits, advice.definition, advice.proved) == ((), None, False)


@pytest.mark.parametrize("path", REFUSED[::5])
def test_facts_of_a_host_follow_no_other_field_of_the_definition(path):
    case = case_of(path)
    before = facts_of(case.host, case.definition, case.addresses)
    for tried in some(case.definition, path, 5):
        after = facts_of(case.host, tried, case.addresses)
        assert len(before) == len(after)
        for was, now in zip(before, after, strict=True):
            otherwise = {name for name in was.fields if was.fields[name] != now.fields[name]}
            assert otherwise <= set(OPEN.get(was.kind, ())) or was.kind == "definition"


@pytest.mark.no_cover  # many hosts, by lines that others cover
def test_what_is_foreseen_depends_on_no_unseen_field(rules):
    compared = 0
    for path in golden_folders(str(GOLDEN)):
        case = case_of(path)
        judgements = planner.consider(case.host, case.definition, rules, case.addresses)
        plan = planner.plan(case.host, case.definition, rules, case.addresses)
        if plan.attachment is None:
            continue
        management = decide(judgements).management
        holder = (str(management.fields["device"]), str(management.fields["address"])) if management else ("", "")
        other = plan.attachment._replace(
            mtu=1234,
            stp=not plan.attachment.stp,
            nameservers=("192.0.2.54",),
            default_route=not plan.attachment.default_route,
            ipv4=plan.attachment.ipv4._replace(gateway="192.0.2.99"),
            ipv6=plan.attachment.ipv6._replace(gateway="2001:db8::99"),
        )
        was, now = (
            [effect for effect in foresee(case.host, plan.network, one, *holder) if effect.effect not in DEPENDENT]
            for one in (plan.attachment, other)
        )
        assert was == now, path
        compared += 1
    assert compared > 300
    assert {"mtu", "default_route", "gateway"} <= set(UNSEEN)


def command(golden, *options):
    case = GOLDEN / golden
    place = ["--network", str(case / "definition.yaml"), "--address", "192.0.2.10"]
    return ["advise", str(next(case.glob("capture.*"))), *place, *options]


def test_the_command(capsys):
    assert main(command("vlan-other-tag")) == 3
    out = capsys.readouterr().out
    assert "With this edit of the definition ovirtmgmt is accepted (it was planned):\n  vlan: 200 -> 100\n" in out
    assert "  - vlan-tag-mismatch: define ovirtmgmt with vlan 100, or move" in out
    assert main(command("seed-vlan-over-bond")) == 0
    assert capsys.readouterr().out == "ovirtmgmt: a change is planned: it needs no advice\n"
    assert main(command("vlan-name-too-long")) == 3
    assert "No definition of ovirtmgmt helps (proved): the host has to be changed.\n" in capsys.readouterr().out


@pytest.mark.parametrize("golden", ["vlan-other-tag", "vlan-name-too-long", "seed-vlan-over-bond"])
def test_the_document(golden, capsys):
    main(command(golden, "-o", "json"))
    document = json.loads(capsys.readouterr().out)
    schemas = [json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text()) for name in ("advice", "definition")]
    known = Registry().with_resources([(one["$id"], Resource.from_contents(one)) for one in schemas])
    jsonschema.Draft202012Validator(schemas[0], registry=known).validate(document)
    assert document["proved"] is True
    assert (document["definition"] is None) == (golden == "vlan-name-too-long")
    assert bool(document["edits"]) == (golden == "vlan-other-tag")
    assert bool(document["host"]) == (golden != "seed-vlan-over-bond")


def test_without_the_solver_it_is_told_what_is_not_decided(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    assert main(command("vlan-other-tag", "-o", "json")) == 3
    told = capsys.readouterr()
    assert told.err.startswith("which edit of the definition helps is not decided: that needs the Python module z3 (")
    document = json.loads(told.out)
    assert (document["edits"], document["definition"], document["proved"]) == ([], None, False)
    assert document["host"]
    assert main(command("seed-vlan-over-bond")) == 0
    assert capsys.readouterr().err == ""


def on_a_terminal(golden, *options):
    """What the command prints if its standard output is a terminal."""
    ours, theirs = pty.openpty()
    arguments = ["plan", *command(golden, *options)[1:]]
    ran = subprocess.Popen([sys.executable, "-m", "planner", *arguments], cwd=ROOT, stdout=theirs)
    os.close(theirs)
    told = b""
    try:
        while piece := os.read(ours, 65536):
            told += piece
    except OSError:  # Linux's answer where the other end is closed
        pass
    os.close(ours)
    return ran.wait(), told.decode()


def test_the_plan_of_a_refused_host_ends_with_advice_for_a_person(capsys, monkeypatch):
    monkeypatch.setattr("planner.cli.advise.PATIENCE", 60.0)
    monkeypatch.setattr("planner.cli.plan.is_looked_at", lambda _: True)
    plan = ["plan", *command("vlan-other-tag")[1:]]
    assert main(plan) == 3
    assert capsys.readouterr().out.endswith("is accepted (it was planned):\n  vlan: 200 -> 100\n")
    monkeypatch.setattr("planner.cli.advise.PATIENCE", 0.0)
    assert main(plan) == 3
    assert "is accepted" not in capsys.readouterr().out
    assert main([*plan, "-o", "json"]) == 3
    json.loads(capsys.readouterr().out)


def test_a_plan_that_is_not_looked_at_asks_no_solver():
    arguments = ["-X", "importtime", "-m", "planner", "plan", *command("vlan-other-tag")[1:]]
    ran = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    assert "z3" not in ran.stderr
    status, told = on_a_terminal("seed-vlan-over-bond")
    assert status == 0
    assert "a change is planned" in told
