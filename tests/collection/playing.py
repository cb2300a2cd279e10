"""Ansible as oVirt's engine runs it, by ansible-runner, whose events tell what came of each task."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ansible_runner
import yaml
from standins import BARE, ROOT

BIN = Path(sys.executable).parent
COLLECTION = ROOT / "packaging" / "ansible"
SEED, REFUSED = "seed-vlan-over-bond", "member-in-use"  # goldens: one with a change, one that is refused


class Event(NamedTuple):
    """A task that has ended on a host; ``fatal``: it failed, and its errors are not ignored."""

    host: str
    task: str
    failed: bool
    fatal: bool
    result: dict[str, Any]


class Ansible(NamedTuple):
    """Ansible with the collection, in a folder of its own."""

    folder: Path
    environ: dict[str, str]

    @property
    def installed(self) -> Path:
        return self.folder / "collections" / "ansible_collections" / "mgmtnet" / "ovirt"

    def run(self, *command: str | Path, folder: Path | None = None) -> str:
        """Run one of Ansible's programs, which must succeed; what it prints."""
        ran = subprocess.run(
            [BIN / command[0], *command[1:]],
            env=BARE | self.environ,
            cwd=folder or self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def play(self, name: str, plays: list[Any], hosts: Mapping[str, Mapping[str, Any]]) -> list[Event]:
        """Run plays on hosts that are this machine, each with its variables."""
        private = self.folder / name
        private.mkdir()
        (private / "plays.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
        here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        ran = ansible_runner.run(
            private_data_dir=str(private),
            playbook=str(private / "plays.yml"),
            inventory={"all": {"hosts": {host: here | dict(stated) for host, stated in hosts.items()}}},
            envvars=self.environ,
            quiet=True,
        )
        return [_event(event["event"], event["event_data"]) for event in ran.events if event["event"] in ENDED]


ENDED = ("runner_on_ok", "runner_on_failed")


def _event(kind: str, data: dict[str, Any]) -> Event:
    failed = kind == "runner_on_failed"
    return Event(data["host"], data["task"], failed, failed and not data["ignore_errors"], data["res"])
