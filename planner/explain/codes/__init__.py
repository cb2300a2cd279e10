"""What each problem's code means that mgmtnet itself finds; those that rules say are explained by the rules.

The message of a problem tells the case, this
the kind: it is what `mgmtnet explain CODE` and docs/codes/ have.
"""

from collections.abc import Mapping

from planner.explain.codes.inputs import INPUTS
from planner.explain.codes.language import LANGUAGE
from planner.explain.codes.meaning import Meaning
from planner.explain.codes.runs import RUNS
from planner.explain.codes.workbench import WORKBENCH

# By what they are about, as a reader would look for them.
CHAPTERS: Mapping[str, Mapping[str, Meaning]] = {
    "captures and definitions": INPUTS,
    "rule files": LANGUAGE,
    "trying, comparing and releasing rules": WORKBENCH,
    "hosts and runs": RUNS,
}
CODES: Mapping[str, Meaning] = {code: meaning for chapter in CHAPTERS.values() for code, meaning in chapter.items()}
