"""The dictionary finds values that exist in an index, in any case, accent, apostrophe and simple plural."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InputError
from bridge.tagging import Dictionary

SHOP = Dictionary(
    {
        "category": {
            "Smartwatches": 8,
            "Smartwatch": 1,
            "Bakery & Desserts": 33,
            "Women's Clothing": 100,
            "Coffee": 95,
            "Coffee Makers": 9,
            "Televisions": 11,
        },
        "brand": {"Apple": 40, "Häagen-Dazs": 3, "C++": 1, "Nestlé": 4, "小米": 6, "3M": 2},
        "flavor": {"apple": 12, "Candy": 5, "Cookie": 2},
    },
    synonyms={"category": {"Televisions": ["TV", "tellies"], "Radios": ["wireless"]}},
)


def found(text: str) -> list[tuple[str, str, object]]:
    return [(entity.label, entity.text, entity.value) for entity in SHOP.find(text)]


def test_the_longest_value_wins_at_each_word() -> None:
    assert found("red coffee maker") == [("category", "coffee maker", "Coffee Makers")]
    assert found("coffee red maker") == [("category", "coffee", "Coffee")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("BAKERY AND DESSERTS", "Bakery & Desserts"),
        ("bakery & dessert", "Bakery & Desserts"),
        ("womens clothing", "Women's Clothing"),
        ("women’s clothing", "Women's Clothing"),
        ("haagen dazs", "Häagen-Dazs"),
        ("Häagen-Dazs", "Häagen-Dazs"),
        ("ha\u0308agen-dazs", "Häagen-Dazs"),
        ("ＡＰＰＬＥ", "Apple"),
        ("candies", "Candy"),
        ("cookies", "Cookie"),
        ("c++ book", "C++"),
        ("tellies", "Televisions"),
        ("tv", "Televisions"),
    ],
)
def test_forms_that_mean_a_value(text: str, value: str) -> None:
    assert value in [entity.value for entity in SHOP.find(text)]


@pytest.mark.parametrize("text", ["pineapple", "c", "c#", "apples-to-be", "3 m", "wireless", "Aple"])
def test_forms_that_do_not(text: str) -> None:
    values = {entity.value for entity in SHOP.find(text)} - {"Apple", "apple"} if "apples" in text else SHOP.find(text)
    assert not values


def test_offsets_point_into_the_original_text() -> None:
    text = "🍎 ｆｒｅｓｈ  ha\u0308agen‑dazs — APPLE’s"
    for entity in SHOP.find(text):
        assert text[entity.start : entity.end] == entity.text
    assert "ha\u0308agen‑dazs" in [entity.text for entity in SHOP.find(text)]


def test_the_same_value_in_two_fields_is_found_for_both() -> None:
    assert {label for label, _, _ in found("apple")} == {"brand", "flavor"}


def test_scripts_without_spaces_are_found_inside_a_run() -> None:
    assert found("新款小米手机") == [("brand", "小米", "小米")]


def test_lookup_gives_every_stored_variant_best_first() -> None:
    link = SHOP.lookup("category", "smartwatch")
    assert link is not None
    assert (link.keys, link.how, link.count) == (("Smartwatch", "Smartwatches"), "folded", 9)


@pytest.mark.parametrize(
    ("label", "text", "key", "how"),
    [
        ("category", "Coffee", "Coffee", "exact"),
        ("category", "coffee", "Coffee", "folded"),
        ("category", "television", "Televisions", "plural"),
        ("category", "TV", "Televisions", "synonym"),
        ("category", "televisoins", "Televisions", "typo"),
        ("category", "cofee maker", "Coffee Makers", "typo"),
        ("brand", "nestel", "Nestlé", "typo"),
        ("brand", "haagendazs", "Häagen-Dazs", "typo"),
    ],
)
def test_how_a_text_is_linked(label: str, text: str, key: str, how: str) -> None:
    link = SHOP.lookup(label, text)
    assert link is not None
    assert (link.keys[0], link.how) == (key, how)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("brand", "4m"),  # digits are never a typing error
        ("brand", "c+"),  # under four letters
        ("brand", "bpple"),  # the first letter is right
        ("brand", "apxxe"),  # two edits in a short word
        ("brand", "coffee"),  # a value of another label
        ("brand", ""),
        ("brand", "!!!"),
        ("colour", "red"),
        ("brand", "a" * 100_000),
    ],
)
def test_what_is_not_linked(label: str, text: str) -> None:
    assert SHOP.lookup(label, text) is None


def test_of_two_equally_near_values_the_frequent_one_wins() -> None:
    dictionary = Dictionary({"brand": {"Bosch": 2, "Bosco": 90}})
    link = dictionary.lookup("brand", "Bosct")
    assert link is not None
    assert link.keys == ("Bosco",)


def test_a_synonym_of_a_value_that_nobody_carries_links_to_nothing() -> None:
    assert SHOP.lookup("category", "wireless") is None


def test_the_generation_changes_with_the_content_and_only_with_it() -> None:
    one = Dictionary({"brand": {"a": 1, "b": 2}})
    assert one.generation == Dictionary({"brand": {"b": 2, "a": 1}}).generation
    assert one.generation != Dictionary({"brand": {"a": 1, "b": 3}}).generation
    assert one.generation != Dictionary({"brand": {"a": 1, "b": 2}}, {"brand": {"a": ["x"]}}).generation


def test_a_snapshot_survives_the_round_trip() -> None:
    copy = Dictionary.from_json(SHOP.to_json())
    assert copy.generation == SHOP.generation
    assert copy.to_json() == SHOP.to_json()
    assert copy.find("tellies and apple juice") == SHOP.find("tellies and apple juice")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "generation": "x", "values": 3}'])
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a snapshot"):
        Dictionary.from_json(text)


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(InputError, match="version 2"):
        Dictionary.from_json('{"version": 2, "generation": "x", "values": {}}')


def test_values_without_words_do_no_harm() -> None:
    dictionary = Dictionary({"brand": {"": 1, "---": 2, "🍎": 3, "ok": 1}})
    assert [entity.value for entity in dictionary.find("ok --- 🍎")] == ["ok"]


def test_a_long_text_and_long_values_are_searched_in_linear_steps() -> None:
    """A run of one word against values made of that word: every start looks at a bounded number of words."""
    dictionary = Dictionary({"x": {" ".join(["a"] * size): 1 for size in range(1, 40)}})
    matches = dictionary.find("a " * 5_000)
    assert len(matches) == 5_000
    assert max(len(match.text.split()) for match in matches) == 12


WORDS = st.text(string.ascii_letters + "éßﬁ ’'&-", min_size=1, max_size=12)


@given(st.dictionaries(WORDS, st.integers(1, 99), max_size=8), st.text(max_size=60), st.data())
def test_any_value_is_found_in_any_text_that_holds_it(values: dict[str, int], around: str, data: st.DataObject) -> None:
    dictionary = Dictionary({"x": values})
    text = around
    if values:
        chosen = data.draw(st.sampled_from(sorted(values)))
        text = f"{around}; {chosen}; {around}"
        link = dictionary.lookup("x", chosen)
        if link is not None:
            assert chosen in link.keys
            assert dictionary.find(text)
    for entity in dictionary.find(text):
        assert text[entity.start : entity.end] == entity.text
        assert entity.value in values
