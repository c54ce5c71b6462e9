"""Grammar packs: YAML per language, checked when it is loaded."""

from __future__ import annotations

import pytest

from bridge.errors import SchemaError
from bridge.tagging.grammar import Pack, load_pack, parse_pack


class Greetings(Pack):
    words: frozenset[str]
    weight: float = 1.0


def test_a_pack_keeps_the_words_as_they_stand_in_the_file() -> None:
    pack = parse_pack("words: [no, on, off, 'yes', 2024-01-01]\nweight: 2", Greetings)
    assert pack.words == {"no", "on", "off", "yes", "2024-01-01"}
    assert pack.weight == 2.0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("words: [a]\nwieght: 2", "x.yaml:2: wieght"),
        ("words: [a]\nweight: heavy", "x.yaml:2: weight"),
        ("words:\n  - [a]", "x.yaml:2: words[0]"),
        ("words: [a]\nwords: [b]", "x.yaml:2: words"),
        ("weight: 1", "x.yaml:1: words"),
    ],
)
def test_an_error_names_file_line_and_key(text: str, place: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_pack(text, Greetings, source="x.yaml")
    assert (caught.value.where or "").startswith(place)


@pytest.mark.parametrize("language", ["xx", "", "../en", "e/", "日本"])
def test_a_language_without_a_pack_has_none(language: str) -> None:
    assert load_pack(language, "quantities", Greetings) is None
