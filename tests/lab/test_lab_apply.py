"""`mgmtnet apply`, run in the engine's namespace, on a real kernel."""

import os
import signal
import subprocess
import sys

import pytest
from engine import IN_ENGINE, running, wait_for
from surroundings import steady

from lab.agent.storing import stored

pytestmark = pytest.mark.lab
SEED = "vm_network: true\nvlan: 3000\nmtu: 9000\n"
REFUSED = 3


def bridged(agent):
    """Whether the change of the host's network, after it was adopted, is carried out."""
    return agent.running.networks.get("ovirtmgmt", {}).get("bridged", False)


def asked_for_a_bridge(agent):
    """Whether the change was sent; the machine takes longer to carry it out than a cable to be pulled."""
    sent = [parameters["networks"]["ovirtmgmt"] for verb, parameters in agent.log if verb == "setupNetworks"]
    return any(network["bridged"] for network in sent)


class Operator:
    """Somebody at the engine with mgmtnet."""

    def __init__(self, folder):
        self.folder = folder
        place = folder / "credentials"
        files = {"MGMTNET_CA": "ca.pem", "MGMTNET_CERT": "client-cert.pem", "MGMTNET_KEY": "client-key.pem"}
        self.environment = {**os.environ, **{name: str(place / file) for name, file in files.items()}}
        self.environment["MGMTNET_STATE"] = str(folder / "state")

    def start(self, *words):
        command = [*IN_ENGINE, sys.executable, "-m", "planner", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(command, env=self.environment, text=True, **pipes)

    def run(self, *words, status=0):
        process = self.start(*words)
        output, _ = process.communicate(timeout=240)
        assert process.returncode == status, output
        return output

    def definition(self, text):
        path = self.folder / "definition.yaml"
        path.write_text(text)
        return str(path)


def test_the_seed_is_applied_and_then_there_is_nothing_to_do(world, seed, tmp_path):
    with running(world, tmp_path) as host:
        operator = Operator(tmp_path)
        apply = ("apply", seed, "--network", operator.definition(SEED), "--yes", "--timeout", "30")
        operator.run(*apply)
        (caps,) = host.engine(seed, ["Host.getCapabilities", {}])
        planned = steady()
        operator.run(*apply)
    network = caps["result"]["networks"]["ovirtmgmt"]
    assert (network["addr"], network["mtu"], network["vlanid"]) == (seed, "9000", 3000)
    assert caps["result"]["netConfigDirty"] == "False"
    assert "ovirtmgmt" in stored(str(tmp_path / "netconf")).networks
    assert steady() == planned
    assert world.jumbo(seed)


def test_another_tag_than_the_hosts_is_refused(world, seed, tmp_path):
    before = steady()
    with running(world, tmp_path):
        operator = Operator(tmp_path)
        wrong = operator.definition(SEED.replace("3000", "3001"))
        operator.run("apply", seed, "--network", wrong, "--yes", status=REFUSED)
    assert steady() == before


def test_a_change_that_cuts_the_host_off_ends_as_adopted(world, untagged, tmp_path):
    with running(world, tmp_path) as host:
        operator = Operator(tmp_path)
        definition = operator.definition("vm_network: true\n")
        process = operator.start("apply", untagged, "--network", definition, "--yes", "--timeout", "10", "-o", "json")
        wait_for(lambda: asked_for_a_bridge(host.agent) or process.poll() is not None, 300)
        with world.pulled("port2", "port3"):
            wait_for(lambda: not host.agent.busy)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 1, output
        assert '"standing": "adopted"' in output
        assert host.agent.running == host.agent.persistent
        assert not bridged(host.agent)
    assert world.seen_by_engine(untagged)


def test_an_executor_killed_between_steps_is_resumed(world, seed, tmp_path):
    with running(world, tmp_path) as host:
        operator = Operator(tmp_path)
        # Shorter, and on a slow machine the host has rolled back before anybody resumes: then it may stand as before.
        process = operator.start("apply", seed, "--network", operator.definition(SEED), "--yes", "--timeout", "60")
        wait_for(lambda: bridged(host.agent) or process.poll() is not None, 300)
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL, output
        operator.run("resume")
        assert bridged(host.agent)
    assert stored(str(tmp_path / "netconf")).networks["ovirtmgmt"]["bridged"]
    assert world.jumbo(seed)


def test_an_executor_killed_before_the_commit_and_a_reboot(world, seed, tmp_path):
    with running(world, tmp_path) as host:
        operator = Operator(tmp_path)
        process = operator.start("apply", seed, "--network", operator.definition(SEED), "--yes", "--timeout", "10")
        wait_for(lambda: bridged(host.agent) or process.poll() is not None, 300)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not host.agent.persistent.networks["ovirtmgmt"]["bridged"]
        wait_for(lambda: not host.agent.busy)
        host.agent.reboot()
        assert host.agent.running == host.agent.persistent
    assert steady()["bridges"] == {}
    assert world.address("bond4.3000") == seed
    assert world.seen_by_engine(seed)
