"""Whether a machine is in the state that VDSM asked nmstate for."""

import ipaddress

from planner.host.model import MODES
from planner.standin.caps import IP_KEYS


def check_state(after, interfaces, routes):
    """``after``: the machine (Kernel.netinfo); ``interfaces``, ``routes``: of nmstate's desired state."""
    for wanted in interfaces:
        _check_device(after, wanted)
    for route in routes:
        if route.get("table-id") == 0 and route.get("state") != "absent":
            holder = _record_of(after, route["next-hop-interface"])
            gateway = holder["ipv6gateway" if ":" in route["destination"] else "gateway"]
            assert gateway == route["next-hop-address"]


def _record_of(netinfo, name):
    sections = ("bridges", "vlans", "bondings", "nics")
    return next((netinfo[section][name] for section in sections if name in netinfo[section]), None)


def _check_device(after, wanted):
    record = _record_of(after, wanted["name"])
    if wanted.get("state") == "absent":
        assert record is None
        return
    assert set(IP_KEYS) <= record.keys()
    if "mtu" in wanted:
        assert record["mtu"] == str(wanted["mtu"])
    if "vlan" in wanted:
        assert (record["iface"], record["vlanid"]) == (wanted["vlan"]["base-iface"], wanted["vlan"]["id"])
    if "bridge" in wanted:
        assert record["ports"] == [port["name"] for port in wanted["bridge"]["port"]]
        assert record["stp"] == ("on" if wanted["bridge"]["options"]["stp"]["enabled"] else "off")
        if "mac-address" in wanted and "bridge_id" in record.get("opts", {}):  # not every capture tells
            assert record["opts"]["bridge_id"] == "8000." + wanted["mac-address"].replace(":", "")
    if "link-aggregation" in wanted:
        bond = wanted["link-aggregation"]
        assert record["opts"]["mode"] == str(MODES.index(bond["mode"]))
        assert sorted(record["slaves"]) == bond["port"]
        if "mac-address" in wanted:
            assert record["hwaddr"] == wanted["mac-address"]
    for family, key in (("ipv4", "ipv4addrs"), ("ipv6", "ipv6addrs")):
        if family in wanted:
            _check_addresses(record, key, wanted[family], dhcp="dhcpv4" if family == "ipv4" else "dhcpv6")


def _check_addresses(record, key, wanted, dhcp):
    assert record[dhcp] == bool(wanted.get("dhcp"))
    if not wanted.get("dhcp"):
        static = [f"{address['ip']}/{address['prefix-length']}" for address in wanted.get("address", ())]
        assert [ipaddress.ip_interface(a) for a in record[key]] == [ipaddress.ip_interface(a) for a in static]
