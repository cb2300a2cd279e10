"""STOMP frames: whatever is written is read, in whatever pieces it comes; whatever else comes is refused."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from planner.vdsm.jsonrpc import Frame, MalformedError, Parser, encode

COMMANDS = st.sampled_from(["MESSAGE", "RECEIPT", "ERROR"])
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(
    st.lists(st.tuples(COMMANDS, st.dictionaries(WORDS, WORDS, max_size=4), st.binary(max_size=100)), max_size=4),
    st.lists(st.integers(1, 40), min_size=1),
)
def test_frames_survive_in_pieces(frames, cuts) -> None:
    written = b"\n".join(
        encode(name, headers | {"content-length": str(len(body))}, body) for name, headers, body in frames
    )
    parser, found = Parser(1000), []
    for cut in cuts * len(written):
        found += parser.feed(written[:cut])
        written = written[cut:]
    assert found == [Frame(name, headers | {"content-length": str(len(body))}, body) for name, headers, body in frames]


@given(st.binary(max_size=300), st.sampled_from([b"", b"CONNECTED\n", b"MESSAGE\ncontent-length:", b"ERROR\n\n"]))
def test_any_bytes_make_frames_or_a_malformed_error(data, start) -> None:
    with contextlib.suppress(MalformedError):
        for frame in Parser(100).feed(start + data):
            assert len(frame.body) <= 100


def test_a_repeated_header_counts_as_first_written_and_carriage_returns_are_none() -> None:
    assert Parser(9).feed(b"\r\nMESSAGE\r\na:1\r\na:2\r\n\r\nbody\0\n") == [Frame("MESSAGE", {"a": "1"}, b"body")]
