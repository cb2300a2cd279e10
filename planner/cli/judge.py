"""``mgmtnet judge``: whether a setupNetworks call would lose the host."""

import argparse

import planner
from planner.apply.judge import LOSSES, CallVerdict, judge_call, read_call
from planner.cli.inputs import Wanted, held_by, read_wanted
from planner.cli.output import advice, complain, problems_document, say, say_json
from planner.explain.words import management_words
from planner.files import read_file
from planner.host.capture import read_capture
from planner.host.model import Host
from planner.plan.plan import Management
from planner.problem import Problem, errors
from planner.standin.captures import read_document
from planner.yamltext import suggest

REFUSED = 3
LOOPBACK = "lo"
HEADLINES = {
    "accepted": "accepted: the host keeps its management network",
    "refused": "refused: the host could lose its management network",
}


def run_judge(options: argparse.Namespace) -> int:
    """Print the judgement; the exit status is 3 if the call is refused, and 1 if it cannot be judged."""
    found = _judged(options)
    if isinstance(found, list):
        complain(found)
        if options.output == "json":
            say_json(problems_document(found))
        return 1
    if options.output == "json":
        say_json(found.document())
    else:
        say(_text(found))
    return REFUSED if found.verdict == "refused" else 0


def _judged(options: argparse.Namespace) -> CallVerdict | list[Problem]:
    if options.request == options.capture == "-":
        return [Problem("options-contradict", "both request and capture are -", "give one of them as a file")]
    problems = [*_unknown(options.allow)]
    wanted = read_wanted(options)
    request, capture = read_file(options.request, "request"), held_by(options)
    problems += [one for one in (request, capture) if isinstance(one, Problem)]
    problems += wanted if isinstance(wanted, list) else wanted.problems
    if isinstance(request, Problem) or isinstance(capture, Problem) or isinstance(wanted, list):
        return problems
    call, unread = read_call(request, _named(options.request))
    captured = read_document(*capture)
    problems += [*unread, *captured.problems]
    if captured.document is None or call is None or errors(problems):
        return problems
    host = read_capture(captured.document).required()
    if any(network.switch == "ovs" for network in host.networks.values()):
        message = "VDSM has networks on Open vSwitch here: what a call does to those, the stand-in does not know"
        return [*problems, Problem("call-unplayable", message, "judge it by hand; VDSM's connectivity check stands")]
    management = _management(host, wanted)
    if not isinstance(management, Management):
        return problems + management
    complain(problems)
    return judge_call(captured.document, host, management, wanted.definition.network, call, options.allow)


def _unknown(codes: list[str]) -> list[Problem]:
    return [
        Problem("code-unknown", f"--allow {code}: no loss is called so", suggest(code, LOSSES))
        for code in codes
        if code not in LOSSES
    ]


def _named(path: str) -> str:
    return "standard input" if path == "-" else path


def _management(host: Host, wanted: Wanted) -> Management | list[Problem]:
    """Where the management address is, by the rules.

    Without one given it is that of the network of this name, if VDSM has it; whoever asked for the capture over
    loopback, on the host itself, has not shown which device it is.
    """
    addresses = wanted.addresses
    network = host.networks.get(wanted.definition.network)
    if not addresses and network is not None and network.ip.addresses:
        addresses = (network.ip.primary4 or network.ip.addresses[0].text,)
    if host.last_client_iface == LOOPBACK:
        host = host._replace(last_client_iface="")
    plan = planner.plan(host, wanted.definition, wanted.rules, addresses)
    if plan.management is None or not plan.management.address:
        return errors(plan.problems)
    return plan.management


def _text(judgement: CallVerdict) -> str:
    parts = [HEADLINES[judgement.verdict], "", f"Management address: {management_words(judgement.document())}"]
    for problem in judgement.problems:
        parts += ["", *advice(problem)]
    return "\n".join(parts)
