"""Where the schemas lie by which editors complete rules and manifests, as a file names them."""

import os

from planner.authoring.beginning import SCHEMAS
from planner.cli.writing import write_whole
from planner.problem import Problem
from planner.schemas import texts

FOLDER = "schemas"


def schema_near(folder: str, name: str) -> str:
    """``schemas/NAME`` in the folder or in one above it, as a relative path; nothing if there is none."""
    above, steps = os.path.abspath(folder), ""
    while True:
        if os.path.isfile(os.path.join(above, FOLDER, name)):
            return f"{steps}{FOLDER}/{name}"
        if os.path.dirname(above) == above:
            return ""
        above, steps = os.path.dirname(above), f"{steps}../"


def put_schemas(folder: str) -> list[Problem]:
    """Lay the schemas of what a policy's author writes into its ``folder``, where editors find them from anywhere."""
    place = os.path.join(folder, FOLDER)
    try:
        os.makedirs(place, exist_ok=True)
    except OSError as failure:
        told = f"cannot make {place!r}: {failure.strerror or failure}"
        return [Problem("file-unwritable", told, "name a folder of yours")]
    written = [write_whole(os.path.join(place, name), text) for name, text in texts().items() if name in SCHEMAS]
    return [problem for problem in written if problem is not None]
