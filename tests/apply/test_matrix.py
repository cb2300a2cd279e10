"""A part of `make kill-matrix`: whole runs on real wires; the executor is killed, or the host is in trouble."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from kill_matrix import HOSTS, INSTANTS, OVER_HTTP, SERVICE, STEPS, TROUBLED, Case, Ended, cases, play, troubled

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
