"""A JUnit report is well-formed and of the usual form, whatever is told in it."""

from hypothesis import given
from hypothesis import strategies as st
from junit_form import faults, read

from planner.authoring.junit import Result, Suite, report

BEGAN = "2026-01-31T12:00:00"
ANY = st.text(st.characters(exclude_categories=[]), min_size=1, max_size=20)  # lone surrogates and controls, too


def test_what_passes_and_what_does_not() -> None:
    tested = [
        Result("golden", "one", 0.25),
        Result("golden", "two", 0.5, "differs", "a value changes", ("mtu: 1 -> 2", "<b>")),
        Result("golden", "three", 0.0, "unreadable", "it cannot be read", broken=True),
    ]
    (suite, empty) = read(report([Suite("goldens", tested), Suite("nothing", [])], BEGAN))
    assert (suite.get("name"), suite.get("time"), suite.get("timestamp")) == ("goldens", "0.750", BEGAN)
    assert empty.get("tests") == "0"
    found = faults(suite)
    assert {name: (fault.tag, fault.get("type")) for name, fault in found.items()} == {
        "two": ("failure", "differs"),
        "three": ("error", "unreadable"),
    }
    assert found["two"].text == "mtu: 1 -> 2\n<b>"
    assert found["two"].get("message") == "a value changes"


@given(group=ANY, name=ANY, message=ANY, lines=st.lists(ANY))
def test_any_text_is_well_formed_xml(group: str, name: str, message: str, lines: list[str]) -> None:
    text = report([Suite("any", [Result(group, name, 0.0, "differs", message, tuple(lines))])], BEGAN)
    (suite,) = read(text)
    assert len(faults(suite)) == 1


def test_what_xml_cannot_have_is_written_out() -> None:
    lines = ("\x00\x1b[31m\x85\ufffe\ud800\u202e", "größer")
    (suite,) = read(report([Suite("any", [Result("g", "n", 0.0, "differs", "\x0b", lines)])], BEGAN))
    (fault,) = faults(suite).values()
    assert fault.text == "\\x00\\x1b[31m\\x85\\ufffe\\ud800\\u202e\ngrößer"
    assert fault.get("message") == "\\x0b"
