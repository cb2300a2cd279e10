"""What `mgmtnet rollout` tells before anything starts: hosts, waves and rollouts that cannot be meant."""

from pathlib import Path

import pytest

from planner.cli.main import main


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGMTNET_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("MGMTNET_JOURNAL", raising=False)
    (tmp_path / "d.yaml").write_text("network: ovirtmgmt\n")
    (tmp_path / "hosts").write_text("127.0.0.1:1\n")
    (tmp_path / "odd.ini").write_bytes(b"\xff\xfe[all]")
    (tmp_path / "table.csv").write_text("capture,network\nother*,ovirtmgmt\n")
    (tmp_path / "hosts.ini").write_text("[all]\na.example.com fence_proxy=a.example.com\nb.example.com fence_proxy=c\n")


START = ("rollout", "start", "--network", "d.yaml", "--wait", "1", "--yes")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--hosts", "./none"), "file-unreadable"),
        (("--hosts", "odd.ini"), "inventory-invalid"),
        (("--hosts", "hosts", "--waves", "1,0"), "waves-malformed"),
        (("--hosts", "hosts", "--window", "25:00-26:00"), "window-malformed"),
        (("--hosts", "hosts", "--reboot", "proxy"), "fence-incomplete"),
        (("--hosts", "hosts", "--network", "table.csv"), "host-unwanted"),
        (("--hosts", "hosts", "--network", "none.yaml"), "file-unreadable"),
        (("--hosts", "hosts.ini", "--reboot", "p", "--fence-agent", "ipmilan", "--fence-user", "u"), "fence-itself"),
        (("--hosts", "hosts", "--probe", "gopher://x"), "probe-unusable"),
        (("--hosts", "hosts", "--probe", "https://u:p@x/"), "secret-in-url"),
    ],
)
def test_what_cannot_be_meant_is_told(capsys: pytest.CaptureFixture[str], options: tuple[str, ...], code: str) -> None:
    assert main([*START, *options]) == 1
    assert f"error[{code}]" in capsys.readouterr().err


def test_hosts_that_cannot_be_read_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (("--plan-only",), ("--plan-only", "-o", "json"), ()):
        assert main([*START, "--hosts", "hosts", *options]) == 3
        told = capsys.readouterr()
        assert "CA certificate" in told.out + told.err, options  # no credentials, so no host can be asked
    assert main(["rollout", "status"]) == 0


@pytest.mark.parametrize("command", ["status", "report", "pause", "stop", "resume"])
def test_a_rollout_that_nobody_knows(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main(["rollout", command, "nothing"]) == 1
    assert "error[rollout-unknown]" in capsys.readouterr().err
    assert main(["rollout", command, "nothing", "--database", "mysql://x"]) == 1
    assert "error[journal-unknown]" in capsys.readouterr().err
