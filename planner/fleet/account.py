"""What is told of a rollout: its document, its text, its JUnit report and its page."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from planner.authoring import junit
from planner.fleet.ledger import Beat, Followed, Ledger, Row, Standing
from planner.fleet.rollout import FAILED, IN_FLIGHT, WAITS, Member, Rollout, State
from planner.fleet.waves import Course, decide
from planner.printing import html_text, printable

# How a host's state is said, and what it makes of the status of the command: as for `mgmtnet apply`.
WORDS: dict[State, str] = {
    "waiting": "waits",
    "elsewhere": "is worked on by another rollout",
    "queued": "is next",
    "at work": "is worked on",
    "saved": "as planned and saved",
    "unproven": "as planned and saved, but not all of it is proven",
    "unsaved": "as planned, not saved",
    "before": "as before",
    "adopted": "adopted",
    "unknown": "unknown",
    "refused": "refused",
    "failed": "not begun",
    "held": "held: its plan is of another shape than its canary's",
}
STATUS: dict[State, int] = dict.fromkeys((*FAILED, "waiting"), 1) | {
    "refused": 3,
    "held": 3,
    "unsaved": 5,
    "unknown": 6,
}
FORMAT = "mgmtnet/rollout@1"
LISTED = 3
SHOWN = 20  # hosts of one kind of news that a text has; all are in -o json and in the reports


class Account(Followed):
    """What is told of a rollout that is followed."""

    def host(self, number: int) -> dict[str, Any]:
        """What is told of one host."""
        return _host(self.rollout.members[number], number, self.course.states[number], self.rows.get(number))

    def summary(self, ledger: Ledger) -> dict[str, Any]:
        """What is told of all of them; the rollout is in the ledger."""
        standing = ledger.standing(self.rollout.name)
        assert standing is not None, "it was read from there"  # noqa: S101
        return _summary(self.rollout, self.course, standing, ledger.workers())

    def document(self, ledger: Ledger) -> dict[str, Any]:
        """The rollout as it stands (schemas/rollout.schema.json)."""
        hosts = [self.host(number) for number in range(len(self.rollout.members))]
        return {**self.summary(ledger), "hosts": hosts, "listed": list(self.rollout.listed)}


def document(ledger: Ledger, rollout: Rollout) -> dict[str, Any]:
    """The rollout, which is in the ledger, as it stands now."""
    told = Account(rollout)
    told.catch_up(ledger)
    return told.document(ledger)


def _summary(rollout: Rollout, course: Course, standing: Standing, beats: Sequence[Beat]) -> dict[str, Any]:
    said = decide(rollout, course, standing.asked, time.time()).said
    able = [beat for beat in beats if beat.beats >= 0 and beat.digest == rollout.digest]
    return {
        "format": FORMAT,
        "rollout": rollout.name,
        "state": state_of(standing, course),
        "said": said,
        "began": rollout.began,
        "made_by": rollout.made_by,
        "rules": {"name": rollout.rules, "digest": rollout.digest},
        "max_failures": rollout.max_failures,
        "failures": course.failures,
        "concurrency": rollout.concurrency,
        "window": rollout.window,
        "counts": {state: count for state, count in sorted(course.count.items()) if count},
        "waves": list(_waves(rollout, course)),
        "canaries": [{"kind": kind, "host": rollout.members[at].name} for kind, at in rollout.canaries.items()],
        "workers": [{"worker": beat.worker, "machine": beat.machine} for beat in able],
    }


def state_of(standing: Standing, course: Course) -> str:
    """How the rollout as a whole is doing, in a word."""
    if standing.ended:
        return standing.ended
    if standing.asked == "go":
        return "going"
    return {"pause": "pausing" if course.in_flight else "paused", "stop": "stopping"}[standing.asked]


def _waves(rollout: Rollout, course: Course) -> Iterator[dict[str, Any]]:
    counts: list[Counter[str]] = [Counter() for _ in rollout.waves]
    for member, state in zip(rollout.members, course.states, strict=True):
        if not member.held:
            counts[member.wave][state] += 1
    for number, count in enumerate(counts, 1):
        yield {"wave": number, "hosts": count.total(), "counts": dict(sorted(count.items()))}


def _host(member: Member, number: int, state: State, row: Row | None) -> dict[str, Any]:
    told = row.told if row is not None else {}
    return {
        "host": member.name,
        "target": member.target,
        "number": number,
        "wave": member.wave + 1,
        "kind": member.kind,
        "state": state,
        "attempt": row.attempt if row is not None else 0,
        "worker": row.worker if row is not None else "",
        "run": str(told.get("run", "")),
        "code": str(told.get("code", "")),
        "said": str(told.get("said", "")) or member.held,
        "since": told.get("since"),
        "over": told.get("over"),
    }


def exit_status(account: dict[str, Any]) -> int:
    """The status of a command that shows this document: 0 unless something is to be done about a host."""
    found = [STATUS.get(host["state"], 0) for host in account["hosts"]]
    return max([*found, LISTED if account["listed"] else 0], default=0)


# For a person.


def planned(rollout: Rollout, settled: int) -> str:
    """What a rollout would do, before it starts; ``settled``: how many hosts are as planned and saved already."""
    held = [member for member in rollout.members if member.held]
    lines = [
        f"{rollout.name}: {len(rollout.members) - len(held)} hosts in {len(rollout.waves)} waves, by {rollout.rules}"
    ]
    lines += [f"  {settled} hosts are as planned and saved already"] if settled else []
    for number, size in enumerate(rollout.waves):
        names = [member.name for member in rollout.members if member.wave == number]
        more = f" and {size - SHOWN} more" if size > SHOWN else ""
        lines.append(f"  wave {number + 1}: {size} hosts: {', '.join(names[:SHOWN])}{more}")
    lines += [f"  canary {rollout.members[at].name}: {kind}" for kind, at in rollout.canaries.items()]
    lines += [f"  held {member.name}: {member.held}" for member in held]
    lines += [f"  left out {one['name']}: {one['message']} [{one['code']}]" for one in rollout.listed]
    may = f"at most {rollout.concurrency} at once, {rollout.max_failures} may fail"
    lines.append(f"  {may}{f', between {rollout.window}' if rollout.window else ''}")
    return "".join(f"{printable(line)}\n" for line in lines)


def text(account: dict[str, Any]) -> str:
    """The rollout in some lines: what goes on, each wave, what went wrong, and what to do."""
    state = account["state"]
    lines = [f"{account['rollout']}: {state}: {account['said'].removeprefix(f'{state}: ')}"]
    for wave in account["waves"]:
        told = ", ".join(f"{count} {state}" for state, count in wave["counts"].items())
        lines.append(f"  wave {wave['wave']}: {wave['hosts']} hosts: {told}")
    lines += [f"  canary {one['host']}: {one['kind']}" for one in account["canaries"][:SHOWN]]
    lines += _listed("at work", (f"{host['host']} by {host['worker']}" for host in _in(account, IN_FLIGHT)))
    lines += _listed("trouble", (f"{host['host']}: {_trouble(host)}" for host in _in(account, {*FAILED, "held"})))
    lines += _listed("not in it", (f"{one['name']}: {one['message']}" for one in account["listed"]))
    lines.append(f"  to do: {advice(account)}")
    return "".join(f"{printable(line)}\n" for line in lines)


def _in(account: dict[str, Any], states: Any) -> Iterator[dict[str, Any]]:
    return (host for host in account["hosts"] if host["state"] in states)


def _trouble(host: dict[str, Any]) -> str:
    because = f": {host['said']}" if host["said"] else ""
    run = f" (run {host['run']})" if host["run"] else ""
    return f"{WORDS[host['state']]}{because}{run}"


def _listed(what: str, told: Iterator[str]) -> Iterator[str]:
    every = list(told)
    yield from (f"  {what}: {one}" for one in every[:SHOWN])
    if len(every) > SHOWN:
        yield f"  {what}: and {len(every) - SHOWN} more"


def advice(account: dict[str, Any]) -> str:
    """What to do about the rollout."""
    name, state = account["rollout"], account["state"]
    if state == "failed":
        return f"mend the cause; `mgmtnet rollout resume {name}` tries the hosts that failed again, and goes on"
    if state in ("paused", "pausing", "stopped"):
        return f"`mgmtnet rollout resume {name}` goes on"
    if state == "going" and not account["workers"]:
        return f"nobody works who has its rules: `mgmtnet rollout resume {name}`, or `mgmtnet worker`"
    if any(_in(account, {*FAILED, "held"})):
        return "see to the hosts in trouble; what each did: `mgmtnet status RUN`"
    if state == "done" and account["listed"]:
        return "nothing here; for the hosts that are not in it mend what is said of them, and start another rollout"
    return "nothing" if state == "done" else "nothing; it goes on by itself"


# For continuous integration, and as a page that needs nothing beside it.


def junit_report(account: dict[str, Any]) -> str:
    """Each host as a test; a host that has not ended could not be tested."""
    tested = [
        junit.Result(
            group=f"wave {host['wave']}" if host["wave"] else "held",
            name=host["host"],
            seconds=(host["over"] or 0.0) - (host["since"] or 0.0) if host["over"] else 0.0,
            fault="" if host["state"] == "saved" else host["code"] or host["state"],
            message=_trouble(host),
            broken=host["state"] in WAITS | IN_FLIGHT,
        )
        for host in account["hosts"]
    ]
    tested += [
        junit.Result("listed", one["name"], fault=one["code"], message=one["message"]) for one in account["listed"]
    ]
    began = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(account["began"]))
    return junit.report([junit.Suite(account["rollout"], tested)], began)


STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8886; }
.good { color: light-dark(#176639, #7bd88f); } .bad { color: light-dark(#a3201d, #ff9b94); }
td:nth-child(4) { overflow-wrap: anywhere; }
"""


def page(account: dict[str, Any]) -> str:
    """The rollout as one page of HTML."""
    name = html_text(account["rollout"])
    waves = (
        _cells(wave["wave"], wave["hosts"], ", ".join(f"{count} {state}" for state, count in wave["counts"].items()))
        for wave in account["waves"]
    )
    canaries = (_cells(one["host"], one["kind"]) for one in account["canaries"])
    hosts = (
        _cells(host["host"], host["wave"] or "held", WORDS[host["state"]], host["said"], host["run"], of=host["state"])
        for host in account["hosts"]
    )
    listed = (_cells(one["name"], one["code"], one["message"], of="refused") for one in account["listed"])
    head = f'<meta charset="utf-8"><title>{name}</title><style>{STYLE}</style>'
    parts = [
        f'<!doctype html><html lang="en"><head>{head}</head>',
        f"<body><h1>{name}</h1><p>{html_text(account['state'])}: {html_text(account['said'])}</p>",
        _table(("wave", "hosts", "states"), waves),
        "<h2>Canaries</h2>" + _table(("host", "kind"), canaries),
        "<h2>Hosts</h2>" + _table(("host", "wave", "stands", "because", "run"), hosts),
    ]
    if account["listed"]:
        parts.append("<h2>Not in it</h2>" + _table(("host", "code", "because"), listed))
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _table(heads: Sequence[str], rows: Iterator[str]) -> str:
    head = "".join(f'<th scope="col">{html_text(one)}</th>' for one in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cells(*values: object, of: str = "") -> str:
    kind = ' class="good"' if of == "saved" else ' class="bad"' if of in FAILED or of == "held" else ""
    return f"<tr{kind}>{''.join(f'<td>{html_text(value)}</td>' for value in values)}</tr>"
