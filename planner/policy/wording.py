"""Filling facts into a rule's messages: ``{alias.field}`` becomes the value, or the word for its absence."""

import re

from planner.language import Fact, Rule
from planner.printing import printable
from planner.vocabulary import KINDS

PLACEHOLDER = r"\{([a-z_0-9-]+)\.([a-z_0-9]+)\}"


def fill_in(template: str, rule: Rule, bound: dict[str, Fact]) -> str:
    """The ``template`` with the fields of the matched facts; control characters are written out."""
    if "{" not in template:
        return template
    kinds = {pattern.alias: pattern.kind for pattern in rule.when}

    def value(found: re.Match[str]) -> str:
        alias, name = found.groups()
        stated = bound[alias].fields[name]
        if stated in ("", -1):
            return KINDS[kinds[alias]].fields[name].absent
        return printable(str(stated))

    return re.sub(PLACEHOLDER, value, template)
