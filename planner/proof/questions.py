"""Questions about a ruleset, asked of the solver, and answered with a proof or with a host."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from planner.engine.compiled import Compiled
from planner.proof.ask import Answer, World
from planner.proof.axioms import axioms
from planner.proof.witness import Witness, shows, witness_of
from planner.rules.model import Invariant, Ruleset

WISHING = 60  # rounds for a plainer host; with more, one that is not to be found takes longer to give up

Verdict = Literal["proved", "refuted", "symbolic only", "undecided"]

# What makes a host easier to look at: kinds that it may do without, values that are usual.
PLAIN = ("foreseen", "route", "nameserver", "client", "member", "port", "address", "bond", "vlan", "bridge", "network")
USUAL: tuple[tuple[str, str, str | int], ...] = (
    *(("vdsm", name, value) for name, value in (("version", 450), ("patch", 5), ("known", 1), ("dirty", 0))),
    *(("definition", name, value) for name, value in (("network", ""), ("vlan", -1), ("mtu", 1500), ("stp", 0))),
    *(("definition", name, "") for name in ("ipv4", "gateway4", "gateway6", "nameservers")),
    *(("definition", name, value) for name, value in (("default_route_stated", 0), ("vm_network", 1))),
    *(("management", name, value) for name, value in (("family", 4), ("found_by", "address"))),
    *(("host", name, "") for name in ("lacking", "nameservers", "default_route_devices")),
)


class Proof(NamedTuple):
    """What was found out of an invariant.

    ``axioms`` and ``refusals`` are what a proof stands on; ``witness`` is the host that refutes, of which the planner
    makes what must never be; of ``symbolic only`` the solver has facts, and no capture was found that has them.
    """

    invariant: Invariant
    verdict: Verdict
    axioms: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    witness: Witness | None = None


def prove(rules: Compiled, invariants: Sequence[Invariant]) -> Iterator[Proof]:
    """Each invariant: whether the rules keep it on every host."""
    for invariant in invariants:
        world = world_of(rules.ruleset, [invariant])
        yield _proof(world, rules, invariant)


def world_of(ruleset: Ruleset, invariants: Sequence[Invariant]) -> World:
    """The rules that act, and every axiom, to be asked about ``invariants``."""
    return World(ruleset.enabled, axioms(), invariants)


def _proof(world: World, rules: Compiled, invariant: Invariant) -> Proof:
    fires = world.claim(invariant).fires
    answer = world.ask(fires)
    if answer.verdict == "proved":
        return Proof(invariant, "proved", answer.axioms, answer.refusals)
    if answer.verdict == "undecided":
        return Proof(invariant, "undecided")
    for plain in (*plainer(world, fires), answer):
        witness = witness_of(plain.facts)
        if shows(witness, rules, invariant.never):
            return Proof(invariant, "refuted", witness=witness)
    return Proof(invariant, "symbolic only")


def plainer(world: World, *question: Any, without: str = "") -> Iterator[Answer]:
    """The plainest facts of which ``question`` is true, then plain ones, which are sooner found."""
    usual = [world.field(*one) for one in USUAL]
    for wishes in ([*usual, *(world.none(kind) for kind in reversed(PLAIN))], usual):
        answer = world.ask(*question, without=without, wishes=wishes, rounds=WISHING)
        if answer.verdict == "refuted":
            yield answer
