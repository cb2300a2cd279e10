"""Any text that holds getVdsCaps to a `Host`: the format is recognised, not asked for.

Recognised: the answer of getVdsCaps or Host.getCapabilities bare, in its JSON-RPC envelope, with its status, as
`vdsm-client` prints it, as an XML-RPC methodResponse, as a Python repr, and as `vdsClient` text.
"""

from typing import Any, NamedTuple

from planner.host.caps import is_caps, read_caps
from planner.host.findings import Findings, quoted
from planner.host.model import Host
from planner.problem import Problem, Where, errors

WANTED = "capture it with `vdsm-client Host getCapabilities > caps.json`"


class Reading(NamedTuple):
    """The host, or None if an error is among the problems."""

    host: Host | None
    problems: tuple[Problem, ...]


def read_capture(content: str | bytes | dict[str, Any], source: str = "capture") -> Reading:
    """The host that ``content`` describes; ``source`` is how problems call it."""
    if isinstance(content, dict):
        return _from_document(content, "vdsm-json", source)
    text = content if isinstance(content, str) else _decoded(content, source)
    if isinstance(text, Problem):
        return Reading(None, (text,))
    text = text.lstrip("\ufeff \t\r\n")
    document, form, problems = _parsed(text, source)
    if problems:
        return Reading(None, problems)
    reading = _from_document(document, form, source)
    return _with_lines(reading, text) if reading.problems and form.startswith("vdsm-json") else reading


def _decoded(content: bytes, source: str) -> str | Problem:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            return Problem("not-text", "neither UTF-8 nor UTF-16 text", WANTED, where=(Where(source),))
    from planner.documents.decoding import decode

    return decode(content, source)


def _parsed(text: str, source: str) -> tuple[Any, str, tuple[Problem, ...]]:
    """The document in ``text``, which format it has, and what is wrong with its form."""
    if not text:
        return None, "", (Problem("capture-empty", "there is nothing in it", WANTED, where=(Where(source),)),)
    if text.startswith("<"):
        from planner.host.xmlrpc import parse_xmlrpc

        return parse_xmlrpc(text, source)
    if text[0] in "{[" and not text[1:].lstrip().startswith(("'", "u'")):
        from planner.host.jsontext import parse_json

        return parse_json(text, source)
    from planner.host.pytext import parse_python

    return parse_python(text, source)


def _from_document(document: Any, form: str, source: str) -> Reading:  # noqa: ANN401  whatever was parsed
    answer, form, problem = _unwrapped(document, form, source)
    if problem is not None:
        return Reading(None, (problem,))
    if not is_caps(answer):
        return Reading(None, (_unknown(answer, source),))
    findings = Findings(source)
    host = read_caps(answer, form, findings)
    problems = findings.all()
    return Reading(None if errors(problems) else host, problems)


def _unwrapped(document: Any, form: str, source: str) -> tuple[Any, str, Problem | None]:  # noqa: ANN401  as above
    """The answer without its envelopes; an answer that tells of a failure is a problem."""
    while isinstance(document, dict) and not is_caps(document):
        status = document.get("status")
        failure = document.get("error") or (status if isinstance(status, dict) and status.get("code") else None)
        if failure:
            said = failure.get("message") if isinstance(failure, dict) else failure
            message = f"VDSM answered with an error: {quoted(said)}"
            return None, form, Problem("capture-failed", message, "ask the host again", where=(Where(source),))
        inner = next((document[key] for key in ("result", "info") if key in document), None)
        if not isinstance(inner, dict):
            break
        if "jsonrpc" in document and form == "vdsm-json":
            form = "vdsm-jsonrpc"
        document = inner
    return document, form, None


SIGNS = (
    ("ansible_facts", "Ansible facts"),
    ("ansible_interfaces", "Ansible facts"),
    ("networking", "Facter's facts"),
    ("interfaces", "nmstate's state"),
    ("network", "a netplan or cloud-init configuration"),
    ("currentState", "a NodeNetworkState of kubernetes-nmstate"),
)


def _unknown(document: Any, source: str) -> Problem:  # noqa: ANN401  as above
    looks = f"a {type(document).__name__}"
    if isinstance(document, dict):
        keys = ", ".join(quoted(key) for key in list(document)[:5]) or "nothing"
        looks = next((f"this looks like {what}" for key, what in SIGNS if key in document), f"it holds {keys}")
    elif isinstance(document, list):
        listed = document and isinstance(document[0], dict) and "ifname" in document[0]
        looks = "this looks like the output of `ip -j`" if listed else "it holds a list"
    return Problem("unknown-format", f"not getVdsCaps: {looks}", WANTED, where=(Where(source),))


def _with_lines(reading: Reading, text: str) -> Reading:
    """The problems with the line and column of the value that each is about."""
    from planner.host.jsontext import positions

    paths = {where.path for problem in reading.problems for where in problem.where}
    found = positions(text, paths)
    problems = []
    for problem in reading.problems:
        where = tuple(
            place._replace(line=found[place.path][0], column=found[place.path][1]) if place.path in found else place
            for place in problem.where
        )
        problems.append(problem._replace(where=where))
    return Reading(reading.host, tuple(problems))
