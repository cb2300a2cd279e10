"""Hosts as nmstate describes them: the plan that VDSM's own answer gets, but for what only VDSM knows."""

import json
from typing import Any

import pytest
from captured_hosts import Document, public_files
from hosts_without_vdsm import DESCRIBED, from_caps, planned, told
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_mutated import check, mutated_in

from planner.host.capture import read_capture
from planner.yamltext import dump_yaml

SEED = "seed-vlan-bond-dhcp"
FAKED = ("dummy-fake-nic",)  # VDSM was told to take a dummy for a nic
DEVICES = ("ethernet", "infiniband", "bond", "vlan", "linux-bridge")


def state(slug: str) -> Document:
    return told(slug, "nmstate-show.json")


def node(slug: str) -> Document:
    return {
        "apiVersion": "nmstate.io/v1beta1",
        "kind": "NodeNetworkState",
        "metadata": {"name": slug},
        "status": {"currentState": state(slug)},
    }


@pytest.mark.parametrize("slug", [slug for slug in DESCRIBED if slug not in FAKED])
def test_it_is_attached_as_vdsm_tells_it_or_the_bridge_may_be_vdsms(slug: str) -> None:
    reading = read_capture(json.dumps(state(slug)), slug)
    assert reading.problems == ()
    host = reading.required()
    was, now = from_caps(slug), planned(slug, host)
    if "name-taken" in {problem["code"] for problem in now["problems"]}:
        assert "networks" in host.lacks
        assert now["outcome"] == "refused"
    else:
        assert (now["outcome"], now["management"]) == (was["outcome"], was["management"])
        assert now["attachment"] == was["attachment"]


def test_every_spelling_is_the_same_host() -> None:
    host = read_capture(json.dumps(state(SEED))).required()
    assert (host.format, host.nameservers) == ("nmstate", ("192.0.2.53",))
    assert host.lacks == ("networks", "lastClientIface", "netConfigDirty", "software_version")
    listed = {"apiVersion": "v1", "kind": "List", "items": [node(SEED)]}
    for document in (state(SEED), node(SEED), listed):
        for text in (json.dumps(document), dump_yaml(document), f"---\n# of host1\n{dump_yaml(document)}"):
            reading = read_capture(text, "host.yaml")
            assert (reading.host, reading.problems) == (host, ()), text[:60]


@pytest.mark.parametrize(
    ("document", "code", "said"),
    [
        (
            {"interfaces": [{"name": "eth1", "type": "ethernet", "state": "up"}]},
            "unknown-format",
            "shall make of a host",
        ),
        ({"apiVersion": "nmstate.io/v1", "spec": {"desiredState": {}}}, "unknown-format", "shall make of a host"),
        ({"apiVersion": "v1", "items": [node(SEED), node("nic-static")]}, "capture-twice", "2 hosts"),
    ],
)
def test_a_wish_and_two_hosts_are_refused(document: Document, code: str, said: str) -> None:
    for text in (json.dumps(document), dump_yaml(document)):
        (problem,) = read_capture(text, "host.yaml").problems
        assert (problem.code, said in problem.message) == (code, True)


def test_hosts_that_nobody_here_made() -> None:
    for name, content in {**public_files("real"), **public_files("synthetic")}.items():
        if "nmstate.yaml" not in name and "nodenetworkstate" not in name:
            continue
        reading = read_capture(content, name)
        if reading.host is None:
            assert name.startswith(("nmstate-doc", "nmstate-example"))
            assert "nmstatectl show" in reading.problems[0].hint
        elif name.startswith("ocp-zeus11"):
            assert reading.host.vlans["VLAN204"].base == "ens2f1"
            assert reading.host.bridges["br-vlan204"].ports == ("VLAN204",)
            assert "br-ex" not in reading.host.bridges  # Open vSwitch's


@settings(max_examples=300)
@given(st.data())
def test_changed_states(data: st.DataObject) -> None:
    document: Any = data.draw(st.sampled_from([state, node]))(data.draw(st.sampled_from(sorted(DESCRIBED)[:20])))
    mutated_in(document, data.draw)
    check(document)
    check(json.dumps(document))
