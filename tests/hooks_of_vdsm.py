"""VDSM's runner of hooks, imitated as its sources of 4.18 to 4.50 have it (docs/vdsm.md, Hooks).

What can be executed in the folder, in the order of names, each waited for until its streams are closed; 0 goes on, 1
goes on and fails, 2 is the end; the caller is told what the last one complained of; the call is read again from the
file.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "packaging" / "vdsm-hook-mgmtnet"
HOOK = PACKAGE / "50_mgmtnet"
CAPS = ROOT / "tests" / "data" / "hosts" / "ov-bridged-bond-static" / "caps.json"
MGMTNET = f"{sys.executable} -m planner"
PATIENCE = 60.0


class Ran(NamedTuple):
    """What became of a call: whether VDSM goes on, with what, and what was said to it."""

    passed: bool
    call: dict
    told: str
    log: str


class Vdsm:
    """A folder of hooks, and their configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "before_network_setup"
        self.folder.mkdir()
        self.settings = folder / "hook.conf"
        self.call = folder / "call.json"
        shutil.copy(HOOK, self.folder)
        # VDSM puts the folder of its module for hooks into everybody's path: what lies there is not the hook's.
        (folder / "json.py").write_text("raise SystemExit('not this one')\n")
        self.environment = {
            **os.environ,
            "MGMTNET_HOOK_CONF": str(self.settings),
            "MGMTNET_ALLOW": "loses-address",
            "PYTHONPATH": str(folder),
        }
        self.configure()

    def configure(self, **settings: str) -> None:
        stated = {"mgmtnet": MGMTNET, "capabilities": f"cat {CAPS}", "timeout": "60", **settings}
        lines = [f"{name} = {value}" for name, value in stated.items()]
        self.settings.write_text("\n".join(["[hook]", *lines, ""]))

    def hook(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def set_up(self, call: object) -> Ran:
        self.call.write_text(call if isinstance(call, str) else json.dumps({"request": call}))
        environment = {**self.environment, "_hook_json": str(self.call)}
        failed, told, log = False, "", []
        for script in sorted(path for path in self.folder.iterdir() if os.access(path, os.X_OK)):
            done = subprocess.run([str(script)], env=environment, capture_output=True, timeout=PATIENCE, check=False)
            assert done.stdout == b""
            told = done.stderr.decode("ascii")
            log.append(told)
            failed = failed or done.returncode != 0
            if done.returncode == 2:
                break
        after = self.call.read_text()
        assert isinstance(call, str) or json.loads(after)
        return Ran(not failed, {} if isinstance(call, str) else json.loads(after)["request"], told, "".join(log))
