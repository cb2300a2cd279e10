"""A run's progress on standard error: bars on a terminal, lines without one, JSON lines for a program."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import current_thread, main_thread
from typing import NamedTuple, NoReturn, TypeVar

from planner.apply.run import Event, Listener, Report, Word
from planner.cli.output import in_colour, say_at_last, tell, tell_document
from planner.printing import json_text, printable

T = TypeVar("T")
FEW = 50


@contextmanager
def progress(log: str = "") -> Iterator[Listener]:
    """What to tell a run's events to; ``log`` is "" (a terminal or not), "plain" or "json"."""
    if log == "json":
        yield _json_lines
    elif log == "plain" or not can_draw():
        yield _plain(time.monotonic())
    else:
        with _bars() as move:
            yield move


class Counting(NamedTuple):
    """Work on many: ``line`` tells something of it, ``move`` how many are done."""

    line: Callable[[str], None]
    move: Callable[[int], None]


@contextmanager
def counting(log: str, what: str, total: int) -> Iterator[Counting]:
    """A bar of ``total`` on a terminal, and only the lines without one; ``log`` as for `progress`."""
    if log or not can_draw():
        yield Counting(lambda said: remark(log, what, said), lambda _: None)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(escape(printable(what)), total=total)
        yield Counting(
            lambda said: bars.console.print(escape(printable(said))), lambda count: bars.update(bar, completed=count)
        )


def can_draw() -> bool:
    """Whether bars can be shown: there is a terminal, and what draws them, which comes with an extra."""
    return sys.stderr is not None and sys.stderr.isatty() and find_spec("rich") is not None


def with_bar(results: Iterator[T], total: int | None, what: str, shown: int = FEW) -> Iterator[T]:
    """``results``, and on a terminal how far they are, how fast they come, and how long the rest will take.

    ``total`` None: nobody knows how many there are. With fewer than ``shown`` there is no bar, which could not be read.
    """
    if not can_draw() or (total is not None and total < shown):
        yield from results
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    times = (TimeElapsedColumn(), TextColumn("of about"), TimeRemainingColumn()) if total else (TimeElapsedColumn(),)
    began = time.monotonic()
    with Progress(*columns, *times, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=total, rate="")
        for number, result in enumerate(results, 1):
            rate = number / max(time.monotonic() - began, 0.001)
            bars.update(task, completed=number, total=max(total, number) if total else None, rate=f"{rate:.0f}/s")
            yield result


def remark(log: str, step: str, said: str) -> None:
    """A line of its own beside the progress, in its form."""
    if log == "json":
        _json_lines(Event("said", step, said))
    else:
        tell(said)


def _json_lines(event: Event) -> None:
    tell_document(event.kind, event._asdict())


def say_report(output: str, report: Report) -> int:
    """Print how a run ended, as ``output`` says; the exit status."""
    text = json_text(report.document()) if output == "json" else report.text(colour=in_colour(sys.stdout))
    say_at_last(text, painted=output != "json")
    return report.status


class Left(KeyboardInterrupt):
    """The process is told to end (SIGTERM); ``status`` is what it then ends with, as a shell has it."""

    status = 128 + signal.SIGTERM


@contextmanager
def endable(*, hangs_up: bool = True) -> Iterator[None]:
    """Meanwhile SIGTERM ends what is under way as Ctrl-C does, so that it can be told how to go on.

    ``hangs_up`` False: a terminal that hangs up does not end it, it is only not spoken to any more.
    """
    if current_thread() is not main_thread():  # whoever calls from another one sees to signals
        yield
        return

    def leave(*_: object) -> NoReturn:
        raise Left

    def go_on_alone(*_: object) -> None:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)

    wanted = {signal.SIGTERM: leave} | ({} if hangs_up else {signal.SIGHUP: go_on_alone})
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def word_at_the_terminal() -> Word:
    """Whether `yes` or `no` is typed there; the word of nobody where there is none, or when it has hung up."""
    listening = [True] if sys.stdin is not None and sys.stdin.isatty() else []

    def word() -> bool | None:
        if not listening or not select.select([sys.stdin], [], [], 0)[0]:
            return None
        line = sys.stdin.readline()
        if not line:
            listening.clear()
        return {"yes": True, "no": False}.get(line.strip().lower())

    return word


def _plain(start: float) -> Listener:
    def line(event: Event) -> None:
        if event.kind == "call" or not event.said:
            return
        limit = f" (at most {event.limit:.0f} s)" if event.kind == "begin" and event.limit else ""
        mark = {"begin": "...", "end": "   ", "said": "   "}[event.kind]
        elapsed = time.monotonic() - start
        tell(f"{elapsed:6.1f} s {mark} {event.step}: {event.said}{limit}")

    return line


@contextmanager
def _bars() -> Iterator[Listener]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
    with Progress(*columns, TextColumn("of at most"), TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        current: list[tuple[object, float]] = []

        def move(event: Event) -> None:
            if event.kind == "begin":
                said = escape(printable(f"{event.step}: {event.said}"))
                current[:] = [(bars.add_task(said, total=event.limit or None), time.monotonic())]
            elif event.kind == "end":
                for task, _ in current:
                    bars.remove_task(task)  # type: ignore[arg-type]  # rich's TaskID is an int of its own kind
                bars.console.print(f"[green]done[/] {escape(printable(f'{event.step}: {event.said}'))}")
                current.clear()
            elif event.said:
                bars.console.print(escape(printable(event.said)))

        with _ticking(bars, current):
            yield move


@contextmanager
def _ticking(bars: object, current: list[tuple[object, float]]) -> Iterator[None]:
    """Move the bar of the step under way by the clock: a step's limit is known, its work is not."""
    import threading

    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.2):
            for task, began in list(current):
                bars.update(task, completed=time.monotonic() - began)  # type: ignore[attr-defined]

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
