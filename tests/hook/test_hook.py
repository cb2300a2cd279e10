"""vdsm-hook-mgmtnet by its own protocol: a process with the call in a file, whose end VDSM acts upon."""

import ast
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from hooks_of_vdsm import CAPS, HOOK, PACKAGE, PATIENCE, ROOT, Ran, Vdsm

from planner.apply.judge import LOSSES

REMOVAL = {"networks": {"ovirtmgmt": {"remove": True}}, "bondings": {}, "options": {"connectivityCheck": True}}
HARMLESS = {"networks": {}, "bondings": {}, "options": {}}
ROLLBACK = {**REMOVAL, "options": {"_inRollback": True, "connectivityCheck": 0}}
ROLLBACK_UP_TO_4_40_0 = {**REMOVAL, "options": {"inRollback": True, "connectivityCheck": 0}}
RESTORED = {**REMOVAL, "options": {"connectivityCheck": False, "_inRollback": True}}


@pytest.fixture
def vdsm(tmp_path: Path) -> Vdsm:
    return Vdsm(tmp_path)


def test_a_call_that_loses_the_host_is_refused_with_the_reason(vdsm: Vdsm) -> None:
    ran = vdsm.set_up(REMOVAL)
    assert not ran.passed
    assert ran.told.startswith("mgmtnet refuses this call, by which the host could be lost: loses-address: ")
    assert ran.told.count("\n") == 1


def test_a_call_that_does_not_passes_in_silence_as_it_was(vdsm: Vdsm) -> None:
    assert vdsm.set_up(HARMLESS) == Ran(True, HARMLESS, "", "")


def test_what_only_warns_tells_what_it_would_have_refused(vdsm: Vdsm) -> None:
    vdsm.configure(mode="warn")
    ran = vdsm.set_up(REMOVAL)
    assert (ran.passed, ran.call) == (True, REMOVAL)
    assert "mgmtnet would refuse this call (mode = warn): loses-address: " in ran.told


def test_what_may_be_lost_and_where_the_host_is_managed_are_settings(vdsm: Vdsm) -> None:
    vdsm.configure(allow="loses-bridge, loses-address")
    ran = vdsm.set_up(REMOVAL)
    assert ran.passed
    assert "mgmtnet lets this call pass, and warns: loses-address: " in ran.told
    vdsm.configure(address="203.0.113.7")
    ran = vdsm.set_up(REMOVAL)
    assert ran.passed
    assert "address-not-found" in ran.told


@pytest.mark.parametrize("call", [ROLLBACK, ROLLBACK_UP_TO_4_40_0, RESTORED])
def test_what_vdsm_sends_itself_is_not_even_looked_at(vdsm: Vdsm, tmp_path: Path, call: dict) -> None:
    vdsm.configure(capabilities=f"touch {tmp_path / 'asked'}", unable="refuse")
    assert vdsm.set_up(call) == Ran(True, call, "", "")
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"request": {"options": []}}', "[" * 100_000, '{"request": 1}'])
def test_what_cannot_be_read_may_be_vdsm_s_own_and_passes(vdsm: Vdsm, text: str) -> None:
    vdsm.configure(unable="refuse")
    ran = vdsm.set_up(text)
    assert ran.passed
    assert ran.told.startswith("mgmtnet could not read this call, and lets it pass: ")


BROKEN = {
    "mgmtnet is not there": ({"mgmtnet": "/nowhere/mgmtnet"}, "/nowhere/mgmtnet does not start"),
    "mgmtnet is broken": ({"mgmtnet": "sh -c 'echo it broke >&2; exit 1'"}, "sh ended with 1: it broke"),
    "mgmtnet dies": ({"mgmtnet": "sh -c 'kill -9 $$'"}, "sh ended with -9"),
    "mgmtnet says what is no JSON": ({"mgmtnet": "echo yes"}, "JSONDecodeError"),
    "mgmtnet is slow": ({"mgmtnet": "sh -c 'sleep 50; :'", "timeout": "1"}, "sh took too long"),
    "VDSM is slow": ({"capabilities": "sh -c 'sleep 50; :'", "timeout": "1"}, "sh took too long"),
    "VDSM says no": ({"capabilities": "false"}, "false ended with 1"),
    "VDSM says nothing": ({"capabilities": "true"}, "capture-empty"),
    "no command": ({"capabilities": ""}, "a command is empty"),
    "half a quotation mark": ({"capabilities": "'"}, "No closing quotation"),
    "no host": ({"capabilities": 'echo \'{"nics": {}, "bondings": {}}\''}, "capture-incomplete"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_judged_passes_or_not_as_is_wanted(vdsm: Vdsm, name: str) -> None:
    settings, told = BROKEN[name]
    vdsm.configure(**settings)
    began = time.monotonic()
    ran = vdsm.set_up(REMOVAL)
    assert ran.passed
    assert ran.told.startswith("mgmtnet could not judge this call, and lets it pass: ")
    assert told in ran.told
    vdsm.configure(**settings, unable="refuse")
    ran = vdsm.set_up(REMOVAL)
    assert not ran.passed
    assert told in ran.told
    assert time.monotonic() - began < 40
    vdsm.configure(**settings, unable="refuse", mode="warn")
    assert vdsm.set_up(REMOVAL).passed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[hook]\nmdoe = warn\n", "nobody knows mdoe"),
        ("[hooks]\nmode = warn\n", "nobody knows hooks"),
        ("[hook]\nmode = wran\n", "mode = wran: say refuse or warn"),
        ("[hook]\ntimeout = ten\n", "timeout = ten: say 1 to 100 seconds"),
        ("mode = warn\n", "no section headers"),
    ],
)
def test_a_mistake_in_the_configuration_is_told_and_refuses_nothing(vdsm: Vdsm, text: str, told: str) -> None:
    vdsm.settings.write_text(text)
    ran = vdsm.set_up(REMOVAL)
    assert ran.passed
    assert told in ran.told


def test_what_vdsm_would_not_take_is_not_judged(vdsm: Vdsm) -> None:
    taken = {**HARMLESS, "networks": {"blue": {"nic": "eth77"}}}
    ran = vdsm.set_up(taken)
    assert ran.passed
    assert "could not judge this call, and lets it pass: VDSM would refuse the call with 23" in ran.told


def test_what_is_left_running_holds_up_nobody(vdsm: Vdsm) -> None:
    vdsm.configure(capabilities=f"sh -c 'sleep 20 & cat {CAPS}'")
    began = time.monotonic()
    assert not vdsm.set_up(REMOVAL).passed
    assert time.monotonic() - began < 15


def test_it_sees_what_a_hook_before_it_made_of_the_call_and_ends_the_row(vdsm: Vdsm) -> None:
    made = json.dumps({"request": REMOVAL})
    vdsm.hook("40_other", f"echo '{made}' > $_hook_json")
    vdsm.hook("60_other", "echo of no matter >&2; exit 1")
    ran = vdsm.set_up(HARMLESS)
    assert not ran.passed
    assert "loses-address" in ran.told
    assert "of no matter" not in ran.log


def test_without_anybody_to_tell_it_decides_all_the_same(vdsm: Vdsm) -> None:
    vdsm.call.write_text(json.dumps({"request": REMOVAL}))
    environment = {**vdsm.environment, "_hook_json": str(vdsm.call)}
    done = subprocess.run(["sh", "-c", f"{HOOK} 2>&-"], env=environment, timeout=PATIENCE, check=False)
    assert done.returncode == 2


def test_it_can_be_tried_out_by_hand(vdsm: Vdsm) -> None:
    def typed(*words: str) -> tuple[int, str]:
        command = [str(HOOK), *words]
        done = subprocess.run(command, env=vdsm.environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr

    status, told = typed("--check")
    assert status == 0
    assert re.fullmatch(r"calls are judged, in \d+\.\d s \(mode = refuse\)\n", told)
    vdsm.configure(mgmtnet="/nowhere/mgmtnet")
    assert typed("--check") == (
        1,
        "calls cannot be judged: /nowhere/mgmtnet does not start: No such file or directory\n",
    )
    assert typed()[0] == 2
    assert "--check tries it out" in typed("--chekc")[1]


def test_the_python_of_enterprise_linux_8_understands_it() -> None:
    ast.parse(HOOK.read_text(), feature_version=(3, 6))


def test_what_the_configuration_says_is_what_it_is_without_one() -> None:
    shipped = (PACKAGE / "hook.conf").read_text()
    defaults = ast.literal_eval(
        re.search(r"^DEFAULTS = (\{.*?^\})", HOOK.read_text(), re.MULTILINE | re.DOTALL).group(1)
    )
    stated = dict(re.findall(r"^(\w+) =[ ]?(.*)$", shipped, re.MULTILINE))
    assert stated == defaults
    page = (ROOT / "docs" / "hook.md").read_text()
    assert all(re.search(rf"^\| .*\b{name}\b.* \|", page, re.MULTILINE) for name in defaults)


def test_every_loss_stands_in_the_page() -> None:
    table = re.findall(
        r"^\| ([a-z-]+(?:, [a-z-]+)*) \| .* \| (refused|accepted, with a warning) \|$",
        (ROOT / "docs" / "hook.md").read_text(),
        re.MULTILINE,
    )
    told = {code: verdict == "refused" for codes, verdict in table for code in codes.split(", ")}
    assert told == dict(LOSSES)


def test_the_package_has_what_the_page_says() -> None:
    spec = (PACKAGE / "vdsm-hook-mgmtnet.spec").read_text()
    sources = re.findall(r"^Source\d: (.*)$", spec, re.MULTILINE)
    assert {*sources} == {"50_mgmtnet", "hook.conf"}
    assert all((PACKAGE / source).is_file() for source in sources)
    assert os.access(HOOK, os.X_OK)
    assert "%{_libexecdir}/vdsm/hooks/before_network_setup/50_mgmtnet" in spec
