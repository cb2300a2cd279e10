"""A reboot forgets a change that was not saved, and brings back what was."""

import sys

import pytest

from lab.under_pytest import give_up, run_in_kernel, without_boot


@pytest.mark.lab_boots
def test_four_boots(pytestconfig):
    job = f'"{sys.executable}" tests/lab/reboot_job.py "$LABRUN"'
    done = run_in_kernel(job, {}, str(pytestconfig.rootpath))
    if reason := without_boot(done.stdout):
        give_up(reason)
    assert "LABPASS" in done.stdout, done.stdout[-4000:]
    assert done.stdout.count("rebooting") == 3
    assert done.returncode == 0
