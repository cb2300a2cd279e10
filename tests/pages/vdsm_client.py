"""In vdsm-client's place: a call to VDSM from the command line; options, output and failures as its own has them.

Its own is a part of VDSM, and knows every method of VDSM's schema; this one knows those that make a network.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from wire_clients import Stomp

from planner.standin.certificates import issue

VDSM_PORT = 54321
METHODS = ("confirmConnectivity", "getCapabilities", "setSafeNetworkConfig", "setupNetworks")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="vdsm-client")
    top.add_argument("-a", "--host", default="localhost")
    top.add_argument("-p", "--port", type=int, default=VDSM_PORT)
    top.add_argument("--timeout", type=float, default=60)
    top.add_argument("-f", "--file")
    methods = top.add_subparsers(metavar="namespace").add_parser("Host").add_subparsers(metavar="method")
    for name in METHODS:
        methods.add_parser(name).set_defaults(method=f"Host.{name}")
    return top


def main() -> None:
    options = parser().parse_args()
    parameters = parameters_of(options.file) if options.file else {}
    credentials = issue(Path(os.environ["MGMTNET_CA"]).parent)  # for VDSM's own, below /etc/pki/vdsm
    try:
        with Stomp((options.host, options.port), credentials, timeout=options.timeout) as vdsm:
            answer = vdsm.call(options.method, **parameters)
    except TimeoutError:
        fail(f"Request {options.method} with args {parameters} timed out after {options.timeout} seconds")
    except OSError as failure:
        fail(f"Request {options.method} with args {parameters} failed: {failure}")
    if "error" in answer:
        code, message = answer["error"]["code"], answer["error"]["message"]
        fail(f"Command {options.method} with args {parameters} failed:\n(code={code}, message={message})")
    print(json.dumps(answer["result"], indent=4, sort_keys=True))


def parameters_of(file: str) -> Any:
    try:
        with open(0 if file == "-" else file) as source:
            text = source.read()
        if not text:
            parser().error("File is empty")
        return json.loads(text)
    except (OSError, ValueError) as failure:
        parser().error(str(failure))


def fail(message: str) -> NoReturn:
    sys.stderr.write(f"vdsm-client: {message}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
