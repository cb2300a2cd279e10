"""``mgmtnet serve``: the service over HTTP, and the tokens by which it knows its callers."""

import argparse
import os

from planner.cli.output import complain, say, tell
from planner.problem import Problem
from planner.service.access import new_token
from planner.service.listen import Listening, listen, parse_address, service_of

BAD_INPUT = 1


def run_serve(options: argparse.Namespace) -> int:
    """Serve until interrupted; the exit status."""
    if options.new_token:
        return _made(options.new_token, options.tokens)
    place = parse_address(options.listen)
    if isinstance(place, Problem):
        complain([place])
        return BAD_INPUT
    listening = Listening(
        *place,
        names=tuple(options.host_name),
        certificate=options.tls_cert or "",
        key=options.tls_key or "",
        client_ca=options.client_ca or "",
        tokens=options.tokens or "",
        workers=options.workers,
        patience=options.patience,
        rate=options.rate,
        decisions=options.decisions or "",
        runs=options.runs,
        audit=options.audit or "",
    )
    service = service_of(listening)
    if isinstance(service, list):
        complain(service)
        return BAD_INPUT
    problem = listen(listening, service)
    complain([problem] if problem is not None else [])
    return BAD_INPUT if problem is not None else 0


def _made(wanted: str, path: str | None) -> int:
    """Make a token: its line goes into the file, the token itself is shown once."""
    name, _, scopes = wanted.partition(":")
    made = new_token(name, scopes)
    if isinstance(made, Problem):
        complain([made])
        return BAD_INPUT
    token, line = made
    if path is None:
        tell(f"the line for a file of tokens: {line}")
    else:
        try:
            with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+", encoding="utf-8") as stream:
                stream.seek(0)
                earlier = any(known.split(maxsplit=1)[:1] == [name] for known in stream)
                stream.write(f"{line}\n")
        except OSError as failure:
            told = f"cannot write {path!r}: {failure.strerror}"
            complain([Problem("file-unwritable", told, "name a file in a folder of yours")])
            return BAD_INPUT
        tell(f"{name} stands in {path}; the token is shown this once:")
        if earlier:
            tell(f"earlier lines of {name} there count, too, until they are taken out")
    say(token)
    return 0
