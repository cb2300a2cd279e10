"""A process that carries an order out and is killed at a given instant: `doomed.py ORDER JOURNAL [STEP:INSTANT]`.

Instants: before (the step has begun), during (its request is under way), after (it has ended, and the journal does not
know yet). Without one it lives. A run that the journal knows is gone on with. The report goes to standard output.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from planner.apply import journal
from planner.apply.execute import carry_out, go_on
from planner.apply.order import read_order
from planner.apply.run import Event, Listener

# From the moment a step begins or calls to the blow: long enough for bytes to leave, too short for most answers.
UNDER_WAY = 0.05
CALLS = ("adopt", "set-up", "undo", "commit", "power-off", "power-on")


def main(path: str, url: str, doom: str = "") -> None:
    """Carry out, or go on with, the order in the file ``path``."""
    order = read_order(json.loads(Path(path).read_text()))
    watch = killing(doom)
    known = [record for record in journal.records(url) if record.run == order.run]
    report = go_on(known[0], url, watch) if known else carry_out(order, url, watch)
    print(json.dumps(report.document()))


def killing(doom: str) -> Listener:
    """Whoever is told of a run, and kills its process at the instant ``doom``."""
    step, _, instant = doom.partition(":")

    def watch(event: Event) -> None:
        if event.step != step:
            return
        if (event.kind, instant) in (("begin", "before"), ("end", "after")):
            os.kill(os.getpid(), signal.SIGKILL)
        if instant == "during" and event.kind == ("call" if step in CALLS else "begin"):
            threading.Timer(UNDER_WAY, os.kill, (os.getpid(), signal.SIGKILL)).start()

    return watch


if __name__ == "__main__":
    main(*sys.argv[1:])
