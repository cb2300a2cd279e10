"""The library inside somebody else's program: it touches nothing that belongs to all of it."""

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
    import json, locale, logging, os, signal, sys, threading, time, warnings
    from pathlib import Path

    def world():
        mask = os.umask(0o22)
        os.umask(mask)
        numbers = [number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP)]
        return {
            "warnings": (list(warnings.filters), warnings.showwarning),
            "signals": [signal.getsignal(number) for number in numbers],
            "locale": locale.setlocale(locale.LC_ALL),
            "environment": dict(os.environ),
            "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
            "umask": mask,
            "folder": os.getcwd(),
            "recursion": sys.getrecursionlimit(),
            "switch": sys.getswitchinterval(),
            "streams": (sys.stdout, sys.stderr, sys.stdin),
            "hooks": (sys.excepthook, threading.excepthook, sys.displayhook),
        }

    before = world()
    over, seen = threading.Event(), []

    def bystander():
        # Whoever warns in another thread is shown a warning, and never an exception of somebody's making.
        while not over.is_set():
            try:
                warnings.warn("mine", DeprecationWarning, stacklevel=1)
            except DeprecationWarning:
                pass
            else:
                seen.append("a warning was hidden")
            if world() != before:
                seen.append({key: value for key, value in world().items() if value != before[key]})
            time.sleep(0)

    thread = threading.Thread(target=bystander)
    thread.start()
    import planner
    from planner.explain.drawing.svg import render
    from planner.explain.drawing.scene import pictures
    from planner.host.scrub import scrub
    from planner.rules.lint import lint
    from planner.rules.ruleset import assemble
    from planner.rules.shelf import ruleset_sources

    rules, problems = planner.load_rules("rules/examples/site")
    assert rules is not None, problems
    texts = dict(ruleset_sources("ovirtmgmt@1.0").texts)
    path = next(path for path in texts if "/guard/" in path)
    texts[path] = texts[path].replace("when:", "when:\\n  - nic: {name: {matches: '[[a]'}}", 1)
    assemble(texts, "ovirtmgmt/1.0")
    for folder in sorted(Path("golden").iterdir())[::7]:
        capture = planner.read_capture((folder / "capture.json").read_bytes())
        definition = planner.read_definition((folder / "definition.yaml").read_bytes()).definition
        plan = planner.plan(capture.host, definition, rules)
        plan.json(), render(*pictures(capture.host, plan.document())), scrub(capture.document, b"k" * 32)
    planner.read_capture(b"\\xff\\x00"), planner.read_definition("{")
    over.set()
    thread.join()
    assert not seen, seen[:3]
    assert world() == before
    print("unmoved")
"""


def test_a_bystander_notices_nothing() -> None:
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", textwrap.dedent(PROGRAM)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "unmoved\n", "")
