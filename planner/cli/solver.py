"""Whether the solver is there, which the extra ``author`` brings: what needs it says in one line that it is not."""

from importlib.util import find_spec

from planner.cli.output import tell


def has_solver() -> bool:
    """Whether z3 is installed; looked up without importing it."""
    return find_spec("z3") is not None


def unsolved(question: str) -> None:
    """Tell which ``question`` is left open without z3."""
    tell(f"{question} is not decided: that needs the Python module z3 (`pip install 'mgmtnet[author]'`)")
