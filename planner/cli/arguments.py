"""Options that several commands have, and what may stand in them."""

import argparse
import os

LARGEST_COUNT = 1_000_000


def variable(name: str) -> str | None:
    """What MGMTNET_NAME says; an empty one says nothing."""
    return os.environ.get(f"MGMTNET_{name}") or None


def verbose(command: argparse.ArgumentParser) -> None:
    """Whether it is told what else is of interest."""
    what = "tell on standard error what was read, and each call to a host"
    command.add_argument("-v", "--verbose", action="store_true", help=what)


def access(command: argparse.ArgumentParser) -> None:
    """How hosts are spoken to."""
    command.add_argument("--transport", choices=("auto", "jsonrpc", "xmlrpc", "engine"), default="auto")
    for name, what in (("ca", "the hosts' CA"), ("cert", "our certificate"), ("key", "its key")):
        command.add_argument(f"--{name}", metavar="FILE", help=what)
    command.add_argument("--pin", metavar="sha256:...", help="the host's certificate itself")
    command.add_argument("--engine", metavar="URL", default=variable("ENGINE_URL"), help="with --transport engine")
    command.add_argument("--engine-user", metavar="U")
    command.add_argument("--engine-password-file", metavar="FILE")
    command.add_argument("--routes", metavar="FILE", help="where addresses are found (a stand-in's table)")


def rules(command: argparse.ArgumentParser) -> None:
    """By which rules is planned."""
    command.add_argument("--rules", metavar="NAME[@VERSION]|DIR", help="which rules decide")
    what = "a site's rules, which say themselves what they extend; --rules does not count then"
    command.add_argument("--policy", metavar="DIR", help=what)


def output(command: argparse.ArgumentParser, kinds: tuple[str, ...]) -> None:
    """In which of ``kinds`` it is printed; the first without a word."""
    command.add_argument("-o", "--output", choices=kinds, default=kinds[0])


def log(command: argparse.ArgumentParser) -> None:
    """How progress is told."""
    command.add_argument("--log", choices=("plain", "json"), default="", help="how progress is told")


def number(command: argparse.ArgumentParser, name: str, otherwise: str, what: str) -> None:
    """A number of seconds."""
    command.add_argument(name, metavar="S", type=seconds, default=otherwise, help=f"{what} ({otherwise})")


def seconds(text: str) -> float:
    """At least one second, at most an hour: VDSM counts whole seconds, and nobody waits longer."""
    number = float(text) if text.replace(".", "", 1).isdecimal() else 0.0
    if 1 <= number <= 3600:
        return number
    told = f"{text!r} is no number of seconds from 1 to 3600"
    raise argparse.ArgumentTypeError(told)


def count(text: str) -> int:
    """At least one, and not so many that it is a slip of the keyboard."""
    if text.isdecimal() and 1 <= int(text) <= LARGEST_COUNT:
        return int(text)
    told = f"{text!r} is no number from 1 to {LARGEST_COUNT:,}"
    raise argparse.ArgumentTypeError(told)
