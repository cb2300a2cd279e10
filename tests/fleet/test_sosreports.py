"""Sosreports, packed and unpacked: VDSM's answer where there is one, else what `ip` told."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from planner.cli.main import main
from planner.fleet.captures import captures_in
from planner.host.capture import DESCRIBED, SOSREPORT, read_capture

DATA = Path(__file__).parents[1] / "data"
TEXT = (DATA / "ip-text.txt").read_text()
LINKS, ROUTES = TEXT[: TEXT.index("default via")], TEXT[TEXT.index("default via") :]
ANSWER = (DATA / "hosts" / "nic-static" / "caps.json").read_text()


def report(name: str, *, vdsm: bool) -> dict[str, str]:
    files = {DESCRIBED[0]: LINKS, DESCRIBED[1]: ROUTES} | ({SOSREPORT: ANSWER} if vdsm else {})
    return {f"sosreport-{name}-2026-11-27-abcdefg/{file}": text for file, text in files.items()}


def packed(path: Path, files: dict[str, str]) -> str:
    with tarfile.open(path, f"w:{path.suffix[1:]}") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return str(path)


def test_the_folder_of_a_host_without_vdsm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in report("node1", vdsm=False).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (folder,) = tmp_path.iterdir()
    assert main(["plan", str(folder), "--address", "198.51.100.177"]) == 3  # untagged is not what the host is
    assert "bond4.3000" in capsys.readouterr().out
    (captured,) = captures_in([str(tmp_path)])
    assert captured.host == "node1"
    held = captured.content()
    assert isinstance(held, bytes)
    assert read_capture(held).required().vlans["bond4.3000"].ip.gateway4 == "198.51.100.1"


@pytest.mark.parametrize("suffix", ["xz", "gz", "bz2"])
def test_an_archive_is_planned_as_it_came(tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    for vdsm, device in ((False, "bond4.3000"), (True, "eth0")):
        path = packed(tmp_path / f"sosreport-node1.tar.{suffix}", report("node1", vdsm=vdsm))
        assert main(["facts", path]) == 0
        assert f"candidate: device={device}" in capsys.readouterr().out


def test_an_archive_of_several_is_a_fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = packed(tmp_path / "all.tar.gz", report("node1", vdsm=False) | report("node2", vdsm=True))
    hosts = {captured.host: captured.held for captured in captures_in([path])}
    assert set(hosts) == {"node1", "node2"}
    assert json.loads(hosts["node2"] or b"")["lastClientIface"] == "eth0"  # type: ignore[arg-type]
    assert main(["plan", path]) == 1
    said = capsys.readouterr().err
    assert "error[capture-twice]" in said
    assert "mgmtnet fleet plan" in said
