"""Mutants of the planner's code: mutmut's operators at every place of a module, and one of them put into what runs.

mutmut's own runner passes over every decorated function and everything outside of functions, and imports anew for each
mutant; here nothing is passed over but annotations, and a process forked from one that has everything imported takes
the mutant in.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider
from mutmut.mutation.mutators import mutation_operators

OBVIOUS = {"isinstance", "len"}  # as mutmut has it: another argument is noticed wherever the call is reached
UNREAD = {"__all__", "__slots__"}
TYPES = {"Callable", "Literal", "dict", "tuple"}


class Mutant(NamedTuple):
    """A module with one slip: ``before`` became ``after`` in ``scope``, in a statement on ``lines``.

    ``lines`` is empty where a statement is executed when the module is imported. ``nth`` tells like ones apart.
    """

    path: str
    scope: str
    lines: range
    before: str
    after: str
    source: str
    nth: int = 1

    @property
    def name(self) -> str:
        """How the reasons call it: without a line number, which any edit changes."""
        place = f"{self.path} {self.scope}" if self.scope else self.path
        return f"{place}: {self.before} -> {self.after or 'nothing'}" + (f" ({self.nth})" if self.nth > 1 else "")


class _Slip(NamedTuple):
    """What stands from ``start`` to ``end``, each a line and a column, and what is to stand there."""

    start: tuple[int, int]
    end: tuple[int, int]
    wrong: str
    scope: str
    lines: range


def mutants_of(path: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a module that is another program, and a program at all."""
    finder = _Finder()
    MetadataWrapper(libcst.parse_module(source)).visit(finder)
    tree, seen = ast.dump(ast.parse(source)), Counter[tuple[str, str, str]]()
    for slip in finder.slips:
        wrong = _spliced(source, slip)
        try:
            same = ast.dump(ast.parse(wrong)) == tree
        except SyntaxError:
            continue
        if not same:
            before, after = _differing(source, wrong)
            seen[slip.scope, before, after] += 1
            yield Mutant(path, slip.scope, slip.lines, before, after, wrong, seen[slip.scope, before, after])


def _spliced(source: str, slip: _Slip) -> str:
    """The source with the slip: spliced, since libcst walks the whole module to replace a node."""
    lines = source.splitlines(keepends=True)
    start, end = (sum(map(len, lines[: line - 1])) + column for line, column in (slip.start, slip.end))
    return source[:start] + slip.wrong + source[end:]


class _Finder(libcst.CSTVisitor):
    """Every place of a module with what an operator makes of it."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self) -> None:
        super().__init__()
        self.slips: list[_Slip] = []
        self.scopes: list[libcst.FunctionDef | libcst.ClassDef] = []
        self.statements: list[range] = []

    def on_visit(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, libcst.Annotation | libcst.Decorator) or any(none(node) for none in UNMUTATED):
            return False
        if isinstance(node, libcst.BaseStatement):
            self.statements.append(self._lines(node))
        if isinstance(node, libcst.FunctionDef | libcst.ClassDef):
            self.scopes.append(node)
        scope = ".".join(scope.name.value for scope in self.scopes)
        lines = self.statements[-1] if self.statements else range(0)
        for kind, operator in mutation_operators:
            for wrong in operator(node) if isinstance(node, kind) else ():
                place = self.get_metadata(WhitespaceInclusivePositionProvider, node)
                start, end = ((one.line, one.column) for one in (place.start, place.end))
                self.slips.append(_Slip(start, end, libcst.Module([]).code_for_node(wrong), scope, lines))
        return True

    def on_leave(self, original_node: libcst.CSTNode) -> None:
        if isinstance(original_node, libcst.BaseStatement):
            self.statements.pop()
        if isinstance(original_node, libcst.FunctionDef | libcst.ClassDef):
            self.scopes.pop()

    def _lines(self, node: libcst.BaseStatement) -> range:
        """The lines of a statement without those of its block; none where it is executed at import."""
        if isinstance(node, libcst.FunctionDef) or not any(isinstance(one, libcst.FunctionDef) for one in self.scopes):
            return range(0)
        place = self.get_metadata(PositionProvider, node)
        block = getattr(node, "body", None)
        inside = isinstance(block, libcst.BaseSuite)
        last = self.get_metadata(PositionProvider, block).start.line if inside else place.end.line
        return range(place.start.line, max(last, place.start.line) + 1)


def _is_obvious(node: libcst.CSTNode) -> bool:
    return isinstance(node, libcst.Call) and isinstance(node.func, libcst.Name) and node.func.value in OBVIOUS


def _is_unread(node: libcst.CSTNode) -> bool:
    """Whether it assigns what nothing but a tool reads."""
    names = [one.target for one in node.targets] if isinstance(node, libcst.Assign) else []
    return any(isinstance(name, libcst.Name) and name.value in UNREAD for name in names)


def _is_type(node: libcst.CSTNode) -> bool:
    """Whether it is a type, or gives one a name: only mypy reads them."""
    told = node.value if isinstance(node, libcst.Assign) else node
    return isinstance(told, libcst.Subscript) and isinstance(told.value, libcst.Name) and told.value.value in TYPES


UNMUTATED = (_is_obvious, _is_unread, _is_type)


def _differing(source: str, wrong: str) -> tuple[str, str]:
    """The lines in which two sources differ, each side in one line."""
    before, after = ([line.strip() for line in side.splitlines()] for side in (source, wrong))
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    old, new = (" ".join(side[start : len(side) - end]).strip() for side in (before, after))
    return old, new


def take_in(module: ModuleType, source: str) -> None:
    """Let ``module`` be as ``source`` says, for everybody who has imported something of it already."""
    fresh = ModuleType(module.__name__)
    fresh.__file__ = module.__file__
    exec(compile(source, str(module.__file__), "exec"), vars(fresh))  # noqa: S102  a mutant is code to be executed
    for name, new in list(vars(fresh).items()):
        old = vars(module).get(name)
        if name.startswith("__") or getattr(new, "__module__", module.__name__) != module.__name__:
            continue
        if not _exchange(old, new) and old != new:
            for holder in list(sys.modules.values()):
                if getattr(holder, "__dict__", {}).get(name) is old:
                    setattr(holder, name, new)


def _exchange(old: Any, new: Any) -> bool:
    """Make a function or a class do what another does, whoever refers to it; False if it is neither."""
    for attribute in ("__wrapped__", "__func__", "fget", "func"):
        if hasattr(old, attribute) and isinstance(getattr(old, attribute), FunctionType):
            return _exchange(getattr(old, attribute), getattr(new, attribute))
    if isinstance(old, FunctionType):
        old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
        return True
    if not isinstance(old, type):
        return False
    for name, value in vars(new).items():
        was = vars(old).get(name)
        if not _exchange(was, value) and isinstance(value, str | int | tuple | dict | None) and was != value:
            setattr(old, name, value)
    return True
