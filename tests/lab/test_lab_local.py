"""`--local` on a real kernel with real bonds and VLANs: the host that the lab's VDSM tells of the same kernel."""

import pytest
from surroundings import steady

from planner.host.capture import read_capture
from planner.vdsm import local

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("of", ["seed", "untagged"])
def test_the_live_host_is_what_vdsm_would_tell(of, request):
    request.getfixturevalue(of)
    told, caps = local.described(), read_capture(steady()).required()
    assert isinstance(told, bytes)
    assert b"==> proc/net/bonding/bond4 <==" in told
    host = read_capture(told).required()
    for own, theirs in ((host.bonds, caps.bonds), (host.vlans, caps.vlans), (host.bridges, caps.bridges)):
        assert own.keys() == theirs.keys()
        for name, device in own.items():
            same = theirs[name]
            assert (device.mtu, device.ip.addresses) == (same.mtu, same.ip.addresses)
            assert device.ip.gateway4 == same.ip.gateway4
            assert device.ip.dhcpv4 == same.ip.dhcpv4 or "dhcpv4" in host.lacks  # this client sets no lifetime
    bond, same = host.bonds["bond4"], caps.bonds["bond4"]
    assert (bond.members, bond.options, bond.hwaddr) == (same.members, same.options, same.hwaddr)


def test_without_ip_the_bonding_driver_and_the_kernels_list_tell(seed, monkeypatch):
    assert seed
    monkeypatch.setattr(local, "ASKED", (("true",), ("uname",)))
    told = local.described()
    assert isinstance(told, bytes)
    host, caps = read_capture(told).required(), read_capture(steady()).required()
    assert dict(host.bonds["bond4"].options) == dict(caps.bonds["bond4"].options)
    assert host.bonds["bond4"].members == caps.bonds["bond4"].members
    assert (host.vlans["bond4.3000"].tag, host.vlans["bond4.3000"].base) == (3000, "bond4")
    assert {"ipv4addrs", "nics", "gateway"} <= set(host.lacks)
