"""Questions about all hosts at once, decided by an SMT solver (z3): proofs, and hosts that refute."""

from importlib.util import find_spec

from planner.extras import bringing

SOLVER = f"the Python module z3 (`{bringing('author')}`)"


def has_solver() -> bool:
    """Whether z3 is installed, which the extra ``author`` brings; looked up without importing it."""
    return find_spec("z3") is not None
