"""A part of `make kill-matrix`: changes that somebody has to keep, and runs that take others back.

The commands of a user (`apply --confirm-within`, `confirm`, `undo`, `resume`, `status`) as whole processes, killed at
each step, and every fault from the moment at which it can strike. Writes its section of docs/reliability.md. The status
is 1 if a host ends otherwise than kept and saved or taken back and saved, or if anything that is said of it is untrue.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

from doomed_service import COMMAND, environment
from hosts_on_stage import LIMITS, ROOT, Stage, stage
from kill_matrix import INSTANTS, MISHAPS, NOT_KILLED, OF_SETUP, WITHIN
from page_sections import write_section

from planner.apply.contact import Sight
from planner.apply.execute import see
from planner.apply.run import FAILED, STATUS
from planner.standin.faults import Mishap, parse_mishap

HEADING = "Kept, taken back, undone, and killed at it"
# A first network, which is adopted before it is changed; one that VDSM has; VDSM 4.10, which knows no adopting.
HOSTS = {
    "first network": ("seed-vlan-over-bond", "jsonrpc"),
    "own network": ("ovirtmgmt-other-mtu", "jsonrpc"),
    "VDSM 4.10": ("bond-static-on-4-10", "xmlrpc"),
}
# How a host stands from which the change was taken.
HOME = {"first network": "adopted", "own network": "as before", "VDSM 4.10": "as before"}
# Who keeps the change: somebody once the run asks; somebody while it is dead; nobody; somebody who comes too late; and
# a run that asks nobody.
KEPT, WHILE_DEAD, NOBODY, TOO_LATE, UNASKED = "kept", "kept while dead", "kept by nobody", "kept too late", "unasked"
SAVES = (KEPT, WHILE_DEAD, UNASKED)
SECONDS = {KEPT: 60, WHILE_DEAD: 2, NOBODY: 2, TOO_LATE: 2}
CHANGING = ("set-up", "verify")
STEPS = {
    ("apply", KEPT): ("keep", "commit", "prove"),
    ("apply", WHILE_DEAD): ("keep",),
    ("apply", NOBODY): (*CHANGING, "keep", "undo"),
    ("apply", TOO_LATE): ("undo",),
    ("undo", UNASKED): ("look", "announce", *CHANGING, "commit", "prove"),
    ("undo", KEPT): ("keep",),
    ("undo", NOBODY): ("keep", "undo"),
}
# Where the host makes no difference any more, this one is played alone.
ALONE = "own network"
REBOOT = "the host reboots"
OF_READING = tuple(f"getCapabilities:{mishap}" for mishap in ("lost-reply:1", "reset:1", "half-open:2", "busy:1"))
OF_WIRES = (*OF_READING, "getCapabilities:recovering:2", "connect:refuses-tls:1", "connect:plain-tcp:2")
OF_CHANGE = (*(f"setupNetworks:{mishap}:1" for mishap in OF_SETUP), "setupNetworks:crash:every")
OF_SAVING = tuple(f"setSafeNetworkConfig:{mishap}:1" for mishap in MISHAPS)
FAULTS = (*OF_CHANGE, *OF_SAVING, *OF_WIRES, REBOOT)
# What is struck: the change that takes a run back, else whatever follows on the question.
STRUCK = {
    ("apply", KEPT): (*OF_SAVING, *OF_WIRES, REBOOT),
    ("apply", NOBODY): (*OF_CHANGE, *OF_SAVING, *OF_WIRES, REBOOT),
    ("undo", UNASKED): (*OF_CHANGE, *OF_SAVING, *OF_WIRES),
}
# A way back that VDSM refuses for ever.
FOR_EVER = "setupNetworks:crash:every"
# What no executor can mend: VDSM died when it had taken the only address; or it says that the MTU is as asked, and
# changes nothing when it is asked again (VDSM 4.10). The report has to say so, and a reboot at the console to help.
UNMENDABLE = ("setupNetworks:dies=1:1", "setupNetworks:wrong-mtu:1")
NOT_BEGUN = "not begun"
RESUMED = 3  # times at most, where a run ends in doubt
UNKNOWN = 6
IN_DOUBT = (5, UNKNOWN)
LOOK = 0.05
# Statuses of `mgmtnet confirm`: heard; refused, for nobody asks; written down, and nobody is at work.
HEARD, REFUSED, WRITTEN = 0, 1, 5


class Case(NamedTuple):
    """One run: on which host, by which command, who keeps it, where it is killed and what goes wrong ("": nothing)."""

    host: str
    command: str
    word: str
    doom: str = ""
    fault: str = ""


class Ended(NamedTuple):
    """How it ended: by the report, in truth, how often it was resumed; ``wrong``: what was untrue meanwhile.

    ``rebooted``: somebody had to reboot the host at its console.
    """

    said: str
    truth: str
    resumed: int = 0
    wrong: str = ""
    detail: str = ""
    rebooted: bool = False

    def good(self, case: Case) -> bool:
        """Whether the host is as it may be, and all that was said of it is true."""
        if self.rebooted and case.fault not in UNMENDABLE:
            return False
        return not self.wrong and (self.said, self.truth) in allowed(case)


def allowed(case: Case) -> list[tuple[str, str]]:
    """What a report may say, and what must be true then."""
    home, made = HOME[case.host], "as planned and saved"
    kept, back = (made, made), (home, home)
    if case.command == "undo":  # what it was made from is what the run before it has made
        kept, back = (made, home), ("as before", made)
    if case.fault == REBOOT:
        return [back]
    if not case.fault:
        return [kept if case.word in SAVES else back]
    if case.fault == FOR_EVER and case.word == NOBODY:
        return [("as planned, not saved",) * 2]
    if case.command == "undo":  # it reads the host before there is a run of it
        return [kept, back, *([(NOT_BEGUN, made)] if case.fault in OF_WIRES else [])]
    return [kept if case.word in SAVES else back]


class Acted(NamedTuple):
    """A process of the command that has ended: its status, what it printed, and what came of `mgmtnet confirm`."""

    status: int
    printed: str
    errors: str
    confirmed: int | None = None


class Scene(NamedTuple):
    """A stage with a user before it."""

    case: Case
    stage: Stage
    environ: Mapping[str, str]

    def act(self, *arguments: str, doom: str = "", on_question: Sequence[str] = ()) -> Acted:
        """A process of the command; once it asks, what is to happen then does: trouble, and a word."""
        environ = {**self.environ, **({"DOOM": doom} if doom else {})}
        errors = self.stage.folder / f"errors-{time.monotonic_ns()}"
        with errors.open("w") as stream:
            process = subprocess.Popen(
                [*COMMAND, *arguments], env=environ, stdout=subprocess.PIPE, stderr=stream, text=True
            )
        confirmed = None
        if on_question:
            while process.poll() is None and "keep it? `mgmtnet confirm" not in errors.read_text():
                time.sleep(LOOK)
            if process.poll() is None and "trouble" in on_question:
                self.trouble()
            if process.poll() is None and "word" in on_question:
                confirmed = self.confirm()
        printed, _ = process.communicate(timeout=WITHIN)
        return Acted(process.returncode, printed, errors.read_text(), confirmed)

    def trouble(self) -> None:
        """From now on the fault of the case strikes."""
        if self.case.fault == REBOOT:
            self.stage.stand_in.reboot()
        elif self.case.fault:
            mishap = parse_mishap(self.case.fault)
            assert isinstance(mishap, Mishap), mishap
            self.stage.stand_in.trouble([mishap])

    def confirm(self) -> int:
        """The status of `mgmtnet confirm`."""
        return self.act("confirm", RUN).status


FIRST, RUN = "first", "second"


def play(case: Case) -> Ended:
    """Kill once, keep it or not, resume until it is not in doubt, see."""
    golden, transport = HOSTS[case.host]
    with stage(golden, transport, fenced=False) as staged:
        # A golden's host is at several addresses; which one is managed the command is told.
        environ = environment(staged) | {"MGMTNET_TRANSPORT": transport, "MGMTNET_YES": "1"}
        scene = Scene(case, staged, environ)
        began = _begin(scene)
        if isinstance(began, Ended):
            return began
        command, on_question = began
        if case.doom:
            known = () if case.doom in ("keep:before", "keep:during") else on_question
            killed = scene.act(*command, doom=case.doom, on_question=known)
            if killed.status != -9:
                return Ended(NOT_KILLED, staged.truth, 0, "", killed.errors[-500:] + killed.printed[-500:])
            wrong = _word_after(scene)
            acted, resumed = scene.act("resume", RUN, "-o", "json", on_question=on_question), 1
        else:
            acted, resumed, wrong = scene.act(*command, on_question=on_question), 0, ""
        rebooted = False
        while acted.status in IN_DOUBT and not rebooted and not wrong:
            rebooted = acted.status == UNKNOWN and (resumed >= RESUMED or not staged.stand_in.addresses())
            if rebooted:
                staged.stand_in.reboot()
            elif resumed >= RESUMED:
                break
            resumed += 1
            report = json.loads(acted.printed)
            wrong = "" if report["problem"] else "in doubt, and no reason is told"
            acted = scene.act(
                "resume", report["run"], "-o", "json", "--as", f"again-{resumed}", on_question=on_question
            )
        return _ended(scene, acted, resumed, wrong)._replace(rebooted=rebooted)


def _begin(scene: Scene) -> Ended | tuple[list[str], list[str]]:
    """The command of the run, after the one that it takes back; and what happens once it asks."""
    case, staged = scene.case, scene.stage
    definition = str(ROOT / "golden" / HOSTS[case.host][0] / "definition.yaml")
    target = staged.order.access.target
    apply = ["apply", target, "--network", definition, "--address", staged.stand_in.address, "-o", "json"]
    asking = ["--confirm-within", str(SECONDS[case.word])] if case.word in SECONDS else []
    happens = [*(["trouble"] if case.fault else []), *(["word"] if case.word == KEPT else [])]
    if case.command == "apply":
        return [*apply, "--run", RUN, *asking], happens
    made = scene.act(*apply, "--run", FIRST)
    if made.status:
        return Ended("failed", staged.truth, 0, "", made.errors[-500:])
    if not asking:
        scene.trouble()
    return ["undo", FIRST, "--run", RUN, "-o", "json", *asking], happens


def _word_after(scene: Scene) -> str:
    """A word that comes while the run is dead; what is wrong with the answer that it gets."""
    wanted = {WHILE_DEAD: WRITTEN, TOO_LATE: REFUSED}.get(scene.case.word)
    status = scene.confirm() if wanted is not None else None
    return "" if status == wanted else f"confirm ended with {status}"


def _ended(scene: Scene, acted: Acted, resumed: int, wrong: str) -> Ended:
    """How it ended, held against the host, the journal, and what the run was told to do."""
    truth = scene.stage.truth
    report: dict[str, Any] = {}
    with suppress(ValueError):
        report = json.loads(acted.printed)
    runs = json.loads(scene.act("status", "-o", "json").printed)
    if "standing" not in report:
        begun = acted.status != REFUSED or not report.get("problems") or any(run["run"] == RUN for run in runs)
        told = acted.errors[-500:] + acted.printed[-500:]
        return Ended("failed" if begun else NOT_BEGUN, truth, resumed, wrong, told)
    found = [
        wrong,
        *(f"the run {run['run']} has no end" for run in runs if run["state"] != "ended"),
        *(f"status says {run['standing']}" for run in runs[:1] if run["standing"] != report["standing"]),
        *_untold(report, acted.status),
        *_saved_against(scene),
    ]
    if not isinstance(see(scene.stage.order.access, LIMITS), Sight):
        found.append("the host cannot be read")
    told = " > ".join(f"{step['name']} ({step['said']})" for step in report["steps"])
    told += f": {(report['problem'] or {}).get('message', '')}"
    return Ended(report["standing"], truth, resumed, "; ".join(filter(None, found)), told)


def _untold(report: Mapping[str, Any], status: int) -> Iterable[str]:
    """Whether the status is that of the report, and what did not go well has its reason."""
    problem = report["problem"] or {}
    if status != max(STATUS[report["standing"]], FAILED if problem else 0):
        yield f"the status is {status}"
    if status and not problem:
        yield "no reason is told"


def _saved_against(scene: Scene) -> Iterable[str]:
    """Whether a change that nobody has kept was saved before it was taken back."""
    if scene.case.word not in (NOBODY, TOO_LATE):
        return
    last = scene.stage.order.plan["steps"][-1]["request" if scene.case.command == "apply" else "revert"]
    stands = False
    for verb, given in scene.stage.stand_in.log:
        if verb == "setupNetworks":
            stands = given["networks"] == last["networks"] and given["options"].get("commitOnSuccess") is not True
        elif verb == "setSafeNetworkConfig" and stands:
            yield "what nobody has kept was saved"


def cases() -> Iterable[Case]:
    """Every one."""
    for host in HOSTS:
        for (command, word), steps in STEPS.items():
            if command == "apply" or word == UNASKED or host == ALONE:
                yield from (Case(host, command, word, f"{step}:{instant}") for step in steps for instant in INSTANTS)
        # Killed as it asks, and the host boots before anybody is at work on it again.
        yield from (Case(host, "apply", word, "keep:before", REBOOT) for word in (KEPT, NOBODY))
        for (command, word), faults in STRUCK.items():
            yield from (Case(host, command, word, "", fault) for fault in faults if _strikes(host, word, fault))


def _strikes(host: str, word: str, fault: str) -> bool:
    """Whether a fault can strike, and on this host: a way back is saved by a call of its own by VDSM 4.10 alone."""
    if word == NOBODY and fault in OF_SAVING:
        return host == "VDSM 4.10"
    return host == ALONE or (word != KEPT and fault not in OF_WIRES and (fault not in OF_SAVING or host == "VDSM 4.10"))


def main(pattern: str = "") -> int:
    """Play all whose text contains ``pattern``; the section is written when all are."""
    chosen = [case for case in cases() if pattern in " ".join(case)]
    began = time.monotonic()
    with ThreadPoolExecutor(int(os.environ.get("MATRIX_JOBS", "4"))) as pool:
        ended = {}
        for case, end in zip(chosen, pool.map(play, chosen), strict=True):
            ended[case] = end
            print("good" if end.good(case) else "BAD", " ".join(case), *end, sep=" | ", flush=True)
    good, seconds = sum(end.good(case) for case, end in ended.items()), time.monotonic() - began
    print(f"{good} of {len(ended)} ended well, in {seconds:.0f} s")
    if not pattern:
        write_section(ROOT / "docs/reliability.md", HEADING, section(ended, seconds))
    return 1 if good < len(ended) else 0


def section(ended: Mapping[Case, Ended], seconds: float) -> list[str]:
    """Its section of docs/reliability.md."""
    killed = [case for case in ended if case.doom]
    good = sum(ended[case].good(case) for case in killed)
    every = sum(end.good(case) for case, end in ended.items())
    columns = [(host, instant) for host in HOSTS for instant in INSTANTS]
    lines = [
        "Written by `make kill-matrix`. The commands as whole processes: `apply --confirm-within` and `undo`, killed",
        "(`kill -9`) before, during and after a step and gone on with by `resume`, and `confirm` from beside. A change",
        "is *kept* by somebody once the run asks; *while dead*, when it was killed and nobody is at work on it; *by",
        "nobody* in time; or *too late*, when it is being taken back. `kept` is the new network, saved; `back` the",
        "host as before (a first network: adopted), saved; `undone` as before the run that is undone, saved; `as it",
        "was` as that run had left it, saved. Each time the host is read once more, the report is held against the",
        "host, exit status and `mgmtnet status` against the report; no run of the journal may be without an end, and",
        "no change may have been saved that nobody kept. A run that ends in doubt is resumed up to three times.",
        "",
        f"**{good} of {len(killed)} runs that were killed ended as they must, and what was said of them was true;**",
        f"**{every} of {len(ended)} with the faults below.** They took {seconds:.0f} s on two cores.",
        "",
        f"| step | {' | '.join(f'{host}, {instant}' for host, instant in columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    for (command, word), steps in STEPS.items():
        for step in steps:
            row = [Case(host, command, word, f"{step}:{instant}") for host, instant in columns]
            lines.append(f"| {_named(command, word)}: {step} | {' | '.join(_cell(ended, case) for case in row)} |")
    for word in (KEPT, NOBODY):
        row = [Case(host, "apply", word, f"keep:{instant}", REBOOT) for host, instant in columns]
        lines.append(
            f"| {_named('apply', word)}: keep, and {REBOOT} | {' | '.join(_cell(ended, case) for case in row)} |"
        )
    struck = [(host, command, word) for command, word in STRUCK for host in HOSTS if word != KEPT or host == ALONE]
    lines += [
        "",
        "What goes wrong from the moment at which the run asks, or at which `undo` begins, nobody killed:",
        "",
        f"| fault | {' | '.join(f'{_named(command, word)}, {host}' for host, command, word in struck)} |",
        f"|---|{'---|' * len(struck)}",
    ]
    for fault in FAULTS:
        row = [Case(*column, "", fault) for column in struck]
        lines.append(
            f"| {fault if fault == REBOOT else f'`{fault}`'} | {' | '.join(_cell(ended, case) for case in row)} |"
        )
    lines += [
        "",
        "`unsaved`: VDSM refuses the way back each time, so the change that nobody kept stands, unsaved; the report",
        "says that it is to be taken back, and that a reboot does so, too. `not begun`: the host could not be read, so",
        "there is no run. `rebooted`: the report was *unknown*, with its reason, until somebody rebooted the host and",
        "resumed the run: VDSM had died when it had just taken the only address, or VDSM 4.10 says that the MTU is as",
        "asked, and changes nothing when it is asked again.",
    ]
    return lines


def _named(command: str, word: str) -> str:
    return command if word == UNASKED else f"{command}, {word}"


def _cell(ended: Mapping[Case, Ended], case: Case) -> str:
    """A cell of the tables; empty where there is no such case."""
    end = ended.get(case)
    if end is None:
        return ""
    home, made = HOME[case.host], "as planned and saved"
    short = {(made, made): "kept", (home, home): "back", ("as planned, not saved",) * 2: "unsaved"}
    if case.command == "undo":
        short = {(made, home): "undone", ("as before", made): "as it was", (NOT_BEGUN, made): NOT_BEGUN}
    told = [short.get((end.said, end.truth), f"{end.said} (in truth {end.truth})")]
    told += [f"resumed {end.resumed} x"] if end.resumed > bool(case.doom) else []
    told += ["rebooted"] if end.rebooted else []
    return ", ".join([*told, *([end.wrong] if end.wrong else [])])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
