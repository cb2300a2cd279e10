"""The library: its public names, exceptions where one asks for them, a caller's mistakes, threads and processes."""

import asyncio
import copy
import doctest
import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

import planner
import planner.apply
from planner.apply import exclusion, library
from planner.apply.order import host_key
from planner.rules.compiled import Compiled
from planner.standin import StandIn
from planner.standin.server import Hosted, Site

sys.path.append(str(Path(__file__).parent.parent / "bench"))
import api

ROOT = Path(__file__).parent.parent
SEED = ROOT / "golden" / "seed-vlan-over-bond"
CAPTURE, DEFINITION = (SEED / "capture.json").read_bytes(), (SEED / "definition.yaml").read_bytes()
HOST, WANTED = planner.read_capture(CAPTURE).required(), planner.read_definition(DEFINITION).required()


def test_every_public_name_is_there_and_has_a_version() -> None:
    names = {name: getattr(planner, name) for name in planner.__all__}
    assert list(names) == sorted(names, key=lambda name: (name[0].islower(), name[0] == "_", name))
    assert planner.__version__[0].isdigit()
    for module in (planner, planner.apply):
        assert all(hasattr(module, name) for name in module.__all__)
        with pytest.raises(AttributeError, match="no attribute 'plann'"):
            _ = module.plann


def test_what_cannot_be_used_is_raised_where_one_asks_for_it() -> None:
    readings = (
        planner.read_capture("x", "caps.json"),
        planner.read_definition({"network": "a b", "mtu": 1}),
        planner.load_rules("ovirtmgmt@9"),
    )
    for reading in readings:
        with pytest.raises(planner.InputError) as refused:
            reading.required()
        assert refused.value.problems == reading.problems
        assert all(part in str(refused.value) for problem in reading.problems for part in (problem.code, problem.hint))
        assert copy.copy(refused.value).problems == reading.problems
    assert len(readings[1].problems) == 2


@pytest.mark.parametrize("addresses", ["192.0.2.10", b"192.0.2.10", None, 7, [b"192.0.2.10"], [None], {"192.0.2.10"}])
def test_addresses_that_are_no_list_of_texts_are_the_callers_mistake(rules: Compiled, addresses: object) -> None:
    for call in (planner.Planner(rules).plan, planner.Planner(rules).consider):
        with pytest.raises(TypeError, match="give a list of texts"):
            call(HOST, WANTED, addresses)


@pytest.mark.parametrize("mistake", [None, 7, Path("caps.json"), planner.read_capture(CAPTURE), CAPTURE])
def test_other_mistakes_of_a_caller_say_what_to_give(rules: Compiled, mistake: object) -> None:
    by = planner.Planner(rules)
    if not isinstance(mistake, bytes):
        for read in (planner.read_capture, planner.read_definition):
            with pytest.raises(TypeError, match=r"give a .*'s text, its bytes"):
                read(mistake)
    with pytest.raises(TypeError, match=r"give read_capture\(\.\.\.\)\.required"):
        by.plan(mistake, WANTED)
    with pytest.raises(TypeError, match=r"give read_definition\(\.\.\.\)\.required"):
        by.plan(HOST, mistake)
    with pytest.raises(TypeError, match=r"give load_rules\(\.\.\.\)\.required"):
        planner.Planner(mistake)


def test_rules_lie_where_a_path_says() -> None:
    assert planner.load_rules(ROOT / "rules" / "examples" / "site").required().name == "example-site"


# Every golden is planned by each way of having several plans at once, and gets the same bytes.
MANY = """
    import asyncio, multiprocessing, pickle, sys, threading, warnings
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from hashlib import sha256
    from pathlib import Path

    import planner
    import yaml

    def case(folder):
        capture = planner.read_capture((folder / "capture.json").read_bytes()).required()
        definition = planner.read_definition((folder / "definition.yaml").read_bytes()).required()
        about = yaml.safe_load((folder / "about.yaml").read_text())
        return capture, definition, tuple(about.get("address", ()))

    def plans(by, cases):
        made = (by.plan(*one) for one in cases)
        return [plan._replace(rules=plan.rules._replace(digest="sha256:-", engine="-")).json() for plan in made]

    def spawned(pickled):
        by, cases = pickle.loads(pickled)
        return plans(by, cases)

    def threads(by, cases):
        # Each begins with another host, so that they meet at different ones.
        starts = range(0, len(cases), len(cases) // 8 + 1)
        with ThreadPoolExecutor(8) as pool:
            for start, made in zip(starts, pool.map(lambda start: plans(by, cases[start:] + cases[:start]), starts)):
                yield made[len(cases) - start :] + made[: len(cases) - start]

    def fork(by, cases):
        # While another thread is planning: a child must not wait for it, nor have what it left half done.
        over = threading.Event()
        def plan_on():
            while not over.is_set():
                by.plan(*cases[0]), planner.plan(*cases[1][:2], by.rules, cases[1][2])
        busy = threading.Thread(target=plan_on, daemon=True)
        busy.start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside a thread, from Python 3.12 on
            context = multiprocessing.get_context("fork")
            for _ in range(20):
                child = context.Process(target=by.plan, args=cases[2], daemon=True)
                child.start(), child.join(20)
                assert child.exitcode == 0
            with context.Pool(1) as pool:
                yield pool.apply(plans, (by, cases))
        over.set()
        busy.join()

    def spawn(by, cases):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            yield pool.submit(spawned, pickle.dumps((by, cases))).result()

    def coroutines(by, cases):
        async def every():
            return await asyncio.gather(*(asyncio.to_thread(plans, by, [one]) for one in cases))
        yield [text for texts in asyncio.run(every()) for text in texts]

    if __name__ == "__main__":
        folders = sorted(Path(sys.argv[1]).iterdir())
        cases, by = [case(folder) for folder in folders], planner.Planner(planner.load_rules().required())
        expected = [(folder / "plan.json").read_text() for folder in folders]
        for way in (threads, fork, spawn, coroutines):
            made = list(way(by, cases))
            assert made and all(one == expected for one in made), way.__name__
        print(len(made[0]), "planned")
"""


def test_threads_processes_and_coroutines_make_the_same_plans(tmp_path: Path) -> None:
    program = tmp_path / "many.py"
    program.write_text(textwrap.dedent(MANY))
    command = [sys.executable, "-W", "error", program, ROOT / "golden"]
    # Not measured: others cover these lines, and it plans every golden four times.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ran = subprocess.run(command, cwd=ROOT, env=unmeasured, capture_output=True, text=True, check=False, timeout=300)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"{len(list((ROOT / 'golden').iterdir()))} planned\n"


# The page of the library, and applying by it.


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Where hosts can be played, whose certificates and journal the environment names."""
    site = Site(tmp_path / "credentials")
    pair = site.credentials.client
    for name, path in (("CA", site.credentials.ca), ("CERT", pair.certificate), ("KEY", pair.key)):
        monkeypatch.setenv(f"MGMTNET_{name}", str(path))
    monkeypatch.setenv("MGMTNET_STATE", str(tmp_path / "state"))
    yield site
    site.stop()


@pytest.fixture
def host(site: Site) -> Hosted:
    return played(site)


def played(site: Site) -> Hosted:
    """The seed's host, one of its own each time."""
    return site.add(StandIn({**json.loads(CAPTURE), "uuid": str(uuid4())}, setup_seconds=0.2))


def met(host: Hosted) -> tuple[planner.apply.Access, planner.apply.Sight]:
    place = host.address_of(host.stand_in.address)
    access = planner.apply.Access(f"{place.address}:{place.port}", routes={"192.0.2.10": place.address})
    return access, planner.apply.read_host(access).required()


def ordered(rules: Compiled, host: Hosted) -> planner.apply.Order:
    access, sight = met(host)
    plan = planner.Planner(rules).plan(sight.host, WANTED, ["192.0.2.10"])
    return planner.apply.make_order(access, sight, plan).required()


def times_sent(host: Hosted) -> int:
    return sum(verb == "setupNetworks" for verb, _ in host.stand_in.log)


@pytest.mark.parametrize("name", api.examples())
def test_an_example_does_what_the_page_says(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = api.examples()[name]
    if name.startswith("planner.apply"):
        hosted: Hosted = request.getfixturevalue("host")
        text = text.replace("54321", str(hosted.address_of(hosted.stand_in.address).port))
    (tmp_path / "capture.json").write_bytes(CAPTURE)
    monkeypatch.chdir(tmp_path)
    names = {public: getattr(module, public) for module in api.MODULES for public in module.__all__}
    example = doctest.DocTestParser().get_doctest(text, {**names, "Path": Path}, name, None, 0)
    told: list[str] = []
    assert doctest.DocTestRunner().run(example, out=told.append).failed == 0, "".join(told)


def test_the_page_is_up_to_date_and_whole() -> None:
    assert api.page() == (ROOT / "docs" / "api.md").read_text(), "run make docs"
    public = [getattr(module, name) for module in api.MODULES for name in module.__all__]
    unsaid = [
        name
        for value in public
        for name, one in [("", value), *api.members(value)]
        if not isinstance(value, str) and not one.__doc__
    ]
    assert not unsaid


def test_no_order_is_made_of_a_plan_that_refuses_or_is_not_of_this_host(rules: Compiled, host: Hosted) -> None:
    access, sight = met(host)
    by = planner.Planner(rules)
    plan = by.plan(sight.host, WANTED, ["192.0.2.10"])
    other = sight._replace(host=sight.host._replace(digest="other"))
    for code, found, made in (
        ("vlan-tag-mismatch", sight, by.plan(sight.host, planner.Definition(), ["192.0.2.10"])),
        ("stale-plan", other, plan),
        ("plan-altered", sight, plan._replace(steps=plan.steps[1:])),
    ):
        order = planner.apply.make_order(access, found, made)
        assert (order.value, order.problems[0].code) == (None, code)


def test_a_host_that_is_as_planned_is_sent_nothing_more(rules: Compiled, host: Hosted) -> None:
    events: list[planner.apply.Event] = []
    plan = planner.Planner(rules).plan(met(host)[1].host, WANTED, ["192.0.2.10"])
    report = planner.apply.carry_out(ordered(rules, host), events.append).required()
    assert (report.standing, report.status) == ("as planned and saved", 0), report.text()
    assert {event.step for event in events} >= {"look", "adopt", "set-up", "verify", "commit"}
    access, now = met(host)
    for again in (plan, planner.Planner(rules).plan(now.host, WANTED, ["192.0.2.10"])):
        nothing = planner.apply.carry_out(planner.apply.make_order(access, now, again).required()).required()
        assert (nothing.run, nothing.standing) == ("", "as planned and saved")
    assert times_sent(host) == 2


def test_what_several_coroutines_have_ordered_is_carried_out(rules: Compiled, site: Site) -> None:
    hosts = [played(site), played(site)]

    async def every() -> list[planner.Result[planner.apply.Report]]:
        orders = [ordered(rules, host) for host in hosts]
        return await asyncio.gather(*(asyncio.to_thread(planner.apply.carry_out, order) for order in orders))

    assert [result.required().standing for result in asyncio.run(every())] == ["as planned and saved"] * 2
    assert [times_sent(host) for host in hosts] == [2, 2]


def test_no_run_is_begun_beside_another_or_where_it_cannot_be_written_down(
    rules: Compiled, host: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ordered(rules, host)
    with exclusion.only_run(str(library.state_folder()), "", host_key(order), "another"):
        assert [problem.code for problem in planner.apply.carry_out(order).problems] == ["host-held"]
    monkeypatch.setenv("MGMTNET_JOURNAL", "mysql://")
    with pytest.raises(planner.InputError, match="journal-unknown"):
        planner.apply.carry_out(order).required()
    assert times_sent(host) == 0


BROKEN_OFF = """
import json, os, sys
import planner.apply
from planner.apply.order import read_order

def end(event):
    if (event.kind, event.step) == ("end", "set-up"):
        os._exit(9)

planner.apply.carry_out(read_order(json.load(sys.stdin)), end)
"""


def test_a_run_that_was_broken_off_is_gone_on_with(rules: Compiled, host: Hosted) -> None:
    order = ordered(rules, host)
    command = [sys.executable, "-c", BROKEN_OFF]
    ended = subprocess.run(command, input=json.dumps(order.document()), text=True, check=False, cwd=ROOT)
    assert ended.returncode == 9
    report = planner.apply.resume(order.run).required()
    assert (report.run, report.standing) == (order.run, "as planned and saved"), report.text()
    assert times_sent(host) == 2
    for run, code in ((order.run, "run-ended"), ("nobody's", "run-unknown")):
        assert [problem.code for problem in planner.apply.resume(run).problems] == [code]


def test_a_change_that_somebody_keeps_is_taken_back_afterwards(rules: Compiled, host: Hosted) -> None:
    order = replace(ordered(rules, host), limits=planner.apply.Limits(keep=60))
    asked = threading.Event()

    def tell(event: planner.apply.Event) -> None:
        if (event.kind, event.step) == ("begin", "keep"):
            asked.set()

    with ThreadPoolExecutor(1) as pool:
        carried = pool.submit(planner.apply.carry_out, order, tell)
        assert asked.wait(60)
        assert [problem.code for problem in planner.apply.undo(order.run).problems] == ["run-unfinished"]
        assert planner.apply.confirm(order.run).required().found == {"kept": True}
    assert carried.result().required().standing == "as planned and saved"
    assert [problem.code for problem in planner.apply.confirm(order.run).problems] == ["not-asked"]

    undone = planner.apply.undo(order.run, limits=planner.apply.Limits(vdsm=5)).required()
    assert (undone.standing, undone.undoes) == ("as planned and saved", order.run), undone.text()
    again = planner.apply.undo(order.run).required()
    assert (again.run, again.standing) == ("", "as planned and saved"), "the host stands so already"
    assert times_sent(host) == 3


def test_nothing_is_taken_back_where_it_cannot_be(
    rules: Compiled, host: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = planner.apply.carry_out(ordered(rules, host)).required()
    access, sight = met(host)
    plan = planner.Planner(rules).plan(sight.host, WANTED._replace(mtu=1500), ["192.0.2.10"])
    assert planner.apply.carry_out(planner.apply.make_order(access, sight, plan).required()).required().run
    assert [problem.code for problem in planner.apply.undo(report.run).problems] == ["undo-overtaken"]
    host.close()
    silent = planner.apply.undo(report.run, limits=planner.apply.Limits(vdsm=0.1))
    assert [problem.code for problem in silent.problems] == ["host-unreachable"]
    monkeypatch.setenv("MGMTNET_JOURNAL", "mysql://")
    for call in (planner.apply.undo, planner.apply.confirm):
        assert [problem.code for problem in call(report.run).problems] == ["journal-unknown"]
