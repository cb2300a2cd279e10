"""Environment variables in the place of options: what is typed wins, and what cannot be meant is told."""

import pytest

from planner.cli.options import parser


@pytest.mark.parametrize(
    ("command", "variable", "value", "field", "meant"),
    [
        (["apply", "host"], "YES", "1", "yes", True),
        (["apply", "host"], "YES", "no", "yes", False),
        (["apply", "host"], "PROBE", "tcp://a:1 tcp://b:2", "probe", ["tcp://a:1", "tcp://b:2"]),
        (["apply", "host", "--probe", "tcp://c:3"], "PROBE", "tcp://a:1", "probe", ["tcp://c:3"]),
        (["apply", "host"], "FENCE_OPTIONS", "lanplus=1", "fence_options", "lanplus=1"),
        (["apply", "host"], "REBOOT", "host2", "reboot", "host2"),
        (["apply", "host"], "TIMEOUT", "30", "timeout", 30.0),
        (["apply", "host", "--timeout", "40"], "TIMEOUT", "30", "timeout", 40.0),
        (["apply", "host"], "ENGINE_URL", "https://e", "engine", "https://e"),
        (["register"], "ENGINE_HOST", "e", "engine_host", "e"),
        (["capture", "host"], "SCRUB", "true", "scrub", True),
        (["capture", "host"], "SCRUB_KEY", "key", "scrub_key", "key"),
        (["capture", "host"], "OUTPUT", "json", "output", "-"),  # there it names a file
        (["rehearse", "capture"], "REBOOT", "host2", "reboot", "yes"),  # meant for apply
        (["status"], "OUTPUT", "svg", "output", "text"),  # meant for draw
    ],
)
def test_a_variable_stands_in_for_an_option(
    command: list[str], variable: str, value: str, field: str, meant: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MGMTNET_{variable}", value)
    assert getattr(parser(command[0]).parse_args(command), field) == meant


@pytest.mark.parametrize(("variable", "value"), [("TRANSPORT", "smoke"), ("LOG", "loud"), ("WAIT", "long")])
def test_a_variable_that_cannot_be_meant_is_wrong_usage(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"MGMTNET_{variable}", value)
    with pytest.raises(SystemExit, match="2"):
        parser("apply").parse_args(["apply", "host"])
    assert value in capsys.readouterr().err
