"""The command lines of ``mgmtnet rollout`` and ``mgmtnet worker``."""

import argparse
import re
from collections.abc import Callable

from planner.cli.arguments import access, count, log, number, output, rules

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")  # with a host's digest and an attempt it is the name of a run
MOST_FAILURES = 1_000_000


def rollouts(command: argparse.ArgumentParser) -> None:
    """Give ``command`` its actions."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, (summary, build) in ACTIONS.items():
        one = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
        one.set_defaults(function=f"run_rollout_{name}")
        build(one)
        _database(one)


def works(command: argparse.ArgumentParser) -> None:
    """`mgmtnet worker`, which prints nothing but its progress."""
    command.set_defaults(output="text")
    _credentials(command)
    rules(command)
    _jobs(command)
    _database(command)
    log(command)


def _start(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--hosts",
        metavar="FILE|A,B",
        required=True,
        help="an Ansible inventory (INI, YAML, or what ansible-inventory --list prints), a list of hosts, or hosts",
    )
    what = "what is wanted (YAML or JSON), or a table (CSV) of what is wanted of which host"
    command.add_argument("--network", metavar="D|TABLE", help=what)
    command.add_argument(
        "--waves", metavar="N,N%,...", default="1,rest", help="how many hosts at a time: 1,5%%,25%%,rest"
    )
    what = "hosts that may fail; one more ends the rollout (0)"
    command.add_argument("--max-failures", metavar="N", type=_failures, default="0", help=what)
    command.add_argument("--concurrency", metavar="N", type=count, default="10", help="hosts at once (10)")
    what = "when hosts may begin: 22:00-04:00, or with a time zone's name after it"
    command.add_argument("--window", metavar="H:M-H:M", default="", help=what)
    command.add_argument("--name", metavar="NAME", type=_name, help="what the rollout is called; a name serves once")
    command.add_argument("--plan-only", action="store_true", help="show hosts, waves and canaries, and start nothing")
    command.add_argument("--detach", action="store_true", help="leave the work to others: `mgmtnet worker`")
    rules(command)
    access(command)
    number(command, "--timeout", "120", "seconds for which VDSM waits for a sign before it rolls back")
    number(command, "--wait", "120", "seconds to wait for VDSM to answer at all")
    what = "tcp://..., https://... to be reached as before"
    command.add_argument("--probe", metavar="URL", action="append", default=[], help=what)
    what = "prove each by a reboot: the host that fences, where the inventory names no fence_proxy"
    command.add_argument("--reboot", metavar="PROXY", default="none", help=what)
    for name, what in (("agent", "of the BMC that a host's fence_address names: ipmilan, ..."), ("user", "its user")):
        command.add_argument(f"--fence-{name}", metavar=name[0].upper(), help=what)
    command.add_argument("--fence-password-file", metavar="FILE")
    command.add_argument("--fence-options", metavar="K=V,...", default="", help="further options of the agent")
    command.add_argument("-y", "--yes", action="store_true", help="do not ask")
    _jobs(command)
    output(command, ("text", "json"))
    log(command)


def _status(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", nargs="?", help="one rollout; without: every one, a line each")
    output(command, ("text", "json"))


def _named(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="the rollout")


def _resume(command: argparse.ArgumentParser) -> None:
    _named(command)
    command.add_argument("--failed", action="store_true", help="try the hosts that failed again, whatever the budget")
    command.add_argument("--detach", action="store_true", help="leave the work to others: `mgmtnet worker`")
    what = "use the database although its past was put back (a backup, a replica)"
    command.add_argument("--restored", action="store_true", help=what)
    _credentials(command)
    rules(command)
    _jobs(command)
    output(command, ("text", "json"))
    log(command)


def _report(command: argparse.ArgumentParser) -> None:
    _named(command)
    output(command, ("text", "json", "junit", "html"))


def _credentials(command: argparse.ArgumentParser) -> None:
    """Those of a worker; the rest of how hosts are reached stands in the rollout."""
    for name, what in (("ca", "the hosts' CA"), ("cert", "our certificate"), ("key", "its key")):
        command.add_argument(f"--{name}", metavar="FILE", help=what)
    command.add_argument("--engine-user", metavar="U")
    command.add_argument("--engine-password-file", metavar="FILE")
    command.add_argument("--fence-password-file", metavar="FILE")
    command.add_argument("--routes", metavar="FILE", help="where addresses are found (a stand-in's table)")


def _database(command: argparse.ArgumentParser) -> None:
    what = "where runs and rollouts are kept; without: MGMTNET_JOURNAL, or a file in the state folder"
    command.add_argument("--database", metavar="URL", help=what)


def _jobs(command: argparse.ArgumentParser) -> None:
    what = "hosts that each worker has in hand at once; the last who says so counts for all (8)"
    command.add_argument("--jobs", metavar="N", type=count, default="8", help=what)


def _name(text: str) -> str:
    if NAME.fullmatch(text):
        return text
    told = f"{text!r} is no name of a rollout: small letters, digits and hyphens, at most 40"
    raise argparse.ArgumentTypeError(told)


def _failures(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text[:8]) <= MOST_FAILURES:
        return int(text)
    told = f"{text!r} is no number of failures"
    raise argparse.ArgumentTypeError(told)


Build = Callable[[argparse.ArgumentParser], None]
ACTIONS: dict[str, tuple[str, Build]] = {
    "start": ("read hosts, plan for them, and apply the plans in waves", _start),
    "status": ("the rollouts, and how they stand", _status),
    "pause": ("begin no further host until it is resumed", _named),
    "resume": ("go on with a rollout that was paused, stopped or killed, or that ended by failures", _resume),
    "stop": ("begin no further host; what is under way is finished, as nothing is left midway", _named),
    "report": ("what became of each host", _report),
}
