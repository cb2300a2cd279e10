"""Regular expressions of rules: what is refused, and that the rest cannot take long."""

import time
import warnings

import pytest

from planner.rules.regex import TEXT_LIMIT, explosive, matches

FINE = [
    "bond[0-9]+",
    r"bond\w+",
    r"[a-z]+[0-9]+\.[0-9]+",
    r"eth[0-9]+(\.[0-9]+)?",
    "(eth|ens|eno)[0-9]+",
    r"([0-9]{1,3}\.){3}[0-9]{1,3}",
    "([0-9a-f]{2}:){5}[0-9a-f]{2}",
    r"(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}",
    "(?i)BOND.*",
    "",
    ".*a.*b.*c",
    "(?>a+)b",
    "[^.]*",
    "a{1,99999}b{1,99999}",
    "a{65}",
]
EXPLOSIVE = {
    "(a+)+": "repeat",
    "(a*)*b": "repeat",
    "(a|a)*b": "repeat",
    "(a|aa)+": "repeat",
    "(.*a){9}": "repeat",
    "(a?){30}a{30}": "too many ways",
    "a?" * 30 + "a" * 30: "too many ways",
    "(a{1,9}){1,9}b": "too many ways",
    "((a|b)(c|cd)){20}": "too many ways",
    ".*.*.*.*": "4 unbounded",
    r"(a)\1": "refers back",
    "(?=a)b": "looks",
    "(?<!a)b": "looks",
    "a" * 501: "501 characters",
    "[": "no regular expression",
    "a{99999999999999}": "no regular expression",
    "*": "no regular expression",
    "(?P<é\n>a)": "no regular expression",
    "[[a]": "operation on sets",
    "[a--b]": "operation on sets",
    r"a\[b[c&&d]": "operation on sets",
    r"(a)?(?(1)b|c)": "refers back",
    r"\q": "no regular expression",
    "(" * 240 + ")" * 240: "",
}


@pytest.mark.parametrize("pattern", FINE)
def test_ordinary_expressions_are_fine(pattern):
    assert explosive(pattern) is None


@pytest.mark.parametrize(("pattern", "advice"), EXPLOSIVE.items())
def test_what_could_take_long_is_refused_with_advice(pattern, advice):
    told = explosive(pattern)
    assert advice == "" or advice in str(told)


@pytest.mark.parametrize("pattern", [*FINE, *(pattern for pattern in EXPLOSIVE if explosive(pattern) is None)])
def test_what_is_fine_is_fast_on_the_worst_text(pattern):
    started = time.perf_counter()
    for letter in "a", "b", "0", ".", "ab":
        matches(pattern, letter * (TEXT_LIMIT // len(letter) - 1) + "!")
    assert time.perf_counter() - started < 1


def test_the_whole_text_must_match():
    assert matches("eth[0-9]", "eth1")
    assert not matches("eth[0-9]", "eth10")
    assert not matches("eth[0-9]", "eth1\n")
    assert matches("a*", "a" * TEXT_LIMIT)
    assert not matches("a*", "a" * (TEXT_LIMIT + 1))


@pytest.mark.parametrize("pattern", [*FINE, r"[\[a]", "[^[a]", r"[a\-\-b]", "[a-z-]", r"\[[a]", *EXPLOSIVE])
def test_no_warning_is_given_or_caught(pattern: str) -> None:
    filters = list(warnings.filters)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        inside = list(warnings.filters)
        explosive(pattern)
        assert warnings.filters == inside
    assert given == []
    assert warnings.filters == filters
