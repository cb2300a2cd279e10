"""The extras of pyproject.toml: the modules that each brings, and the command that brings it here."""

import os
import re
import sys

# What plans is there without one.
MODULES = {
    "apply": ("requests", "urllib3", "cryptography", "jsonschema", "dbos", "sqlalchemy", "psycopg", "trustme"),
    "author": ("z3", "ruamel"),
    "service": ("starlette", "uvicorn", "h11", "prometheus_client"),
}
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# A package of Debian's or EL's has this folder beside `planner` (packaging/layout), with what an extra requires.
LISTS = os.path.join(ROOT, "requirements")
REQUIRED = re.compile(r"([\w.-]+)[^;]*?>=([\d.]+).*extra == ['\"](\w+)['\"]")
BESIDE = "/opt/mgmtnet"  # where packaging's units and hook expect an environment, too
COMMAND = "/usr/bin/mgmtnet"


def extra_of(module: str) -> str:
    """The extra that brings a module; ``""``: none does."""
    return next((extra for extra, modules in MODULES.items() if module in modules), "")


def bringing(extra: str) -> str:
    """The command that brings an extra; a distribution's own Python is left alone: it goes into one beside it.

    A checkout stays installed in place: without ``-e`` a copy would take its place.
    """
    listed = os.path.join(LISTS, f"{extra}.txt")
    if not os.path.exists(listed):
        checkout = os.path.exists(os.path.join(ROOT, "pyproject.toml"))
        return f"{sys.executable} -m pip install " + (f"-e '{ROOT}[{extra}]'" if checkout else f"'mgmtnet[{extra}]'")
    if sys.prefix != sys.base_prefix:
        return f"{sys.prefix}/bin/pip install -r {listed}"
    install = f"{sys.executable} -m venv {BESIDE} && {BESIDE}/bin/pip install -r {listed}"
    return f"{install} && {BESIDE}/bin/python {COMMAND}"


def outdated() -> str:
    """The first module of an extra that is here, and older than what is required, with what to do; ``""``: none is."""
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        required = requires("mgmtnet") or []
    except PackageNotFoundError:  # it runs from a folder
        return ""
    for name, least, extra in (found.groups() for found in map(REQUIRED.match, required) if found is not None):
        try:
            have = version(name)
        except PackageNotFoundError:
            continue
        if _parts(have) < _parts(least):
            return f"{name} is {have} here, and {least} is required: `{bringing(extra)}`"
    return ""


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]
