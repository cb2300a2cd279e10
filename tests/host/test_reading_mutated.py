"""Captures with anything changed, anywhere: never a traceback, and a host exactly when there is no error."""

import json
from collections.abc import Callable
from typing import Any

from captured_hosts import FORMS, LAB, Document, lab, spelled, wrappings
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.host import graph
from planner.host.capture import read_capture
from planner.problem import errors

SLUGS = st.sampled_from([slug for slug, folder in LAB.items() if (folder / "caps.json").stat().st_size < 12_000])
ODD = st.one_of(
    st.sampled_from(
        ["", "jumbo", "192.0.2.1/24", "::", "eth0", "bond4.3000", "\x1b[2J", "\ud800", "x" * 300, "255.0.255.0"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
)


def check(content: object) -> None:
    reading = read_capture(content, "caps")  # type: ignore[arg-type]
    assert (reading.host is None) == bool(errors(reading.problems))
    for problem in reading.problems:
        written = f"{problem.message} {problem.hint} {' '.join(map(str, problem.where))}"
        assert written.isprintable()
        assert len(written) < 800
    if reading.host is not None:
        assert reading.host.digest.startswith("sha256:")
        for name in (*reading.host.nics, *reading.host.bonds, *reading.host.vlans, *reading.host.bridges):
            assert graph.stack(reading.host, name)[0] == name


@st.composite
def mutated(draw: st.DrawFn) -> Document:
    document = lab(draw(SLUGS))
    for _ in range(draw(st.integers(1, 3))):
        holder, key = document, draw(st.sampled_from(sorted(document)))
        for _ in range(draw(st.integers(0, 3))):
            inner = holder[key]
            if isinstance(inner, dict) and inner:
                holder, key = inner, draw(st.sampled_from(sorted(inner)))
            elif isinstance(inner, list) and inner:
                holder, key = inner, draw(st.integers(0, len(inner) - 1))
        if draw(st.booleans()) or len(document) == 1:
            holder[key] = draw(ODD)
        else:
            del holder[key]
    return document


def mutated_in(document: Any, draw: Callable[..., Any]) -> None:
    """Change anything in a document of maps and lists, at most three times."""
    for _ in range(draw(st.integers(1, 3))):
        holder, key = document, draw(_keys(document))
        for _ in range(draw(st.integers(0, 6))):
            if not isinstance(holder[key], dict | list) or not holder[key]:
                break
            holder, key = holder[key], draw(_keys(holder[key]))
        holder[key] = draw(ODD)


def _keys(holder: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(sorted(holder)) if isinstance(holder, dict) else st.integers(0, len(holder) - 1)


@settings(max_examples=400)
@given(mutated())
def test_changed_documents(document: Document) -> None:
    check(document)
    check(json.dumps(document))
    check(repr(document))


@settings(max_examples=600)
@given(SLUGS, st.sampled_from([*FORMS, *wrappings({})]), st.data())
def test_changed_bytes(slug: str, form: str, data: st.DataObject) -> None:
    document = lab(slug)
    content = bytearray((spelled(document, form) if form in FORMS else wrappings(document)[form]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 4) | st.just(len(content)))
        content[start : start + length] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"{", b"'", b'"', b"<", b"NaN", b"\n", b">", b"\x1b[1m"])
        )
    check(bytes(content))


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_anything_at_all(content: str | bytes) -> None:
    check(content)
