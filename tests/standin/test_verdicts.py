"""What the stand-in says to a call is what VDSM 4.50.7's own code said to it."""

import copy
import json
from pathlib import Path

import pytest

from planner.standin.canonical import canonical_call
from planner.standin.kernel import INTERNAL, Config, Refusal
from planner.standin.validation import verdict

VERDICTS = sorted((Path(__file__).parent.parent / "data" / "verdicts").glob("*.json"))


def test_all_verdicts_are_here():
    assert len(VERDICTS) == 59


@pytest.mark.parametrize("path", VERDICTS, ids=lambda path: path.stem)
def test_verdict(path):
    case = json.loads(path.read_text())
    running = Config(case.get("running", {}).get("networks", {}), case.get("running", {}).get("bonds", {}))
    asked = copy.deepcopy(case)

    call = canonical_call(case["networks"], case["bondings"], case["netinfo"], running)

    assert case == asked, "a request is not changed under its sender's hands"
    if case["canonical"] is None:
        refusal = call
    else:
        assert {"networks": call.networks, "bondings": call.bondings} == case["canonical"]
        refusal = verdict(call, case["netinfo"], running)
    if case["verdict"] == "accept":
        assert refusal is None
        return
    assert isinstance(refusal, Refusal)
    assert refusal.code == (INTERNAL if case["verdict"] == "crash" else case["code"])
    if "{" not in case["error"]:  # a set or table inside the text has no order
        said = case["error"].partition(": ")[2] if case["verdict"] == "crash" else case["error"]
        assert said.replace('"', "") in refusal.message.replace('"', "")
