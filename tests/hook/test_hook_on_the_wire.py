"""The whole way: a call comes in at a host, and waits while the hook asks that host what it is, and decides."""

import copy
import json
import sys

import pytest
from hooks_of_vdsm import ROOT, Vdsm
from wire_clients import Stomp

import planner
from planner.plan.plan import step_document
from planner.standin import StandIn, serve
from planner.standin.canonical import Call, canonical_call
from planner.standin.caps import adopted
from planner.standin.host import Outcome
from planner.standin.kernel import Refusal

HOOK_ERROR = 78
UNCHECKED = {"connectivityCheck": False}


class Hooked(StandIn):
    """A host whose VDSM runs hooks before it carries a call out, which it has validated."""

    def __init__(self, capture, vdsm):
        super().__init__(capture)
        self.vdsm = vdsm

    def call(self, verb, parameters, local=""):
        if verb == "setupNetworks":
            caps = self.caps()
            call = canonical_call(parameters["networks"], parameters["bondings"], caps, adopted(caps))
            if isinstance(call, Call):
                ran = self.vdsm.set_up({**call._asdict(), "options": parameters["options"]})
                if not ran.passed:
                    return Outcome(Refusal(HOOK_ERROR, f"Hook error: Hook Error: {ran.told.encode()!r}"))
        return super().call(verb, parameters, local)


@pytest.fixture
def vdsm(tmp_path):
    return Vdsm(tmp_path)


def client_of(hosted, folder):
    """In vdsm-client's place, as the hook runs it: it knows its certificates by itself."""
    place, program = hosted.address_of(hosted.stand_in.address), folder / "vdsm-client"
    paths = ":".join(str(ROOT / path) for path in ("", "tests/standin"))
    known = f"PYTHONPATH={paths} MGMTNET_CA={folder / 'credentials' / 'ca.pem'}"
    client = f"{sys.executable} {ROOT}/tests/pages/vdsm_client.py -a {place.address} -p {place.port}"
    program.write_text(f'#!/bin/sh\n{known} exec {client} "$@"\n')
    program.chmod(0o755)
    return program


def test_a_host_refuses_what_would_lose_it_and_takes_what_a_plan_asks_for(vdsm, tmp_path, rules):
    folder = ROOT / "golden" / "seed-vlan-over-bond"
    host = Hooked(json.loads((folder / "capture.json").read_text()), vdsm)
    with serve(host, tmp_path / "credentials") as hosted:
        vdsm.configure(capabilities=f"{client_of(hosted, tmp_path)} Host getCapabilities", address=host.address)
        place, credentials = hosted.address_of(host.address), hosted._site.credentials  # noqa: SLF001 whom it trusts

        def set_up(networks, bondings, **options):
            with Stomp(place, credentials, timeout=60) as client:
                arguments = {"networks": networks, "bondings": bondings, "options": UNCHECKED | options}
                return client.call("Host.setupNetworks", **arguments)

        before = copy.deepcopy(host.caps())
        literal = {"ovirtmgmt": {"bonding": "bond4", "vlan": 3000, "bridged": True, "mtu": 9000}}
        answer = set_up(literal, {"bond4": {"nics": ["eth2", "eth3"], "options": "mode=4 miimon=100"}})
        assert answer["error"]["code"] == HOOK_ERROR
        assert "loses-address: no device has 192.0.2.10 afterwards" in answer["error"]["message"]
        assert host.caps() == before

        captured = planner.read_capture(before).required()
        definition = planner.read_definition((folder / "definition.yaml").read_bytes()).required()
        for step in planner.plan(captured, definition, rules, [host.address]).steps:
            request = step_document(step)["request"]
            assert "result" in set_up(request["networks"], request["bondings"])
        assert host.caps()["networks"]["ovirtmgmt"]["bridged"] is True

        removal = {"ovirtmgmt": {"remove": True}}
        assert set_up(removal, {})["error"]["code"] == HOOK_ERROR
        with pytest.raises(ConnectionResetError):  # what VDSM sends itself passes; and it does lose the host
            set_up(removal, {}, _inRollback=True)
        assert host.address == ""
