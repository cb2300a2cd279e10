"""The command line: every command with its options, each with a ``MGMTNET_*`` variable that stands in for it."""

import argparse
import os

OUTPUTS = ("text", "json", "yaml", "vdsm", "vdsm3")
DRAWINGS = ("text", "svg", "mermaid")


def parser() -> argparse.ArgumentParser:
    """The parser; ``module`` of what it returns names the module of `planner.cli` that runs the command."""
    top = argparse.ArgumentParser(
        prog="mgmtnet",
        description="Devise a host's management network for oVirt, by rules that can say why.",
        epilog="Each option --name can be given as the environment variable MGMTNET_NAME.",
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    plan = _command(commands, "plan", "what to ask of the host, and why")
    _host(plan)
    _output(plan, OUTPUTS)
    plan.add_argument("--exit-code", action="store_true", help="status 0: nothing to change, 4: a change")

    why = _command(commands, "why", "which rule set a value, and from which facts")
    _host(why)
    why.add_argument("field", metavar="FIELD", help="as in the plan: vlan, ipv4.method, management, ...; or all")

    why_not = _command(commands, "why-not", "why a rule did not fire", module="whynot")
    _host(why_not)
    why_not.add_argument("rule", metavar="RULE", help="the rule's name")

    facts = _command(commands, "facts", "what the rules see of a host")
    _host(facts)
    _output(facts, ("text", "json"))

    diff = _command(commands, "diff", "what the plan changes on the host")
    _host(diff)

    draw = _command(commands, "draw", "the stack up to the management address, before and after")
    _host(draw)
    _output(draw, DRAWINGS)

    golden = _command(commands, "golden", "captured hosts with the plans they are known to get")
    golden.add_argument("action", choices=("check", "update"))
    golden.add_argument("folder", metavar="DIR", nargs="?", default="golden", help="one golden, or a folder of them")
    _rules(golden)

    rules = _command(commands, "rules", "check the rules, or write their documentation")
    rules.add_argument("action", choices=("list", "check", "doc", "digest"))
    rules.add_argument("folder", metavar="RULES", nargs="?", help="NAME, NAME@VERSION or a folder")
    return top


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str, module: str = ""
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
    command.set_defaults(module=module or name)
    return command


def _host(command: argparse.ArgumentParser) -> None:
    command.add_argument("capture", metavar="CAPTURE", help="what the host reports (getVdsCaps); - for standard input")
    command.add_argument(
        "--network",
        metavar="DEFINITION",
        default=_variable("NETWORK"),
        help="what the data centre wants of the network (YAML or JSON); without: untagged, bridged, MTU 1500",
    )
    command.add_argument(
        "--address",
        metavar="A",
        action="append",
        default=None,
        help="the host's management address, or a name that resolves to it (may be repeated)",
    )
    _rules(command)


def _rules(command: argparse.ArgumentParser) -> None:
    command.add_argument("--rules", metavar="NAME[@VERSION]|DIR", default=_variable("RULES"), help="which rules decide")
    command.add_argument("--policy", metavar="DIR", default=_variable("POLICY"), help="a site's rules, over the others")


def _output(command: argparse.ArgumentParser, kinds: tuple[str, ...]) -> None:
    stated = _variable("OUTPUT")
    command.add_argument("-o", "--output", choices=kinds, default=stated if stated in kinds else kinds[0])


def _variable(name: str) -> str | None:
    return os.environ.get(f"MGMTNET_{name}") or None
