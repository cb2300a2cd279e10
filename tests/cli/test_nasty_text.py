"""Text from outside in every place and every command: nothing that steers a terminal or a page comes out raw."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from planner.cli.main import main
from planner.dialects import DIALECTS

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "golden"
NASTIES = (
    *(
        "\x1b[31mred",
        "\x1b]0;title\x07",
        "\x9b2J",
        "\x90q\x9c",
        "\x07bell",
        "a\rover",
        "\x08\x08back",
        "nul\0",
        "\x7fdel",
    ),
    *(
        "\u202eevil",
        "\u2066in\u2069",
        "\u200fright",
        "\u200bthin",
        "\u2028line",
        "\u0085next",
        "\ufeffmark",
        "\U000e0041tag",
    ),
    *("<script>alert(1)</script>", '"><img src=x onerror=y>', "[x](javascript:y)", "\n  hint: all is well", "\ud800"),
)
GROUPS = tuple(" ".join(NASTIES[start : start + 6]) for start in range(0, len(NASTIES), 6))
# Controls but the line end, what turns the direction round, what cannot be seen, and halves of characters.
RAW = re.compile(
    "[\0-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
FORGED = re.compile(r"^  hint: all is well", re.MULTILINE)


@pytest.fixture(params=range(len(GROUPS)))
def nasty(request: pytest.FixtureRequest) -> str:
    return GROUPS[request.param]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """A command's status and standard output, once both streams are found to be harmless."""

    def ran(*arguments: str) -> tuple[int, str]:
        status = main(list(arguments))
        told = capfd.readouterr()
        for text in (told.out, told.err):
            raw = RAW.search(text)
            assert raw is None, (arguments, text[max(0, raw.start() - 60) : raw.end() + 20])
            assert not FORGED.search(text), arguments
            assert "internal fault" not in text, text
        return status, told.out

    return ran


def mangled(value: Any, nasty: str, keys: frozenset[str] = frozenset()) -> Any:
    """``value`` with the words in every text; and behind those keys that are names of devices."""
    if isinstance(value, dict):
        return {f"{key} {nasty}" if key in keys else key: mangled(inner, nasty, keys) for key, inner in value.items()}
    if isinstance(value, list):
        return [mangled(inner, nasty, keys) for inner in value]
    return f"{value} {nasty}" if isinstance(value, str) else value


def hostile_hosts(nasty: str) -> list[dict[str, Any]]:
    """Captures with the words in all texts, in all but the addresses, in the names of devices, or in one text each."""
    seed = json.loads((GOLDEN / "seed-vlan-over-bond" / "capture.json").read_text())
    names = frozenset(
        name for table in ("nics", "bondings", "vlans", "networks", "bridges") for name in seed.get(table, {})
    )
    everywhere = mangled(seed, nasty, names)
    renamed = json.loads(json.dumps(seed))
    for name in sorted(names, key=len, reverse=True):
        renamed = json.loads(json.dumps(renamed).replace(f'"{name}"', json.dumps(f"{name}{nasty[:6]}")))
    single = [
        {**seed, key: mangled(value, nasty)} for key, value in seed.items() if key not in ("vlans", "lastClientIface")
    ]
    return [everywhere, renamed, *single, {f"{key}{nasty}": value for key, value in seed.items()}]


ASKED = (
    *(("plan", "-o", output) for output in ("text", "json", "yaml", "vdsm", "vdsm3", *DIALECTS)),
    *(("draw", "-o", output) for output in ("text", "svg", "mermaid")),
    *(("facts", "-o", output) for output in ("text", "json")),
    *(("why", "all"), ("why", "vlan{nasty}"), ("why-not", "vlan-over-bond"), ("diff",)),
)


def test_captures(nasty: str, run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    """A host with the words in one place is asked every fourth thing, by each group of words another."""
    for number, host in enumerate(hostile_hosts(nasty)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(host))
        wanted = [str(path), "--network", str(GOLDEN / "seed-vlan-over-bond" / "definition.yaml")]
        for command, *words in ASKED if number < 2 else ASKED[(number + GROUPS.index(nasty)) % 4 :: 4]:
            told = run(command, *wanted, *(word.format(nasty=nasty) for word in words))[1]
            if words == ["-o", "json"] and told:
                json.loads(told)
            if words == ["-o", "yaml"] and told:
                assert isinstance(yaml.safe_load(told), dict)
            assert command != "draw" or words[-1] == "text" or ("<script" not in told and "<img" not in told)
        run("capture", str(path))
        run("capture", str(path), "--scrub")


def test_definitions(nasty: str, run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    host = str(GOLDEN / "seed-vlan-over-bond" / "capture.json")
    for number, stated in enumerate(
        (
            {"network": nasty},
            {"network": f"o{nasty}"},
            {nasty: 1},
            {"mtu": nasty, "vlan": nasty, "gateway": nasty},
            {"nameservers": [nasty]},
        )
    ):
        for form, text in (("json", json.dumps(stated)), ("yaml", json.dumps(stated) + "\n# " + nasty + "\n")):
            path = tmp_path / f"{number}.{form}"
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
            for output in ("text", "json", "yaml") if form == "json" else ("text",):
                run("plan", host, "--network", str(path), "-o", output)


def ruled(folder: Path, nasty: str) -> Path:
    """A site's rules with the words wherever text may stand; of halves of characters YAML knows nothing."""
    quoted = "".join(f"\\U{ord(letter):08x}" for letter in nasty.replace("\ud800", "\ufffe"))
    quoted = f'"{quoted}"'
    (folder / "guard").mkdir(parents=True)
    (folder / "ruleset.yaml").write_text(
        f'ruleset: site\nversion: "1"\nsummary: {quoted}\nextends: ovirtmgmt@1.0\n'
        f"disable:\n  - rule: rival-default-route\n    reason: {quoted}\n"
    )
    (folder / "guard" / "ours.yaml").write_text(
        f'rule: ours\nsince: "1"\nsummary: {quoted}\nwhy: {quoted}\nwhen:\n'
        f"  - management: {{kind: {{not: {quoted}}}}}\n"
        f"then:\n  warn: {{code: ours, message: {quoted}, hint: {quoted}}}\n"
        "examples: {fires: [nic-static], silent: [address-unknown]}\n"
    )
    for name in ("nic-static", "address-unknown"):
        shutil.copytree(GOLDEN / name, folder / "golden" / name)
    return folder


def test_rules(nasty: str, run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    folder = ruled(tmp_path / "site", nasty)
    site, goldens = str(folder), str(folder / "golden")
    host = [str(GOLDEN / "nic-static" / "capture.json"), "--policy", site]
    run("rules", "test", site)
    run("golden", "update", goldens, "--policy", site)
    for output in ("text", "json", "yaml"):
        assert run("plan", *host, "-o", output)[0] == 0
    for action in (["why", *host, "all"], ["why-not", *host, "ours"], ["draw", *host], ["diff", *host]):
        run(*action)
    for action in (
        ["list"],
        ["list", "-o", "json"],
        ["show", "ours"],
        ["test"],
        ["digest"],
        ["mutate"],
        ["check", "--quick"],
    ):
        run("rules", *action, site)
    for output in ("json", "sarif"):
        json.loads(run("rules", "check", site, "--quick", "-o", output)[1])
    for output in ("text", "json", "html"):
        told = run("rules", "coverage", site, "-o", output)[1]
        assert output != "html" or ("<script" not in told and "<img" not in told)
        told = run("rules", "diff", "ovirtmgmt@1.0", site, "--hosts", goldens, "-o", output)[1]
        assert output != "html" or ("<script" not in told and "<img" not in told)
    told = run("rules", "doc", site)[1]
    assert "<script" not in told
    assert "<img" not in told
    assert "](java" not in told.replace("\\]", "")
    log = tmp_path / "CHANGES.md"
    assert run("rules", "release", site, "--changelog", str(log))[0] == 0
    assert not RAW.search(log.read_text())
    assert "<script" not in log.read_text()
    run("golden", "check", goldens, "--policy", site)


def test_rule_files_that_are_wrong(nasty: str, run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    folder = ruled(tmp_path / "site", "plain")
    rule = folder / "guard" / "ours.yaml"
    good = rule.read_text()
    quoted = json.dumps(nasty)
    for old, new in (
        ("rule: ours", f"rule: {quoted}"),
        ("management:", f"{quoted}:"),
        ("kind:", f"{quoted}:"),
        ("code: ours", f"code: {quoted}"),
        ("hint:", f"{quoted}:"),
        ("message: ", f"message: '{{{nasty}.b}}' # "),
        ("why: ", f"why: {nasty}\nwhy: "),
        ("fires: [", f"fires: [{quoted}, "),
    ):
        rule.write_text(good.replace(old, new), encoding="utf-8", errors="surrogatepass")
        run("rules", "check", str(folder), "--quick")
        json.loads(run("rules", "check", str(folder), "--quick", "-o", "json")[1])
        json.loads(run("rules", "check", str(folder), "--quick", "-o", "sarif")[1])
        run("rules", "fmt", str(folder))
        run("plan", str(GOLDEN / "nic-static" / "capture.json"), "--policy", str(folder))


def test_what_is_typed(nasty: str, run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    host = str(GOLDEN / "nic-static" / "capture.json")
    folder = tmp_path / re.sub("[/\0\ud800]", "", nasty)[:100]
    shutil.copytree(GOLDEN / "nic-static", folder)
    typed = nasty.replace("\0", "")
    for arguments in (
        *(["plan", typed], ["plan", host, "--network", typed], ["plan", host, "--rules", typed], [typed]),
        *(
            ["plan", host, "--address", typed],
            ["plan", host, typed],
            ["plan", host, f"--{typed}"],
            ["plan", f"a{nasty}"],
        ),
        *(
            ["why", host, typed],
            ["why-not", host, typed],
            ["rules", "show", typed],
            ["rules", typed],
            ["golden", "check", typed],
        ),
        *(
            ["rules", "check", typed],
            ["rules", "diff", typed, typed],
            ["rules", "fmt", typed],
            ["rules", "release", typed],
        ),
        *(
            ["plan", str(folder / "capture.json"), "--network", str(folder / "definition.yaml")],
            ["golden", "check", str(folder)],
        ),
        *(
            ["rules", "new", typed, "--like", "on-nic", "--into", str(tmp_path)],
            ["capture", typed],
            ["capture", f"{typed}.json"],
        ),
        *(["golden", "new", host, "--network", host, "--name", typed], ["status", typed], ["resume", typed]),
    ):
        assert run(*arguments)[0] in (0, 1, 2, 3)


def process(arguments: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "planner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60, **how)


SEED = [str(GOLDEN / "seed-vlan-over-bond" / "capture.json"), "--network"]
SEED += [str(GOLDEN / "seed-vlan-over-bond" / "definition.yaml")]


def shell(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = script.replace("mgmtnet", f"{sys.executable} -m planner").replace("SEED", " ".join(SEED))
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        cwd=ROOT,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    "command", ["plan SEED", "plan SEED -o json", "draw SEED", "rules list", "facts SEED", "--help"]
)
def test_a_full_or_closed_standard_output(command: str) -> None:
    for where, reason in ((">/dev/full", "No space left on device"), (">&-", "it is closed")):
        ran = shell(f"mgmtnet {command} {where}")
        assert ran.returncode == 1
        assert ran.stderr == f"mgmtnet: standard output cannot be written to: {reason}\n"


def test_a_closed_or_full_standard_error_changes_nothing() -> None:
    expected = process(["plan", *SEED]).stdout
    for where in ("2>&-", "2>/dev/full"):
        ran = shell(f"mgmtnet plan SEED {where}")
        assert (ran.returncode, ran.stdout) == (0, expected)
        assert shell(f"mgmtnet plan nowhere.json {where}").returncode == 1
        assert shell(f"mgmtnet nothing {where}").returncode == 2


def test_a_closed_standard_input() -> None:
    ran = shell("mgmtnet plan - <&-")
    assert ran.returncode == 1
    assert ran.stderr.startswith("-: error[file-unreadable]: cannot read the capture '-': standard input is closed\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_stream_that_lacks_letters(encoding: str) -> None:
    ran = shell("mgmtnet draw SEED", PYTHONIOENCODING=encoding)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.isascii()
    assert "\\u" not in ran.stdout
    assert "+--" in ran.stdout
    for output in ("svg", "mermaid"):
        ran = shell(f"mgmtnet draw SEED -o {output}", PYTHONIOENCODING=encoding)
        assert (ran.returncode, ran.stderr) == (0, "")
    ran = shell("mgmtnet rules list -o json", PYTHONIOENCODING=encoding)
    assert json.loads(ran.stdout) == json.loads(shell("mgmtnet rules list -o json").stdout)


@pytest.mark.parametrize(
    ("extra", "module", "command"),
    [
        ("apply", "trustme", ["simulate", SEED[0]]),
        ("apply", "trustme", ["rehearse", *SEED]),
        ("author", "ruamel", ["rules", "fmt", "--check", "rules/examples/site"]),
        ("author", "z3", ["rules", "prove"]),
        ("apply", "dbos", ["apply", "192.0.2.1", "--network", SEED[2]]),
        ("apply", "jsonschema", ["apply", "192.0.2.1", "--plan", str(GOLDEN / "seed-vlan-over-bond" / "plan.json")]),
    ],
)
def test_a_missing_package_is_told_in_a_line(extra: str, module: str, command: list[str], tmp_path: Path) -> None:
    program = (
        f"import sys; sys.modules[{module!r}] = None; from planner.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=60,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "MGMTNET_CA": "", "MGMTNET_CERT": "", "MGMTNET_KEY": ""},
    )
    assert ran.returncode == 1
    assert f"{module}" in ran.stderr
    assert f"`{sys.executable} -m pip install -e '{ROOT}[{extra}]'`" in ran.stderr, (
        "a checkout stays installed in place"
    )
    assert ran.stderr.count("\n") == 1, ran.stderr
