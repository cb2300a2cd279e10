"""Say aloud which MAC an address is at, as NetworkManager does: neighbours that knew it elsewhere ask too late."""

import contextlib
import socket
import struct
from ipaddress import IPv4Interface

from lab.agent.looking import look
from lab.agent.machine import Machine

ARP = 0x0806
ETHERNET, IPV4, REQUEST = 1, 0x0800, 1
EVERYBODY = b"\xff" * 6


def announce(before: Machine, after: Machine) -> None:
    """Announce the IPv4 addresses that ``after`` has on devices that had not had them in ``before``."""
    new = {
        name: [address for address in link.addresses if ":" not in address]
        for name, link in after.links.items()
        if link.up and link.addresses != before.links[name].addresses
    }
    rows = look().links if any(new.values()) else {}
    for name, addresses in new.items():
        for address in addresses:
            mac = bytes.fromhex(rows[name]["address"].replace(":", ""))
            # A device without a carrier cannot send; who asks later gets an answer.
            with contextlib.suppress(OSError):
                _send(name, mac, IPv4Interface(address).ip.packed)


def _send(device: str, mac: bytes, address: bytes) -> None:
    """A gratuitous request: the address asks for itself."""
    asked = struct.pack("!HHBBH6s4s6s4s", ETHERNET, IPV4, 6, 4, REQUEST, mac, address, b"\0" * 6, address)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((device, 0))
        wire.send(EVERYBODY + mac + struct.pack("!H", ARP) + asked)
