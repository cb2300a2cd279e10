"""The stand-in's wires under bytes that no client of good will sends: linear, with limits, and never a crash."""

import time

import pytest

from planner.standin.wires import LARGEST_FRAME, Frame, Frames, MalformedError, Session, answered_jsonrpc, read_head

FRAME = Frame("SEND", {"destination": "a:b\nc"}, b"body").encoded()


def taken(frames: Frames, data: bytes, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        frames.feed(data)
    return time.process_time() - began


@pytest.mark.parametrize("begin", [b"SEND\n\n", b"SEND\ncontent-length:60000000\n\n", b""])
def test_each_byte_is_looked_at_once(begin: bytes) -> None:
    """Ten times as much in pieces takes ten times as long, and not a hundred times."""
    data = b"x" * 1000 if begin else b"\n" * 1000
    few, many = Frames(), Frames()
    many.feed(begin)
    few.feed(begin)
    assert taken(many, data, 40_000) < 40 * max(taken(few, data, 4_000), 0.002)


def test_a_body_without_an_end_has_a_limit() -> None:
    frames = Frames()
    frames.feed(b"SEND\n\n" + b"x" * LARGEST_FRAME)
    with pytest.raises(MalformedError):
        frames.feed(b"x")


def test_a_head_without_an_end_has_a_limit() -> None:
    with pytest.raises(MalformedError):
        Frames().feed(b"SEND\n" + b"header:value\n" * 10_000)


@pytest.mark.parametrize("cut", range(len(FRAME) + 1))
def test_a_frame_is_the_same_wherever_it_is_cut(cut: int) -> None:
    whole = b"\r\n" + FRAME + b"\n" + FRAME
    frames = Frames()
    assert (
        frames.feed(whole[:cut]) + frames.feed(whole[cut:]) == [Frame("SEND", {"destination": "a:b\nc"}, b"body")] * 2
    )
    assert not frames.midway


@pytest.mark.parametrize("number", ["\u00b2", "-1", "1" * 5000, "1e3", "\u0663", "x", " "])
def test_what_is_no_number_is_malformed(number: str) -> None:
    (told,) = Session().feed(f"CONNECT\naccept-version:1.2\nheart-beat:{number},0\n\n\0".encode())
    assert isinstance(told, bytes)
    assert told.startswith(b"ERROR")
    (told,) = Session().feed(f"SEND\ncontent-length:{number}\n\n\0".encode())
    assert isinstance(told, bytes)
    assert told.startswith(b"ERROR")
    assert read_head(f"POST / HTTP/1.1\r\ncontent-length:x{number}".encode()) is None


def test_json_without_an_end_is_no_request() -> None:
    reply = answered_jsonrpc(b"[" * 200_000, lambda *_: pytest.fail("nothing is called"))
    assert reply.body is not None
    assert b"-32700" in reply.body
