"""``mgmtnet``: parse the command line, run one command, turn its outcome into an exit status."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from planner.cli.options import parser, strangers
from planner.cli.output import Unwritten, complain, detail, speak, tell, tell_details

# Exit statuses (DESIGN: commands). 0 a plan, also one that changes nothing; with --exit-code 4 a change.
BAD_INPUT = 1
WRONG_USAGE = 2
REFUSED = 3
CHANGE = 4

# Modules of commands that ask no host.
NO_HOST = ("plan", "advise")


def command() -> NoReturn:
    """Run one command as a process of its own, and end it.

    A plan takes 20 ms; collecting garbage meanwhile and taking the interpreter apart afterwards took as long.
    """
    gc.disable()
    _occupy_standard_streams()
    os._exit(main())  # what was said has been written


def _occupy_standard_streams() -> None:
    """Put nothing where a standard stream was closed: else the next file that is opened, the journal, would be it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    try:
        return _status(sys.argv[1:] if arguments is None else arguments)
    except Unwritten as failure:
        tell(f"mgmtnet: standard output cannot be written to: {failure}")
        return BAD_INPUT
    except BrokenPipeError:
        # The reader has gone (| head); Python would complain once more while it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BAD_INPUT
    except KeyboardInterrupt as ended:
        tell("interrupted")
        return getattr(ended, "status", 130)
    except Exception as fault:
        if os.environ.get("MGMTNET_DEBUG"):
            raise
        for line in _lack(fault) or _fault(fault):
            tell(line)
        return BAD_INPUT


def _status(arguments: Sequence[str]) -> int:
    speak("")
    if arguments and arguments[0] == "help":
        arguments = [*arguments[1:], "--help"]
    try:
        options = parser(arguments[0] if arguments else None).parse_args(list(arguments))
    except SystemExit as ended:  # argparse: 0 after --help, 2 after wrong usage
        return ended.code if isinstance(ended.code, int) else WRONG_USAGE
    speak(getattr(options, "log", ""))
    tell_details(told=getattr(options, "verbose", False))
    if getattr(options, "verbose", False) and options.module not in NO_HOST:
        from planner.apply.world import OVERHEARD

        OVERHEARD[:] = [detail]
    complain(strangers())
    run: Callable[..., int] = getattr(import_module(f"planner.cli.{options.module}"), options.function)
    return run(options)


def _lack(fault: Exception) -> tuple[str, ...]:
    """What this machine lacks, if that is what went wrong, and what to do."""
    if isinstance(fault, ModuleNotFoundError) and fault.name and not fault.name.startswith("planner"):
        from planner.extras import bringing, extra_of

        module = fault.name.partition(".")[0]
        extra = extra_of(module)
        told = f"mgmtnet: this command needs the Python module {module}, which is not installed"
        return (f"{told}: `{bringing(extra)}`" if extra else told,)
    if isinstance(fault, MemoryError):
        return "mgmtnet: the memory is used up", "  `ulimit -v` tells the limit; is it the right file?"
    if isinstance(fault, RuntimeError) and str(fault) == "can't start new thread":
        return "mgmtnet: no thread can be started", "  `ulimit -u` tells how many processes and threads there may be"
    return ()


def _fault(fault: Exception) -> tuple[str, ...]:
    from planner.extras import outdated

    told = f"mgmtnet: internal fault: {type(fault).__name__}: {fault}"
    report = "please report it with the capture; MGMTNET_DEBUG=1 shows where it happened"
    return told, f"  {outdated() or report}"
