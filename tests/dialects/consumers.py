"""The programs that the dialects are written for; where one is not installed its tests are skipped.

With CONSUMERS_REQUIRED=1, as .ci/run has it where Debian's packages can be had, they fail instead.
"""

import os
import shutil
from typing import NoReturn

import pytest

NETPLAN = "/usr/libexec/netplan/generate"  # what `netplan generate` calls, which takes ten times as long to start


def needed(program: str, package: str) -> str:
    """The path of a program of a Debian package."""
    return shutil.which(program) or missing(f"no {program} here: install the package {package}")


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where it has to run."""
    if os.environ.get("CONSUMERS_REQUIRED") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
