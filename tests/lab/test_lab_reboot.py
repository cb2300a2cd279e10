"""A reboot forgets what was not committed, and restores what was."""

import sys

import pytest

from lab.under_pytest import run_in_kernel


@pytest.mark.lab_boots
def test_three_boots(pytestconfig):
    job = f'"{sys.executable}" tests/lab/reboot_job.py "$LABRUN"'
    done = run_in_kernel(job, {}, str(pytestconfig.rootpath))
    assert "LABPASS" in done.stdout, done.stdout[-4000:]
    assert done.stdout.count("rebooting") == 2
    assert done.returncode == 0
