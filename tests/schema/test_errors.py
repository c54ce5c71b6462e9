"""A wrong schema is refused with file, line and key, what is allowed there, and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import SchemaError
from bridge.schema import load_schema, load_schemas, parse_schema

HEAD = "schema: shop\nindex: shop\ntext: [title, description]\n"


def problems(text: str) -> list[str]:
    """Every problem that a schema text has, each as its first line."""
    with pytest.raises(SchemaError) as caught:
        parse_schema(text, source="shop.yaml")
    return [str(one).splitlines()[0] for one in caught.value.problems or (caught.value,)]


def hints(text: str) -> str:
    with pytest.raises(SchemaError) as caught:
        parse_schema(text, source="shop.yaml")
    return str(caught.value)


def test_a_wrong_word_names_file_line_key_and_the_allowed_ones() -> None:
    text = HEAD + "labels:\n  brand:\n    kind: keywrd\n"
    allowed = "keyword, number, range, date, rank"
    assert problems(text) == [f'shop.yaml:6: labels.brand.kind: "keywrd" is not one of {allowed}']
    assert 'did you mean "keyword"?' in hints(text)


def test_a_wrong_key_is_named_with_the_allowed_ones() -> None:
    text = HEAD + "labels:\n  brand: {form: [title]}\n"
    [problem] = problems(text)
    assert problem.startswith("shop.yaml:5: labels.brand.form: unknown key; allowed here: kind, text, ")
    assert 'did you mean "from"?' in hints(text)


def test_a_wrong_key_at_the_top_and_a_missing_one() -> None:
    found = problems("schema: shop\nindex: shop\ntext: [title]\nlables:\n  brand: {}\n")
    assert found[0] == "shop.yaml:1: labels: missing"
    assert found[1].startswith("shop.yaml:4: lables: unknown key; allowed here: schema, description, index")


def test_a_duplicate_label_is_refused_instead_of_silently_replaced() -> None:
    text = HEAD + "labels:\n  brand: {boost: 2}\n  color: {}\n  brand: {boost: 3}\n"
    assert problems(text) == ['shop.yaml:7: labels.brand: the key "brand" stands here twice']
    assert "it stands on line 5 already" in hints(text)


def test_two_labels_may_not_ask_the_model_for_the_same() -> None:
    text = HEAD + "labels:\n  brand: {}\n  maker:\n    text: Brand\n"
    assert problems(text) == [
        'shop.yaml:7: labels.maker.text: the model is asked for "Brand" by the label "brand" already'
    ]
    parse_schema(HEAD + "labels:\n  brand: {}\n  maker: {text: Brand, model: false}\n")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("{from: [titel]}", 'labels.brand.from[0]: unknown field "titel": the schema knows title, description'),
        ("{from: [title, title]}", 'labels.brand.from[1]: the field "title" is listed twice'),
        ("{from: []}", "labels.brand.from: no field may name this label"),
        ("{band: {filter: 1.2}}", 'labels.brand.band.filter: "1.2" is above 1'),
        ("{store: -0.1}", 'labels.brand.store: "-0.1" is below 0'),
        ("{boost: 0}", 'labels.brand.boost: "0" is not above 0'),
        ("{boost: nan}", 'labels.brand.boost: "nan" is not a number'),
        ("{boost: high}", 'labels.brand.boost: "high" is not a number'),
        ("{relax: 1.5}", 'labels.brand.relax: "1.5" is not a whole number'),
        ("{kind: number, dimension: 4}", 'labels.brand.dimension: "4" is above 3'),
        ("{model: maybe}", 'labels.brand.model: "maybe" is not true or false'),
        (
            "{band: {filter: 0.5, boost: 0.7}}",
            "labels.brand.band.boost: the boost threshold 0.7 is above the filter threshold 0.5",
        ),
        (
            "{band: {filter: 0.4}}",
            "labels.brand.band.filter: the boost threshold 0.5 (the default) is above the filter threshold 0.4",
        ),
        ("{store: 0.6}", "labels.brand.store: the storage threshold 0.6 is above the boost threshold 0.5"),
        ("{normalise: [lower]}", 'labels.brand.normalise[0]: "lower" is not one of nfkc, lowercase, fold, accents, '),
        ("{unit: USD}", "labels.brand.unit: a keyword has no unit"),
        ("{kind: number, unit: usd}", 'labels.brand.unit: "usd" is no unit'),
        (
            "{kind: number, use: filter}",
            "labels.brand.use: `filter` on a number needs `field`, an existing field of the index",
        ),
        ("{kind: number, dictionary: true}", "labels.brand.dictionary: a number has no dictionary of values"),
        ("{use: filter, dictionary: false}", "labels.brand.use: `filter` is only for values that exist in the index"),
        ("{model: false, dictionary: false}", "labels.brand.model: nothing can find this label"),
        ("{field: entities.brand}", 'labels.brand.field: "entities.brand" lies under "entities", which the bridge'),
        ("{field: 'brand^3'}", 'labels.brand.field: "brand^3" is no field name'),
        ("{text: ' '}", "labels.brand.text: the text that the model is asked for is empty"),
        ("{synonyms: {a: [x], b: [X]}}", 'labels.brand.synonyms.b[0]: "X" already stands for "a"'),
        ("{synonyms: [x]}", "labels.brand.synonyms: a list is not a mapping"),
        ("[x]", "labels.brand: a list is not a mapping"),
    ],
)
def test_what_a_label_may_not_say(label: str, expected: str) -> None:
    [problem] = problems(HEAD + f"labels:\n  brand: {label}\n")
    assert problem.startswith(f"shop.yaml:5: {expected}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("relax: counts\ndocument_security: true\nengine: opensearch", "relax: `counts` is refused with"),
        ("relax: counts", "relax: `counts` needs an engine to count with"),
        ("public_values: [brnd]", 'public_values[0]: unknown field "brnd": the labels\' fields are brand'),
        ("languages: []", "languages: at least one language is needed"),
        ("languages: [english]", 'languages[0]: "english" is no language code'),
        ("deadline_ms: 5", 'deadline_ms: "5" is below 10'),
        ("entities: brand", 'labels.brand.field: "brand" lies under "brand", which the bridge fills itself'),
    ],
)
def test_what_the_top_may_not_say(line: str, expected: str) -> None:
    [problem] = problems(HEAD + f"labels:\n  brand: {{field: brand}}\n{line}\n")
    assert problem.split(": ", 1)[1].startswith(expected)


def test_a_filter_on_values_that_document_security_hides_is_refused() -> None:
    secured = HEAD + "document_security: true\n{public}labels:\n  brand: {{field: maker, use: filter}}\n"
    [problem] = problems(secured.format(public=""))
    assert problem.startswith("shop.yaml:6: labels.brand.use: `filter` needs the values of `maker`")
    assert parse_schema(secured.format(public="public_values: [maker]\n")).relaxation == "tiers"


def test_all_problems_of_a_file_come_together_in_file_order() -> None:
    found = problems(HEAD + "labels:\n  brand: {boost: x}\n  price:\n    kind: money\n    untis: USD\nrelax: no\n")
    assert [line.split(":")[1] for line in found] == ["5", "7", "8", "9"]


def test_the_message_lists_every_problem_for_whoever_prints_only_the_message() -> None:
    with pytest.raises(SchemaError) as caught:
        parse_schema(HEAD + "labels:\n  brand: {boost: x, store: y}\n", source="shop.yaml")
    assert caught.value.message.splitlines() == [
        'shop.yaml:5: labels.brand.boost: "x" is not a number',
        'shop.yaml:5: labels.brand.store: "y" is not a number',
    ]
    assert [problem.message for problem in caught.value.problems] == ['"x" is not a number', '"y" is not a number']


def test_the_name_defaults_to_the_stem_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "garden.yaml"
    file.write_text("index: garden\ntext: [title]\nlabels:\n  plant: {}\n", encoding="utf-8")
    assert load_schema(file).name == "garden"


def test_a_folder_gives_its_schemas_and_passes_over_other_yaml(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "shop.yaml").write_text(HEAD + "labels:\n  brand: {}\n", encoding="utf-8")
    (tmp_path / "a" / "queries.yaml").write_text("- red shoes\n- blue shoes\n", encoding="utf-8")
    assert list(load_schemas([tmp_path])) == ["shop"]


def test_two_files_may_not_define_the_same_schema(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(HEAD + "labels:\n  brand: {}\n", encoding="utf-8")
    with pytest.raises(SchemaError, match=r'two\.yaml: schema: the schema "shop" is already defined by .*one\.yaml'):
        load_schemas([tmp_path])
    assert list(load_schemas([tmp_path / "one.yaml", tmp_path / "one.yaml"])) == ["shop"]


def test_the_problems_of_all_files_come_together(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(f"schema: {name[:3]}\nindex: x\ntext: [t]\nlabels: {{}}\n", encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_schemas([tmp_path])
    assert [problem.where for problem in caught.value.problems] == [
        f"{tmp_path / name}:4: labels" for name in ("one.yaml", "two.yaml")
    ]


def test_nothing_found_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no schema found"):
        load_schemas([tmp_path])
    with pytest.raises(SchemaError, match="cannot be read"):
        load_schemas([tmp_path / "missing.yaml"])


def test_a_side_of_a_size_is_read_as_a_number() -> None:
    schema = parse_schema(HEAD + "labels:\n  width: {kind: number, field: width, unit: cm, dimension: 1}\n")
    assert schema.labels["width"].dimension == 1
