"""What a report tells a person: how the host stands, why, what to do about each."""

import json
from pathlib import Path

import jsonschema
import pytest

from planner.apply.run import ADVICE, SAVED, SENT, STANDING, STATUS, Report, Step, unchanged
from planner.apply.steps import STAGES
from planner.vdsm.client import Failure

PROBLEM = {"code": "c", "message": "the cause", "hint": "mend the cause so"}


def told(standing: str, run: str = "one", **problem: str) -> Report:
    return Report(run, "host1", "ovirtmgmt", standing, problem, (Step("look", "seen"),))


SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text())


@pytest.mark.parametrize("standing", STATUS)
def test_a_report_is_as_its_schema_says(standing: str) -> None:
    assert set(SCHEMA["properties"]["standing"]["enum"]) == {*STATUS}
    for report in (told(standing), told(standing, **PROBLEM), told(standing, run="")):
        jsonschema.validate(report.document(), SCHEMA)


@pytest.mark.parametrize("standing", sorted({*STATUS} - {SAVED}))
def test_what_to_do_about_the_host_is_said_beside_the_hint_of_the_problem(standing: str) -> None:
    report = told(standing, **PROBLEM)
    assert standing in report.text()
    assert all(part in report.text() for part in ("because: the cause", "hint: mend the cause so", "to do: "))
    assert report.document()["advice"] != report.document()["problem"]["hint"]


def test_a_saved_change_whose_reboot_proved_nothing_is_not_to_be_applied_again() -> None:
    report = told("as planned and saved", **PROBLEM)
    assert report.status == 1
    assert report.advice == (
        "the change stands and is saved; see to what is told above, nothing has to be applied again"
    )


def test_the_words_of_a_run_are_those_of_its_steps_and_of_its_report() -> None:
    assert set(SENT) < set(STAGES)
    assert set(STANDING) == {"before", "adopted"}
    assert set(STANDING.values()) < set(ADVICE)


@pytest.mark.parametrize(
    ("standing", "step", "code", "event"),
    [
        ("as before", "announce", "c", "SETUP_NETWORK_FAILED_FOR_MANAGEMENT_NETWORK_CONFIGURATION"),
        ("adopted", "announce", "c", "SETUP_NETWORK_FAILED_FOR_MANAGEMENT_NETWORK_CONFIGURATION"),
        ("as planned, not saved", "announce", "c", "PERSIST_NETWORK_FAILED_FOR_MANAGEMENT_NETWORK"),
        ("as before", "announce", "not-kept", ""),  # nothing has failed
        ("as before", "look", "c", ""),  # nothing was sent
        ("unknown", "announce", "c", ""),
    ],
)
def test_a_failure_has_the_name_that_the_engine_has_for_it(standing: str, step: str, code: str, event: str) -> None:
    report = Report("one", "host1", "ovirtmgmt", standing, {**PROBLEM, "code": code}, (Step(step, "said"),))
    jsonschema.validate(report.document(), SCHEMA)
    assert report.document().get("event", "") == event
    assert (f"engine event: {event}" if event else "because: ") in report.text()
    assert report._replace(undoes="another").event == report._replace(problem={}).event == ""


def test_what_the_host_did_not_tell_is_that_of_the_last_look() -> None:
    seen = Step("verify", "seen", found={"unseen": ["gateway"]})
    assert Report("", "h", "n", SAVED, {}, (Step("verify", "seen"),)).unseen == []
    assert Report("", "h", "n", SAVED, {}, (Step("verify", "seen"), seen, Step("prove", "seen"))).unseen == ["gateway"]


@pytest.mark.parametrize("dirty", [False, True, None])
def test_a_host_that_stands_as_defined_is_reported_by_its_network(*, dirty: bool | None) -> None:
    report = unchanged("host1", {"network": "ovirtmgmt"}, dirty=dirty)
    assert (report.host, report.network) == ("host1", "ovirtmgmt")
    assert report.steps[0].said == "ovirtmgmt stands as it is defined; nothing was sent"


def test_where_no_run_was_begun_there_is_none_to_resume() -> None:
    assert "resume" not in told("as planned, not saved", "", **PROBLEM).text()


def test_what_went_well_needs_nothing() -> None:
    assert told("as planned and saved").text().splitlines()[-1] == "  to do: nothing more to do"


def test_a_host_that_stands_as_defined_is_not_rebooted_and_that_is_told() -> None:
    assert "not rebooted" in unchanged("host1", {"network": "ovirtmgmt"}, dirty=False, reboot=True).text()
    assert "reboot" not in unchanged("host1", {"network": "ovirtmgmt"}, dirty=False).text()


BUSY = Failure("busy", "40", "later")


@pytest.mark.parametrize(
    ("dirty", "failure", "standing", "code"),
    [
        (False, None, "as planned and saved", None),
        (True, None, "as planned, not saved", "not-saved"),
        (None, None, "as planned, perhaps not saved", "saved-unknown"),
        (None, BUSY, "as planned, perhaps not saved", "vdsm-busy"),
    ],
)
def test_what_is_not_known_to_be_saved_is_not_called_so(
    *, dirty: bool | None, failure: Failure | None, standing: str, code: str | None
) -> None:
    report = unchanged("host1", {"network": "ovirtmgmt"}, dirty=dirty, failure=failure)
    assert (report.standing, report.problem.get("code")) == (standing, code)
    assert report.status == (0 if code is None else 5)


def test_what_the_host_does_not_tell_is_in_the_report() -> None:
    steps = (Step("verify", "as planned", found={"unseen": ["IPv4 gateway"]}), Step("prove", "saved"))
    report = Report("one", "host1", "ovirtmgmt", "as planned and saved", {}, steps)
    assert report.document()["unseen"] == ["IPv4 gateway"]
    assert told("as before").document()["unseen"] == []


def test_a_report_for_a_program() -> None:
    assert told("as before", **PROBLEM).document() == {
        "format": "mgmtnet/report@1",
        "run": "one",
        "host": "host1",
        "network": "ovirtmgmt",
        "standing": "as before",
        "succeeded": False,
        "problem": PROBLEM,
        "advice": "the host is as it was; mend the cause and apply again",
        "unseen": [],
        "steps": [{"name": "look", "said": "seen"}],
    }
    assert told(SAVED).document()["succeeded"] is True
    assert told(SAVED).document()["problem"] is None


def test_a_report_for_a_person() -> None:
    steps = (Step("look", "seen"), Step("announce", "told"), Step("set-up", "sent"))
    assert told("as before", **PROBLEM)._replace(steps=steps).text().splitlines() == [
        "host1: ovirtmgmt stands as before",
        "  look      seen",
        "  announce  told",
        "  set-up    sent",
        "  because: the cause",
        "     hint: mend the cause so",
        "  engine event: SETUP_NETWORK_FAILED_FOR_MANAGEMENT_NETWORK_CONFIGURATION",
        "    to do: the host is as it was; mend the cause and apply again",
    ]
    assert told("unknown").text().splitlines()[0] == "host1: how ovirtmgmt stands is unknown"
    same = told("as planned, not saved", "", **PROBLEM).text().splitlines()
    assert same[-2:] == ["  because: the cause", "    to do: mend the cause so"]


@pytest.mark.parametrize(
    ("standing", "status", "advice"),
    [
        ("as planned and saved", 0, "nothing more to do"),
        ("as planned, not saved", 5, "save it (`mgmtnet resume`), or a reboot brings the old network back"),
        (
            "as planned, perhaps not saved",
            5,
            "save it (`mgmtnet resume`): else a reboot may bring the old network back",
        ),
        ("as before", 1, "the host is as it was; mend the cause and apply again"),
        ("adopted", 1, "the address is as before, on a saved network without a bridge; mend the cause and apply again"),
        (
            "unknown",
            6,
            "look at the host's console; `mgmtnet resume` reads it again and goes on from what it finds",
        ),
    ],
)
def test_each_standing_has_its_exit_status_and_its_advice(standing: str, status: int, advice: str) -> None:
    assert (told(standing).status, told(standing).advice) == (status, advice)


def test_a_host_that_stands_as_planned_already_and_what_to_do_about_it() -> None:
    plan = {"network": "ovirtmgmt"}
    assert unchanged("host1", plan, dirty=False).document()["steps"] == [
        {"name": "look", "said": "ovirtmgmt stands as it is defined; nothing was sent"}
    ]
    reports = [unchanged("host1", plan, dirty=dirty) for dirty in (False, True, None)]
    assert {(report.run, report.document()["host"]) for report in reports} == {("", "host1")}
    assert unchanged("host1", plan, dirty=True).problem == {
        "code": "not-saved",
        "message": "the host calls its configuration unsaved (netConfigDirty)",
        "hint": "see on the host what is not saved, then vdsm-client Host setSafeNetworkConfig",
    }
    assert unchanged("host1", plan, dirty=None).problem == {
        "code": "saved-unknown",
        "message": "the engine does not tell whether the host's configuration is saved",
        "hint": "--yes saves it again; over VDSM itself (--transport auto) the host tells",
    }
