"""A shell script of `nmcli`: the profiles that devices have today are turned into ports, and a bridge is added."""

import shlex
from collections.abc import Iterator

from planner.dialects.wording import Made, beside_vdsm, lost_by_hand, lost_past_vdsm
from planner.host import graph
from planner.host.model import Device
from planner.plan.attachment import IpPlan

# Of the shell: a device without a profile of NetworkManager's ends the script before anything is changed.
HEAD = """\
#!/bin/sh
set -eu
profile() { nmcli --get-values GENERAL.CON-UUID device show "$1" | grep .; }
"""
MTU, CLONED = "802-3-ethernet.mtu", "802-3-ethernet.cloned-mac-address"
METHODS = {"none": "disabled", "static": "manual", "dhcp": "auto"}  # NetworkManager calls IPv4's DHCP auto
METHODS6 = {"none": "disabled", "static": "manual", "dhcp": "dhcp", "auto": "auto", "auto+dhcp": "auto"}


class Variable(str):
    """A variable of the script, to tell it from a device whose name looks like one."""

    __slots__ = ()


PORT, MAC = Variable("port"), Variable("mac")
Properties = dict[str, str]


def lost(made: Made) -> Iterator[str]:
    """What a profile of NetworkManager's has no property for."""
    attachment = made.attachment
    yield from lost_past_vdsm(made)
    yield from lost_by_hand(made)
    for family, ip in ((4, attachment.ipv4), (6, attachment.ipv6)):
        if ip.method == "none" and _servers(made, family):
            yield f"NetworkManager keeps name servers with addresses of their family: {_servers(made, family)} are lost"


def words(made: Made) -> str:
    """The script."""
    lines = [*_looked_up(made), "", *_lower(made), *_upper(made)]
    return HEAD + "\n".join(lines) + "\n"


def beside(made: Made) -> Iterator[str]:
    """How it is run, and what VDSM makes of it."""
    yield "  run it as root on the host, at a console: nothing takes it back"
    yield beside_vdsm(made)


def _looked_up(made: Made) -> Iterator[str]:
    """The profiles, and the MAC address that the bridge is to have: all before anything is changed."""
    for number, device in enumerate(_changed(made)):
        yield f"lower{number}=$(profile {shlex.quote(device.name)})"
    yield f"port=$(profile {shlex.quote(made.attachment.port)})"
    if made.attachment.bridged:
        yield f"mac=$(nmcli --escape no --get-values GENERAL.HWADDR device show {shlex.quote(made.attachment.port)})"


def _changed(made: Made) -> list[Device]:
    """The devices under the port whose MTU changes, members first."""
    present = {device.name: device.mtu for device in graph.devices(made.host)}
    below = (device for device in made.stack() if device.name != made.attachment.port)
    return [device for device in below if device.mtu != present[device.name]]


def _lower(made: Made) -> Iterator[str]:
    """For good, and at once: NetworkManager reapplies no MTU to a bond whose profile had none, but starts it anew."""
    for number, device in enumerate(_changed(made)):
        yield _command("connection modify", Variable(f"lower{number}"), {MTU: str(device.mtu)})
        yield f"ip link set dev {shlex.quote(device.name)} mtu {device.mtu}"


def _upper(made: Made) -> Iterator[str]:
    attachment = made.attachment
    port = graph.device(made.future, attachment.port)
    mtu = {MTU: str(port.mtu)} if port is not None and port.mtu >= 0 else {}
    families = [_family(made, 4, attachment.ipv4), _family(made, 6, attachment.ipv6)]
    if attachment.bridged:
        named = ("type", "bridge", "con-name", made.network, "ifname", made.network)
        own: Properties = {"bridge.stp": _yes(attachment.stp), MTU: str(attachment.mtu), CLONED: MAC}
        stated = ({name: value for name, value in family.items() if value != ""} for family in families)
        yield _command("connection add", *named, own, *stated)
        families = [{"connection.master": made.network, "connection.slave-type": "bridge"}]
    yield _command("connection modify", PORT, mtu, *families)
    yield _command("connection up", PORT)  # and with it the bridge, which does not bring up its port by itself


def _family(made: Made, family: int, ip: IpPlan) -> Properties:
    """The properties of a family, also those that are to be empty: a profile may have had others."""
    own = f"ipv{family}"
    static, automatic = ip.method == "static", ip.method not in ("none", "static")
    found: Properties = {
        f"{own}.method": (METHODS if family == 4 else METHODS6)[ip.method],
        f"{own}.addresses": f"{ip.address}/{ip.prefix}" if static else "",
        f"{own}.gateway": ip.gateway if made.attachment.default_route else "",
        f"{own}.dns": _servers(made, family),
    }
    if ip.method != "none":
        found[f"{own}.never-default"] = _yes(not made.attachment.default_route)
    if automatic:
        found[f"{own}.ignore-auto-dns"] = _yes(bool(made.attachment.nameservers))
    if automatic and family == 6:  # as nmstate has it for VDSM
        found |= {"ipv6.addr-gen-mode": "eui64", "ipv6.dhcp-duid": "ll", "ipv6.dhcp-iaid": "mac"}
    return found


def _servers(made: Made, family: int) -> str:
    return " ".join(server for server in made.attachment.nameservers if (":" in server) == (family == 6))


def _yes(flag: bool) -> str:  # noqa: FBT001  a word for it
    return "yes" if flag else "no"


def _command(verb: str, *words_of: str | Properties) -> str:
    """A command of the script; the properties of one setting have a line of their own."""
    return f"nmcli {verb}" + "".join(map(_spelled, words_of))


def _spelled(words_of: str | Properties) -> str:
    if isinstance(words_of, dict):
        return " \\\n   " + "".join(f" {name} {_quoted(value)}" for name, value in words_of.items())
    return f" {_quoted(words_of)}"


def _quoted(word: str) -> str:
    return f'"${word}"' if isinstance(word, Variable) else shlex.quote(word)
