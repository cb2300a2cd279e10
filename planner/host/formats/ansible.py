"""What Ansible makes of a command's output: the registered result, and what its debug module prints of one."""

from typing import Any, NamedTuple

# What stands beside a debugged variable; `msg` holds it when it is printed as a message.
BESIDE = ("changed", "failed")
DEEPEST = 3  # the debugged variable, the result in it, what the result's text was read as


class Registered(NamedTuple):
    """What a command printed, as text or read already; ``keys`` lead to it."""

    content: Any
    keys: tuple[str, ...] = ()


def registered(document: Any) -> Registered | None:
    """What the command printed whose result is, or is in, ``document``; None if it is no such result."""
    keys: tuple[str, ...] = ()
    while isinstance(document, dict) and len(keys) < DEEPEST:
        lines = document.get("stdout_lines")
        if isinstance(document.get("stdout"), str):
            return Registered(document["stdout"], (*keys, "stdout"))
        if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
            return Registered("\n".join(lines), (*keys, "stdout_lines"))
        inner = [key for key in document if key not in BESIDE and not str(key).startswith("_ansible")]
        if len(inner) != 1:
            break
        keys, document = (*keys, str(inner[0])), document[inner[0]]
    if isinstance(document, list) and keys and all(isinstance(line, str) for line in document):
        document = "\n".join(document)
    return Registered(document, keys) if keys else None
