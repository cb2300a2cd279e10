"""The command line: every command with its options, each with a ``MGMTNET_*`` variable that stands in for it."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from planner.cli.arguments import access, count, log, number, output, rules, seconds, variable, verbose
from planner.cli.output import say, tell_whole
from planner.dialects import DIALECTS
from planner.printing import printable
from planner.problem import Problem

# Environment variables that stand in for options.


OURS = "MGMTNET_"

# Words of one command that may mean nothing to another: there the variable is not looked at.
SHARED = ("--output", "--reboot")
LOCAL, HERE = "--local", "this host"  # an option that stands for an argument, and what the host is called then
YES = ("1", "yes", "true", "on")
# Names after MGMTNET_ that mean something: those of no option, some of them a client's or a hook's beside the command,
# and of the options of every parser that was made.
NO_OPTION = "CA CERT KEY ENGINE_CA ENGINE_URL ENGINE_PASSWORD FENCE_PASSWORD JOURNAL STATE DEBUG TOKEN HOOK_CONF"
KNOWN = set(NO_OPTION.split())


# What other commands call an option of ours, by ours.
ELSEWHERE = {"--check": "dry-run", "--yes": "force"}
MNEMONIC = 4  # letters; less stands after an option to be short, and names nothing
LACKING = "the following arguments are required: "  # as argparse says it


class Parser(argparse.ArgumentParser):
    """A parser that prints as everything here does: what was typed comes from outside, too.

    It takes no abbreviations: an option that is new would make one that scripts use ambiguous.
    """

    def __init__(self, *arguments: Any, **how: Any) -> None:
        """As argparse has it."""
        super().__init__(*arguments, **{"allow_abbrev": False, **how})

    def error(self, message: str) -> NoReturn:
        """As argparse has it, on one line; of what is missing: commands are listed, an argument is explained."""
        if self._subparsers is not None and LACKING in message:
            tell_whole(self.format_help())
            self.exit(2, f"\n{self.prog}: error: which of these is meant, has to be said\n")
        missing = message.partition(LACKING)[2].partition(", ")[0]
        what = next((action.help for action in self._actions if missing and action.metavar == missing), None)
        super().error(printable(f"{message}: {what}" if what else message))

    def format_help(self) -> str:
        """With examples, and what the exit status means."""
        from planner.cli.examples import closing  # nobody else needs it

        return super().format_help() + closing(self.prog)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse has it, with what may have been meant."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as failure:
            drawn = "; `mgmtnet draw` has it" if value in DRAWINGS else ""
            failure.message += drawn or meant(str(value), map(str, action.choices or ()))
            raise

    def _print_message(self, message: str, file: Any = None) -> None:
        (say if file is sys.stdout else tell_whole)(message)


class Command(Parser):
    """A command each of whose options --name has its variable MGMTNET_NAME; what is typed wins."""

    def __init__(self, *arguments: Any, **how: Any) -> None:
        """As argparse has it."""
        self._lists: dict[str, str] = {}
        super().__init__(*arguments, **how)

    def add_argument(self, *names: Any, stood_in_for: bool = True, **how: Any) -> argparse.Action:
        """An option, or an argument; ``stood_in_for`` False: an option that no variable stands in for."""
        name = names[-1][2:].replace("-", "_").upper() if names[-1].startswith("--") else ""
        KNOWN.add(name)
        stated = variable(name) if name and stood_in_for else None
        choices = tuple(how.get("choices") or (stated,))
        if stated is None or (stated not in choices and names[-1] in SHARED):
            return super().add_argument(*names, **how)
        kind = how.get("action")
        if "choices" in how:  # argparse holds what is typed against them, and not what stands in for it
            how["type"] = _one_of(choices, f"MGMTNET_{name}")
        if kind != "append":
            how["default"] = stated.lower() in YES if kind == "store_true" else stated
            how.pop("required", None)
        option = super().add_argument(*names, **how)
        if kind == "append":
            self._lists[option.dest] = stated
        return option

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """What is not known is told with the usage of the command that does not know it."""
        return self._known(*self._parsed(args, namespace))

    def _parsed(self, args: Sequence[str] | None, namespace: Any) -> Any:
        """``--local`` is a capture, too; where nothing was typed for a repeated option, its variable's words count."""
        if args and LOCAL in args and LOCAL in self._option_string_actions:
            args = [HERE, *args]
        options, rest = super().parse_known_args(args, namespace)
        for name, stated in self._lists.items():
            if not getattr(options, name, None):
                setattr(options, name, stated.split())
        return options, rest

    def _known(self, options: Any, rest: list[str]) -> Any:
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}{self._near(rest[0].partition('=')[0], options)}")
        return options, rest

    def _near(self, text: str, given: Any) -> str:
        """What may have been meant: by an option's name, by what stands after it, by what others call it."""
        options = [name for name in self._option_string_actions if name.startswith("--")]
        if text.startswith("-"):
            called = {ELSEWHERE[name]: name for name in ELSEWHERE if name in options}
            called |= {
                str(action.metavar).lower(): name
                for name, action in self._option_string_actions.items()
                if len(str(action.metavar)) > MNEMONIC
            }
            called |= {name.lstrip("-"): name for name in options}
            return meant(text.lstrip("-"), called)
        if text.endswith((".yaml", ".yml")) and "--network" in options:
            return f"; a definition is given as --network {text}"
        if getattr(given, "local", False):
            return "; --local stands in place of CAPTURE"
        if any(action.metavar == "CAPTURE" for action in self._actions):
            return "; several hosts: mgmtnet fleet plan; several answers of one: cat FILE ... | mgmtnet COMMAND -"
        return ""


def meant(text: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """Ask whether the one of ``known`` that is most like ``text`` was meant; "" where none is like it.

    Of a mapping what the most alike stands for is asked.
    """
    from difflib import get_close_matches  # slow to load, and only a mistake needs it

    names = known if isinstance(known, Mapping) else {name: name for name in known}
    near = get_close_matches(text[:200], list(names), 1, 0.6)
    return f"; did you mean {names[near[0]]}?" if near else ""


def strangers() -> list[Problem]:
    """Variables that begin with MGMTNET_ and stand for nothing: a slip, of which nobody else would tell."""
    stated = [name.removeprefix(OURS) for name in os.environ if name.startswith(OURS)]
    if KNOWN.issuperset(stated):
        return []
    parser()  # it may be another command's
    return [
        Problem(
            "unknown-variable",
            f"{OURS}{name} stands for no option{meant(name, {known: OURS + known for known in sorted(KNOWN)})}",
            "an option --name is MGMTNET_NAME; unset it where it was meant for something else",
            severity="warning",
        )
        for name in sorted(set(stated) - KNOWN)
    ]


def _one_of(choices: tuple[str, ...], variable: str) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text in choices:
            return text
        told = f"{text!r} ({variable}) is none of {', '.join(choices)}"
        raise argparse.ArgumentTypeError(told)

    return chosen


OUTPUTS = ("text", "json", "yaml", "vdsm", "vdsm3", *DIALECTS)
DRAWINGS = ("text", "svg", "mermaid")
RUN = r"[a-z0-9][a-z0-9-]{0,63}"


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser; what it returns names the ``module`` of `planner.cli` and the ``function`` that runs the command.

    With ``command`` it knows only that one: to build all of them takes as long as to plan a host.
    """
    top = Parser(
        prog="mgmtnet",
        description="Devise a host's management network for oVirt, by rules that can say why.",
        epilog="Each option --name can be given as the environment variable MGMTNET_NAME.",
        formatter_class=_as_wide_as_the_terminal,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version of mgmtnet and of its rules")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Command)
    for name in [command] if command in COMMANDS else COMMANDS:
        module, summary, build = COMMANDS[name]
        described = summary.capitalize() + "."
        one = commands.add_parser(name, help=summary, description=described, formatter_class=_as_wide_as_the_terminal)
        one.set_defaults(module=module, function=f"run_{name.replace('-', '_')}")
        build(one)
    return top


class _Version(argparse.Action):
    """Look the version up when it is asked for, which takes longer than a plan."""

    def __call__(self, *_: Any) -> NoReturn:
        """Print it, and end."""
        import platform

        import planner
        from planner.rules.shelf import installed

        say(f"mgmtnet {planner.__version__} (rules {', '.join(installed())}; Python {platform.python_version()})")
        raise SystemExit(0)


def _as_wide_as_the_terminal(prog: str) -> argparse.HelpFormatter:
    """Argparse asks the same of shutil, which costs 3 ms at every start."""
    try:
        columns = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
    except (OSError, ValueError):  # no terminal
        columns = 80
    return argparse.HelpFormatter(prog, width=max(columns - 2, 20))


def _plan(command: argparse.ArgumentParser) -> None:
    _host(command)
    output(command, OUTPUTS)
    command.add_argument(
        "--step",
        choices=("adopt", "change"),
        default="",
        help="which call -o vdsm and -o vdsm3 print; without it the first (others have what is wanted at last)",
    )
    command.add_argument("--exit-code", action="store_true", help="status 0: nothing to change, 4: a change")


def _why(command: argparse.ArgumentParser) -> None:
    _host(command)
    command.add_argument("field", metavar="FIELD", help="as in the plan: vlan, ipv4.method, management, ...; or all")


def _why_not(command: argparse.ArgumentParser) -> None:
    _host(command)
    command.add_argument("rule", metavar="RULE", help="the rule's name")


def _facts(command: argparse.ArgumentParser) -> None:
    _host(command)
    output(command, ("text", "json"))


def _advise(command: argparse.ArgumentParser) -> None:
    _host(command)
    output(command, ("text", "json"))


def _draw(command: argparse.ArgumentParser) -> None:
    _host(command)
    output(command, DRAWINGS)


def _explained(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="CODE|RULE", help="a problem's code, or a rule's or a table's name")
    command.add_argument("--goldens", metavar="DIR", help="where the hosts of its examples lie, if not with the rules")
    rules(command)


def _golden(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=_Intermixed)
    summary = "show which plans are not what they were"
    one = actions.add_parser("check", help=summary, description=summary.capitalize() + ".")
    one.set_defaults(action="check", interactive=False, moved=False)
    _goldens(one, "one golden, or a folder of them")
    output(one, ("text", "json", "junit"))
    rules(one)
    summary = "bring the plans up to date"
    one = actions.add_parser("update", help=summary, description=summary.capitalize() + ".")
    one.set_defaults(action="update", output="text")
    _goldens(one, "one golden, or a folder of them")
    one.add_argument("--interactive", action="store_true", help="show each change with its why, and ask")
    one.add_argument("--moved", action="store_true", help="only where nothing changed but the lines of rules")
    rules(one)
    summary = "make goldens of captured hosts, without what names anybody"
    one = actions.add_parser("new", help=summary, description=summary.capitalize() + ".")
    one.set_defaults(module="golden_new", function="run_golden_new")
    what = "captures, folders and archives (tar, zip) of them, patterns in quotes; with --name one capture [and DIR]"
    one.add_argument("captures", metavar="CAPTURE", nargs="+", help=what)
    one.add_argument("--network", metavar="DEFINITION", help="what is wanted of them")
    columns = "capture (a name or pattern), definition or its fields, address, name, about"
    one.add_argument("--table", metavar="CSV", help=f"what is wanted of which, in columns: {columns}")
    one.add_argument("--into", metavar="DIR", help="the folder of goldens that they go into; without: golden")
    one.add_argument("--name", metavar="N", help="the golden's name, like vlan-over-bond; without: by what it is")
    one.add_argument("--address", metavar="A", action="append", default=None, help="the host's management address")
    one.add_argument("--about", metavar="TEXT", help="one sentence: what is special about the host")
    one.add_argument("--keep", metavar="NAME", action="append", default=[], help="a name that is not to be renamed")
    rules(one)


def _fleet(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=_Intermixed)
    summary = "plan every host, and sum them up"
    one = actions.add_parser("plan", help=summary, description=summary.capitalize() + ".")
    one.set_defaults(function="run_fleet_plan")
    what = "captures: files, folders, archives (tar, zip), sosreports, streams (ndjson), patterns in quotes; -"
    one.add_argument("paths", metavar="PATH", nargs="+", help=what)
    _of_many(one)
    what = "DIR: a plan for each host, summary.json, junit.xml, index.html; - or ndjson: a line for each host; "
    _free_output(one, what + "or the sum as text (so by default), json, junit, html")
    summary = "show whose plans change between two times, or under another age of VDSM, and why"
    one = actions.add_parser("diff", help=summary, description=summary.capitalize() + ".")
    one.set_defaults(function="run_fleet_diff")
    one.add_argument("before", metavar="OLD", help="captures as for plan, or a folder that plan -o DIR has written")
    one.add_argument("after", metavar="NEW", nargs="?", help="the same hosts later")
    one.add_argument("--as-vdsm", metavar="VERSION", type=_version, help="in place of NEW: as if VDSM were 4.50.8, say")
    _of_many(one)
    output(one, ("text", "json"))


def _of_many(command: argparse.ArgumentParser) -> None:
    what = "what is wanted: a definition for all, or a table (CSV): capture or group, definition or its fields, address"
    command.add_argument("--network", metavar="D|TABLE", help=what)
    what = "management addresses: an Ansible inventory (INI, YAML), or a table (CSV) with columns host, address"
    command.add_argument("--addresses", metavar="FILE", help=what)
    rules(command)


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if 2 <= len(parts) <= 3 and all(part.isdecimal() and len(part) <= 3 for part in parts):
        return tuple(map(int, parts))
    told = f"{text!r} is no version of VDSM, like 4.50.8"
    raise argparse.ArgumentTypeError(told)


def _goldens(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("folder", metavar="DIR", nargs="?", default="golden", help=what)


class _Intermixed(Command):
    """A parser that takes an optional place after the options, too."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As everywhere, once the places are put before the options."""
        if self._mixing:
            return self._parsed(args, namespace)
        self._mixing = True
        return self._known(*self.parse_known_intermixed_args(args, namespace))

    _mixing = False


def _rulesets(command: argparse.ArgumentParser) -> None:
    from planner.cli.rules_options import subcommands

    subcommands(command)


def _rollouts(command: argparse.ArgumentParser) -> None:
    from planner.cli.rollout_options import rollouts

    rollouts(command)


def _worker(command: argparse.ArgumentParser) -> None:
    from planner.cli.rollout_options import works

    works(command)


def _simulation(command: argparse.ArgumentParser) -> None:
    command.add_argument("capture", metavar="CAPTURE", help="the host to be (getVdsCaps); - for standard input")
    _which(command)
    command.add_argument("--address", metavar="A", help="the host's management address")
    command.add_argument("--port", metavar="P", default="54321", help="54321 if not stated; 0: any")
    _faults(command)
    command.add_argument(
        "--credentials", metavar="DIR", help="where certificates go; stand-ins that share it share a CA"
    )
    command.add_argument("--speed", metavar="X", default="1", help="how fast VDSM's clock runs")


def _applied(command: argparse.ArgumentParser) -> None:
    command.add_argument("host", metavar="HOST", nargs="?", help="host, host:port or address of its VDSM")
    command.add_argument("--plan", metavar="PLAN", help="a plan (mgmtnet plan -o json) instead of a definition")
    _wanted(command)
    access(command)
    _change(command)
    _agreed(command)


def _rehearsed(command: argparse.ArgumentParser) -> None:
    _host(command)
    _faults(command)
    command.add_argument("--reboot", choices=("yes", "none"), default="yes", help="whether the host is rebooted, too")
    command.add_argument("--speed", metavar="X", default="10", help="how fast VDSM's clock runs")
    number(command, "--timeout", "30", "how long VDSM waits for a sign, in its own seconds")
    output(command, ("text", "json"))
    log(command)


def _captured(command: argparse.ArgumentParser) -> None:
    command.add_argument("host", metavar="HOST", help="host, host:port or address; or a capture, to scrub it (a file)")
    _free_output(command, "where the capture goes; - (so by default)", "FILE", "-")
    command.add_argument("--scrub", action="store_true", help="rename addresses, MAC addresses, names and uuid")
    command.add_argument(
        "--scrub-key", metavar="FILE", help="the key to rename by, for another run to rename alike; made if not there"
    )
    command.add_argument("--keep", metavar="NAME", action="append", default=[], help="a name that --scrub leaves alone")
    _which(command)
    number(command, "--wait", "120", "seconds to wait for VDSM to answer at all")
    access(command)
    log(command)
    verbose(command)


def _registered(command: argparse.ArgumentParser) -> None:
    command.add_argument("--engine-host", metavar="E", required=True, help="its engine: a name, an address or a URL")
    command.add_argument("--vdsm", metavar="HOST", help="the local VDSM, if not at the management address")
    _wanted(command)
    access(command)
    _change(command)
    _agreed(command)


def _agreed(command: argparse.ArgumentParser) -> None:
    """Whether the change is to be made, and kept."""
    command.add_argument("-y", "--yes", action="store_true", help="do not ask")
    command.add_argument("--check", action="store_true", help="show what would be sent, and send nothing; 4: a change")
    command.add_argument(
        "--confirm-within",
        metavar="S",
        type=seconds,
        help="take the change back, unsaved, unless somebody keeps it in time (`yes` here, or mgmtnet confirm RUN)",
    )


def _stated(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", metavar="RUN", nargs="?", help="one run; without: every one")
    output(command, ("text", "json"))


def _resumed(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", metavar="RUN", nargs="?", help="one run; without: every one that was interrupted")
    what = "what the run is called that takes up one that ended in doubt"
    command.add_argument("--as", dest="again", metavar="NAME", type=_run_name, help=what)
    _expect(command)
    output(command, ("text", "json"))
    log(command)
    verbose(command)


def _kept(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", metavar="RUN", help="the run that asks; mgmtnet status lists the runs")
    output(command, ("text", "json"))


def _undone(command: argparse.ArgumentParser) -> None:
    command.add_argument("undone", metavar="RUN", help="the run that is taken back; mgmtnet status lists the runs")
    number(command, "--timeout", "120", "seconds for which VDSM waits for a sign of ours before it rolls back")
    number(command, "--wait", "120", "seconds to wait for VDSM to answer at all")
    _agreed(command)
    command.add_argument("--run", metavar="NAME", type=_run_name, help="what the run is called; a name serves once")
    output(command, ("text", "json"))
    log(command)
    verbose(command)


def _completed(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")


def _nothing(_: argparse.ArgumentParser) -> None:
    pass


def _served(command: argparse.ArgumentParser) -> None:
    command.add_argument("--listen", metavar="ADDRESS:PORT", default="127.0.0.1:8080")
    command.add_argument(
        "--host-name",
        metavar="NAME",
        action="append",
        default=[],
        help="a further name (or NAME:PORT) that the service goes by",
    )
    for name, what in (("tls-cert", "the service's certificate"), ("tls-key", "its key")):
        command.add_argument(f"--{name}", metavar="FILE", help=what)
    command.add_argument("--client-ca", metavar="FILE", help="only who has a certificate of this CA may ask")
    command.add_argument("--tokens", metavar="FILE", help="only who has a token of this file may ask")
    command.add_argument(
        "--new-token",
        metavar="NAME:SCOPE,...",
        help="make a token, put it into --tokens, and end; scopes: plan, rehearse, apply",
    )
    command.add_argument("--workers", metavar="N", type=count, default=str(os.cpu_count() or 1), help="that plan")
    command.add_argument("--patience", metavar="S", type=seconds, default="30", help="seconds for one answer")
    command.add_argument("--rate", metavar="N", type=count, default="1000", help="requests a second for each caller")
    command.add_argument("--decisions", metavar="DIR|URL", help="keep every decision, here or in postgresql://...")
    command.add_argument("--runs", action="store_true", help="let callers with the scope apply change hosts")
    command.add_argument("--audit", metavar="FILE", help="who changed what; without: audit.jsonl in the state folder")


def _change(command: argparse.ArgumentParser) -> None:
    """How a change is made and proven."""
    number(command, "--timeout", "120", "seconds for which VDSM waits for a sign of ours before it rolls back")
    number(command, "--wait", "120", "seconds to wait for VDSM to answer at all")
    command.add_argument(
        "--probe", metavar="URL", action="append", default=[], help="tcp://..., https://... to be reached as before"
    )
    _expect(command)
    command.add_argument("--reboot", metavar="PROXY", default="none", help="prove it by a reboot: the host that fences")
    for name, what in (("address", "the BMC"), ("agent", "its kind: ipmilan, ilo4, ..."), ("user", "its user")):
        command.add_argument(f"--fence-{name}", metavar=name[0].upper(), help=what)
    command.add_argument("--fence-password-file", metavar="FILE")
    command.add_argument("--fence-options", metavar="K=V,...", default="", help="further options of the agent")
    command.add_argument("--run", metavar="NAME", type=_run_name, help="what the run is called; a name serves once")
    command.add_argument("--shape", metavar="DIGEST", help="refuse a change whose plan is of another shape")
    output(command, ("text", "json"))
    log(command)
    verbose(command)


def _run_name(text: str) -> str:
    """As given: it is shown, stands in paths of the service, and names a version to DBOS."""
    if re.fullmatch(RUN, text):
        return text
    told = f"{text!r} is no name of a run: small letters, digits and hyphens, at most 64"
    raise argparse.ArgumentTypeError(told)


def _expect(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--expect", metavar="A", action="append", default=[], help="an address that the host may have afterwards"
    )


def _faults(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--fault",
        metavar="VERB:FAULT[:N]",
        action="append",
        default=[],
        help="what shall go wrong at the Nth call: setupNetworks:lost-reply:1 (repeatable); an unknown one lists all",
    )


def _host(command: argparse.ArgumentParser) -> None:
    _source(command)
    _wanted(command)
    verbose(command)


def _defined(command: argparse.ArgumentParser) -> None:
    _source(command)
    command.set_defaults(network=None)
    _managed(command)


def _source(command: argparse.ArgumentParser) -> None:
    """Where the host is known from."""
    what = "what the host reports (getVdsCaps, `ip -j -d`, a sosreport, a log, ...); - for standard input"
    command.add_argument("capture", metavar="CAPTURE", help=what)
    what = "in place of CAPTURE: the host on which this runs"
    command.add_argument(LOCAL, action="store_true", stood_in_for=False, help=what)
    _which(command)


def _which(command: argparse.ArgumentParser) -> None:
    """Which host of an archive or a log is meant, and which answer of a log."""
    command.add_argument(
        "--call", metavar="N", type=count, default=0, help="of a log the Nth answer; without: the last"
    )
    command.add_argument(
        "--at", metavar="TIME", default="", help="of a log the last answer at or before '2026-11-27 14:05'"
    )
    what = "of an archive or a log of several hosts the one that is called so"
    command.add_argument("--host", metavar="NAME", dest="of_host", default="", help=what)


def _judged(command: argparse.ArgumentParser) -> None:
    what = "a setupNetworks call (JSON), as it is sent, or as VDSM gives it to its hooks; - for standard input"
    command.add_argument("request", metavar="REQUEST", help=what)
    command.add_argument("--capture", metavar="C", required=True, help="the host (getVdsCaps); - for standard input")
    what = "what may be lost, by its code: a warning then, no refusal (may be repeated)"
    command.add_argument("--allow", metavar="CODE", action="append", default=[], help=what)
    command.set_defaults(network=None, local=False)
    _which(command)
    _managed(command)
    output(command, ("text", "json"))


def _wanted(command: argparse.ArgumentParser) -> None:
    """What the data centre wants, of which host, by which rules."""
    command.add_argument(
        "--network",
        metavar="DEFINITION",
        help="what the data centre wants of the network (YAML or JSON); without: untagged, bridged, MTU 1500",
    )
    _managed(command)


def _managed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--address",
        metavar="A",
        action="append",
        default=None,
        help="the host's management address, or a name that resolves to it (may be repeated)",
    )
    rules(command)


def _free_output(
    command: argparse.ArgumentParser, what: str, metavar: str = "DIR|-|KIND", otherwise: str = "text"
) -> None:
    """Where output goes: a path of one command may mean nothing to another, so no variable stands in for it."""
    command.add_argument("-o", "--output", metavar=metavar, default=otherwise, stood_in_for=False, help=what)


COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "plan": ("plan", "what to ask of the host, and why", _plan),
    "why": ("plan", "which rule set a value, and from which facts", _why),
    "why-not": ("plan", "why a rule did not fire", _why_not),
    "advise": ("advise", "by which edit of the definition a refused host is accepted, or that none helps", _advise),
    "explain": (
        "explain",
        "what a problem's code or a rule means, with hosts drawn on which it fires or not",
        _explained,
    ),
    "facts": ("plan", "what the rules see of a host", _facts),
    "diff": ("plan", "what the plan changes on the host", _host),
    "draw": ("plan", "the stack up to the management address, before and after", _draw),
    "define": ("define", "a first definition of the network, by what the host is", _defined),
    "judge": ("judge", "whether a setupNetworks call, whoever sends it, would lose the host", _judged),
    "capture": ("hosts", "read a host, as plans are made from", _captured),
    "apply": ("apply", "change a host as planned, and prove it", _applied),
    "rehearse": ("rehearse", "apply the plan to a stand-in for the captured host", _rehearsed),
    "register": ("apply", "on the host itself: make its management network before it meets its engine", _registered),
    "status": ("runs", "the runs, and how they stand", _stated),
    "resume": ("runs", "go on with a run that was interrupted, or ended in doubt", _resumed),
    "confirm": ("runs", "keep the change of a run that asks for it (--confirm-within)", _kept),
    "undo": ("runs", "take back what a run has changed, by a run of its own", _undone),
    "rollout": ("rollout", "apply to many hosts in waves, shared by any number of workers", _rollouts),
    "worker": ("rollout", "take hosts of rollouts, until it is ended", _worker),
    "simulate": ("rehearse", "a stand-in for a captured host, to try things on", _simulation),
    "serve": ("serve", "answer an engine over HTTP", _served),
    "fleet": ("fleet", "thousands of hosts: planned, summed up, and compared with what they were", _fleet),
    "completion": ("completion", "what completes commands and options in a shell", _completed),
    "man": ("manual", "the manual page, of every command", _nothing),
    "golden": ("golden", "captured hosts with the plans they are known to get", _golden),
    "rules": ("rules_options", "the policy author's bench: look at rules, check, try and compare them", _rulesets),
}
