"""The form of a JUnit report, as Ant's schema has it (JUnit.xsd of Windy Road, which Jenkins' own contains)."""

import re
import xml.etree.ElementTree as ET

SUITE = {
    "name": r".+",
    "package": r".*",
    "id": r"\d+",
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "hostname": r".+",
    "tests": r"\d+",
    "failures": r"\d+",
    "errors": r"\d+",
    "time": r"\d+\.\d+",
}
CASE = {"name": r".+", "classname": r".+", "time": r"\d+\.\d+"}
FAULT = {"type": r".+", "message": r".*"}


def read(text: str) -> list[ET.Element]:
    """The suites of a report, after each element and attribute of it was held against the form."""
    assert text.isascii()
    top = ET.fromstring(text)  # noqa: S314  it is our own
    assert (top.tag, top.attrib) == ("testsuites", {})
    for number, suite in enumerate(top):
        fits(suite, "testsuite", SUITE)
        assert suite.get("id") == str(number)
        assert [child.tag for child in suite if child.tag != "testcase"] == ["properties", "system-out", "system-err"]
        assert (suite[0].tag, suite[-2].tag, suite[-1].tag) == ("properties", "system-out", "system-err")
        cases = suite.findall("testcase")
        for case in cases:
            fits(case, "testcase", CASE)
            assert len(case) <= 1
            for fault in case:
                assert fault.tag in ("failure", "error")
                fits(fault, fault.tag, FAULT)
        assert suite.get("tests") == str(len(cases))
        for tag, counted in (("failure", "failures"), ("error", "errors")):
            assert suite.get(counted) == str(len(suite.findall(f"testcase/{tag}")))
    return list(top)


def fits(element: ET.Element, tag: str, attributes: dict[str, str]) -> None:
    assert element.tag == tag
    assert set(element.attrib) == set(attributes)
    for name, value in element.attrib.items():
        assert re.fullmatch(attributes[name], value), (name, value)


def faults(suite: ET.Element) -> dict[str, ET.Element]:
    """What is wrong, by the name of its test."""
    return {case.get("name", ""): case[0] for case in suite.findall("testcase") if len(case)}
