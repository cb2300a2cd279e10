"""The example of a site's policy: what it gives up of its base is said, with a host."""

from pathlib import Path

import pytest

from planner.cli.main import main

SITE = str(Path(__file__).parents[2] / "rules" / "examples" / "site")


@pytest.mark.no_cover  # the solver's answers are judged in a loop that measuring makes four times as slow
def test_the_example_site_gives_up_the_tag_and_keeps_the_rest(capsys):
    assert main(["rules", "prove", SITE, "--invariant", "tag-kept", "--invariant", "mtu-for-ipv6"]) == 1
    told = capsys.readouterr()
    assert "proved: mtu-for-ipv6: " in told.out
    _, _, given_up = told.out.partition(
        "gives up tag-kept of ovirtmgmt@1.0: A change never gives the network another tag"
    )
    assert "192.0.2." in given_up
    assert "bridge ovirtmgmt" in given_up
    assert told.err == "example-site@1: invariants: 1 proved, 1 refuted\n"


def test_a_check_says_where_that_is_told(capsys):
    assert main(["rules", "check", "--quick", SITE]) == 0
    told = capsys.readouterr().err
    assert "`mgmtnet rules prove` tells which of the 44 invariants of its base it gives up" in told
