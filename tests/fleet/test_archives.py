"""Members of archives are read one by one, with limits, and nothing of an archive reaches a disk."""

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.files import Unreadable
from planner.fleet import captures
from planner.fleet.captures import Member, is_archive, members

FILES = {"a.json": b"one", "rack/b.json": b"two", ".hidden": b"three"}


def tar(mode: str, *more: tarfile.TarInfo) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{mode}") as archive:
        for name, content in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in more:
            archive.addfile(entry)
    return packed.getvalue()


def zipped(files: dict[str, bytes] = FILES) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def held(content: bytes, wanted: Callable[[str], bool] = bool) -> list[Member]:
    return list(members(partial(io.BytesIO, content), wanted))


@pytest.mark.parametrize("content", [tar(""), tar("gz"), tar("bz2"), tar("xz"), zipped()])
def test_an_archive_is_one_and_its_files_are_read(content: bytes) -> None:
    assert is_archive(partial(io.BytesIO, content))
    assert held(content) == [Member(name, text) for name, text in FILES.items()]
    assert held(content, lambda path: path.endswith("b.json")) == [Member("rack/b.json", b"two")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\x1f\x8b",
        gzip.compress(b'{"networks": {}}', mtime=0),
        b"BZh9",
        b"\xfd7zXZ\0",
        b"x" * 2000,
        b"\0" * 600,
    ],
)
def test_what_is_none(content: bytes) -> None:
    assert not is_archive(partial(io.BytesIO, content))


def test_links_folders_and_devices_are_left_out() -> None:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
    odd = [tarfile.TarInfo(f"odd{number}") for number in range(len(kinds))]
    for entry, kind in zip(odd, kinds, strict=True):
        entry.type, entry.linkname = kind, "/etc/passwd"
    assert [member.path for member in held(tar("gz", *odd))] == list(FILES)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("folder/", "")
        archive.writestr("file", "x")
    assert held(packed.getvalue()) == [Member("file", b"x")]


def test_a_path_that_leads_out_is_but_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["../../out", "/absolute", "a/../../b"]
    assert [member.path for member in held(zipped(dict.fromkeys(names, b"x")))] == names
    assert os.listdir(tmp_path) == []


def test_a_member_that_is_too_large_is_told_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "LARGEST_MEMBER", 1000)
    found = held(zipped({"large": b"\0" * 1001, "small": b"\0" * 1000}))
    assert [isinstance(member.content, bytes) for member in found] == [False, True]
    entry = tarfile.TarInfo("large")
    entry.size = 1001
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(entry, io.BytesIO(b"\0" * 1001))
        archive.addfile(tarfile.TarInfo("small"))
    assert held(packed.getvalue()) == [Member("large", Unreadable("it is larger than 0 KiB")), Member("small", b"")]


def test_what_unpacks_to_too_much_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "LARGEST_WHOLE", 100_000)
    bomb = io.BytesIO()
    with tarfile.open(fileobj=bomb, mode="w:gz") as archive:
        entry = tarfile.TarInfo("zeros")
        entry.size = 10_000_000
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    assert len(bomb.getvalue()) < 20_000
    assert held(bomb.getvalue())[-1].content == Unreadable("it is larger than 97 KiB")
    found = held(zipped({f"zeros{number}": bytes(60_000) for number in range(3)}))
    assert [isinstance(member.content, bytes) for member in found] == [True, False]


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "MOST_MEMBERS", 2)
    for content in (tar("gz"), zipped()):
        assert [member.content for member in held(content)][2:] == [Unreadable("it has more than 2 files")]


def test_a_locked_member() -> None:
    content = bytearray(zipped({"a": b"x", "b": b"y"}))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1  # the first entry of the table is marked as encrypted
    found = held(bytes(content))
    assert found == [Member("a", Unreadable("it is locked by a password")), Member("b", b"y")]


@given(st.data())
def test_a_damaged_archive_is_no_fault(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([tar(""), tar("gz"), tar("bz2"), tar("xz"), zipped()])))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    if is_archive(partial(io.BytesIO, cut)):
        for member in held(cut):
            assert isinstance(member.content, bytes | Unreadable)
