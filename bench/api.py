"""docs/api.md from the docstrings of public names: `make docs` writes it, tests/test_library.py runs its examples."""

import doctest
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import planner
import planner.apply

MODULES: tuple[ModuleType, ...] = (planner, planner.apply)
PREFACE = """\
# The library

Written by `make docs` from the docstrings. What is here is public, and CHANGELOG.md tells when it changes; what is not
may change at any time. The package is `planner`, its distribution `mgmtnet`; it has types, which `mypy --strict` takes.

`pip install .` in a checkout (or of a wheel) brings what plans: PyYAML and, before Python 3.13, durable_rules, which is
compiled when it is installed. `pip install '.[apply]'` brings what changes hosts besides, `pip install '.[author]'`
what the author of rules needs: the solver of proofs, and what keeps comments while YAML is written.

Each example begins with every name of this page imported, and `Path` of pathlib; capture.json is that of
golden/seed-vlan-over-bond. They are run as they stand, and held against the types.
"""
# Names of modules before names, as `inspect` writes them.
QUALIFIED = re.compile(r"\b(?:planner|collections|typing|os|pathlib)\.(?:\w+\.)*(?=\w)")
# Values of fields that stand for themselves.
PLAIN = (str, int, float, tuple, type(None))
SECTION = re.compile(r"(Args|Returns|Raises):$")
ENTRY = re.compile(r"    (\w+): (.*)")
BLOCK = re.compile(r"^>>> .*\n(?:.+\n?)*", re.MULTILINE)


def page() -> str:
    """The whole page."""
    parts = [PREFACE]
    for module in MODULES:
        parts += [f"## {module.__name__}\n", told(module)]
        parts += [part for name in module.__all__ for part in _name(module, name)]
    return "\n".join(parts)


def examples() -> dict[str, str]:
    """The docstrings that hold examples, by the name that they are of."""
    found: dict[str, str] = {}
    for module in MODULES:
        found[module.__name__] = module.__doc__ or ""
        for name in module.__all__:
            value = getattr(module, name)
            named = {f"{module.__name__}.{name}": value}
            named |= {f"{module.__name__}.{name}.{own}": one for own, one in members(value)}
            found |= {whose: inspect.getdoc(one) or "" for whose, one in named.items()}
    parser = doctest.DocTestParser()
    return {name: text for name, text in found.items() if parser.get_examples(text)}


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class has itself, its making among them where it says something."""
    for name, one in vars(value).items() if inspect.isclass(value) else ():
        called = inspect.isfunction(one) and (not name.startswith("_") or (name == "__init__" and one.__doc__))
        if called or (isinstance(one, property) and not name.startswith("_")):
            yield name, one


def told(value: Any) -> str:
    """A docstring as Markdown: its examples as blocks, its sections as lists."""
    text = inspect.getdoc(value) or ""
    text = BLOCK.sub(lambda found: f"```python\n{found[0].rstrip()}\n```\n", text)
    lines, section = [], ""
    for line in text.splitlines():
        entry = ENTRY.match(line) if section in ("Args", "Raises") else None
        if SECTION.match(line):
            section = line.rstrip(":")
            lines += [{"Args": "Takes", "Returns": "Returns", "Raises": "Raises"}[section] + ":", ""]
        elif entry is not None:
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        elif section and line.startswith("    "):
            lines.append(f"  {line.strip()}" if section in ("Args", "Raises") else line.strip())
        else:
            section = section if not line else ""
            lines.append(line)
    return "\n".join(lines) + "\n"


def _name(module: ModuleType, name: str) -> Iterator[str]:
    value = getattr(module, name)
    if isinstance(value, str):
        yield f"### `{module.__name__}.{name}`\n"
        yield "The version of mgmtnet that is installed, as text; `unknown` where it runs without having been.\n"
        return
    yield f"### `{module.__name__}.{name}`\n"
    if inspect.isfunction(value):
        yield signature(name, value)
    yield told(value)
    if inspect.isclass(value):
        hints = inspect.get_annotations(value)
        fields = getattr(value, "_fields", getattr(value, "__dataclass_fields__", ()))
        given = inspect.signature(value).parameters if fields else {}
        stated = {field: given[field].default for field in fields if isinstance(given[field].default, PLAIN)}
        yield "".join(
            f"- `{field}`: `{shown(hints[field])}`{f', else `{stated[field]!r}`' if field in stated else ''}\n"
            for field in fields
        )
        for own, one in members(value):
            called = name if own == "__init__" else own
            yield f"`{own}`, a value\n" if isinstance(one, property) else signature(called, one)
            yield told(one.fget if isinstance(one, property) else one)


def signature(name: str, function: Any) -> str:
    """How ``function`` is called, in a line, or in several where one would be too long."""
    found = inspect.signature(function)
    kept = [one for one in found.parameters.values() if one.name != "self"]
    whole = QUALIFIED.sub("", f"{name}{found.replace(parameters=kept)}").replace(" -> None", "").replace("~T", "T")
    if len(whole) > 100:
        parameters = QUALIFIED.sub("", str(found.replace(parameters=kept, return_annotation=inspect.Signature.empty)))
        inner = re.sub(r", (?=\w+: |\*)", ",\n", parameters[1:-1])
        whole = whole.replace(parameters, f"(\n{textwrap.indent(inner, '    ')},\n)")
    return f"```python\n{whole}\n```\n"


def shown(annotation: Any) -> str:
    """A type as one writes it."""
    return QUALIFIED.sub("", inspect.formatannotation(annotation)).replace("Optional[~T]", "T | None")


if __name__ == "__main__":
    print(page(), end="")
