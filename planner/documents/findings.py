"""Taking the expected shapes out of a document, and collecting a problem for whatever is otherwise."""

from collections.abc import Collection

from planner.documents.node import NAMES, Entry, Node, NodeKind, spelled
from planner.problem import Problem, Severity, Where

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
        self, node: Node, code: str, message: str, hint: str = "", *, path: str = "", severity: Severity = "error"
    ) -> None:
        """Note what is wrong at ``node``; beyond ``MOST_PROBLEMS`` nothing is noted any more."""
        if len(self.problems) < MOST_PROBLEMS and node.kind != "broken":
            where = Where(self.source, path, node.line, node.column)
            self.problems.append(Problem(code, message, hint, severity, where=(where,)))

    def unknown(self, node: Node, code: str, message: str, known: Collection[str]) -> None:
        """Note a word that is none of ``known``, with the one that was probably meant."""
        if len(self.problems) < MOST_PROBLEMS:
            from planner.documents.spelling import suggest

            self.report(node, code, message, suggest(str(node.value), known))

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
            self.report(node, "wrong-type", f"{what} must be {NAMES[kind]}, and is {spelled(node)}", hint)
        return node.kind == kind

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
            quoted = f'quote it: "{spelled(node)}"'
            self.report(node, "wrong-type", f"{what} must be text, and is {spelled(node)}", quoted)
            return ""
        if not self.expect(node, "text", what):
            return ""
        text = " ".join(str(node.value).split())
        if not text:
            self.report(node, "wrong-type", f"{what} is blank", f"write something, or leave out `{entry.name}`")
        return text

    def strings(self, entry: Entry | None, what: str) -> tuple[tuple[str, Node], ...]:
        """A list of distinct texts, each with its node."""
        if entry is None or not self.expect(entry.value, "list", what, f"write {entry.name}: [...]"):
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
