"""Ansible inventories as people keep them: INI, YAML, and what ansible-inventory prints, to the same hosts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.fleet.inventory import Entry, Register, expanded, read_inventory
from planner.problem import Problem

INI = """\
; all our hosts
lonely ansible_host=192.0.2.99

[racks:children]
rack_a
rack_b

[rack_a]
node[01:03].example.com:2222 mtu=9000
spare ansible_host=2001:db8::5 note="two words"  # behind it

[rack_b]
node[a:b]

[racks:vars]
mtu=1500
vlan=10
[rack_b:vars]
vlan = 20
[all:vars]
site=south
"""
YAML = """\
all:
  hosts:
    lonely: {ansible_host: 192.0.2.99}
  vars: {site: south}
  children:
    racks:
      vars: {mtu: 1500, vlan: 10}
      children:
        rack_a:
          hosts:
            "node[01:03].example.com": {mtu: 9000, ansible_port: 2222}
            spare:
              ansible_host: "2001:db8::5"
              note: two words
        rack_b:
          hosts:
            "node[a:b]":
          vars: {vlan: 20}
"""


def test_ini_and_yaml_tell_the_same() -> None:
    ini, yaml = read_inventory(INI), read_inventory(YAML, "hosts.yml")
    assert ini.problems == yaml.problems == ()
    assert {entry.name: entry for entry in ini.entries} == {entry.name: entry for entry in yaml.entries}
    found = {entry.name: entry for entry in ini.entries}
    assert [*found][:4] == ["lonely", "node01.example.com", "node02.example.com", "node03.example.com"]
    assert found["lonely"] == Entry("lonely", "192.0.2.99", (), {"site": "south", "ansible_host": "192.0.2.99"})
    assert found["spare"].address == "2001:db8::5"
    assert found["spare"].vars["note"] == "two words"
    assert found["nodea"].groups == ("rack_b", "racks")
    assert found["nodea"].address == "nodea"
    assert found["nodeb"].vars == {"site": "south", "mtu": 1500, "vlan": 20}  # of the nearer group
    assert found["node02.example.com"].vars["mtu"] == 9000  # of its own
    assert found["node02.example.com"].vars["ansible_port"] == 2222


def test_what_ansible_inventory_prints() -> None:
    text = """{"_meta": {"hostvars": {"a": {"ansible_host": "192.0.2.1"}}},
      "all": {"children": ["ungrouped", "web"]}, "web": {"hosts": ["a", "b"]}}"""
    assert read_inventory(text).entries == (
        Entry("a", "192.0.2.1", ("web",), {"ansible_host": "192.0.2.1"}),
        Entry("b", "b", ("web",), {}),
    )


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        ("plain", ["plain"]),
        ("h[08:10]", ["h08", "h09", "h10"]),
        ("h[1:7:3].x", ["h1.x", "h4.x", "h7.x"]),
        ("r[a:b]-[1:2]", ["ra-1", "ra-2", "rb-1", "rb-2"]),
    ],
)
def test_ranges(pattern: str, hosts: list[str]) -> None:
    assert expanded(pattern) == hosts


@pytest.mark.parametrize("pattern", ["h[3:1]", "h[1:a]", "h[1:3:0]", "h[1:999999999]", "h[1:999][1:999]"])
def test_what_is_no_range(pattern: str) -> None:
    assert isinstance(expanded(pattern), Problem)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it names no host"),
        ("[a:childs]\nb", "[a:childs] is no section"),
        ("[a]\nb c", "'c' gives no variable a value"),
        ("[a:vars]\nb", "'b' gives no variable a value"),
        ("[a]\nh[3:1]", "[3:1] is no range"),
        ("---\n- a", "it is no map of groups"),
        ("all:\n  host: {a: }", "the group all has no host"),
        ("all:\n  hosts: 3", "hosts of the group all is no map"),
        ("---\nall: 3", "the group all is no map"),
        ("---\nall: {", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    found = read_inventory(text, "hosts")
    assert found.entries == ()
    assert told in found.problems[0].message
    assert found.problems[0].where[0].source == "hosts"


def test_groups_in_a_circle_come_to_an_end() -> None:
    text = "[a:children]\nb\n[b:children]\na\n[b]\nhost\n"
    assert read_inventory(text).entries == (Entry("host", "host", ("a", "b"), {}),)


def test_a_host_is_found_by_its_name_or_its_first_part_if_that_is_its_own() -> None:
    names = ["node1.south.example", "node2.south.example", "node2.north.example", "192.0.2.1", "node4"]
    register = Register([Entry(name, name, (), {}) for name in names])
    assert register.place(["node1.south.example"]) == register.place(["rack/node1", "node1"]) == 0
    assert register.place(["node2"]) == -1  # which of them?
    assert register.place(["node2.north.example"]) == 2
    assert register.place(["node4.example.com"]) == 4
    assert register.place(["192"]) == register.place(["192.0.2.7"]) == -1


@given(st.text(alphabet="[]:=#;'\" ab01\n-{}", max_size=60), st.sampled_from(["hosts", "hosts.yml"]))
def test_no_text_is_a_fault(text: str, source: str) -> None:
    found = read_inventory(text, source)
    assert found.entries or found.problems
