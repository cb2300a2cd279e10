"""What the vocabulary declares of fields is so on every host known: their words, and how large their numbers get."""

from pathlib import Path

import pytest

from planner.cli.cases import golden_folders, read_golden
from planner.facts.compute import facts_of
from planner.facts.vocabulary import KINDS, absent, known_word

ROOT = Path(__file__).parents[2]


def cases():
    yield from (read_golden(folder)[0] for folder in golden_folders(str(ROOT / "golden")))


def test_facts_keep_to_their_words_and_ranges():
    for case in cases():
        for fact in facts_of(case.host, case.definition, case.addresses):
            for name, value in fact.fields.items():
                field = KINDS[fact.kind].fields[name]
                assert known_word(field, value), (case.name, fact.kind, name, value)
                if field.type is int:
                    assert value >= -1
                    assert field.most is None or value <= field.most


@pytest.mark.parametrize("kind", KINDS)
def test_meanings_list_the_words(kind):
    for name, field in KINDS[kind].fields.items():
        if field.type is str:
            for word in field.words:
                assert str(word) in field.meaning, f"{kind}.{name} does not tell of {word}"
            assert absent(field) == ""
