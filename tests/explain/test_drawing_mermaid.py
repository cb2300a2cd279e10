"""Drawings as Mermaid: one statement a line, and no name can end its label."""

import re

from explained_hosts import FOREIGN, FOREIGN_PLAN, PLAIN, PLAIN_PLAN
from generated_hosts import HOSTS_AND_PLANS
from hypothesis import given

from planner.explain.drawing.mermaid import render
from planner.explain.drawing.scene import pictures

LABEL = r'"[^"<>`&;\\]*(?:(?:\#\d+;|<br/>)[^"<>`&;\\]*)*"'
STATEMENT = re.compile(
    rf"""flowchart\ (LR|TB) | \s+subgraph\ [ab]\[{LABEL}\] | \s+direction\ TB | \s+end
    | \s+[ab]\d+(\[{LABEL}\]|\(\[{LABEL}\]\)) | \s+[ab]note\[{LABEL}\] | \s+a\ ==>\ b
    | \s+[ab]\d+\ (---|===|-\.-)\ [ab]\d+ | \s+classDef\ \w+\ [\w\-:#,. ]+ | \s+class\ [\w,]+\ \w+""",
    re.VERBOSE,
)


def test_a_plain_nic():
    assert (
        render(*pictures(PLAIN, PLAIN_PLAN))
        == """\
flowchart LR
  subgraph a["Before"]
    direction TB
    a0["nic eth0<br/>MTU 1500 · 10 Gbit/s"]
    a1(["192.0.2.10/24<br/>static · gateway 192.0.2.1"])
    a1 --- a0
  end
  subgraph b["After"]
    direction TB
    b0["bridge ovirtmgmt (new)<br/>MTU 1500"]
    b1["nic eth0<br/>MTU 1500 · 10 Gbit/s"]
    b2(["192.0.2.10/24 (changed)<br/>static · gateway 192.0.2.1<br/>on eth0 → ovirtmgmt"])
    b0 === b1
    b2 === b0
  end
  a ==> b
  classDef address fill:#e8edf3,stroke:#1c2733,color:#1c2733
  class a1,b2 address
  classDef bridge fill:#fdf4e0,stroke:#c98500,color:#1c2733
  class b0 bridge
  classDef nic fill:#f1f3f5,stroke:#7b8794,color:#1c2733
  class a0,b1 nic
  classDef new stroke:#00795a,stroke-width:3px
  class b0 new
  classDef changed stroke:#0063b0,stroke-width:2px
  class b2 changed
"""
    )


def test_a_refusal_is_marked():
    assert "<br/>✗ address-on-foreign-bridge" in render(*pictures(FOREIGN, FOREIGN_PLAN))


@given(HOSTS_AND_PLANS)
def test_whatever_the_names_each_line_is_a_statement(given_both):
    for line in render(*pictures(*given_both)).rstrip("\n").split("\n"):
        assert STATEMENT.fullmatch(line), line
