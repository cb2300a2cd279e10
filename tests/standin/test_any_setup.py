"""Whatever VDSM accepts, the picture stays a host that our reader understands, and taking it all away undoes it."""

from before_hosts import BEFORE
from hypothesis import given
from hypothesis import strategies as st

from planner.host.capture import read_capture
from planner.standin import StandIn, VirtualClock
from planner.standin.kernel import INTERNAL

CAPTURE = BEFORE["ov-plus-vlans-same-bond"]
CODES = {0, INTERNAL, 21, 22, 23, 24, 25, 26, 27, 31}

NETWORKS = st.fixed_dictionaries(
    {"defaultRoute": st.booleans(), "bridged": st.booleans(), "mtu": st.sampled_from([1500, 9000, "1400"])},
    optional={
        "nic": st.sampled_from(["eth0", "eth1", "eth2", "eth9"]),
        "bonding": st.sampled_from(["bond4", "bond9"]),
        "vlan": st.sampled_from([0, 20, "3000", 4095, ""]),
        "bootproto": st.sampled_from(["dhcp", "none"]),
        "ipaddr": st.sampled_from(["192.0.2.7", "203.0.113.7"]),
        "netmask": st.just("255.255.255.0"),
        "gateway": st.just("192.0.2.1"),
        "ipv6addr": st.sampled_from(["2001:db8::7/64", "2001:db8::8"]),
        "dhcpv6": st.booleans(),
        "ipv6autoconf": st.booleans(),
    },
)
REMOVED = st.just({"remove": True})
CALLS = st.fixed_dictionaries(
    {
        "networks": st.dictionaries(st.sampled_from(["ovirtmgmt", "blue", "a.b"]), NETWORKS | REMOVED, max_size=2),
        "bondings": st.dictionaries(
            st.sampled_from(["bond4", "bond9"]),
            REMOVED
            | st.fixed_dictionaries({"nics": st.lists(st.sampled_from(["eth0", "eth1", "eth2", "eth3"]), unique=True)}),
            max_size=1,
        ),
        "options": st.just({"connectivityCheck": False}),
    }
)


@given(st.lists(CALLS, max_size=4), st.booleans())
def test_any_sequence_of_calls(calls, stored):
    host = StandIn(CAPTURE, clock=VirtualClock())
    for call in calls:
        before = host.caps()
        # What `call` would make a refusal of, if the stand-in itself crashed, is raised here.
        said = host._carry_out("setupNetworks", call, "", None)  # noqa: SLF001
        code = said["code"] if isinstance(said, dict) else said.code
        assert code in CODES
        if code:
            assert host.caps() == {**before, "netConfigDirty": "True"}, "a refused call changes nothing"
        reading = read_capture(host.caps())
        assert reading.host is not None, reading.problems
        assert host.caps()["networks"].keys() == host.running.networks.keys()
    if stored:
        host.call("setSafeNetworkConfig", {})
    after = host.caps()
    host.reboot()
    if stored:
        assert host.caps() == after
    else:
        assert host.caps()["networks"] == {}
