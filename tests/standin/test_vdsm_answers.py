"""What VDSM 4.50.7 said to calls made up at random, odd ones among them: code and canonical form.

`vdsm-answers.json` holds hosts (caps, running configuration) and calls; ``code`` 0 is Done, -32603 a crash. The answers
were obtained by running VDSM's canonicaliser and validators on those hosts; `canonical` is null where it ended before.
"""

import copy
import json
from pathlib import Path

import pytest

from planner.standin.daemon import judge
from planner.standin.host import StandIn
from planner.standin.kernel import INTERNAL, Config, Refusal

DATA = json.loads((Path(__file__).parent.parent / "data" / "vdsm-answers.json").read_text())


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda case: str(case["code"]))
def test_the_same_answer(case: dict) -> None:
    host = copy.deepcopy(DATA["hosts"][case["host"]])
    running = Config(**host["running"])
    try:
        said = judge(case["networks"], case["bondings"], host["netinfo"], running)
    except (AttributeError, KeyError, TypeError, ValueError):  # StandIn.call makes the same of it
        assert case["code"] == INTERNAL
        return
    if case["code"]:
        assert isinstance(said, Refusal)
        assert said.code == case["code"]
    else:
        assert {"networks": said.networks, "bondings": said.bondings} == case["canonical"]


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda case: str(case["code"]))
def test_no_call_breaks_the_stand_in(case: dict) -> None:
    host = copy.deepcopy(DATA["hosts"][case["host"]])
    call = {**case, "options": {"connectivityCheck": False}}
    said = StandIn(host["netinfo"]).call("setupNetworks", call).value
    assert isinstance(said, Refusal) or said["code"] == 0
