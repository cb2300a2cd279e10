"""An engine, run by test_lab_wire.py as a process in the engine's namespace: CREDENTIALS HOST TASK.

TASK is JSON: ``calls`` ([method, parameters] each); ``confirm``: the addresses at which connectivity is confirmed, on
connections of their own, while a call is pending; ``die``: a number of calls after which the process kills itself, or
"pending": a second after the first one was sent. The answers come on standard output, a line each.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "standin"))
from wire_clients import Stomp

from planner.standin.certificates import issue

PORT = 54321


def main(folder, host, task):
    credentials = issue(Path(folder))
    over = threading.Event()
    for address in task.get("confirm", ()):
        threading.Thread(target=confirm, args=(address, credentials, over), daemon=True).start()
    with Stomp((host, PORT), credentials, timeout=120) as client:
        for number, (method, parameters) in enumerate(task["calls"], 1):
            if task.get("die") == "pending":
                threading.Timer(1, os.kill, (os.getpid(), signal.SIGKILL)).start()
            print(json.dumps(client.call(method, **parameters)), flush=True)
            if task.get("die") == number:
                os.kill(os.getpid(), signal.SIGKILL)
    over.set()


def confirm(address, credentials, over):
    while not over.is_set():
        with contextlib.suppress(OSError), Stomp((address, PORT), credentials, timeout=2) as client:
            while not over.wait(0.5):
                client.call("Host.confirmConnectivity")
        time.sleep(0.2)


main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
