"""What stands on what, also where a capture makes no sense."""

from captured_hosts import documents, lab
from hypothesis import given

from planner.host import graph
from planner.host.capture import read_capture
from planner.host.model import Host


def host_of(document: dict[str, object]) -> Host:
    reading = read_capture(document)
    assert reading.host is not None, reading.problems
    return reading.host


def test_the_seed_hosts_relations() -> None:
    host = host_of(lab("seed-vlan-bond-dhcp"))
    assert graph.stack(host, "bond4.3000") == ("bond4.3000", "bond4", "eth2", "eth3")
    assert graph.bond_of(host) == {"eth2": "bond4", "eth3": "bond4"}
    assert graph.vlans_over(host) == {"bond4": ("bond4.3000",)}
    assert graph.bridge_of(host) == {}
    assert graph.owned_bridges(host) == set()
    assert [graph.kind_of(host, name) for name in ("eth2", "bond4", "bond4.3000", "lo")] == [
        "nic",
        "bond",
        "vlan",
        "unlisted",
    ]


def test_a_bridge_called_like_a_vlan() -> None:
    host = host_of(lab("bridge-name-like-vlan"))
    assert graph.kind_of(host, "eth0.100") == "bridge"
    assert graph.stack(host, "eth0.100") == ("eth0.100", "eth0")


def test_of_two_with_one_name_the_lower_one_counts() -> None:
    host = host_of({"nics": {"x": {}}, "vlans": {"x": {"iface": "y", "vlanid": 1}}, "bridges": {"x": {}, "y": {}}})
    assert [graph.kind_of(host, name) for name in "xy"] == ["nic", "bridge"]


def test_an_unlisted_base_ends_the_stack() -> None:
    host = host_of(lab("vlan-over-team"))
    assert graph.stack(host, "team0.100") == ("team0.100", "team0")
    assert graph.device(host, "team0") is None
    assert graph.stack(host, "nowhere") == ("nowhere",)


def test_loops_are_told_once_and_end() -> None:
    reading = read_capture(
        {
            "vlans": {"a": {"iface": "b"}, "b": {"iface": "c"}, "c": {"iface": "a"}, "d": {"iface": "a"}},
            "bondings": {"bond0": {"slaves": ["bond0", "eth0"]}},
        }
    )
    assert reading.host is not None
    assert [[device.name for device in loop] for loop in graph.loops(reading.host)] == [["bond0"], ["a", "b", "c"]]
    assert graph.stack(reading.host, "d") == ("d", "a", "b", "c")
    assert graph.stack(reading.host, "bond0") == ("bond0", "eth0")


@given(documents())
def test_stacks_end_and_name_each_device_once(document: dict[str, object]) -> None:
    host = host_of(document)
    for name in (*host.nics, *host.bonds, *host.vlans, *host.bridges, "unlisted"):
        stack = graph.stack(host, name)
        assert stack[0] == name
        assert len(stack) == len(set(stack))
        assert all(lower in stack for upper in stack for lower in graph.below(host, upper))
    for loop in graph.loops(host):
        assert all(
            below.name in graph.below(host, above.name) for above, below in zip(loop, (*loop[1:], loop[0]), strict=True)
        )
