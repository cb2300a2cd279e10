"""``mgmtnet rules prove``: whether rules keep their invariants on every host, or on which host they do not."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence

import planner
from planner.authoring.findings import Finding, Shown, sarif
from planner.authoring.golden import Case
from planner.cli.cases import ruleset_of
from planner.cli.output import complain, say, say_json, tell
from planner.cli.rules_check import version
from planner.explain.drawing.scene import pictures
from planner.explain.drawing.text import render
from planner.problem import Problem, Where
from planner.proof.invariants import NEEDED, Carried, Proof, carried, document, prove
from planner.proof.witness import Witness
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Invariant, Ruleset
from planner.yamltext import suggest

HINTS = {
    "refuted": "`-o json` has the capture and the definition; mend the rules, or what the invariant asks for",
    "symbolic only": "the solver has facts, and no capture was found that has them; an axiom may be missing",
    "undecided": "it took too long; fewer patterns with `no` make an invariant easier",
}


OF_A_BASE = (
    "`-o json` has the capture and the definition; mend the rules, or say under `give_up` in the manifest why not"
)


def run_prove(options: argparse.Namespace) -> int:
    """Prove each invariant that is asked for; the exit status: 0 if all are proved, or given up in the manifest."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    invariants = [one for one in ruleset.invariants if not options.invariant or one.name in options.invariant]
    known = [one.name for one in ruleset.invariants]
    unknown = sorted({*options.invariant} - {*known})
    for name in unknown:
        complain([Problem("unknown-invariant", f"{ruleset.title} has no invariant {name!r}", suggest(name, known))])
    rules = compile_ruleset(ruleset)
    proofs: list[tuple[Proof, tuple[Carried, ...]]] = []
    for proof, bearing in _proofs(rules, invariants, options):
        proofs.append((proof, bearing))
        if options.output == "text":
            say(_text(proof, bearing, rules))
    failed = [proof for proof, _ in proofs if proof.verdict != "proved" and not _is_given_up(proof, ruleset)]
    if options.output == "json":
        say_json(document(ruleset, proofs))
    elif options.output == "sarif":
        say_json(sarif(version(), [_finding(proof, ruleset) for proof in failed]))
    counted = Counter("given up" if _is_given_up(proof, ruleset) else proof.verdict for proof, _ in proofs)
    told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted.items())) or "none to prove"
    tell(f"{ruleset.title}: invariants: {told}")
    for verdict in HINTS:
        if names := [proof.invariant.name for proof in failed if proof.verdict == verdict]:
            tell(f"{verdict}: {', '.join(names)}")
    idle = [*_idle(proofs), *_needless(proofs, ruleset)]
    for line in (*idle, *([_carrying(proofs)] if options.carried else [])):
        tell(line)
    return 1 if unknown or failed or idle else 0


def _is_given_up(proof: Proof, ruleset: Ruleset) -> bool:
    """Whether the manifest says why the rules need not keep an invariant, and they do not."""
    return proof.verdict != "proved" and proof.invariant.name in dict(ruleset.given_up)


def _needless(proofs: Sequence[tuple[Proof, Sequence[Carried]]], ruleset: Ruleset) -> Iterator[str]:
    """What the manifest gives up, and the rules keep."""
    for name in [proof.invariant.name for proof, _ in proofs if proof.verdict == "proved"]:
        if name in dict(ruleset.given_up):
            yield f"{name} is given up in the manifest, and kept on every host: take it out of `give_up`"


def _proofs(
    rules: Compiled, invariants: Sequence[Invariant], options: argparse.Namespace
) -> Iterator[tuple[Proof, tuple[Carried, ...]]]:
    """Each proof, and what becomes of the invariant without rules; several at a time in processes of their own."""
    asked = [(rules.ruleset, one, options.carried) for one in invariants]
    if options.jobs < 2:
        yield from map(_proved, asked)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_proved, asked)


def _proved(asked: tuple[Ruleset, Invariant, str | None]) -> tuple[Proof, tuple[Carried, ...]]:
    ruleset, invariant, which = asked
    rules = compile_ruleset(ruleset)
    (proof,) = prove(rules, [invariant])
    names = {"declared": invariant.rests_on, "all": proof.refusals}.get(which or "", ())
    return proof, tuple(carried(rules, invariant, names)) if proof.verdict == "proved" else ()


def _idle(proofs: Sequence[tuple[Proof, Sequence[Carried]]]) -> Iterator[str]:
    """What is wrong with `rests_on`: an invariant that does not need one of its rules."""
    for proof, bearing in proofs:
        for one in bearing:
            if one.bearing not in NEEDED and one.rule in proof.invariant.rests_on:
                yield f"{proof.invariant.name} is said to rest on {one.rule}, and without it: {one.bearing}"


def _carrying(proofs: Sequence[tuple[Proof, Sequence[Carried]]]) -> str:
    """How many rules are needed for an invariant, and of how many that is shown by a host."""
    needed = [one for _, bearing in proofs for one in bearing if one.bearing in NEEDED]
    shown = {one.rule for one in needed if one.bearing == "carried"}
    return f"rules that carry an invariant: {len({one.rule for one in needed})}, shown by a host: {len(shown)}"


def _text(proof: Proof, bearing: Sequence[Carried], rules: Compiled) -> str:
    lines = [_headline(proof, rules.ruleset)]
    if proof.axioms:
        lines.append(f"  given that {'; '.join(proof.axioms)}")
    for told, known in (("shown by a host", "carried"), ("by the solver's facts only", "symbolic only")):
        rules_named = [one.rule for one in bearing if one.bearing == known]
        if rules_named:
            lines.append(f"  it rests on the refusals of {', '.join(rules_named)} ({told})")
    if proof.witness is not None:
        lines += drawn(proof.witness, rules)
    reason = dict(rules.ruleset.given_up).get(proof.invariant.name)
    if reason is not None:
        lines.append(f"  the manifest gives it up: {reason}")
    elif proof.verdict in HINTS:
        lines.append(f"  hint: {_hint(proof, rules.ruleset)}")
    return "\n".join(lines)


def _hint(proof: Proof, ruleset: Ruleset) -> str:
    """What to do; what is asked for by a base alone may be given up."""
    theirs = proof.verdict == "refuted" and proof.invariant.origin != ruleset.title
    return OF_A_BASE if theirs else HINTS[proof.verdict]


def _headline(proof: Proof, ruleset: Ruleset) -> str:
    """``proved: tag-kept: ...``; of a policy's base ``gives up tag-kept of ovirtmgmt@1.0: ...``."""
    invariant = proof.invariant
    if proof.verdict == "refuted" and invariant.origin != ruleset.title:
        return f"gives up {invariant.name} of {invariant.origin}: {invariant.summary}"
    return f"{proof.verdict}: {invariant.name}: {invariant.summary}"


def drawn(witness: Witness, rules: Compiled) -> list[str]:
    """The host as it is and as it would be by the rules, and what the definition asks for."""
    read = witness.read()
    if read is None:
        return []
    host, definition = read
    plan = planner.plan(host, definition, rules, witness.addresses)
    drawing = render(*pictures(host, plan.document())).rstrip("\n").split("\n")
    asked = f"  with this host, the definition {json.dumps(witness.definition)}"
    return [asked + (f" and the address {', '.join(witness.addresses)}" if witness.addresses else ""), *drawing]


def _finding(proof: Proof, ruleset: Ruleset) -> Finding:
    """A proof that failed as `rules check` tells what it found."""
    invariant, witness = proof.invariant, proof.witness
    problem = Problem(
        "invariant-" + proof.verdict.replace(" ", "-"),
        _headline(proof, ruleset),
        _hint(proof, ruleset),
        where=(_place(invariant),),
    )
    read = witness.read() if witness is not None else None
    if witness is None or read is None:
        return Finding(problem)
    return Finding(problem, Shown(Case(invariant.name, *read, witness.addresses), witness))


def _place(invariant: Invariant) -> Where:
    return Where(invariant.source, line=invariant.line, column=1)
