"""The kernel's bonding options: modes, names of values, what is reported when it is the default."""

from collections.abc import Mapping

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
NUMBERED = {
    "xmit_hash_policy": ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"),
    "lacp_rate": ("slow", "fast"),
    "ad_select": ("stable", "bandwidth", "count"),
    "arp_validate": ("none", "active", "backup", "all", "filter", "filter_active", "filter_backup"),
    "arp_all_targets": ("any", "all"),
    "fail_over_mac": ("none", "active", "follow"),
    "primary_reselect": ("always", "better", "failure"),
}
# What stands in sysfs and can be set; a kernel before 5.19 lacks the last of them. VDSM takes each in every mode.
KNOWN = frozenset(
    {
        *NUMBERED,
        *("mode", "miimon", "updelay", "downdelay", "use_carrier", "arp_interval", "arp_ip_target", "primary"),
        *("all_slaves_active", "min_links", "num_grat_arp", "num_unsol_na", "packets_per_slave", "resend_igmp"),
        *("lp_interval", "tlb_dynamic_lb", "ad_actor_sys_prio", "ad_user_port_key"),
        *("peer_notif_delay", "lacp_active", "arp_missed_max"),
    }
)
MIIMON_OF_ITSELF = ("4", "5", "6")  # these modes set miimon to 100 on their own, so that it is no news


def mode_number(text: str) -> str | None:
    """The number of a mode, given that or its name ("4" for "802.3ad"); None if there is no such mode."""
    if text in MODES:
        return str(MODES.index(text))
    return text if text.isdigit() and int(text) < len(MODES) else None


def parsed(text: str) -> dict[str, str] | None:
    """``"mode=4 miimon=100"`` as a table; None where one of its words is not key=value."""
    pairs = [word.partition("=") for word in text.split()]
    if any(not key or not separator for key, separator, _ in pairs):
        return None
    return {key: value for key, _, value in pairs}


def takes_mac(options: Mapping[str, str]) -> bool:
    """Whether nmstate lets a bond of ``options`` have a MAC address stated: not where it is its active member's."""
    follows = mode_number(options.get("mode", "0")) == "1" and options.get("fail_over_mac") in ("1", "active")
    return not follows


def reported(text: str) -> dict[str, str]:
    """The ``opts`` that caps show for the options ``text``: mode always, numbers for names, no defaults."""
    options = dict(parsed(text) or {})
    options.pop("custom", None)
    mode = mode_number(options.get("mode", "0")) or "0"
    shown = {key: _number(key, value) for key, value in options.items()}
    if mode in MIIMON_OF_ITSELF and shown.get("miimon") == "100":
        del shown["miimon"]
    return {**{key: value for key, value in shown.items() if value != "0" or key not in NUMBERED}, "mode": mode}


def same(text: str, opts: dict[str, str]) -> bool:
    """Whether the options ``text`` describe a bond that caps show with ``opts``."""
    return reported(text) == reported(" ".join(f"{key}={value}" for key, value in opts.items()))


def _number(key: str, value: str) -> str:
    names = NUMBERED.get(key, ())
    return str(names.index(value)) if value in names else value
