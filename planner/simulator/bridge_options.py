"""What VDSM reports of a bridge that has just been made: 44 texts, from the lab (Linux 6.1, VDSM's own netinfo)."""

FRESH = {
    "ageing_time": "30000",
    "bridge_id": "",
    "default_pvid": "1",
    "forward_delay": "1500",
    "gc_timer": "0",
    "group_addr": "01:80:c2:00:00:00",
    "group_fwd_mask": "0x0",
    "hash_elasticity": "16",
    "hash_max": "4096",
    "hello_time": "200",
    "hello_timer": "0",
    "max_age": "2000",
    "multicast_igmp_version": "2",
    "multicast_last_member_count": "2",
    "multicast_last_member_interval": "100",
    "multicast_membership_interval": "26000",
    "multicast_mld_version": "1",
    "multicast_querier": "0",
    "multicast_querier_interval": "25500",
    "multicast_query_interval": "12500",
    "multicast_query_response_interval": "1000",
    "multicast_query_use_ifaddr": "0",
    "multicast_router": "1",
    "multicast_snooping": "1",
    "multicast_startup_query_count": "2",
    "multicast_startup_query_interval": "3125",
    "multicast_stats_enabled": "0",
    "nf_call_arptables": "0",
    "nf_call_ip6tables": "0",
    "nf_call_iptables": "0",
    "no_linklocal_learn": "0",
    "priority": "32768",
    "root_id": "",
    "root_path_cost": "0",
    "root_port": "0",
    "stp_state": "0",
    "tcn_timer": "0",
    "topology_change": "0",
    "topology_change_detected": "0",
    "topology_change_timer": "0",
    "vlan_filtering": "0",
    "vlan_protocol": "0x8100",
    "vlan_stats_enabled": "0",
    "vlan_stats_per_port": "0",
}


def options_of(mac: str, *, stp: bool) -> dict[str, str]:
    """The options of a bridge with the MAC address ``mac``."""
    identity = "8000." + mac.replace(":", "")
    return {**FRESH, "bridge_id": identity, "root_id": identity, "stp_state": str(int(stp))}


def mac_of(options: dict[str, str]) -> str:
    """The MAC address that ``options`` tell of, ``""`` if they tell none."""
    digits = options.get("bridge_id", "").partition(".")[2]
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2)) if len(digits) == 12 else ""
