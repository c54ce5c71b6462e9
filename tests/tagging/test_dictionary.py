"""The dictionary finds values that exist in an index, in any case, accent, apostrophe and simple plural."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InputError
from bridge.tagging import Dictionary, Familiar

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
        ("brand", "haagendazs", "Häagen-Dazs", "folded"),
        ("brand", "haagen dasz", "Häagen-Dazs", "typo"),
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


JOINED = Dictionary(
    {
        "category": {"T-Shirts": 9, "Sci-Fi": 4, "Notebooks": 5, "Board Games": 3, "Carpet": 2, "No Vice": 1},
        "brand": {"PlayStation": 7, "Go Pro": 3, "Asus": 5, "7 Up": 2, "Coca-Cola": 3, "Kellogg's": 4},
        "size": {"5x7": 3, "8 x 10": 2, "1 2": 1, "XL": 2},
    }
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, "T-Shirts") for text in ("t-shirt", "tshirt", "t shirts", "tshirts", "T‑Shirt", "tee t-shirts")),
        *((text, "Sci-Fi") for text in ("sci fi", "scifi", "sci-fi movies", "SciFi")),
        *((text, "PlayStation") for text in ("play station", "play-station 5", "playstations")),
        *((text, "5x7") for text in ("5x7", "5 x 7 frame", "5 x7")),
        *((text, "8 x 10") for text in ("8x10", "8 x 10", "print 8x10")),
        *((text, "Kellogg's") for text in ("kelloggs", "kellogg", "Kellogg’s", "kellogg's cereal")),
        *(("gopro", "Go Pro"), ("7up", "7 Up"), ("cocacola", "Coca-Cola"), ("coca cola", "Coca-Cola")),
        *(("note books", "Notebooks"), ("boardgame", "Board Games"), ("boardgames", "Board Games")),
    ],
)
def test_words_may_be_joined_or_apart(text: str, value: str) -> None:
    assert [entity.value for entity in JOINED.find(text)] == [value]


@pytest.mark.parametrize("text", ["as us", "novice", "car pets and", "12", "x l", "a sus", "t red shirt"])
def test_joining_makes_no_other_words(text: str) -> None:
    assert [entity.value for entity in JOINED.find(text) if entity.value != "Carpet"] == []


def test_the_same_value_joined_and_apart_links_to_both() -> None:
    both = Dictionary({"category": {"T-Shirts": 9, "Tshirts": 2, "Tea": 1}})
    link = both.lookup("category", "t shirts")
    assert link is not None
    assert (link.keys, link.how, link.count) == (("T-Shirts", "Tshirts"), "folded", 11)


def english(word: str) -> Familiar:
    return "word" if word in ENGLISH else "name" if word in ("nesta", "hagan") else "unknown"


ENGLISH = {"red", "shoes", "for", "without", "coffee", "apples", "wireless", "nothing"}


def misspelt(text: str, *closed: tuple[int, int], labels: tuple[str, ...] = ("brand", "category")) -> list[str]:
    return [str(entity.value) for entity, _ in SHOP.find_misspelt(text, english, labels, closed)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("red nestel", ["Nestlé"]),
        ("aplpe shoes", ["Apple"]),
        ("cofee maker", ["Coffee Makers"]),
        ("hagen dasz shoes", ["Häagen-Dazs"]),
        ("televisoin nestl for", ["Televisions", "Nestlé"]),
        ("smartwach", ["Smartwatches"]),
        ("hagan dazs", ["Häagen-Dazs"]),  # a name beside a right word
    ],
)
def test_misspelt_values_in_a_text(text: str, values: list[str]) -> None:
    assert misspelt(text) == values


@pytest.mark.parametrize(
    "text",
    [
        "apples wireless",  # words of the language
        "coffee maker",  # a word that a value has
        "nesta chocolate",  # a name of its own
        "apl",  # three letters
        "bpple shoes",  # the first letter
        "c0ffee",  # a digit
    ],
)
def test_what_is_not_taken_for_misspelt(text: str) -> None:
    assert misspelt(text) == []


def test_what_plurals_share_is_no_typing_error() -> None:
    dictionary = Dictionary({"color": {"Gray": 3}, "food": {"Cookies": 2}})
    assert dictionary.find_misspelt("gracie", english, ["color"]) == []
    assert [e.value for e, _ in dictionary.find_misspelt("cokies", english, ["food"])] == ["Cookies"]


def test_misspelt_words_leave_what_is_closed_and_labels_that_do_not_want_them() -> None:
    assert misspelt("nestel", (0, 6)) == []
    assert misspelt("nestel", labels=("category",)) == []


def test_a_misspelt_value_says_how_near_it_is() -> None:
    [(entity, link)] = SHOP.find_misspelt("red nestel", english, ["brand"])
    assert (entity.start, entity.end, entity.score) == (4, 10, 0.833)
    assert (link.keys, link.how, link.edits, link.count) == (("Nestlé",), "typo", 1, 4)


def test_unknown_words_without_end_are_looked_at_in_bounded_time() -> None:
    assert misspelt("zzyzzx qwertz " * 2_000) == []


def test_of_two_equally_near_values_the_frequent_one_wins() -> None:
    dictionary = Dictionary({"brand": {"Philips": 2, "Philipo": 90}})
    link = dictionary.lookup("brand", "Philipt")
    assert link is not None
    assert link.keys == ("Philipo",)


@pytest.mark.parametrize("text", ["mila", "fleur", "sojos"])
def test_a_short_word_with_another_letter_is_another_word(text: str) -> None:
    dictionary = Dictionary({"brand": {"Milk": 9, "Flour": 9, "Sonos": 9}})
    assert dictionary.lookup("brand", text) is None


@pytest.mark.parametrize(("text", "key"), [("mikl", "Milk"), ("flouur", "Flour"), ("sonnos", "Sonos")])
def test_a_short_word_with_a_letter_too_many_missing_or_swapped_is_misspelt(text: str, key: str) -> None:
    link = Dictionary({"brand": {"Milk": 9, "Flour": 9, "Sonos": 9}}).lookup("brand", text)
    assert link is not None
    assert link.keys == (key,)


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
