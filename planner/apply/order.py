"""An order: all that a run needs to be carried out, or to go on after a restart, as JSON.

No secret is in it: passwords stay in files, of which it has the paths.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from planner.host.model import Host
from planner.plan.after import Holder
from planner.plan.attachment import bonding_document, read_attachment
from planner.plan.plan import step_document
from planner.plan.steps import steps_of
from planner.problem import Problem, Where
from planner.rules.shelf import folder

FORMAT = "mgmtnet/order@1"
Transport = Literal["jsonrpc", "xmlrpc", "engine", "auto"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, in seconds.

    `vdsm`: for VDSM to answer at all. oVirt's engine waits 120 after a deployment: shorter gives up on a host that is
    still starting, longer lets an administrator stare at a dead one.
    `change`: connectivityTimeout, for which VDSM waits for a sign of ours before it rolls back. 120 is the engine's,
    too: shorter undoes good changes behind slow switches (STP 30, LACP 90), longer leaves a lost host lost.
    `settle`: for VDSM to finish what it was doing when its answer got lost; nmstate was seen to take 42. Shorter calls
    a host unknown that is about to roll back; longer delays that report.
    `late`: for which a request whose answer was lost may still be carried out, its connection aborted: 120 in the
    network (a segment's longest life), 60 in VDSM's queue, 120 until nmstate, behind NetworkManager, shows anything.
    Shorter calls a host "as before" that is then changed with nobody there to confirm it; longer delays that report.
    `reboot`: from power on to VDSM. Servers test their memory for minutes; after 15 somebody should look.
    `confirm`: between two signs of ours.
    `keep`: for somebody to say that the change, verified and not yet saved, is to be kept; else it is taken back. 0:
    nobody is asked. It must leave time to try the host out; all the while a reboot takes the change back, too.
    """

    vdsm: float = 120
    change: float = 120
    settle: float = 60
    late: float = 300
    reboot: float = 900
    confirm: float = 0.5
    keep: float = 0


DEFAULT_LIMITS = Limits()
COMMIT_WITHIN = 30.0  # for one setSafeNetworkConfig: VDSM copies some files; it waits for nobody


@dataclass(frozen=True, slots=True)
class Access:
    """How to speak with a host: transport (jsonrpc, xmlrpc, engine, auto), credentials' files, pinned certificate.

    `guard`: a probe that must pass before VDSM is told that the host is reached: whoever asks from the host itself
    would reach it always. `routes`: the address to connect to for an address of the host, where they differ (a
    stand-in, a forwarded port).
    """

    target: str
    transport: Transport = "auto"
    ca: str = ""
    certificate: str = ""
    key: str = ""
    pin: str = ""
    engine: str = ""
    user: str = ""
    password_file: str = ""
    guard: str = ""
    routes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reboot:
    """Which host sends fenceNode, and to what: a BMC; its password is in a file, or in MGMTNET_FENCE_PASSWORD."""

    proxy: Access
    address: str
    agent: str
    username: str
    password_file: str = ""
    port: str = ""
    secure: bool = False
    options: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A plan to be applied to a host.

    `plan`: the plan document; `before`: the network part of the capture it was made from; `addresses`: further
    addresses where the host may be after the change; `probes`: URLs that must still answer if they did before;
    `undoes`: the run that this one takes back, "" where the plan is a new one.
    """

    run: str
    access: Access
    plan: dict[str, Any]
    before: dict[str, Any]
    addresses: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    reboot: Reboot | None = None
    limits: Limits = DEFAULT_LIMITS
    made_by: str = ""
    undoes: str = ""

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {"format": FORMAT, **asdict(self)}


def host_key(order: Order) -> str:
    """Return what two runs on one host have in common: its uuid, or else how it is addressed."""
    return str(order.before.get("uuid") or order.access.target)


def read_order(document: dict[str, Any]) -> Order:
    """Read what `Order.document` of this version or an earlier one wrote; unknown fields are ignored."""
    known = {key: document[key] for key in Order.__dataclass_fields__ if key in document}
    reboot = known.pop("reboot", None)
    return Order(
        **{
            **known,
            "plan": _in_steps(document["plan"]),
            "access": Access(**_known(Access, document["access"])),
            "limits": Limits(**_known(Limits, document.get("limits", {}))),
            "addresses": tuple(document.get("addresses", ())),
            "probes": tuple(document.get("probes", ())),
            "reboot": _reboot(reboot) if reboot else None,
        }
    )


def _in_steps(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan of format 1 had one request: a change without steps before it."""
    if "steps" in plan:
        return plan
    step = {"step": "change", **{key: plan[key] for key in ("request", "foreseen", "revert")}}
    return {**plan, "steps": [step] if plan["request"] else []}


def _reboot(document: dict[str, Any]) -> Reboot:
    fields = _known(Reboot, document)
    return Reboot(**{**fields, "proxy": Access(**_known(Access, document["proxy"]))})


def _known(kind: Any, document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key in kind.__dataclass_fields__}


# A plan from a file, held against its schema and made anew from its attachment before anything is believed of it.


ALTERED = "plan it again from a capture of the host; a plan is not edited, its definition is"
HINT = "`mgmtnet plan CAPTURE ... -o json` prints a plan"


def read_plan(content: bytes, source: str) -> dict[str, Any] | Problem:
    """Read a plan document (schemas/plan.schema.json) from ``content``, or tell why it is not one.

    ``source``: what the problem calls it. Whether its calls follow from its attachment `altered` tells.
    """
    import jsonschema  # 60 ms, and only `apply --plan` reads plans

    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return Problem("plan-malformed", f"{source} is not JSON", HINT, where=(Where(source),))
    with open(os.path.join(folder("schemas"), "plan.schema.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(document))
    if fault is not None:
        path = ".".join(str(part) for part in fault.absolute_path)
        return Problem("plan-malformed", f"this is no plan: {fault.message:.200}", HINT, where=(Where(source, path),))
    return dict(document)


def altered(plan: Mapping[str, Any], host: Host) -> list[Problem]:
    """Return a problem for each place where the calls of ``plan`` do not follow from its attachment on ``host``.

    What is sent must be what the rules decided, what the user was shown, and what the host is held against.
    """
    attachment, management = plan["attachment"], plan["management"]
    wanted = read_attachment(attachment, host.bonds)
    holder = Holder(management["device"], management["address"] or "") if management else Holder()
    adopts = any(reason["field"] == "adopt" and reason["value"] for reason in plan["trace"])
    steps = steps_of(host, plan["network"], wanted, holder, adopts=adopts)
    # As text and back, so that both have the types of JSON.
    right = json.loads(
        json.dumps(
            {
                "attachment": {**attachment, "bonding": bonding_document(wanted.bond)},
                "steps": [step_document(step) for step in steps],
            }
        )
    )
    stated = {"attachment": attachment, "steps": plan["steps"]}
    return [
        Problem(
            "plan-altered",
            f"{path} is {_short(found)}; by the plan's attachment, on this host, it is {_short(made)}",
            ALTERED,
            where=(Where("the plan", path),),
        )
        for path, found, made in _unequal("", stated, right)
    ]


def _unequal(path: str, found: Any, made: Any) -> Iterator[tuple[str, Any, Any]]:
    """The places where two documents differ, as deep as they can be told."""
    if isinstance(found, dict) and isinstance(made, dict):
        for key in dict.fromkeys([*found, *made]):
            yield from _unequal(f"{path}.{key}".lstrip("."), found.get(key), made.get(key))
    elif isinstance(found, list) and isinstance(made, list) and len(found) == len(made):
        for place, pair in enumerate(zip(found, made, strict=True)):
            yield from _unequal(f"{path}.{place}", *pair)
    elif found != made or type(found) is not type(made):  # true is not 1 to VDSM
        yield path, found, made


def _short(value: Any) -> str:
    return f"{'absent' if value is None else json.dumps(value, ensure_ascii=False):.100}"
