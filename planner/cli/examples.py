"""What help and manual tell beside the options: examples of each command, and what its exit status means."""

from collections.abc import Iterator, Mapping

from planner.printing import folded

WIDTH = 78
# Of every command; what a command says otherwise goes before.
COMMON = {
    0: "it was done",
    1: "bad input, or it failed; standard error tells why",
    2: "wrong usage",
}
PLANNED = {0: "a plan, also one that changes nothing", 3: "refused"}
APPLIED = {
    0: "the host stands as planned, and that is saved (--check: nothing would change)",
    1: "the change is not made (as before, or adopted), or the input is bad",
    3: "refused, by the rules or because the plan is stale",
    4: "--check: something would change",
    5: "as planned, and not or perhaps not saved: `mgmtnet resume RUN`",
    6: "unknown: look at the host's console",
    130: "interrupted (143: by SIGTERM): `mgmtnet resume RUN` goes on",
}
COMPARED = {0: "nothing changes", 1: "a host could not be planned, or the input is bad", 4: "a plan changes"}
HELD = {0: "all are as they were", 1: "some are not, or the input is bad"}
ROLLED = {
    0: "every host stands as planned",
    1: "some do not: as before, adopted, or not begun; or the input is bad",
    3: "some are refused or held, or no host can be planned",
    5: "some stand as planned, and are not saved",
    6: "of some it is not known how they stand",
    130: "interrupted",
}
STATUSES: Mapping[str, Mapping[int, str]] = {
    "plan": PLANNED | {4: "with --exit-code: a change (0: nothing to change)"},
    "why": PLANNED,
    "why-not": {},
    "advise": {0: "the host is accepted as it is defined", 3: "it is refused, whatever the advice"},
    "diff": PLANNED,
    "judge": {0: "the host keeps its management network", 1: "it cannot be judged", 3: "the host could lose it"},
    "draw": PLANNED,
    "apply": APPLIED,
    "register": APPLIED,
    "rehearse": {number: what for number, what in APPLIED.items() if number != 4},
    "resume": {number: what for number, what in APPLIED.items() if number not in (3, 4)},
    "confirm": {
        0: "the run keeps its change",
        1: "it does not ask, or it is too late",
        5: "nobody is at work on the run",
    },
    "undo": APPLIED | {3: "refused: there is nothing to take back, or the host was changed since"},
    "fleet plan": {0: "every host has a plan", 1: "a host could not be planned", 3: "a host is refused"},
    "fleet diff": COMPARED,
    "rules diff": COMPARED,
    "rules check": {0: "nothing is wrong", 1: "an error (--strict: or a warning, or something undecided)"},
    "rules test": {0: "every example and golden is as it should be", 1: "one is not"},
    "rules prove": {0: "every invariant is proved", 1: "one is not"},
    "rules fmt": {0: "formatted", 1: "--check: a file is not formatted; or one cannot be read"},
    "golden check": HELD,
    "golden update": {0: "all are up to date", 1: "some are left as they were"},
    "rollout start": ROLLED,
    "rollout resume": ROLLED,
}
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "plan": (
        "vdsm-client Host getCapabilities | mgmtnet plan - --network definition.yaml --address 192.0.2.10",
        "mgmtnet plan sosreport-host1.tar.xz --network definition.yaml -o json",
    ),
    "why": ("mgmtnet why capture.json --network definition.yaml vlan",),
    "why-not": ("mgmtnet why-not capture.json --network definition.yaml vlan-over-bond",),
    "advise": ("mgmtnet advise capture.json --network definition.yaml",),
    "explain": ("mgmtnet explain vlan-tag-mismatch",),
    "facts": ("mgmtnet facts capture.json --address 192.0.2.10",),
    "diff": ("mgmtnet diff capture.json --network definition.yaml",),
    "draw": ("mgmtnet draw capture.json --network definition.yaml -o svg > host1.svg",),
    "define": ("mgmtnet define capture.json --address 192.0.2.10 > definition.yaml",),
    "judge": ("mgmtnet judge request.json --capture capture.json --address 192.0.2.10",),
    "capture": (
        "mgmtnet capture host1.example.com -o host1.json",
        "mgmtnet capture host1.json --scrub -o scrubbed.json",
    ),
    "apply": (
        "mgmtnet apply host1.example.com --network definition.yaml --check",
        "mgmtnet apply host1.example.com --network definition.yaml --confirm-within 120",
    ),
    "rehearse": ("mgmtnet rehearse capture.json --network definition.yaml --fault setupNetworks:lost-reply:1",),
    "register": ("mgmtnet register --engine-host engine.example.com --network definition.yaml --yes",),
    "status": ("mgmtnet status", "mgmtnet status 20260101-120000-1a2b -o json"),
    "resume": ("mgmtnet resume 20260101-120000-1a2b --expect 192.0.2.77",),
    "confirm": ("mgmtnet confirm 20260101-120000-1a2b",),
    "undo": ("mgmtnet undo 20260101-120000-1a2b --check", "mgmtnet undo 20260101-120000-1a2b"),
    "rollout start": ("mgmtnet rollout start --hosts inventory.yaml --network definition.yaml --waves 1,5%,rest",),
    "rollout status": ("mgmtnet rollout status",),
    "rollout pause": ("mgmtnet rollout pause spring",),
    "rollout resume": ("mgmtnet rollout resume spring --failed",),
    "rollout stop": ("mgmtnet rollout stop spring",),
    "rollout report": ("mgmtnet rollout report spring -o html > spring.html",),
    "worker": ("mgmtnet worker --database postgresql://db.example.com/mgmtnet --jobs 16",),
    "simulate": ("mgmtnet simulate capture.json --port 0 --speed 20",),
    "serve": ("mgmtnet serve --new-token engine:plan --tokens tokens", "mgmtnet serve --listen 127.0.0.1:8080"),
    "fleet plan": ("mgmtnet fleet plan captures/ --network table.csv -o plans/",),
    "fleet diff": ("mgmtnet fleet diff captures/ --as-vdsm 4.50.8 --network definition.yaml",),
    "completion": (
        "source <(mgmtnet completion bash)",
        "mgmtnet completion fish > ~/.config/fish/completions/mgmtnet.fish",
    ),
    "man": ("mgmtnet man > ~/.local/share/man/man1/mgmtnet.1",),
    "golden check": ("mgmtnet golden check golden -o junit > goldens.xml",),
    "golden update": ("mgmtnet golden update --interactive",),
    "golden new": ("mgmtnet golden new capture.json --network definition.yaml --name vlan-over-bond",),
    "rules list": ("mgmtnet rules list",),
    "rules show": ("mgmtnet rules show vlan-over-bond",),
    "rules check": ("mgmtnet rules check site --hosts golden",),
    "rules test": ("mgmtnet rules test site --only 'vlan-*'",),
    "rules coverage": ("mgmtnet rules coverage site --strict",),
    "rules mutate": ("mgmtnet rules mutate site --fail-under 95",),
    "rules prove": ("mgmtnet rules prove site --jobs 2",),
    "rules diff": ("mgmtnet rules diff ovirtmgmt@1.0 site --hosts captures",),
    "rules doc": ("mgmtnet rules doc site > rules.md",),
    "rules fields": ("mgmtnet rules fields bond",),
    "rules fmt": ("mgmtnet rules fmt --check site",),
    "rules init": ("mgmtnet rules init site",),
    "rules new": ("mgmtnet rules new vlan-from-floor --like vlan-over-bond --into site",),
    "rules release": ("mgmtnet rules release site --changelog CHANGELOG.md",),
    "rules digest": ("mgmtnet rules digest site",),
}


def closing(prog: str) -> str:
    """What stands at the end of the help of ``prog``, a command with its words: examples and statuses."""
    name = prog.partition(" ")[2]
    examples = "".join(f"  {line}\n" for line in EXAMPLES.get(name, ()))
    stated = "".join(f"{line}\n" for line in _table(name)) if name in EXAMPLES else ""
    return (f"\nexamples:\n{examples}" if examples else "") + (f"\nexit status:\n{stated}" if stated else "")


def statuses(name: str) -> dict[int, str]:
    """What each exit status of a command means."""
    return dict(sorted({**COMMON, **STATUSES.get(name, {})}.items()))


def _table(name: str) -> Iterator[str]:
    for number, what in statuses(name).items():
        yield from folded(what, WIDTH, first=f"  {number:>3}  ")
