"""The house stays in order: imports run one way, each library is known to one module, and only the rim does I/O."""

import ast
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "planner").rglob("*.py"))
KNOWN_TO = {
    "durable_rules_engine": {"planner/engine/durable.py"},
    "yaml": {"planner/yamltext.py"},
    "ruamel": {"planner/authoring/fmt.py"},
    "dbos": {"planner/apply/journal.py", "planner/fleet/queue.py"},
    "sqlalchemy": {"planner/apply/journal.py", "planner/fleet/ledger.py"},
    "psycopg": {"planner/apply/journal.py", "planner/service/decisions.py"},
    "rich": {"planner/cli/progress.py"},
    "jsonschema": {"planner/apply/order.py", "planner/service/contract.py"},
    "starlette": {f"planner/service/{name}.py" for name in ("app", "changes", "request")},
    "uvicorn": {"planner/service/listen.py"},
    "prometheus_client": {"planner/service/metrics.py"},
    "requests": {"planner/vdsm/http.py"},
    "urllib3": {"planner/vdsm/http.py"},
    "cryptography": {"planner/vdsm/credentials.py"},
    "z3": {f"planner/proof/{name}.py" for name in ("rows", "encode", "ask", "anomalies", "advice", "equivalence")},
    "trustme": {"planner/standin/certificates.py"},
}
RIM = (
    *(
        "planner/cli/",
        "planner/fleet/",
        "planner/vdsm/",
        "planner/apply/",
        "planner/service/",
        "planner/rules/shelf.py",
        "planner/files.py",
        "planner/extras.py",
        "planner/rules/schema.py",
    ),
    *(f"planner/standin/{name}.py" for name in ("server", "certificates", "clock")),
    "planner/host/formats/log.py",  # times of a log are compared across zones; no clock is looked at
    "planner/engine/firing.py",  # a lock, which a fork has to wait for
    "planner/standin/daemon.py",  # a lock: VDSM answers 40 to a second network verb
)
HEAVY = {
    "jsonschema",
    "requests",
    "dbos",
    "z3",
    "psycopg",
    "rich",
    "ruamel",
    "cryptography",
    "ssl",
    "inspect",
    "xml.etree.ElementTree",
    "socket",
    "starlette",
    "uvicorn",
    "prometheus_client",
}
# The measuring of coverage imports what it needs.
UNCOVERED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
OUTSIDE_WORLD = {"os", "sys", "socket", "time", "datetime", "random", "subprocess", "threading", "tempfile", "shutil"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_imports_run_one_way() -> None:
    contract = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert contract.returncode == 0, contract.stdout + contract.stderr


def test_no_imports_go_in_circles() -> None:
    graph = grimp.build_graph("planner")
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_is_pure_and_libraries_have_one_home(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    found = imported(path)
    for library, homes in KNOWN_TO.items():
        assert library not in found or name in homes
    if not name.startswith(RIM) and name != "planner/__main__.py":
        assert not found & OUTSIDE_WORLD
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        assert not any(isinstance(call, ast.Name) and call.id in {"open", "print", "input"} for call in calls)


def test_planning_starts_without_heavy_libraries() -> None:
    code = (
        "import sys; from planner.cli.main import main; "
        "main(['plan', 'golden/seed-vlan-over-bond/capture.json', '-o', 'json']); "
        f"print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=UNCOVERED
    )
    assert set(ast.literal_eval(ran.stderr.splitlines()[-1])) <= {"inspect"}
