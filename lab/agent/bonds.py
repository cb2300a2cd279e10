"""Bond options in three spellings: ``ip``'s output and arguments, and the kernel's own names, which VDSM uses."""

from collections.abc import Mapping
from typing import NamedTuple

from lab.agent.iproute import Record

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
SELF_MONITORING = ("4", "5", "6")  # these modes turn miimon=100 on by themselves
UNSET_MAC = "00:00:00:00:00:00"


class Option(NamedTuple):
    """An option: ``shown`` in ``ip -j``, its ``default``, and the names of its values 0, 1, ... if they have names."""

    shown: str
    default: str
    values: tuple[str, ...] = ()


OPTIONS = {
    "miimon": Option("miimon", "0"),
    "updelay": Option("updelay", "0"),
    "downdelay": Option("downdelay", "0"),
    "peer_notif_delay": Option("peer_notify_delay", "0"),
    "use_carrier": Option("use_carrier", "1"),
    "arp_interval": Option("arp_interval", "0"),
    "arp_ip_target": Option("arp_ip_target", ""),
    "arp_validate": Option(
        "arp_validate", "0", ("none", "active", "backup", "all", "filter", "filter_active", "filter_backup")
    ),
    "arp_all_targets": Option("arp_all_targets", "0", ("any", "all")),
    "primary": Option("primary", ""),
    "primary_reselect": Option("primary_reselect", "0", ("always", "better", "failure")),
    "fail_over_mac": Option("fail_over_mac", "0", ("none", "active", "follow")),
    "xmit_hash_policy": Option(
        "xmit_hash_policy", "0", ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac")
    ),
    "resend_igmp": Option("resend_igmp", "1"),
    "num_grat_arp": Option("num_peer_notif", "1"),
    "all_slaves_active": Option("all_slaves_active", "0"),
    "min_links": Option("min_links", "0"),
    "lp_interval": Option("lp_interval", "1"),
    "packets_per_slave": Option("packets_per_slave", "1"),
    "lacp_active": Option("ad_lacp_active", "1", ("off", "on")),
    "lacp_rate": Option("ad_lacp_rate", "0", ("slow", "fast")),
    "ad_select": Option("ad_select", "0", ("stable", "bandwidth", "count")),
    "ad_actor_sys_prio": Option("ad_actor_sys_prio", "65535"),
    "ad_user_port_key": Option("ad_user_port_key", "0"),
    "ad_actor_system": Option("ad_actor_system", UNSET_MAC),
    "tlb_dynamic_lb": Option("tlb_dynamic_lb", "1"),
}
SAME = {"num_unsol_na": "num_grat_arp"}  # one value of the kernel's under two names
ARGUMENTS = {"peer_notif_delay": "peer_notify_delay"}  # what `ip link add type bond` calls otherwise


def reported(data: Record) -> dict[str, str]:
    """The ``opts`` of caps from the ``info_data`` of ``ip``: mode always, else what is not as by default."""
    values = {name: _kernel_text(data.get(option.shown), option) for name, option in OPTIONS.items()}
    options = without_defaults({"mode": str(data["mode"]), **values})
    return {**options, **{twin: options[name] for twin, name in SAME.items() if name in options}}


def configured(text: str) -> dict[str, str]:
    """``"mode=4 miimon=100"``, as a configuration has it, in the form of `reported` but for the twins."""
    pairs = dict(word.partition("=")[::2] for word in text.split())
    return without_defaults({SAME.get(name, name): value for name, value in pairs.items() if name != "custom"})


def without_defaults(options: dict[str, str]) -> dict[str, str]:
    """``options`` with numbers instead of names, without the values that a bond of that mode has anyway."""
    mode = options.get("mode", "0")
    mode = str(MODES.index(mode)) if mode in MODES else mode
    kept = {"mode": mode}
    for name, value in options.items():
        option = OPTIONS.get(name)
        if name in SAME or name == "mode":
            continue
        number = str(option.values.index(value)) if option and value in option.values else value
        if option is None or number != _default(name, option, mode):
            kept[name] = number
    return kept


def arguments(options: Mapping[str, str]) -> str:
    """What ``ip link add ... type bond`` is told; a primary can be named only when it is a slave already."""
    words = [f"mode {MODES[int(options['mode'])]}"]
    names = [name for name in options if name not in ("mode", "primary", "active_slave", *SAME)]
    words += [f"{ARGUMENTS.get(name, name)} {_argument(name, options[name])}" for name in names]
    return " ".join(words)


def _argument(name: str, value: str) -> str:
    option = OPTIONS.get(name)
    return option.values[int(value)] if option and option.values and value.isdigit() else value


def _default(name: str, option: Option, mode: str) -> str:
    return "100" if name == "miimon" and mode in SELF_MONITORING else option.default


def _kernel_text(value: object, option: Option) -> str:
    if value is None:
        return option.default
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return str(value)
