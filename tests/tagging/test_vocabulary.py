"""The words of English: what is no misspelling, and what is an ordinary word."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.tagging.grammar import load_values, load_vocabulary
from bridge.tagging.grammar._word_list import thing_list, word_list


@pytest.mark.parametrize("word", ["apple", "targets", "shark", "bigger", "running", "comedies", "leaves"])
def test_ordinary_words_in_any_form(word: str) -> None:
    vocabulary = load_vocabulary(("en",))
    assert vocabulary is not None
    assert vocabulary.is_common(word)
    assert vocabulary.knows(word)


@pytest.mark.parametrize("word", ["samsong", "panasonc", "logitec", "keybord"])
def test_misspellings_are_no_words(word: str) -> None:
    vocabulary = load_vocabulary(("en",))
    assert vocabulary is not None
    assert not vocabulary.knows(word)


@pytest.mark.parametrize(
    ("word", "rank"),
    [
        *((word, "common") for word in ("apple", "targets", "canon", "golf")),
        *((word, "uncommon") for word in ("ninja", "ninjas", "mini", "corolla")),
        *((word, "rare") for word in ("dell", "ford", "jaguar")),
        *((word, "name") for word in ("fiji", "paris", "gracie")),
        ("samsong", None),
    ],
)
def test_how_familiar_a_word_is(word: str, rank: str | None) -> None:
    vocabulary = load_vocabulary(("en-GB",))
    assert vocabulary is not None
    assert vocabulary.rank(word) == rank


@pytest.mark.parametrize("word", ["smartwatch", "handmade", "soundbar"])
def test_two_common_words_in_one_are_a_word(word: str) -> None:
    vocabulary = load_vocabulary(("en",))
    assert vocabulary is not None
    assert vocabulary.knows(word)


def test_no_vocabulary_where_one_language_has_none() -> None:
    assert load_vocabulary(("en", "de")) is None
    assert load_vocabulary(()) is None


def test_what_a_language_says_about_names() -> None:
    pack = load_values(("de", "en"))
    assert "charger" in pack.accessories
    assert "by" in pack.origins
    assert not pack.origins & pack.relations
    assert load_values(("de",)).accessories == frozenset()


def test_the_list_is_made_from_the_files_of_wordnet_and_scowl(tmp_path: Path) -> None:
    for part in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"data.{part}").write_text("  1 the licence\n")
        (tmp_path / f"{part}.exc").write_text("")
    (tmp_path / "data.noun").write_text(
        "  1 the licence\n"
        "07739125 13 n 01 apple 0 000 | fruit\n"
        "09303008 15 n 02 dell 0 dingle 0 000 | valley\n"
        "08932568 15 n 03 Paris 0 City_of_Light 0 Xyz 0 000 | capital\n"
    )
    (tmp_path / "noun.exc").write_text("geese goose\n")
    (tmp_path / "cntlist.rev").write_text("apple%1:13:00:: 1 1\nparis%1:15:00:: 1 4\n")
    (tmp_path / "english-words.35").write_text("apple\napples\ndell\nninja\n")
    (tmp_path / "english-upper.50").write_text("Fiji\nFiji's\n")
    (tmp_path / "english-proper-names.50").write_text("Dell\n")

    assert word_list(tmp_path, tmp_path).split() == ["Fiji", "Paris", "apple*", "dell", "dingle", "geese", "ninja+"]


def test_things_are_food_and_what_people_make(tmp_path: Path) -> None:
    lines = [
        "  1 the licence",
        "00000001 13 n 02 garlic_salt 0 Melba_toast 0 000 | food",
        "00000002 06 n 01 steam_iron 0 000 | artifact",
        "00000003 07 n 01 navy_blue 0 000 | attribute",
        "00000004 13 n 01 cheese 0 000 | one word",
    ]
    (tmp_path / "data.noun").write_text("\n".join(lines) + "\n")
    assert thing_list(tmp_path).splitlines() == ["garlic salt", "steam iron"]
