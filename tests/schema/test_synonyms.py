"""Synonyms in a file of their own: YAML, or Solr's lines; what is wrong is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import SchemaError
from bridge.query import QueryParser, StaticValues
from bridge.schema import Schema, load_schema, parse_schema

SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  category:
    field: category
    model: false
    use: filter
    synonyms: {Televisions: [tv]}
    synonyms_file: words/%s
"""


def shop(folder: Path, name: str, content: str) -> Schema:
    (folder / "words").mkdir(exist_ok=True)
    (folder / "words" / name).write_text(content, "utf-8")
    (folder / "shop.yaml").write_text(SCHEMA % name, "utf-8")
    return load_schema(folder / "shop.yaml")


def problem(folder: Path, name: str, content: str) -> str:
    with pytest.raises(SchemaError) as caught:
        shop(folder, name, content)
    return str(caught.value).replace(str(folder), "…").splitlines()[0]


def test_a_yaml_file_maps_values_to_words(tmp_path: Path) -> None:
    schema = shop(tmp_path, "category.yaml", "Televisions: telly, flat screen, tv\nCoffee & Tea: [java, brew]\n")
    assert schema.labels["category"].synonyms == {
        "Televisions": ["tv", "telly", "flat screen"],
        "Coffee & Tea": ["java", "brew"],
    }


SOLR = """
# kitchen
java, brew => Coffee
couch, sofa, settee
espresso => Coffee, Machines
c\\, c++ => C\\=>D
"""


def test_a_text_file_is_read_as_solr_reads_it(tmp_path: Path) -> None:
    assert shop(tmp_path, "category.txt", SOLR).labels["category"].synonyms == {
        "Televisions": ["tv"],
        "Coffee": ["java", "brew", "espresso"],
        "couch": ["sofa", "settee"],
        "sofa": ["couch", "settee"],
        "settee": ["couch", "sofa"],
        "Machines": ["espresso"],
        "C=>D": ["c, c++"],
    }


@pytest.mark.parametrize(("query", "value"), [("blue sofa", "Couches"), ("java", "Coffee"), ("telly", None)])
def test_words_of_the_file_find_stored_values(tmp_path: Path, query: str, value: str | None) -> None:
    schema = shop(tmp_path, "category.txt", SOLR)
    parser = QueryParser(schema, None, StaticValues.of(schema, {"category": {"Couches": 4, "Coffee": 9}}))
    found = [entity.value for line in parser.parse(query).explain if (entity := line.entity) is not None]
    assert found == ([value] if value else [])


def test_the_same_words_in_two_files_give_the_same_generation(tmp_path: Path) -> None:
    made = [
        StaticValues.of(shop(tmp_path, *file), {"category": {"Coffee": 9}}).generation
        for file in (("a.txt", "java => Coffee"), ("b.yaml", "Coffee: java"), ("c.yaml", "Coffee: brew"))
    ]
    assert made[0] == made[1] != made[2]


def test_a_snapshot_keeps_synonyms_and_a_schema_renews_them(tmp_path: Path) -> None:
    schema = shop(tmp_path, "category.txt", "java => Coffee")
    values = StaticValues.of(schema, {"category": {"Coffee": 9}, "brand": {"Illy": 2}})
    values.save(tmp_path / "snapshot.json")

    kept = StaticValues.load(tmp_path / "snapshot.json")
    same = StaticValues.load(tmp_path / "snapshot.json", schema)
    renewed = StaticValues.load(tmp_path / "snapshot.json", shop(tmp_path, "category.txt", "brew => Coffee"))

    for known, word in ((kept, "java"), (same, "java"), (renewed, "brew")):
        link = known.dictionary().lookup("category", word)
        assert link is not None
        assert (link.keys, link.how) == (("Coffee",), "synonym")
    assert renewed.dictionary().lookup("category", "java") is None
    assert values.generation == kept.generation == same.generation != renewed.generation


def test_a_snapshot_shows_no_more_than_the_schema_allows_now(tmp_path: Path) -> None:
    schema = shop(tmp_path, "category.txt", "")
    StaticValues.of(schema, {"category": {"Coffee": 9}}).save(tmp_path / "snapshot.json")
    secret = schema.model_copy(update={"document_security": True})
    assert len(StaticValues.load(tmp_path / "snapshot.json", secret).dictionary()) == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("s.txt", "a, b => c\n\na,, b\n", "…/words/s.txt:3: a word is missing"),
        ("s.txt", "a =>\n", "…/words/s.txt:1: a word is missing"),
        ("s.txt", "a => b => c\n", "…/words/s.txt:1: two `=>` in one line"),
        ("s.txt", ",".join(f"w{n}" for n in range(800)), "…/words/s.txt:1: over 500,000 synonyms; each word of a line"),
        ("s.txt", "a" * 4_000_001, "…/words/s.txt: the file is over 4,000,000 characters long"),
        ("s.yaml", "- a\n", "…/words/s.yaml:1: not a mapping of values to words"),
        ("s.yaml", "a: b\nc:\n  d: e\n", "…/words/s.yaml:2: c: not a list of words"),
        ("s.yaml", "a: b\nc: [d, B]\n", '…/words/s.yaml:2: c: "B" already stands for "a"'),
        ("s.yaml", "a: b\na: c\n", '…/words/s.yaml:2: a: the key "a" stands here twice'),
        ("s.yaml", "a: [b\n", "…/words/s.yaml:2: "),
        ("s.csv", "a,b\n", '…/words/s.csv: nothing tells how a ".csv" file of synonyms is written'),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    assert problem(tmp_path, name, content).startswith(message)


def test_a_file_that_is_not_there_or_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SCHEMA % "none.txt", "utf-8")
    with pytest.raises(SchemaError, match=r"words/none.txt: cannot be read: No such file"):
        load_schema(tmp_path / "shop.yaml")
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "none.txt").write_bytes(b"a, b\nsof\xe9, couch\n")
    with pytest.raises(SchemaError, match=r"words/none.txt:2: not UTF-8"):
        load_schema(tmp_path / "shop.yaml")


def test_a_schema_without_a_file_has_none_beside_it() -> None:
    with pytest.raises(SchemaError, match=r"shop.yaml:11: labels.category.synonyms_file: a schema that is no file"):
        parse_schema(SCHEMA % "category.txt", source="shop.yaml")


def test_only_keywords_have_synonyms() -> None:
    with pytest.raises(SchemaError, match=r"labels.price.synonyms_file: a number has no synonyms"):
        parse_schema(
            "index: shop\ntext: [title]\nlabels: {price: {kind: number, synonyms_file: a.txt}}", source="s.yaml"
        )
