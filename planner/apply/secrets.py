"""The one secret that a run needs beside the host's own credentials; it is read when it is used and kept nowhere."""

import os

from planner.apply.order import Reboot
from planner.files import content_of
from planner.vdsm.credentials import LONGEST_FILE
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import FenceAgent

VARIABLE = "MGMTNET_FENCE_PASSWORD"


def fence_agent(reboot: Reboot) -> FenceAgent | Failure:
    """The power management agent with its password, from its file or from the environment."""
    password = os.environ.get(VARIABLE, "")
    if reboot.password_file:
        content = content_of(reboot.password_file, LONGEST_FILE)
        try:
            password = content.decode().rstrip("\n") if isinstance(content, bytes) else ""
        except UnicodeDecodeError:
            password = ""
        if not password:
            hint = "name a readable file that holds the power management's password, and nothing else"
            return Failure("credentials", f"cannot read the password file {reboot.password_file!r}", hint)
    if not password:
        return Failure(
            "credentials", "no password for the power management", f"set {VARIABLE}, or --fence-password-file"
        )
    return FenceAgent(
        reboot.address, reboot.agent, reboot.username, password, reboot.port, reboot.secure, reboot.options
    )
