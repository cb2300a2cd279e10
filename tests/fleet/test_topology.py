"""What is alike among hosts is told in the field's words, and names make no difference to what a plan does."""

import json
from pathlib import Path

import pytest

import planner
from planner.authoring.golden import Case, changed_by_scrubbing, scrubbed, try_out
from planner.cli.cases import read_golden
from planner.fleet.topology import age, shape, topology
from planner.host.capture import read_capture

GOLDEN = Path(__file__).parents[2] / "golden"
NAMES = sorted(path.parent.name for path in GOLDEN.glob("*/plan.json"))


def document(name: str) -> dict[str, object]:
    return json.loads((GOLDEN / name / "plan.json").read_text())


@pytest.mark.parametrize(
    ("golden", "words"),
    [
        ("seed-vlan-over-bond", "vlan on bond of 2 nics by DHCP"),
        ("nic-static", "nic by a static address"),
        ("bond-dhcp", "bond of 2 nics by DHCP"),
        ("default-routes-and-no-address", "no management address"),
    ],
)
def test_a_topology_is_told_in_words(golden: str, words: str) -> None:
    assert topology(document(golden)) == words


def test_the_age_of_a_host() -> None:
    assert age(planner.Host("", "", version=(4, 50, 8), enterprise_linux=9)) == "4.50 on EL9"
    assert age(planner.Host("", "", version=(4, 10))) == "4.10"
    assert age(planner.Host("", "")) == "unknown"


def test_names_make_no_difference_and_all_else_does(rules) -> None:
    """Every golden renamed by two keys: one shape; different goldens of different steps: different shapes."""
    shapes: dict[str, str] = {}
    by = planner.Planner(rules)
    compared = 0
    for name in NAMES:
        case, _ = read_golden(str(GOLDEN / name))
        assert case is not None
        trial = try_out(case, by)
        shapes[name] = shape(trial.plan.document())
        capture = json.loads((GOLDEN / name / "capture.json").read_text()) if _is_json(name) else None
        if capture is None:
            continue
        wanted = {"network": case.definition.network}
        renamed = scrubbed(capture, wanted, case.addresses, (case.definition.network, "virbr0"), b"k" * 32)
        host = read_capture(renamed.capture).host
        assert host is not None
        other = try_out(Case(name, host, case.definition, renamed.addresses), by)
        if changed_by_scrubbing(trial, other) or case.definition.gateway4 or case.definition.nameservers:
            continue  # a rule looks at names, or the definition has addresses
        assert shape(other.plan.document()) == shapes[name], name
        compared += 1
    assert compared > 60
    assert len({*shapes.values()}) > len(shapes) / 2


def _is_json(name: str) -> bool:
    try:
        return "nics" in json.loads((GOLDEN / name / "capture.json").read_text())
    except (ValueError, OSError):
        return False


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("attachment", "vlan"), 7),
        (("attachment", "mtu"), 1400),
        (("attachment", "ipv4", "method"), "static"),
        (("network",), "other"),
        (("outcome",), "refused"),
        (("attachment", "bonding", "bond4", "options", "miimon"), "50"),
    ],
)
def test_what_counts(path: tuple[str, ...], value: object) -> None:
    one, other = document("seed-vlan-over-bond"), document("seed-vlan-over-bond")
    inner: dict[str, object] = other
    for key in path[:-1]:
        inner = inner[key]  # type: ignore[assignment]
    assert inner[path[-1]] != value
    inner[path[-1]] = value
    assert shape(one) != shape(other)


def test_the_primary_nic_is_known_by_its_role() -> None:
    """Of two bonds the one whose primary comes first by name is as the one whose primary comes last."""
    plans = [document("seed-vlan-over-bond") for _ in range(2)]
    for plan, primary in zip(plans, sorted(plans[0]["attachment"]["bonding"]["bond4"]["nics"]), strict=True):
        plan["steps"] = []
        plan["attachment"]["bonding"]["bond4"]["options"] = {"mode": "1", "primary": primary}
    assert shape(plans[0]) == shape(plans[1])
