"""The library: its public names, exceptions where one asks for them, a caller's mistakes, threads and processes."""

import copy
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import planner
from planner.engine.compiled import Compiled

ROOT = Path(__file__).parent.parent
SEED = ROOT / "golden" / "seed-vlan-over-bond"
CAPTURE, DEFINITION = (SEED / "capture.json").read_bytes(), (SEED / "definition.yaml").read_bytes()
HOST, WANTED = planner.read_capture(CAPTURE).required(), planner.read_definition(DEFINITION).required()


def test_every_public_name_is_there_and_has_a_version() -> None:
    names = {name: getattr(planner, name) for name in planner.__all__}
    assert list(names) == sorted(names, key=lambda name: (name[0].islower(), name[0] == "_", name))
    assert planner.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'plann'"):
        _ = planner.plann


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
                child = context.Process(target=by.plan, args=cases[2])
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
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"{len(list((ROOT / 'golden').iterdir()))} planned\n"
