"""The answer of getVdsCaps as XML-RPC carries it: what is no value of its type, stands twice, or is no answer."""

import pytest

from planner.host.capture import Reading, read_capture

ANSWER = (
    "<?xml version='1.0'?><methodResponse><params><param><value><struct>"
    "<member><name>info</name><value><struct>{members}</struct></value></member>"
    "<member><name>status</name><value><struct><member><name>code</name><value><int>0</int></value></member></struct>"
    "</value></member></struct></value></param></params></methodResponse>"
)
NIC = "<member><name>nics</name><value><struct>{nic}</struct></value></member>"


def told(nic: str) -> Reading:
    """How a capture reads whose one nic has these members."""
    eth0 = f"<member><name>eth0</name><value><struct>{nic}</struct></value></member>"
    empty = "".join(f"<member><name>{name}</name><value><struct/></value></member>" for name in ("networks", "bridges"))
    rest = "".join(f"<member><name>{name}</name><value><struct/></value></member>" for name in ("vlans", "bondings"))
    return read_capture(ANSWER.format(members=NIC.format(nic=eth0) + empty + rest), "answer.xml")


def member(name: str, value: str) -> str:
    return f"<member><name>{name}</name><value>{value}</value></member>"


def test_each_type_is_read() -> None:
    nic = member("mtu", "<i4>9000</i4>") + member("speed", "<double>10.5</double>") + member("addr", "<nil/>")
    reading = told(nic + member("dhcpv4", "<boolean>1</boolean>") + member("hwaddr", "52:54:00:00:00:01"))
    assert reading.host is not None, reading.problems
    eth0 = reading.host.nics["eth0"]
    assert (eth0.mtu, eth0.ip.dhcpv4, eth0.hwaddr) == (9000, True, "52:54:00:00:00:01")


@pytest.mark.parametrize(
    "value",
    [
        "<int>9k</int>",
        f"<int>{'9' * 500}</int>",
        "<boolean>yes</boolean>",
        "<double>inf</double>",
        "<double>nan</double>",
    ],
)
def test_what_is_not_of_its_type_is_told_with_its_place(value: str) -> None:
    wrong = [problem for problem in told(member("mtu", value)).problems if problem.code == "capture-invalid"]
    assert wrong, value
    assert "is not of the type" in wrong[0].message
    assert wrong[0].where[0].path.endswith("nics.eth0.mtu")


def test_a_member_that_stands_twice_is_told() -> None:
    reading = told(member("mtu", "<int>1500</int>") + member("mtu", "<int>9000</int>"))
    assert "duplicate-key" in [problem.code for problem in reading.problems]


FAULT = "<value><struct><member><name>faultString</name><value>no</value></member></struct></value>"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"<methodResponse><fault>{FAULT}</fault></methodResponse>", "capture-failed"),
        ("<methodResponse><params><param></value></param></params></methodResponse>", "capture-syntax"),
        ("<methodResponse><params><param><value><struct>", "capture-truncated"),
    ],
)
def test_what_is_no_answer_is_refused(text: str, code: str) -> None:
    reading = read_capture(f"<?xml version='1.0'?>{text}", "answer.xml")
    assert reading.host is None
    assert [problem.code for problem in reading.problems] == [code]
