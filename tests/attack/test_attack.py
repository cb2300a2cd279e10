"""A little of `make attack`, so that it does not rot; and that it notices what it is to notice."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest
from attacking import Fallen, Family, attack, harmless
from page_sections import read_section, write_section

ROOT = Path(__file__).parents[2]
TRIES = {"captures": 100, "rules": 50, "servers": 24, "journals": 6, "names": 60, "repositories": 4}


@pytest.mark.parametrize("family", TRIES)
def test_a_few_tries_of_each_family_survive(family: str) -> None:
    script = [sys.executable, str(ROOT / "bench" / "attack.py"), "--seed", "2"]
    ran = subprocess.run(
        [*script, "--only", family, "--tries", str(TRIES[family])], capture_output=True, text=True, check=False
    )
    assert f"{TRIES[family]} tries" in ran.stdout, ran.stderr
    assert ran.returncode == 0, ran.stdout


def fall(_: Path) -> None:
    msg = "at once"
    raise ValueError(msg)


def print_raw(_: Path) -> None:
    harmless("a\x9b31m", "what it prints")


def spin(_: Path) -> None:
    while True:
        pass


def sleep(_: Path) -> None:
    while True:
        with suppress(Exception):  # as somebody may have written who fears exceptions
            time.sleep(60)


def grow(_: Path) -> None:
    bytearray(1 << 30)


def fall_in_a_thread(folder: Path) -> None:
    thread = threading.Thread(target=fall, args=(folder,))
    thread.start()
    thread.join()


def survive(_: Path) -> None:
    pass


def prepare(_chance: Random, _number: int, folder: Path) -> None:
    (folder / "made").write_text("any")


def attack_once(run: Callable[[Path], None], patience: int, kept: Path) -> list[Fallen]:
    return attack(Family("none", "", 1, prepare, run, 1, patience), seed=1, tries=1, jobs=1, kept=kept)


@pytest.mark.parametrize(
    ("run", "patience", "kind"),
    [
        (fall, 20, "ValueError"),
        (print_raw, 20, "what it prints holds a raw C1"),
        (spin, 60, "too late by its seconds of processor"),
        (sleep, 1, "too late by its seconds of the clock"),
        (grow, 20, "MemoryError"),
        (fall_in_a_thread, 20, "ValueError"),
        (survive, 20, ""),
    ],
)
def test_what_must_not_be_is_noticed_and_kept(
    run: Callable[[Path], None], patience: int, kind: str, tmp_path: Path
) -> None:
    # In a process of its own, as `make attack` is one: a fork of this one, with threads of other tests, may never end.
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        fallen = alone.submit(attack_once, run, patience, tmp_path).result()
    assert [one.kind for one in fallen] == ([kind] if kind else [])
    for one in fallen:
        assert (Path(one.folder) / "made").exists()


def test_a_section_leaves_the_others_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n## One\n\n### Inner\n\nold\n\n## Two\n\nstays\n")
    write_section(page, "One", ["new", ""])
    write_section(page, "Three", ["more"])
    assert page.read_text() == "# Page\n\n## One\n\nnew\n\n## Two\n\nstays\n\n## Three\n\nmore\n"
    assert read_section(page, "Two") == "## Two\n\nstays\n\n"
