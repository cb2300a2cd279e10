"""What the engine refuses before the host hears of it (vdsm.md 3), worded by the stand-in. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping

from planner.simulator.bonding_options import mode_number
from planner.simulator.engine_documents import View, is_in_sync
from planner.simulator.engine_orders import Attach, Wish

BOND_NAME = re.compile(r"bond\w+", re.ASCII)
NOT_UNDER_VMS = ("0", "5", "6")


def objection(wanted: Wish, view: View) -> str:
    """The first thing that the engine has against ``wanted``, in its order; ``""`` for none."""
    checks: tuple[Callable[[Wish, View], Iterator[str]], ...] = (_attachments, _removals, _bonds, _together)
    return next((f"Cannot setup Networks. {said}" for check in checks for said in check(wanted, view)), "")


def _attachments(wanted: Wish, view: View) -> Iterator[str]:
    unmanaged = {
        view.devices[device].get("iface", device): network
        for device, network in view.carried().items()
        if network not in view.networks
    }
    for one in wanted.attach:
        name = one.network.name
        if one.device in view.caps.get("vlans", {}):
            yield f"Network {name} cannot be attached to the VLAN device {one.device}."
        if one.device in unmanaged:
            yield f"The unmanaged network {unmanaged[one.device]} is on {one.device}; remove it first."
        present = one.network.on_host in view.caps.get("networks", {})
        if present and not one.mend and not is_in_sync(one.network.on_host, view):
            yield f"Network {name} on the host is different from its definition; synchronize it first."
        methods = {method for method, _ in one.addresses.values()}
        if one.network.default_route and not methods - {"none"}:
            yield f"Network {name} has the role of the default route and needs an IP configuration."
        yield from _addresses(one)


def _addresses(one: Attach) -> Iterator[str]:
    for version, (method, ip) in one.addresses.items():
        details = [key for key in ("address", "netmask", "gateway") if ip.get(key)]
        if method == "static" and not {"address", "netmask"} <= set(details):
            yield f"Network {one.network.name}: a static {version} configuration needs address and netmask."
        if method != "static" and details:
            yield f"Network {one.network.name}: {version} by {method} takes no address, netmask or gateway."
        if version == "v6" and ip.get("gateway") not in (None, "", "::") and not one.network.default_route:
            yield f"Network {one.network.name} has an IPv6 gateway, but not the role of the default route."


def _removals(wanted: Wish, view: View) -> Iterator[str]:
    for name in wanted.detach:
        if name in view.networks and view.networks[name].management:
            yield f"The management network {name} cannot be removed from the host."


def _bonds(wanted: Wish, view: View) -> Iterator[str]:
    plain = view.caps.get("nics", {})
    carried = view.carried()
    bases = {view.devices[device].get("iface", device) for device in carried}
    for name, (slaves, _) in wanted.bonds.items():
        if not BOND_NAME.fullmatch(name):
            yield f"The bond's name {name} has to begin with bond."
        if name in plain or name in view.caps.get("vlans", {}):
            yield f"{name} is no bond."
        if len(slaves) < 2:
            yield f"The bond {name} needs two slaves at least."
        if len(set(slaves)) < len(slaves):
            yield f"A slave of the bond {name} is listed twice."
        for slave in slaves:
            others = [bond for bond, members in _members(wanted, view).items() if slave in members and bond != name]
            if slave not in plain:
                yield f"{slave} is a bond or a VLAN and cannot be a slave of {name}."
            if others:
                yield f"{slave} is a slave of {others[0]} already."
            if slave in bases:
                yield f"{slave} has a network and cannot be a slave of {name}."


def _members(wanted: Wish, view: View) -> dict[str, tuple[str, ...]]:
    present = {name: tuple(bond["slaves"]) for name, bond in view.caps.get("bondings", {}).items()}
    named = {name: slaves for name, (slaves, _) in wanted.bonds.items()}
    return {name: slaves for name, slaves in {**present, **named}.items() if name not in wanted.unbond}


def _together(wanted: Wish, view: View) -> Iterator[str]:
    """What concerns all networks of a device, those that are there already among them."""
    for device, networks in _after(wanted, view).items():
        untagged = [name for name, network in networks.items() if network[0] is None]
        if len(untagged) > 1:
            yield f"{device} can have one untagged network only, not {' and '.join(sorted(untagged))}."
        if untagged and len({mtu for _, mtu, _ in networks.values()}) > 1:
            yield f"The networks on {device} have different MTUs, and one is untagged."
        mode = _mode(device, wanted, view)
        if mode in (*NOT_UNDER_VMS, None) and any(vm for _, _, vm in networks.values()):
            yield f"The mode of the bond {device} cannot serve a VM network."


def _after(wanted: Wish, view: View) -> Mapping[str, dict[str, tuple[int | None, int, bool]]]:
    """The known networks by base device, as they will be: VLAN, MTU, for VMs."""
    found: dict[str, dict[str, tuple[int | None, int, bool]]] = {}
    asked = {one.network.on_host: one.device for one in wanted.attach}
    present = {name: view.devices[device].get("iface", device) for device, name in view.carried().items()}
    for name, device in {**present, **asked}.items():
        network = view.networks.get(name)
        if network is not None and name not in wanted.detach:
            found.setdefault(device, {})[name] = (network.vlan, network.bytes, network.vm)
    return found


def _mode(device: str, wanted: Wish, view: View) -> str | None:
    """The bond's mode; ``""`` for a device that is no bond, None for a mode that the engine cannot read."""
    bond = view.caps.get("bondings", {}).get(device)
    if device in wanted.bonds and wanted.bonds[device][1]:
        return mode_number(wanted.bonds[device][1].get("mode", ""))
    if device in wanted.bonds:
        return "4"
    return mode_number(str(bond.get("opts", {}).get("mode", "0"))) if bond else ""
