"""An agent that is served on this host, and programs that speak to it from the engine's namespace."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from lab.agent.agent import Agent
from lab.agent.serving import served
from planner.standin.certificates import issue, server_context

CLIENT = Path(__file__).parent / "engine_client.py"
IN_ENGINE = ("ip", "netns", "exec", "engine")


class Running:
    """An agent on this host, and an engine that speaks to it."""

    def __init__(self, agent, folder):
        self.agent, self.folder = agent, folder

    def engine(self, host, *calls, **task):
        """The answers; a killed engine has given those before its death."""
        command = [
            sys.executable,
            str(CLIENT),
            str(self.folder / "credentials"),
            host,
            json.dumps({"calls": calls} | task),
        ]
        done = subprocess.run([*IN_ENGINE, *command], capture_output=True, text=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        assert done.returncode == (-signal.SIGKILL if "die" in task else 0)
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def running(world, folder):
    agent = Agent(world.host, str(folder / "netconf"))
    with served(agent, server_context(issue(folder / "credentials"))):
        yield Running(agent, folder)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
