"""YAML's traps do not reach the schema: a text stays the text that was written, and hostile files are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import SchemaError
from bridge.schema import load_schema, parse_schema

HEAD = "schema: shop\nindex: shop\ntext: [title]\n"


def refused(text: str) -> str:
    with pytest.raises(SchemaError) as caught:
        parse_schema(text, source="shop.yaml")
    return str(caught.value)


def attempt(text: str) -> SchemaError | None:
    """The error that a text gives, or None where it is a schema; any other exception fails the test."""
    try:
        parse_schema(text, source="shop.yaml")
    except SchemaError as error:
        return error
    return None


def test_words_that_yaml_takes_for_booleans_and_dates_stay_words() -> None:
    schema = parse_schema(
        HEAD
        + "labels:\n  country:\n    text: on\n    synonyms:\n      no: [norway, yes]\n      2024-01-01: [new year]\n"
    )
    assert schema.labels["country"].text == "on"
    assert schema.labels["country"].synonyms == {"no": ["norway", "yes"], "2024-01-01": ["new year"]}
    assert parse_schema(HEAD + "labels:\n  a: {}\nlanguages: [no]\n").languages == ["no"]


def test_numbers_stay_as_written_where_a_text_is_wanted() -> None:
    schema = parse_schema(HEAD + "labels:\n  fit: {text: 501, synonyms: {007: [1.10, 0x10, 1e3]}}\n")
    assert schema.labels["fit"].text == "501"
    assert schema.labels["fit"].synonyms == {"007": ["1.10", "0x10", "1e3"]}


@pytest.mark.parametrize("word", ["false", "no", "off", "False", "NO"])
def test_every_yaml_spelling_of_a_boolean_works_where_one_is_wanted(word: str) -> None:
    assert parse_schema(HEAD + f"labels:\n  brand: {{model: {word}}}\n").labels["brand"].model is False


def test_anchors_and_merges_share_settings_between_labels() -> None:
    schema = parse_schema(
        HEAD + "labels:\n  color: &soft {boost: 1.5, relax: 4}\n  material:\n    <<: *soft\n    boost: 1.2\n"
    )
    assert (schema.labels["material"].boost, schema.labels["material"].relax) == (1.2, 4)


def test_python_tags_are_refused_and_nothing_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "run"
    text = HEAD + f"labels:\n  brand: !!python/object/apply:os.system ['touch {marker}']\n"
    assert "shop.yaml:5: labels.brand: the YAML tag !!python/object/apply:os.system is not allowed" in refused(text)
    assert not marker.exists()


@pytest.mark.parametrize("tag", ["!!binary", "!secret", "!!set"])
def test_other_tags_are_refused(tag: str) -> None:
    assert "is not allowed" in refused(HEAD + f"labels:\n  brand:\n    text: {tag} x\n")


def test_an_alias_bomb_is_refused_before_it_fills_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "once aliases are followed" in refused("\n".join(lines))


def test_an_alias_that_contains_itself_is_refused() -> None:
    assert "an alias contains itself" in refused("labels: &a\n  x: *a\n")


def test_deep_nesting_is_refused_before_it_exhausts_the_stack() -> None:
    assert "nested more than" in refused("labels: " + "[" * 50_000)
    assert "nested more than" in refused("a: {" * 40 + "}" * 40)


@pytest.mark.parametrize("text", ["", "   \n", "# only a comment\n", "---\n", "null", "{}"])
def test_an_empty_file_says_so(text: str) -> None:
    assert refused(text).startswith("shop.yaml: the schema is empty")


@pytest.mark.parametrize("text", ["- a\n- b\n", "hello", "42", '"quoted"'])
def test_a_file_that_is_no_mapping_says_so(text: str) -> None:
    assert refused(text).startswith("shop.yaml:1: a schema is a mapping of keys to values")


def test_a_tab_is_named() -> None:
    message = refused(HEAD + "labels:\n\tbrand: {}\n")
    assert message.startswith("shop.yaml:5")
    assert "a tab stands here" in message


def test_a_syntax_error_names_its_line() -> None:
    assert refused(HEAD + "description: price: low\nlabels: {}\n").startswith("shop.yaml:4")
    assert refused(HEAD + "labels: {brand: \n").startswith("shop.yaml:")


def test_a_second_document_is_refused() -> None:
    assert "shop.yaml:6: a second YAML document starts here" in refused(HEAD + "labels:\n  brand: {}\n---\na: b\n")


def test_a_list_as_key_is_refused() -> None:
    assert "a key must be a word" in refused(HEAD + "labels:\n  brand: {}\n? [a, b]\n: c\n")


def test_a_file_that_is_not_utf8_says_where(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_bytes(HEAD.encode() + "description: café\n".encode("latin-1"))
    with pytest.raises(SchemaError, match=r"shop\.yaml:4: not UTF-8"):
        load_schema(file)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + (HEAD + "labels:\n  brand: {}\n").encode())
    assert load_schema(file).name == "shop"


def test_control_characters_are_named() -> None:
    assert "the character U+0000 is not allowed" in refused(HEAD + "description: a\0b\n")


@given(st.text(max_size=200))
def test_any_text_is_a_schema_or_a_schema_error(text: str) -> None:
    error = attempt(HEAD + text)
    assert error is None or str(error)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["kind", "from", "band", "synonyms", "unit", "normalise", "field", "use", "text"]),
)
def test_any_value_at_any_key_is_accepted_or_named(value: object, key: str) -> None:
    text = HEAD + f"labels:\n  brand:\n    {key}: {json.dumps(value)}\n"
    error = attempt(text)
    for problem in (error.problems or [error]) if error else []:
        assert (problem.where or "").startswith("shop.yaml:")
