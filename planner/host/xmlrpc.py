"""An XML-RPC methodResponse, the answer of VDSM up to 4.19."""

from typing import Any

from planner.problem import Problem, Where


def parse_xmlrpc(text: str, source: str) -> tuple[Any, str, tuple[Problem, ...]]:
    """The answer, the format's name, and what is wrong. A document type, which could explode, is refused."""
    import xmlrpc.client
    from xml.parsers.expat import ExpatError

    where = (Where(source),)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        problem = Problem(
            "capture-invalid", "an XML-RPC answer has no document type", "is it the right file?", where=where
        )
        return None, "", (problem,)
    if "<methodResponse" not in text:
        hint = "wanted: a methodResponse of getVdsCapabilities, or JSON"
        return None, "", (Problem("unknown-format", "XML, but no XML-RPC answer", hint, where=where),)
    try:
        answer, _ = xmlrpc.client.loads(text)
    except ExpatError as failure:
        place = (Where(source, line=failure.lineno, column=failure.offset + 1),)
        return None, "", (Problem("capture-syntax", f"not XML: {failure}", "take the capture again", where=place),)
    except xmlrpc.client.Fault as failure:
        message = f"VDSM answered with a fault: {failure.faultString!r}"
        return None, "", (Problem("capture-failed", message, "ask the host again", where=where),)
    except (xmlrpc.client.Error, ValueError, TypeError, LookupError, AttributeError, OverflowError) as failure:
        # The library trusts its input: a value of the wrong form surfaces as whatever it ran into.
        message = f"not a well-formed XML-RPC answer: {failure or type(failure).__name__}"
        return None, "", (Problem("capture-invalid", message, "take the capture again", where=where),)
    return (answer[0] if len(answer) == 1 else list(answer)), "vdsm-xmlrpc", ()
