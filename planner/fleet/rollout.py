"""A rollout as it is written down, once: which hosts, in which waves, what is wanted of them, and how it may go.

No secret is in it: whoever works has the credentials.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NamedTuple

from planner.apply.order import Transport
from planner.problem import Problem

ORDER = "mgmtnet/rollout-order@1"  # what is written down; how it stands is another document

# How a host of a rollout is doing; the first four have not ended.
State = Literal[
    "waiting",
    "elsewhere",  # another rollout has it
    "queued",
    "at work",
    "saved",  # as planned and saved: proven
    "unproven",  # as planned and saved, but something went wrong: a reboot, a probe
    "unsaved",
    "before",
    "adopted",
    "unknown",
    "refused",
    "failed",  # no run could begin
    "held",  # its plan is of another shape than its canary's
]
WAITS: frozenset[State] = frozenset(("waiting", "elsewhere"))
IN_FLIGHT: frozenset[State] = frozenset(("queued", "at work"))
FAILED: frozenset[State] = frozenset(("unproven", "unsaved", "before", "adopted", "unknown", "refused", "failed"))
# What a host that ended so needs: another attempt goes on with its run, or begins one.
IN_DOUBT: frozenset[State] = frozenset(("unsaved", "unknown"))

Asked = Literal["go", "pause", "stop"]
Lane = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Member:
    """A host of a rollout.

    ``key``: by which rollouts exclude each other (its uuid, else the target). ``wave``: which, from 0; -1 where
    ``held`` says why it waits. ``definition``: which of the rollout's. ``kind``: topology and age of VDSM, of which one
    host is the canary; ``shape``: of its plan. ``proxy`` and ``bmc``: who reboots it, and its power management.
    """

    name: str
    target: str
    key: str
    wave: int = 0
    definition: int = 0
    addresses: tuple[str, ...] = ()
    kind: str = ""
    shape: str = ""
    proxy: str = ""
    bmc: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class Power:
    """How hosts are rebooted, but for what each has of its own; passwords are the workers'."""

    agent: str
    user: str
    options: str = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout. ``rules``: as they were named; ``digest``: of them, which a worker must have.

    ``definitions``: texts, which members name by number. ``waves``: how many hosts each has. ``canaries``: for each
    kind its member's number. ``listed``: hosts that are not worked on, each with ``name``, ``code`` and ``message``.
    ``window``: as it was given. ``timeout``, ``wait``: seconds, as `mgmtnet apply` has them.
    """

    name: str
    rules: str
    digest: str
    definitions: tuple[str, ...]
    members: tuple[Member, ...]
    waves: tuple[int, ...]
    max_failures: int = 0
    concurrency: int = 10
    window: str = ""
    canaries: dict[str, int] = field(default_factory=dict)
    listed: tuple[dict[str, str], ...] = ()
    transport: Transport = "auto"
    engine: str = ""
    pin: str = ""
    power: Power | None = None
    probes: tuple[str, ...] = ()
    timeout: float = 120
    wait: float = 120
    made_by: str = ""
    began: float = 0.0

    def lanes(self, member: Member) -> tuple[Lane, ...]:
        """What many hosts go through, each by its kind and name: an engine, a proxy that fences."""
        engine = (("engine", self.engine),) if self.engine else ()
        return (*engine, ("proxy", member.proxy)) if member.proxy else engine

    def document(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {"format": ORDER, **asdict(self)}


def read_rollout(document: Mapping[str, Any]) -> Rollout | Problem:
    """Read what `Rollout.document` of this version or an earlier one wrote; unknown fields are ignored."""
    if document.get("format") != ORDER:
        hint = "use that version here"
        return Problem("rollout-newer", "the rollout was written by a later mgmtnet, which this one cannot read", hint)
    try:
        known: dict[str, Any] = {key: document[key] for key in Rollout.__dataclass_fields__ if key in document}
        power: Any = known.pop("power", None)
        lists: dict[str, Any] = {
            key: tuple(known[key]) for key in ("definitions", "waves", "listed", "probes") if key in known
        }
        members = tuple(map(_member, known.pop("members")))
        return Rollout(**{**known, **lists, "members": members, "power": Power(**power) if power else None})
    except (TypeError, KeyError, AttributeError, ValueError) as fault:
        told = f"the rollout is not written as ours are: {type(fault).__name__}: {fault}"
        return Problem("rollout-malformed", told, "find out who wrote it; the hosts' runs are in `mgmtnet status`")


def _member(document: Mapping[str, Any]) -> Member:
    known: dict[str, Any] = {key: value for key, value in document.items() if key in Member.__dataclass_fields__}
    return Member(**{**known, "addresses": tuple(known.get("addresses", ()))})


class Ended(NamedTuple):
    """How work on a host ended: in which state, by which run (none: nothing was sent), and what is to be said of it."""

    state: State
    run: str = ""
    code: str = ""
    said: str = ""

    def document(self) -> dict[str, str]:
        """As the database keeps it."""
        return {"run": self.run, "code": self.code, "said": self.said}


# From hosts with their plans to waves.


REST = "rest"


def wave_sizes(text: str, hosts: int) -> tuple[int, ...] | Problem:
    """The sizes that ``1,5%,25%,rest`` means for so many hosts; what is left over is a last wave.

    A percentage is of all hosts, and at least one of them.
    """
    sizes: list[int] = []
    for part in text.split(","):
        stated = part.strip()
        left = hosts - sum(sizes)
        number = stated.removesuffix("%")
        if stated == REST:
            wanted = left
        elif number.isascii() and number.isdecimal() and 0 < int(number[:9]) <= (100 if "%" in stated else 10**9):
            wanted = max(1, hosts * int(number) // 100) if "%" in stated else int(number[:9])
        else:
            hint = "write numbers of hosts and percentages, like 1,5%,25%,rest"
            return Problem("waves-malformed", f"{stated!r} is no wave", hint)
        sizes += [min(wanted, left)] if left else []
    left = hosts - sum(sizes)
    return (*sizes, left) if left else tuple(sizes)


def in_waves(members: Iterable[Member], sizes: tuple[int, ...]) -> tuple[tuple[Member, ...], dict[str, int]]:
    """Put hosts into waves, canaries first: for each kind the first host; another shape than its canary's is held.

    The first wave holds every canary, be it larger for that.
    """
    listed = list(members)
    canaries: dict[str, int] = {}
    for number, member in enumerate(listed):
        canaries.setdefault(member.kind, number)
    chosen = set(canaries.values())
    placed: dict[int, Member] = {}
    wave, room = 0, max(sizes[0] if sizes else 0, len(chosen))
    for number in (*chosen, *(number for number in range(len(listed)) if number not in chosen)):
        member = listed[number]
        if member.shape != listed[canaries[member.kind]].shape:
            why = f"its plan is of another shape than that of {listed[canaries[member.kind]].name}"
            placed[number] = replace(member, wave=-1, held=why)
            continue
        while not room:
            wave += 1
            room = sizes[wave] if wave < len(sizes) else len(listed)
        placed[number] = replace(member, wave=wave)
        room -= 1
    return tuple(placed[number] for number in range(len(listed))), canaries
