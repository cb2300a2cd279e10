"""A golden out of a captured host: renamed, so that it tells of nobody, and planned to see that it is the same case."""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from planner.authoring.trial import Trial
from planner.definition import DEFAULT_NETWORK
from planner.documents.sources import dump_yaml
from planner.host.pseudonyms import Pseudonyms
from planner.host.scrubbing import pseudonyms, scrub
from planner.problem import Problem


class Scrubbed(NamedTuple):
    """A capture, its definition and its management addresses, without what names anybody."""

    capture: dict[str, Any]
    definition: dict[str, Any]
    addresses: tuple[str, ...]

    def files(self, about: str) -> dict[str, str]:
        """What goes into a golden, by file."""
        description = f"about: {json.dumps(about, ensure_ascii=False)}\n"
        if self.addresses:
            description += f"address: {json.dumps(self.addresses)}\n"
        return {
            "capture.json": json.dumps(self.capture, indent=1, ensure_ascii=False) + "\n",
            "definition.yaml": dump_yaml(self.definition),
            "about.yaml": description,
        }


def scrubbed(
    capture: Mapping[str, Any],
    definition: Mapping[str, Any],
    addresses: Collection[str],
    keep: Collection[str],
    key: bytes,
) -> Scrubbed:
    """All three renamed alike, by ``key``; the names in ``keep`` stay, and so does ovirtmgmt."""
    kept = (DEFAULT_NETWORK, *keep)
    network = str(definition.get("network") or DEFAULT_NETWORK)
    new = pseudonyms(capture, key, kept, (network,))
    wanted: dict[str, Any] = {"network": new.names[network]}
    for field, value in definition.items():
        if field != "network":
            wanted[field] = _renamed(value, new) if field in ("nameservers", "gateway") else value
    return Scrubbed(scrub(capture, key, kept, (network,)), wanted, tuple(map(new.address, addresses)))


def _renamed(value: Any, new: Pseudonyms) -> Any:
    """An address, or a list of them; what is none (`none`, nothing) stays."""
    if isinstance(value, list):
        return [_renamed(item, new) for item in value]
    return new.address(value) if isinstance(value, str) else value


def changed_by_scrubbing(before: Trial, after: Trial) -> list[Problem]:
    """The rules that the renamed host does not meet as the captured one did: it is another case then."""
    differing = [
        f"{rule} ({outcome}, now {after.outcome(rule)})"
        for rule, outcome in before.plan.outcomes.items()
        if after.outcome(rule) != outcome
    ]
    if not differing:
        return []
    message = f"renamed, the host is another case: {', '.join(differing)}"
    hint = "keep the name that these rules look at: --keep NAME"
    return [Problem("scrubbed-away", message, hint, severity="warning")]


def described(trial: Trial) -> str:
    """One sentence on the host, for whoever gave none."""
    plan = trial.plan
    place = f"The management address is on a {plan.management.kind}" if plan.management else "Nothing holds the address"
    codes = [problem.code for problem in plan.problems if problem.severity == "error"]
    return f"{place}; {plan.outcome}" + (f": {', '.join(codes)}" if codes else "")
