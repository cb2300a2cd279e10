"""Logs of VDSM and of the engine: each answer of getVdsCaps in them, when it came, and of which host.

VDSM writes what it answers as Python has it (vdsm.log, supervdsm.log); the engine writes what it receives, as JSON,
where its log has DEBUG of `org.ovirt.vdsm.jsonrpc.client`. An answer is one line, and a line of a log has a time. What
syslog and the journal write (`Nov 27 10:00:01`) has no year, and none is made up: such times are compared without one.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from planner.host.fields import quoted
from planner.problem import Problem, Where
from planner.yamltext import suggest

ASKED = r"(?:getCapabilities|getVdsCaps|network_caps)\b[^\n{]{0,80}(?=\{[\"'uU])"
ANSWER = re.compile(rf"{ASKED}|Message received: (?=\{{)", re.ASCII)
TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?P<minute>[ T]\d\d:\d\d(?P<second>:\d\d(?:[,.](?P<rest>\d{1,6}))?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WITHOUT_YEAR = re.compile(
    rf"\b(?P<month>{'|'.join(MONTHS)}) {{1,2}}(?P<day>\d\d?)\b"
    r"(?P<minute> \d\d:\d\d(?P<second>:\d\d(?:[,.](?P<rest>\d{1,6}))?)?)?",
    re.ASCII,
)
NO_YEAR = 4  # of a time without one: it has a 29th of February, and no log is of it
CAPS = re.compile(r"""["'](?:bondings|nics)["']\s*:""")  # the engine receives other answers, too, and failed ones
UUID = re.compile(r"""["']uuid["']\s*:\s*[uU]?["']([\w:-]{1,64})["']""", re.ASCII)
HWADDR = re.compile(r"""["']hwaddr["']\s*:\s*[uU]?["']([\w:]{1,60})["']""", re.ASCII)
ADDRESS = re.compile(r"""["']ipv4addrs["']\s*:\s*\[\s*[uU]?["']([0-9.]{7,15})/""", re.ASCII)
LONGEST_HEAD = 400  # characters before an answer: time, thread, class; more is no log's
LISTED = 10  # answers that a problem lists; the last ones of many, as the latest are the likelier


class Answer(NamedTuple):
    """An answer of getVdsCaps: its text from ``start`` to ``end``, its line, and when it came.

    ``host`` is the host's own identity, ``""`` where only VDSM's log can have it; ``address`` is one to know it by.
    """

    start: int
    end: int
    line: int
    written: str
    moment: datetime
    host: str = ""
    address: str = ""

    def __str__(self) -> str:
        """The host, as a list of several has it."""
        return " at ".join(word for word in (self.host or "one without a name", self.address) if word)


def answers(text: str) -> list[Answer]:
    """Every answer of getVdsCaps among the lines of a log; none where the text is no log."""
    found: list[Answer] = []
    at = counted = 0
    line = 1
    while mark := ANSWER.search(text, at):
        at = mark.end()
        begins = text.rfind("\n", max(0, mark.start() - LONGEST_HEAD), mark.start()) + 1
        head = text[begins or max(0, mark.start() - LONGEST_HEAD) : mark.start()]
        time = TIME.search(head) or WITHOUT_YEAR.search(head)
        moment = _moment(time) if time is not None else None
        if time is None or moment is None or time["second"] is None:
            continue
        ends = text.find("\n", at)
        ends = ends if ends >= 0 else len(text)
        document = text[at:ends]
        is_engine = mark.group().startswith("M")
        is_cut = not is_engine and document.count("{") > document.count("}")  # then it may be cut before what tells it
        if is_cut or CAPS.search(document):
            line += text.count("\n", counted, at)
            counted = at
            found.append(
                Answer(at, ends, line, time.group().strip(), moment, *_identity(document, is_engine=is_engine))
            )
        at = ends
    return found


def holds_answers(text: str) -> bool:
    """Whether a log may have an answer, if only a part of one."""
    return CAPS.search(text) is not None or re.search(ASKED, text, re.ASCII) is not None


def _identity(document: str, *, is_engine: bool) -> tuple[str, str]:
    """Who answers, and an address of its; a log of VDSM is of one host, which need not say its name."""
    uuid, address = UUID.search(document), ADDRESS.search(document)
    host = uuid[1] if uuid is not None else ""
    if is_engine and not host:
        host = min((one for one in HWADDR.findall(document) if one.strip("0:")), default="")
    return host, address[1] if address is not None else ""


def _moment(found: re.Match[str]) -> datetime | None:
    """The time that is written; None where no calendar or no clock has it."""
    written = found.group()
    if found.re is WITHOUT_YEAR:
        month = MONTHS.index(found["month"]) + 1
        written = f"{NO_YEAR:04}-{month:02}-{int(found['day']):02}{found['minute'] or ''}"
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def hosts(found: Sequence[Answer]) -> dict[str, Answer]:
    """The last answer of each host."""
    return {host: answers[-1] for host, answers in _by_host(found).items()}


def _by_host(found: Sequence[Answer]) -> dict[str, list[Answer]]:
    """The answers of each host; one without a name is of the only host that has one."""
    named = {answer.host for answer in found if answer.host}
    only = named.pop() if len(named) == 1 else ""
    of: dict[str, list[Answer]] = {}
    for answer in found:
        of.setdefault(answer.host or only, []).append(answer)
    return of


def chosen(found: Sequence[Answer], call: int, at: str, host: str, source: str) -> Answer | Problem:
    """The answer that is meant: the ``call``-th, or the last one of ``host``, at or before a time, or at all.

    A time is compared by what it says: a minute means all of it. Without an offset it is the log's own.
    """
    where = (Where(source),)
    if call and (at or host):
        what = "time" if at else "host"
        return Problem("log-answer-unclear", f"both a call and a {what} are named", "leave one out", where=where)
    if call:
        if 0 < call <= len(found):
            return found[call - 1]
        message = f"there is no answer {call}: the log has {len(found)} of getVdsCaps"
        return Problem("log-answer-missing", message, _listing(found), where=where)
    of = _of(found, host, where) if host else list(found)
    earlier = _until(of, at, where) if at and not isinstance(of, Problem) else of
    if isinstance(earlier, Problem):
        return earlier
    last = hosts(earlier)
    if len(last) > 1:
        return _several(found, list(last.values()), where)
    return earlier[-1]


def _of(found: Sequence[Answer], host: str, where: tuple[Where, ...]) -> list[Answer] | Problem:
    """The answers of the host that is named; at least one."""
    by_host = _by_host(found)
    names = {name: {name, *(answer.address for answer in said)} - {""} for name, said in by_host.items()}
    meant = [answer for name, said in by_host.items() if host in names[name] for answer in said]
    if meant:
        return meant
    known = [name for several in names.values() for name in sorted(several)]
    message = f"no host of the log is called {quoted(host)}"
    return Problem("capture-host-unknown", message, suggest(host, known) or "leave --host out", where=where)


def _until(found: Sequence[Answer], at: str, where: tuple[Where, ...]) -> list[Answer] | Problem:
    """The answers at or before a time; at least one."""
    said = TIME.fullmatch(at.strip()) or WITHOUT_YEAR.fullmatch(at.strip())
    limit = _moment(said) if said is not None else None
    if said is None or limit is None:
        hint = (
            "write it like '2026-11-27 14:05', '2026-11-27 14:05:07+01:00' or, in a log without years, 'Nov 27 14:05'"
        )
        return Problem("log-time-malformed", f"--at {quoted(at)} is no time", hint, where=where)
    unclear = _without_years(found, limit)
    if unclear is not None:
        return Problem("log-answer-unclear", *unclear, where=where)
    zone = limit.tzinfo
    if zone is not None and any(answer.moment.tzinfo is None for answer in found):
        hint = "leave the offset out: a time without one is the log's own"
        return Problem("log-answer-unclear", "the log does not tell of which zone its times are", hint, where=where)
    moments = [answer.moment if zone is not None else answer.moment.replace(tzinfo=None) for answer in found]
    earlier = [answer for answer, moment in zip(found, moments, strict=True) if moment - limit < _width(said)]
    if earlier:
        return earlier
    message = f"no answer of getVdsCaps in the log is of {quoted(at)} or before"
    return Problem("log-answer-missing", message, _listing(found), where=where)


def _without_years(found: Sequence[Answer], limit: datetime) -> tuple[str, str] | None:
    """Why a time cannot be compared with those of a log for want of a year, and what to do; None where it can be."""
    undated = [answer for answer in found if answer.moment.year == NO_YEAR]
    if undated and limit.year != NO_YEAR:
        return (
            f"the log does not tell of which year its times are ({undated[0].written})",
            "leave the year out: 'Nov 27 14:05'",
        )
    if len(undated) < len(found) and limit.year == NO_YEAR:
        return "the times of the log have a year", "name it: '2026-11-27 14:05'"
    for earlier, later in pairwise(undated):
        if earlier.moment - later.moment > timedelta(days=1):
            told = f"the times of the log have no year, and go back from {earlier.written} to {later.written}"
            return told, _listing(found)
    return None


def _width(said: re.Match[str]) -> timedelta:
    """How much time is meant by what is said: a day, a minute, a second or a part of one."""
    if said["minute"] is None or said["second"] is None:
        return timedelta(days=1) if said["minute"] is None else timedelta(minutes=1)
    return timedelta(microseconds=10 ** (6 - len(said["rest"] or "")))


def _several(found: Sequence[Answer], last: Sequence[Answer], where: tuple[Where, ...]) -> Problem:
    listed = [f"{answer} ({found.index(answer) + 1})" for answer in last[:LISTED]]
    more = [f"{len(last) - LISTED} more"] if len(last) > LISTED else []
    message = f"{len(last)} hosts answer in this log: {', '.join(listed + more)}"
    hint = "--host NAME takes one, and --call N: the number beside each is its last; `mgmtnet fleet plan` plans all"
    return Problem("capture-twice", message, hint, where=where)


def _listing(found: Sequence[Answer]) -> str:
    numbered = [f"{number} ({answer.written})" for number, answer in enumerate(found, 1)]
    few = [*numbered[:1], "...", *numbered[1 - LISTED :]] if len(numbered) > LISTED else numbered
    return f"what there is for --call: {', '.join(few)}"


def which_was_taken(found: Sequence[Answer], answer: Answer, source: str) -> Problem:
    """Tell which of several answers was read."""
    message = f"answer {found.index(answer) + 1} of {len(found)} in this log was taken, of {answer.written}"
    hint = "--call N or --at TIME takes another"
    return Problem("log-answer-taken", message, hint, "note", where=(Where(source, "", answer.line),))
