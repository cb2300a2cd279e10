"""Names that nobody gives: of files, rules, networks, devices, hosts and runs, to each command that takes one."""

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import yaml
from attacking import Family, golden, spoken, unsealed
from hosts_on_stage import ROOT
from mutations import NASTY, bytes_of

from planner.apply import contact
from planner.apply.order import Limits
from planner.cli import apply, hosts

HOST = "seed-vlan-over-bond"
# Those of the documents', and what only a file system or a shell knows: bytes that are no UTF-8, what a URL means.
ODD = ("a?b", "a%41b", "a#b", "a b", "a;b&c=d", "caf\udce9", "-o", "@", "a@1", "*", "~")
NAMES = (*(name for name in NASTY if len(name) < 1000), *ODD)
LONGEST = 255  # bytes that a file system takes for a name
# NAME is the name alone, which no command that rewrites files is given: it may lead out of the try's folder. FILE,
# DEFINITION, GOLDEN, RULES, IN-STATE are things of that name, ON-DEVICE and FOR-NETWORK hold it.
COMMANDS = """
plan FILE --network WANTED
plan HOST --network DEFINITION
plan HOST --network WANTED --rules RULES
plan HOST --network NAME
plan NAME
plan HOST --address NAME
plan HOST --rules NAME
plan HOST --policy NAME
plan HOST -o NAME
plan HOST NAME
NAME
plan ON-DEVICE
plan ON-DEVICE -o json
plan FOR-NETWORK
plan FOR-NETWORK -o json
why ON-DEVICE all
why HOST NAME
why-not HOST NAME
facts ON-DEVICE
facts ON-DEVICE -o json
draw ON-DEVICE
draw ON-DEVICE -o svg
draw ON-DEVICE -o mermaid
diff ON-DEVICE
capture FILE
capture FILE --scrub --keep NAME
capture HOST -o WRITTEN
capture NAME
capture 127.0.0.1:9 --ca NAME
capture 127.0.0.1:9 --pin NAME
capture h --transport engine --engine NAME
capture 127.0.0.1:9 --routes FILE
apply NAME --yes
apply 127.0.0.1:9 --probe NAME --yes
apply 127.0.0.1:9 --expect NAME --yes
apply --plan NAME
apply --plan FILE --yes
apply 127.0.0.1:9 --reboot p --fence-address NAME --fence-agent NAME --fence-user NAME
register --engine-host NAME --yes
status NAME
status IN-STATE
resume NAME
resume IN-STATE
simulate HOST --fault NAME
simulate FILE --port no
rehearse HOST --fault NAME
golden check GOLDEN
golden check GOLDEN -o json
golden check GOLDEN -o junit
golden check NAME
golden update GOLDEN
golden update GOLDEN --moved
golden new FILE WITHIN --network WANTED --name NAME
golden new HOST WITHIN --network WANTED --name good --keep NAME --about NAME
rules NAME
rules list RULES
rules list NAME
rules check --quick RULES
rules check --quick RULES -o json
rules check --quick RULES -o sarif
rules check --quick NAME
rules show NAME
rules show NAMED RULES
rules show as-defined NAME
rules digest RULES
rules test RULES --goldens GOLDEN
rules test NAME
rules test RULES --goldens GOLDEN -o json
rules test RULES --goldens GOLDEN -o junit
rules test RULES --goldens GOLDEN --only NAME
rules coverage --goldens GOLDEN
rules coverage NAME
rules diff RULES RULES --hosts GOLDEN
rules diff NAME ovirtmgmt --hosts HOST
rules diff ovirtmgmt ovirtmgmt --hosts FILE
rules diff ovirtmgmt ovirtmgmt --hosts NAME
rules doc RULES
rules doc RULES --pages NAME
rules fields NAME
rules init NAME
rules init WITHIN --extends NAME
explain NAME
explain NAME --policy RULES
explain as-defined --goldens GOLDEN
rules fmt --check RULES
rules fmt --check FILE
rules new NAME --like as-defined --into RULES
rules new good --like NAME --into RULES
rules release RULES
""".strip().split("\n")


def prepare(_: Random, number: int, folder: Path) -> None:
    """Which name, to which command; and what is called so, where a file system takes it."""
    turn, place = divmod(number, len(COMMANDS))  # a few tries have every command, each with another name
    name, command = NAMES[(turn + place) % len(NAMES)], COMMANDS[place]
    (folder / "case.json").write_text(json.dumps({"name": name, "command": command}))
    within = folder / "within"
    within.mkdir()
    for word, make in MAKERS.items():
        if word in command.split(" "):
            (within / word).mkdir()
            make(within / word / _part(name), name)


def _part(name: str) -> str:
    """The name as one of a file: without what none can hold, and as long as one may be."""
    cut = name.replace("/", "%").replace("\0", "%").replace("\ud800", "%")
    while len(os.fsencode(cut)) > LONGEST:
        cut = cut[:-1]
    return cut if cut not in ("", ".", "..") else "%"


def _file(place: Path, _: str) -> None:
    shutil.copy(golden(HOST) / "capture.json", place)


def _definition(place: Path, _: str) -> None:
    shutil.copy(golden(HOST) / "definition.yaml", place)


def _golden(place: Path, _: str) -> None:
    shutil.copytree(golden(HOST), place)


def _rules(place: Path, name: str) -> None:
    """A small ruleset; a rule of that name and text in it, too."""
    place.mkdir()
    shipped = ROOT / "rules" / "ovirtmgmt" / "1.0"
    shutil.copy(shipped / "ruleset.yaml", place)
    unsealed(place)
    (place / "devise").mkdir()
    shutil.copy(shipped / "devise" / "as-defined.yaml", place / "devise")
    rule = yaml.safe_load((shipped / "devise" / "as-defined.yaml").read_text())
    rule |= {"rule": name, "summary": f"a {name} b", "why": f"because {name}"}
    (place / "devise" / f"{_part(name)[:60]}.yaml").write_bytes(bytes_of(yaml.safe_dump(rule, sort_keys=False)))


def _on_device(place: Path, name: str) -> None:
    """A capture whose devices are called so."""
    text = (golden(HOST) / "capture.json").read_text()
    quoted = json.dumps(name)[1:-1]
    place.write_bytes(bytes_of(text.replace("bond4.3000", f"{quoted}.3000").replace('"bond4"', f'"{quoted}"')))


def _for_network(place: Path, name: str) -> None:
    place.write_bytes(bytes_of(json.dumps({"network": name}, ensure_ascii=False)))


MAKERS: dict[str, Callable[[Path, str], None]] = {
    "FILE": _file,
    "DEFINITION": _definition,
    "GOLDEN": _golden,
    "RULES": _rules,
    "IN-STATE": lambda place, _: place.mkdir(),
    "ON-DEVICE": _on_device,
    "FOR-NETWORK": _for_network,
}


def run(folder: Path) -> None:
    """The command, in the folder of the things."""
    case = json.loads((folder / "case.json").read_text())
    name = case["name"].replace("\0", "")  # which no argument holds
    name = name.replace("\ud800", "\udcff")  # nor half a character, but bytes that are none
    within = folder / "within"
    os.chdir(within)
    # Nobody waits two minutes for a host that is none.
    impatient: Any = partial(Limits, vdsm=1, change=1)
    vars(hosts)["Limits"] = impatient
    vars(apply)["limits_of"] = lambda _: impatient()
    contact.GREET_WITHIN = contact.READ_WITHIN = 1.0
    told = {"NAME": name, "NAMED": _part(name)[:60], "HOST": str(golden(HOST) / "capture.json"), "WITHIN": str(within)}
    told |= {"WANTED": str(golden(HOST) / "definition.yaml"), "WRITTEN": str(within / _part(name))}
    told |= {word: str(within / word / _part(case["name"])) for word in MAKERS}
    words = [told.get(word, word) for word in case["command"].split(" ")]
    environ = {}
    if "IN-STATE" in case["command"]:
        words.remove(told["IN-STATE"])
        environ["MGMTNET_STATE"] = told["IN-STATE"]
    if "FOR-NETWORK" in case["command"]:
        words[words.index(told["FOR-NETWORK"])] = told["HOST"]
        words += ["--network", told["FOR-NETWORK"]]
    spoken(*words, environ=environ)


# A command takes 0.3 s, some 1 s of a host's.
FAMILY = Family(
    "hostile names",
    "of files, folders, rules, networks, devices, hosts, runs; every command that takes one",
    len(NAMES) * len(COMMANDS),
    prepare,
    run,
    processor=20,
    patience=60,
)
