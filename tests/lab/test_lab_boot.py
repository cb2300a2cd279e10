"""The kernel of the lab on processors that User-Mode Linux does not know, and on those where it cannot start at all."""

import os
import subprocess
from pathlib import Path

import pytest

from lab.under_pytest import LAB, NO_BOOT, without_boot

SCRIPTS = Path(__file__).parents[2] / "lab"


@pytest.fixture
def laboratory(tmp_path):
    """A lab of its own beside the one that is built, with the job that ``umlrun`` shall run."""
    for part in ("uml", "tools", "built"):
        (tmp_path / part).symlink_to(Path(LAB) / part)
    (tmp_path / "job").write_text("echo here it is\n")
    return tmp_path


def run(folder, *command, **variables):
    environment = {**os.environ, "LAB": str(folder), **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.lab_boots
def test_on_a_processor_with_amx_the_kernel_boots_with_a_shim(laboratory):
    (laboratory / "cpuinfo").write_text("flags : fpu amx_bf16 amx_tile amx_int8\n")
    done = run(laboratory, SCRIPTS / "setup.sh", LAB_CPUINFO=str(laboratory / "cpuinfo"))
    assert (done.returncode, (laboratory / "ptrace-regset.so").exists()) == (0, True), done.stderr
    done = run(laboratory, SCRIPTS / "umlrun", str(laboratory / "job"), LD_DEBUG="files")
    assert (done.returncode, "here it is" in done.stdout) == (0, True), done.stdout
    assert "calling init: " + str(laboratory / "ptrace-regset.so") in done.stderr


@pytest.mark.lab_boots
def test_on_another_processor_there_is_no_shim(laboratory):
    (laboratory / "cpuinfo").write_text("flags : fpu sse2 avx2\n")
    (laboratory / "ptrace-regset.so").touch()
    assert run(laboratory, SCRIPTS / "setup.sh", LAB_CPUINFO=str(laboratory / "cpuinfo")).returncode == 0
    assert not (laboratory / "ptrace-regset.so").exists()


def test_a_kernel_that_cannot_boot_is_told_in_one_line(tmp_path):
    kernel = tmp_path / "uml" / "usr" / "bin" / "linux.uml"
    kernel.parent.mkdir(parents=True)
    kernel.write_text("#!/bin/sh\necho Kernel panic\n")
    kernel.chmod(0o755)
    (tmp_path / "job").write_text("true\n")
    done = run(tmp_path, SCRIPTS / "umlrun", str(tmp_path / "job"))
    assert done.returncode == 125
    assert without_boot(done.stdout).startswith(f"{NO_BOOT}: User-Mode Linux did not start")
    assert without_boot("[lab] ready uptime=6.04") == ""
