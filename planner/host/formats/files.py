"""A host's own files and answers, each under its name as `tail -n +1` prints several: what sosreports are read by.

What runs counts: `ip`, else nmcli, the bonding driver and the kernel's list of VLANs, all put as `ip -j` would. What
only profiles tell is how addresses were got, and, where nothing else describes a device, the device itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from planner.host.caps import UNTOLD
from planner.host.fields import Findings, Record
from planner.host.formats import iproute, iptext
from planner.host.formats.links import VLAN, Links, blocks
from planner.host.formats.machine import INCOMPLETE, WANTED, address
from planner.host.formats.profiles import Profile, of_ifcfg, of_keyfile, of_nmcli

FORM = "files"
HEAD = re.compile(r"^==> ([^\n]+) <==[ \t]*\r?$", re.MULTILINE)
NMCLI = "GENERAL.DEVICE:"  # how `nmcli device show` begins, which needs no name
STUB = ("127.", "::1")  # a resolver on the host itself tells no name server
# As `rpm -qa` names it; of nmstate plans depend, too (`planner.host.model.Host`).
PACKAGE = re.compile(r"^(vdsm|nmstate)-(\d[\w.]*)-(\d[\w.]*)(?=\s|$)", re.MULTILINE | re.ASCII)
NAMESERVER = re.compile(r"^[ \t]*nameserver[ \t]+([0-9A-Fa-f.:]+)", re.MULTILINE)


class Files(NamedTuple):
    """Names with what each has."""

    sections: tuple[tuple[str, str], ...]

    def under(self, part: str) -> Iterator[tuple[str, str]]:
        """The files whose path has ``part`` in it: what follows that, and what each has."""
        return ((f"/{name}".rpartition(part)[2], text) for name, text in self.sections if part in f"/{name}")


class Told(NamedTuple):
    """What the files tell but profiles: `ip`'s answers, or links as `ip -j` has them, routes, name servers."""

    answers: Any
    nameservers: tuple[str, ...]
    untold: tuple[str, ...] = ()


def files_of(written: str) -> Files | None:
    """The files in a text; None where it begins with neither the name of one nor a device of nmcli's."""
    heads = list(HEAD.finditer(written))
    if not heads and written.lstrip().startswith(NMCLI):
        return Files((("nmcli device show", written),))
    if not heads or written[: heads[0].start()].strip():
        return None
    ends = [head.start() for head in heads[1:]] + [len(written)]
    return Files(tuple((head[1], written[head.end() : end]) for head, end in zip(heads, ends, strict=True)))


def recognises(document: Any) -> bool:
    """Whether ``document`` is files."""
    return isinstance(document, Files)


def caps_of(document: Any, findings: Findings) -> Record:
    """The document of getVdsCaps that the files come to; what is wrong with them goes to ``findings``."""
    files: Files = document
    profiles = _profiles(files)
    told = _told(files, profiles)
    if told is None:
        message = "no file among these tells which devices the host has"
        hint = f"`ip -d addr`, `nmcli device show`, ifcfg files, /proc/net/bonding: one of them; {WANTED}"
        findings.wrong("", message, hint, INCOMPLETE)
        return {}
    caps = iproute.caps_of(told.answers, findings)
    if findings.failed:
        return {}
    cards = {name: record.get("permhwaddr") or record["hwaddr"] for name, record in caps["nics"].items()}
    profiles = _named(profiles, cards)
    untold = [*caps[UNTOLD], *told.untold]
    untold = _got(caps, profiles, untold)
    further: Record = {"nameservers": list(told.nameservers)} if told.nameservers else {}
    packages = _packages(files)
    further |= {"packages2": packages} if packages else {}
    further |= {"software_version": packages["vdsm"]["version"]} if "vdsm" in packages else {}
    return {**caps, **further, UNTOLD: [key for key in dict.fromkeys(untold) if key not in further]}


def _packages(files: Files) -> Record:
    """Packages as VDSM lists them, of those that a plan depends on."""
    listed = [text for name, text in files.sections if name.endswith("installed-rpms") or name.startswith("rpm ")]
    found = (package for text in listed for package in PACKAGE.finditer(text))
    return {package[1]: {"version": package[2], "release": package[3]} for package in found}


def _profiles(files: Files) -> list[Profile]:
    """Every profile; of a device that NetworkManager has up only what is up."""
    found = [
        *(of_ifcfg(name, text) for name, text in files.under("/ifcfg-")),
        *(of_keyfile(text) for _, text in files.under("/system-connections/")),
        *(of_nmcli(text) for name, text in files.sections if "nmcli" in name and "connection." in text),
    ]
    profiles = [profile for profile in found if profile is not None]
    running = {profile.device for profile in profiles if profile.running}
    return [profile for profile in profiles if profile.running or profile.device not in running]


def _named(profiles: Iterable[Profile], cards: Mapping[str, str]) -> list[Profile]:
    """Those of a device: one that names but a MAC address is of the only card that has it."""
    found = []
    for profile in profiles:
        names = [name for name, mac in cards.items() if mac and mac.lower() == profile.hwaddr]
        device = profile.device or (names[0] if len(names) == 1 else "")
        found += [profile._replace(device=device)] if device else []
    return found


def _told(files: Files, profiles: Sequence[Profile]) -> Told | None:
    resolvers = [
        found for name, text in files.sections if name.endswith("resolv.conf") for found in NAMESERVER.findall(text)
    ]
    nmcli = [block for name, text in files.sections if "nmcli" in name for block in blocks(text)]
    dns = [value for block in nmcli for key, value in block.items() if ".DNS[" in key]
    local = any(one.startswith(STUB) for one in resolvers)
    nameservers = tuple(dict.fromkeys(dns if local or not resolvers else resolvers))
    said = "\n".join(text for name, text in files.sections if re.search(r"(?:^|/)ip[_ ]", name))
    answers = iproute.arrays(said)
    answers = iptext.answers(said) if answers is None else answers
    if answers is not None:
        return Told(answers, nameservers)
    links = Links()
    for block in nmcli:
        links.of_nmcli(block)
    for name, text in files.under("/proc/net/bonding/"):
        links.of_driver(name, text)
    for found in chain.from_iterable(VLAN.finditer(text) for _, text in files.under("/proc/net/vlan/config")):
        links.vlan(*found.groups())
    named = _named(profiles, links.cards())
    for profile in named:
        if profile.device in links.links or not nmcli:
            links.of_profile(profile)
    if not links.links:
        return None
    return Told(links.answers(), nameservers, tuple(links.untold(named)))


# How addresses were got: what a profile says, where what runs does not contradict it.
#
# Each key of a method, the addresses it is about, and where a profile says it.
METHODS: tuple[tuple[str, str, Callable[[Profile], bool | None]], ...] = (
    ("dhcpv4", "ipv4addrs", lambda profile: profile.leased),
    ("dhcpv6", "ipv6addrs", lambda profile: profile.leased6),
    ("ipv6autoconf", "ipv6addrs", lambda profile: profile.router),
)


def _got(caps: Record, profiles: Sequence[Profile], untold: list[str]) -> list[str]:
    """Set the method of each device; ``untold`` with those keys of methods that are open for some device."""
    still_open: set[str] = set()
    devices = [item for section in ("nics", "bondings", "vlans", "bridges") for item in caps[section].items()]
    for name, record in devices:
        mine = [one for one in profiles if one.device == name]
        configured = {_plain(one) for profile in mine for one in profile.addresses}
        for key, addresses, wish in METHODS:
            said = _agreed(mine, wish)
            if not record[addresses]:
                record[key] = addresses in untold and said is True
                continue
            by_hand = said is False and not record[key] and {_plain(one) for one in record[addresses]} <= configured
            if said or by_hand:
                record[key] = said
            else:
                still_open.add(key)
    return [key for key in untold if key not in (method[0] for method in METHODS)] + sorted(still_open)


def _agreed(profiles: Sequence[Profile], wish: Callable[[Profile], bool | None]) -> bool | None:
    """What all the profiles say; None where one leaves it open, or two differ."""
    said = {wish(profile) for profile in profiles}
    return said.pop() if len(said) == 1 else None


def _plain(written: str) -> str:
    """An address without its length, in one spelling."""
    return address(written, "", Findings()).partition("/")[0]
