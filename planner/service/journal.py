"""What the journal says of runs: asked of a worker, because its library is large and has one state for a process."""

from collections.abc import Mapping
from typing import Any

from planner.apply import journal
from planner.apply.library import state_folder
from planner.printing import json_text
from planner.problem import Problem
from planner.service.answers import Answer, problem_answer
from planner.service.contract import JSON


def answer_of_journal(call: str, body: bytes) -> Answer:
    """The runs in the journal, or the one that ``body`` names."""
    folder = state_folder()
    if isinstance(folder, Problem):
        return problem_answer(500, [folder])
    found = journal.readable(journal.journal_url(folder))
    if isinstance(found, Problem):
        return problem_answer(500, [found])
    told = [{"format": "mgmtnet/run@1", **_shown(journal.document_of(record))} for record in found]
    if call == "runs":
        return Answer(200, JSON, json_text({"format": "mgmtnet/runs@1", "runs": told}).encode() + b"\n")
    chosen = [one for one in told if one["run"] == body.decode()]
    if not chosen:
        return problem_answer(404, [Problem("run-unknown", f"there is no run {body.decode()[:80]!r}", "GET /v1/runs")])
    return Answer(200, JSON, json_text(chosen[0]).encode() + b"\n")


def _shown(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("run", "host", "network", "began", "state", "standing", "steps")}
