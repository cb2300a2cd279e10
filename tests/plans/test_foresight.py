"""Foresight against what VDSM's own code would ask of nmstate, for every accepted request of the verdicts."""

import json
from pathlib import Path

import pytest

from planner.host.reading import read_capture
from planner.plans.attachment import Attachment
from planner.plans.foresight import base_mtu, foresee

VERDICTS = sorted((Path(__file__).parent.parent / "data" / "verdicts").glob("*.json"))


def accepted() -> list[dict]:
    verdicts = [json.loads(path.read_text()) for path in VERDICTS]
    return [
        verdict
        for verdict in verdicts
        if verdict["verdict"] == "accept"
        and [*verdict["canonical"]["networks"]] == ["ovirtmgmt"]
        and "remove" not in verdict["canonical"]["networks"]["ovirtmgmt"]
    ]


def attachment(verdict: dict) -> Attachment | None:
    network = verdict["canonical"]["networks"]["ovirtmgmt"]
    iface = network.get("nic") or network.get("bonding")
    if iface is None:
        return None
    return Attachment(iface, tag=network.get("vlan", -1), bridged=network["bridged"], mtu=network["mtu"])


@pytest.mark.parametrize("verdict", accepted(), ids=lambda verdict: verdict["case"])
def test_the_base_gets_the_mtu_that_vdsm_would_give_it(verdict: dict) -> None:
    planned = attachment(verdict)
    if planned is None:
        assert verdict["case"] == "bridged-nicless"
        return
    host = read_capture(verdict["netinfo"]).host
    assert host is not None
    desired = {interface["name"]: interface for interface in verdict["desired_state"]["interfaces"]}
    assert base_mtu(host, "ovirtmgmt", planned) == desired[planned.iface]["mtu"]
    for effect in foresee(host, "ovirtmgmt", planned, ""):
        if effect.effect == "mtu" and effect.device in desired:
            assert int(effect.after) == desired[effect.device]["mtu"]
        if effect.effect == "bridge-made":
            assert desired["ovirtmgmt"]["type"] == "linux-bridge"


def test_the_verdicts_are_there() -> None:
    assert len(accepted()) > 20
