"""A part of `make kill-matrix`: whole runs on real wires; the executor is killed, or the host is in trouble."""

from concurrent.futures import ThreadPoolExecutor

import kept_matrix
import pytest
from kept_matrix import KEPT, NOBODY, TOO_LATE, UNASKED
from kill_matrix import HOSTS, INSTANTS, OVER_HTTP, SERVICE, STEPS, TROUBLED, Case, Ended, cases, play, troubled

from planner.apply.steps import STAGES

# One of each kind; `make kill-matrix` plays them all.
CHOSEN = (
    *(Case("jsonrpc", f"set-up:{instant}", "") for instant in INSTANTS),
    *(Case("jsonrpc", f"adopt:{instant}", "") for instant in INSTANTS),
    Case(SERVICE, "set-up:before", ""),
    Case("xmlrpc", "set-up:during", ""),
    Case("xmlrpc", "commit:after", ""),
    Case("jsonrpc", "power-off:after", ""),
    Case("jsonrpc", "undo:during", TROUBLED["undo"]),
    Case("jsonrpc", "", "setupNetworks:lost-reply:adopt"),
    Case("jsonrpc", "", "setupNetworks:lost-reply:change"),
    Case("jsonrpc", "", "setupNetworks:late=8:change"),
    Case("jsonrpc", "", "setupNetworks:power-cut:change"),
    Case("jsonrpc", "", "setupNetworks:crash:every"),
    Case("xmlrpc", "", "setupNetworks:no-bridge:change"),
    Case("jsonrpc", "", "setSafeNetworkConfig:lost-reply:1"),
    Case("jsonrpc", "", "setupNetworks:busy:change"),
    Case("jsonrpc", "", "setupNetworks:checkpoint:adopt"),
)


@pytest.fixture(scope="module")
def played() -> dict[Case, Ended]:
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(CHOSEN, pool.map(play, CHOSEN), strict=True))


@pytest.mark.parametrize("case", CHOSEN, ids=" ".join)
def test_the_host_ends_as_planned_and_saved_as_before_or_adopted(case: Case, played: dict[Case, Ended]) -> None:
    assert played[case].good(case), played[case]


def test_what_was_carried_out_before_the_kill_is_not_sent_again(played: dict[Case, Ended]) -> None:
    assert played[Case("jsonrpc", "set-up:after", "")].sent == 1
    assert played[Case("xmlrpc", "commit:after", "")].sent == 1
    assert [played[Case("jsonrpc", f"adopt:{instant}", "")].back for instant in INSTANTS] == [1, 1, 1]


def test_the_matrix_covers_every_step_and_instant_on_each_transport() -> None:
    dooms = {(case.transport, case.doom) for case in cases() if case.doom}
    every = {(t, f"{step}:{i}") for t in HOSTS for step in (*STEPS[t], *troubled(t)) for i in INSTANTS}
    assert dooms == every | {(SERVICE, f"{step}:before") for step in OVER_HTTP[1:]}


# Of what somebody has to keep, and of what is taken back.
OF_KEPT = (
    kept_matrix.Case("own network", "apply", KEPT, "keep:before"),
    kept_matrix.Case("first network", "apply", TOO_LATE, "undo:during"),
    kept_matrix.Case("VDSM 4.10", "apply", NOBODY, "", "setupNetworks:lost-reply:1"),
    kept_matrix.Case("own network", "undo", UNASKED, "set-up:during"),
)


@pytest.fixture(scope="module")
def kept() -> dict[kept_matrix.Case, kept_matrix.Ended]:
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(OF_KEPT, pool.map(kept_matrix.play, OF_KEPT), strict=True))


@pytest.mark.parametrize("case", OF_KEPT, ids=" ".join)
def test_a_change_is_kept_or_taken_back_and_the_report_says_which(
    case: kept_matrix.Case, kept: dict[kept_matrix.Case, kept_matrix.Ended]
) -> None:
    assert kept[case].good(case), kept[case]


def test_the_matrix_takes_no_other_end_for_a_good_one() -> None:
    nobody = kept_matrix.Case("own network", "apply", NOBODY, "undo:before")
    assert kept_matrix.Ended("as before", "as before").good(nobody)
    assert not kept_matrix.Ended("as before", "as before", 1, "the run second has no end").good(nobody)
    assert not kept_matrix.Ended("as before", "neither").good(nobody)
    assert not kept_matrix.Ended("as planned and saved", "as planned and saved").good(nobody)
    assert not kept_matrix.Ended("as planned and saved", "as before").good(nobody)
    assert kept_matrix.Ended("as planned and saved", "as before").good(nobody._replace(command="undo", word=UNASKED))


def test_the_matrices_kill_at_every_step_there_is() -> None:
    dooms = [case.doom for case in (*cases(), *kept_matrix.cases()) if case.doom]
    assert {doom.partition(":")[0] for doom in dooms} == set(STAGES)
    doomed = {(case.command, case.word, case.doom) for case in kept_matrix.cases() if case.doom}
    assert doomed == {
        (*of, f"{step}:{i}") for of, steps in kept_matrix.STEPS.items() for step in steps for i in INSTANTS
    }
