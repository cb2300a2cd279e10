"""``mgmtnet``: parse the command line, run one command, turn its outcome into an exit status."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from planner.cli.options import parser

# Exit statuses (DESIGN: commands). 0 a plan, also one that changes nothing; with --exit-code 4 a change.
BAD_INPUT = 1
WRONG_USAGE = 2
REFUSED = 3
CHANGE = 4


def command() -> NoReturn:
    """Run one command as a process of its own, and end it.

    A plan takes 20 ms; collecting garbage meanwhile and taking the interpreter apart afterwards took as long.
    """
    gc.disable()
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        options = parser(given[0] if given else None).parse_args(given)
    except SystemExit as ended:  # argparse: 0 after --help, 2 after wrong usage
        return ended.code if isinstance(ended.code, int) else WRONG_USAGE
    run: Callable[..., int] = import_module(f"planner.cli.{options.module}").run
    try:
        status = run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (| head); Python would complain once more while it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as fault:
        if os.environ.get("MGMTNET_DEBUG"):
            raise
        print(f"mgmtnet: internal fault: {type(fault).__name__}: {fault}", file=sys.stderr)
        print("  please report it with the capture; MGMTNET_DEBUG=1 shows where it happened", file=sys.stderr)
        return BAD_INPUT
    return status
