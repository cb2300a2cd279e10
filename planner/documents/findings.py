"""Taking the expected shapes out of a document, and collecting a problem for whatever is otherwise."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from planner.documents.node import NAMES, Entry, Node, NodeKind, spelled
from planner.documents.places import respelled, written_at
from planner.problem import Fix, Problem, Severity, Where

EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "map": "write `key: value`, each key once",
        "list": "write [one, two]",
        "text": "write one text, in quotes if it looks like something else",
        "bool": "write true or false",
    }
)
NO_SYNONYMS: Mapping[str, str] = MappingProxyType({})

# Fewer would make an author run the linter again and again; more and a broken file buries the others.
MOST_PROBLEMS = 50


class Findings:
    """The problems of one document."""

    def __init__(self, source: str, text: str = "") -> None:
        """Begin with none; ``text`` is what the document was read from, to find the place of a word in it."""
        self.source = source
        self.text = text
        self.problems: list[Problem] = []

    def join(self, other: "Findings") -> None:
        """Note what another reading of the same document found, unless it is noted already."""
        room = MOST_PROBLEMS - len(self.problems)
        self.problems += [problem for problem in other.problems if problem not in self.problems][:room]

    def in_order(self) -> tuple[Problem, ...]:
        """The problems from the top of the document to its end."""
        return tuple(sorted(self.problems, key=lambda problem: (problem.where[0].line, problem.where[0].column)))

    def report(
        self,
        node: Node,
        code: str,
        message: str,
        hint: str = "",
        *,
        path: str = "",
        severity: Severity = "error",
        instead: Collection[str] = (),
    ) -> None:
        """Note what is wrong at ``node``; beyond ``MOST_PROBLEMS`` nothing is noted any more.

        ``instead`` is what may stand in place of the scalar at ``node``, word for word, without further thought.
        """
        if len(self.problems) < MOST_PROBLEMS and node.kind != "broken":
            where = Where(self.source, path, node.line, node.column)
            old = written_at(self.text, node.line, node.column) if instead else ""
            fixes = tuple(Fix(node.line, node.column, old, new) for new in instead) if old else ()
            self.problems.append(Problem(code, message, hint, severity, where=(where,), fixes=fixes))

    def unknown(
        self, node: Node, code: str, message: str, known: Collection[str], synonyms: Mapping[str, str] = NO_SYNONYMS
    ) -> None:
        """Note a word that is none of ``known``, with the one that was probably meant."""
        if len(self.problems) < MOST_PROBLEMS:
            from planner.documents.spelling import near, suggest

            word = str(node.value)
            meant = [synonyms[word]] if word in synonyms else near(word, known)
            hint = f"did you mean {synonyms[word]}?" if word in synonyms else suggest(word, known)
            before = len(self.problems)
            self.report(node, code, message, hint)
            fix = respelled(self.text, node, word, meant[0]) if len(meant) == 1 else None
            if fix is not None and len(self.problems) > before:
                self.problems[-1] = self.problems[-1]._replace(fixes=(fix,))

    def word(self, node: Node, word: str) -> Node:
        """A node for ``word`` where it stands in the text of ``node``, or else where ``node`` stands."""
        lines = self.text.splitlines()
        for line in range(node.line, min(len(lines), node.line + 40) + 1):
            start = node.column - 1 if line == node.line else 0
            column = lines[line - 1].find(word, start) + 1
            if column:
                return Node("text", word, line, column)
        return Node("text", word, node.line, node.column)

    def expect(self, node: Node, kind: NodeKind, what: str, hint: str = "") -> bool:
        """Whether ``node`` is of ``kind``; if not, that is noted."""
        if node.kind != kind:
            message = f"{what} must be {NAMES[kind]}, and is {spelled(node)}"
            instead = (f'"{spelled(node)}"',) if kind == "text" and node.kind in ("int", "bool") else ()
            self.report(node, "wrong-type", message, hint or EXPECTED[kind], instead=instead)
        return node.kind == kind

    def expect_list(self, node: Node, what: str, hint: str) -> bool:
        """Whether ``node`` is a list; if it is a word instead, brackets around it cure that."""
        if node.kind not in ("text", "int"):
            return self.expect(node, "list", what, hint)
        written = written_at(self.text, node.line, node.column)
        message = f"{what} must be a list, and is {spelled(node)}"
        self.report(node, "wrong-type", message, hint, instead=(f"[{written}]",))
        return False

    def fields(self, node: Node, what: str, known: Collection[str], needed: Collection[str] = ()) -> dict[str, Entry]:
        """The entries of a map with the ``known`` keys, of which those ``needed`` must be there."""
        if not self.expect(node, "map", what):
            return {}
        entries = {entry.name: entry for entry in node.entries}
        for name, entry in entries.items():
            if name not in known:
                self.unknown(entry.key, "unknown-key", f'{what} has no "{name}"', known)
        for name in needed:
            if name not in entries:
                self.report(node, "missing-key", f"{what} has no {name}", f"add `{name}:`")
        return {name: entry for name, entry in entries.items() if name in known}

    def string(self, entry: Entry | None, what: str) -> str:
        """A text that is not blank, on one line; ``""`` when there is none or it is something else."""
        if entry is None:
            return ""
        node = entry.value
        if node.kind in ("int", "bool"):
            quoted = f'"{spelled(node)}"'
            message = f"{what} must be text, and is {spelled(node)}"
            self.report(node, "wrong-type", message, f"quote it: {quoted}", instead=(quoted,))
            return ""
        if not self.expect(node, "text", what):
            return ""
        text = " ".join(str(node.value).split())
        if not text:
            self.report(node, "wrong-type", f"{what} is blank", f"write something, or leave out `{entry.name}`")
        return text

    def strings(self, entry: Entry | None, what: str) -> tuple[tuple[str, Node], ...]:
        """A list of distinct texts, each with its node."""
        if entry is None or not self.expect_list(entry.value, what, f"write {entry.name}: [...]"):
            return ()
        found: dict[str, Node] = {}
        for item in entry.value.items:
            if not self.expect(item, "text", f"an item of {what}"):
                continue
            text = str(item.value)
            if text in found:
                self.report(item, "named-twice", f'{what} name "{text}" twice', "take one out")
            found.setdefault(text, item)
        return tuple(found.items())

    def flag(self, entry: Entry | None, what: str, *, otherwise: bool = False) -> bool:
        """A yes or no."""
        if entry is None or not self.expect(entry.value, "bool", what, "write true or false"):
            return otherwise
        return bool(entry.value.value)
