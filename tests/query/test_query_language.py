"""Text in another language or script gets exact stored values as boosts, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bridge.evaluation import read_query_set
from bridge.query import Options, QueryParser
from bridge.query._language import foreign_reason
from bridge.schema import Schema, fold, parse_schema
from bridge.tagging.grammar import known_languages, load_function_words, load_vocabulary

ROOT = Path(__file__).parents[2]
QUERIES = yaml.safe_load((Path(__file__).parent / "foreign_queries.yaml").read_text("utf-8"))
TEXTS = ROOT.parent / "shared/data/text"


@pytest.fixture(scope="module")
def english() -> Schema:
    return parse_schema("schema: any\nindex: any\ntext: [title]\nlabels: {brand: {}}\n")


#: Taken for English: nothing but names and words that English has as well. Filtering by the name is right.
MISSED = {
    "film de christopher nolan": ["filter director=Christopher Nolan"],
    "peugeot ou renault d'occasion": ["filter make=Peugeot|Renault"],
}


@pytest.mark.parametrize("catalogue", QUERIES)
def test_foreign_queries_hardly_ever_filter(catalogue: str) -> None:
    given = read_query_set(ROOT / "tests/queries" / catalogue)
    parser = QueryParser(given.schema, None, given.values)
    for texts in QUERIES[catalogue].values():
        for text in map(str, texts):
            clauses = [f"{c.role} {c.name.removeprefix('bridge:')}" for c in parser.parse(text).clauses]
            assert [c for c in clauses if not c.startswith("boost")] == MISSED.get(text, []), text


@pytest.mark.parametrize(
    "text",
    [
        *["red shoes", "le creuset pan under $50", "eau de toilette", "crème brûlée torch", "pour over coffee maker"],
        *["sous vide cooker", "jalapeño chips", "pokémon cards", "die hard", "la la land", "no time to die", "7 up"],
        *["iphone 12", "xiaomi redmi note", "the da vinci code", "comic sans poster", "aux cable", "plus size jeans"],
        *["ps5", "50", "?!", ":)", "usb c to hdmi", "häagen-dazs ice cream", "film noir poster"],
    ],
)
def test_english_with_strange_words_is_english(english: Schema, text: str) -> None:
    assert foreign_reason(text, english, None) is None


@pytest.mark.parametrize(
    "text", ["samsung fernseher", "zapatos nike rojos", "scarpe nike", "sony koptelefoon", "wanderrucksack 30 liter"]
)
def test_everyday_words_tell_a_language_without_any_function_word(english: Schema, text: str) -> None:
    assert foreign_reason(text, english, None) is not None


@pytest.mark.parametrize(
    "text", ["queso dip", "agua bottle", "carne asada tacos", "shoes for hombre", "lenovo ideapad"]
)
def test_everyday_words_beside_as_many_english_ones_are_english(english: Schema, text: str) -> None:
    assert foreign_reason(text, english, None) is None


def test_names_say_nothing_of_the_language(english: Schema) -> None:
    assert foreign_reason("la roche posay", english, None) is not None
    assert foreign_reason("la roche posay", english, None, [(0, 14)]) is None
    assert foreign_reason("обувь nike", english, None, [(6, 10)]) is not None


@pytest.mark.parametrize(("language", "foreign"), [("en", False), ("en-GB", False), ("EN_us", False), ("de", True)])
def test_the_caller_decides_where_it_says_the_language(english: Schema, language: str, foreign: bool) -> None:
    for text in ("schuhe ohne leder", "shoes without leather"):
        assert (foreign_reason(text, english, language) is not None) is foreign


def test_a_schema_may_have_other_languages() -> None:
    german = parse_schema("schema: any\nindex: any\nlanguages: [de]\ntext: [title]\nlabels: {brand: {}}\n")
    assert foreign_reason("schuhe ohne leder", german, None) is None
    assert foreign_reason("shoes without leather", german, None) is not None
    both = parse_schema("schema: any\nindex: any\nlanguages: [en, de]\ntext: [title]\nlabels: {brand: {}}\n")
    for text in ("schuhe ohne leder", "shoes without leather"):
        assert foreign_reason(text, both, None) is None
    russian = parse_schema("schema: any\nindex: any\nlanguages: [ru]\ntext: [title]\nlabels: {brand: {}}\n")
    assert foreign_reason("красные туфли", russian, None) is None
    assert foreign_reason("red shoes", russian, None) is not None


def test_the_language_of_a_request_reaches_the_plan() -> None:
    given = read_query_set(ROOT / "tests/queries/cars")
    parser = QueryParser(given.schema, None, given.values)
    assert {c.role for c in parser.parse("toyota diesel").clauses} == {"filter"}
    plan = parser.parse("toyota diesel", Options(language="fr"))
    assert {c.role for c in plan.clauses} == {"boost"}
    assert any("language" in line.reason for line in plan.explain if line.decision == "note")


def test_no_language_calls_a_word_its_own_that_english_needs() -> None:
    english = load_function_words("en").all
    vocabulary = load_vocabulary(("en",))
    assert vocabulary is not None
    for code in known_languages():
        pack = load_function_words(code)
        if code != "en":
            assert not pack.others & english, code
            assert not pack.others & pack.shared, code
            assert not [word for word in pack.things if vocabulary.rank(fold(word)) in ("common", "uncommon")], code
            assert not pack.things & (pack.all | pack.shared), code
            assert len(pack.things) > 80, code


@pytest.mark.skipif(not TEXTS.is_dir(), reason="no shared data beside this checkout")
def test_real_english_queries_are_english(english: Schema) -> None:
    queries = [q for file in sorted(TEXTS.glob("*.txt")) for q in file.read_text("utf-8").splitlines()]
    foreign = [q for q in queries if foreign_reason(q, english, None)]
    assert foreign == ["poleras largas mujer", "tennis lacoste hombre"]  # both are Spanish
