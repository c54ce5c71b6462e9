"""The quantity grammar: amounts of money with comparators become intervals; other numbers are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.entities import Interval
from bridge.schema import parse_schema
from bridge.tagging import QuantityMatch, find_quantities

HEAD = "schema: shop\nindex: shop\ntext: [title]\n"
SHOP = parse_schema(HEAD + "labels:\n  price: {kind: number, field: price, unit: USD, model: false, use: filter}\n")
EURO = parse_schema(HEAD + "labels:\n  price: {kind: number, field: price, unit: EUR, model: false}\n")
TWO = parse_schema(
    HEAD
    + """
labels:
  price: {kind: number, field: price, unit: USD, model: false}
  shipping_cost: {kind: number, field: shipping, unit: USD, model: false}
  screen: {kind: number, field: screen, unit: inch, model: false, text: screen size}
"""
)
GERMAN = parse_schema(
    HEAD + "languages: [de]\nlabels:\n  price: {kind: number, field: price, unit: EUR, model: false}\n"
)


def only(text: str, schema: object = SHOP) -> QuantityMatch:
    [match] = find_quantities(text, schema)  # type: ignore[arg-type]
    return match


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("organic coffee under $20", Interval(lt=20)),
        ("coffee below 20 dollars", Interval(lt=20)),
        ("coffee less than 20 bucks", Interval(lt=20)),
        ("coffee cheaper than $20", Interval(lt=20)),
        ("coffee <$20", Interval(lt=20)),
        ("coffee up to $20", Interval(lte=20)),
        ("coffee at most 20 usd", Interval(lte=20)),
        ("no more than $20", Interval(lte=20)),
        ("max $20", Interval(lte=20)),
        ("budget of $20", Interval(lte=20)),
        ("<= 20", Interval(lte=20)),
        ("≤20", Interval(lte=20)),
        ("$20 or less", Interval(lte=20)),
        ("$20 and under", Interval(lte=20)),
        ("$20 max", Interval(lte=20)),
        ("over $20", Interval(gt=20)),
        ("above 20 dollars", Interval(gt=20)),
        ("more than $20", Interval(gt=20)),
        (">20", Interval(gt=20)),
        ("at least $20", Interval(gte=20)),
        ("from $20", Interval(gte=20)),
        ("starting at $20", Interval(gte=20)),
        (">=20", Interval(gte=20)),
        ("$20+", Interval(gte=20)),
        ("$20 and up", Interval(gte=20)),
        ("$20 or more", Interval(gte=20)),
        ("snacks between 10 and 25 dollars", Interval(gte=10, lte=25)),
        ("snacks between $10 and $25", Interval(gte=10, lte=25)),
        ("snacks between 25 and 10 dollars", Interval(gte=10, lte=25)),
        ("snacks between $10-$25", Interval(gte=10, lte=25)),
        ("from $10 to $25", Interval(gte=10, lte=25)),
        ("$10-$25", Interval(gte=10, lte=25)),
        ("$10 – 25", Interval(gte=10, lte=25)),
        ("10-25 dollars", Interval(gte=10, lte=25)),
        ("$10 to $25", Interval(gte=10, lte=25)),
        ("not over $20", Interval(lte=20)),
        ("not under $20", Interval(gte=20)),
        ("under $1,299.99", Interval(lt=1299.99)),
        ("under 1.299,99 usd", Interval(lt=1299.99)),
        ("under $12,50", Interval(lt=12.5)),
        ("under $1,000", Interval(lt=1000)),
        ("under $.99", Interval(lt=0.99)),
        ("under $2k", Interval(lt=2000)),
        ("under 2.5k dollars", Interval(lt=2500)),
        ("UNDER US$20", Interval(lt=20)),
        ("under us $20", Interval(lt=20)),
        ("under usd 20", Interval(lt=20)),
        ("less than or equal to $20", Interval(lte=20)),
        ("greater than or equal to $20", Interval(gte=20)),
        ("under $1 million", Interval(lt=1_000_000)),
        ('"under $20"', Interval(lt=20)),
        ("gift card $50", 50.0),
        ("50 dollar gift card", 50.0),
        ("around $100", 100.0),
    ],
)
def test_money_becomes_an_interval_or_a_number(text: str, value: object) -> None:
    assert only(text).entity.value == value


@pytest.mark.parametrize(
    "text",
    [
        "under 20",
        "coffee under 20",
        "coffee under 20, organic",
        "coffee under 20 for kids",
        "coffee under 20 and organic",
        "between 10 and 25",
        "price under 20 organic coffee",
        "costs less than 20",
    ],
)
def test_a_bare_number_with_a_comparator_is_the_price_where_nothing_else_could_take_it(text: str) -> None:
    assert only(text).entity.label == "price"


@pytest.mark.parametrize(
    "text",
    [
        "20",
        "coffee 20",
        "under 5 minutes",
        "under 20 carbs",
        "less than 12oz",
        "less than 100 calories",
        "15 inch",
        "under 15 inch",
        "iphone 12",
        "rtx 2060",
        "windows 10",
        "7 up",
        "12 pack",
        "10-25",
        "20+",
        "from 10",
        "between 2010 and 2019",
        "over 40 skin care",
        "toys for kids under 5",
        "women over 50",
        "tv under 4k",
        "under armour shoes",
        "50 cent",
        "under 5%",
        "under 10:30",
        "under 1/2",
        "under $5/lb",
        "3x4 under 3x5",
        "under -5",
        "under 1e9",
        "mp3 player",
        "$20 off coffee",
        "save up to $5 off",
        "$5 per pound",
        "under $5 shipping",
        "under 2 million",
        'under 15"',
        "under",
        "$",
        "under $",
        "between 10 and",
        "under 1.2.3",
        "under 192.168.0.1",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert find_quantities(text, SHOP) == []


@pytest.mark.parametrize(
    "text",
    ["under €20", "under 20 euros", "£5 - £10", "between $10 and €20", "$20 CAD", "under 20 yen", "price 20 eur"],
)
def test_another_currency_than_the_fields_gives_no_filter(text: str) -> None:
    assert find_quantities(text, SHOP) == []


def test_the_currency_of_the_field_decides() -> None:
    assert only("under 20 €", EURO).entity.value == Interval(lt=20)
    assert find_quantities("under $20", EURO) == []
    assert only("1.299,99 €", EURO).entity.value == 1299.99


def test_a_bare_number_is_nobodys_where_several_could_take_it() -> None:
    rent = parse_schema(HEAD + "labels:\n  price: {kind: number, unit: USD}\n  rent: {kind: number, unit: USD}\n")
    assert find_quantities("under 20", rent) == []
    assert only("under 20", TWO).entity.label == "price"  # shipping is a charge beside it
    assert only("price under 20", TWO).entity.label == "price"
    assert only("screen size over 20", TWO).entity.label == "screen"


def test_money_goes_to_the_label_that_is_named_else_to_the_first() -> None:
    assert only("under $20", TWO).entity.label == "price"
    assert only("shipping cost under $5", TWO).entity.label == "shipping_cost"


def test_a_language_without_cue_words_has_signs_only() -> None:
    assert only("schuhe <= 20", GERMAN).entity.value == Interval(lte=20)
    assert only("schuhe 10 - 20 €", GERMAN).entity.value == Interval(gte=10, lte=20)
    assert find_quantities("schuhe unter 20 €", GERMAN) == []  # nobody here knows what `unter` says of the amount


@pytest.mark.parametrize(
    ("text", "consumed"),
    [
        ("organic coffee under $20", ["under $20"]),
        ("coffee priced under $20 please", ["priced under $20"]),
        ("tea for less than $20", ["for less than $20"]),
        ("price under 20 coffee", ["price under 20"]),
        ("gluten free snacks between 10 and 25 dollars", ["between 10 and 25 dollars"]),
        ("$20 or less coffee", ["$20 or less"]),
    ],
)
def test_cue_words_and_amount_are_consumed_and_nothing_else(text: str, consumed: list[str]) -> None:
    assert [text[start:end] for start, end in only(text).consumes] == consumed


def test_a_negated_amount_is_marked_and_takes_its_negation_along() -> None:
    text = "gift card not $50"
    match = only(text)
    assert match.entity.negated
    assert [text[start:end] for start, end in match.consumes] == ["not $50"]


def test_several_quantities_come_in_reading_order() -> None:
    found = find_quantities("over $5 but under $20", SHOP)
    assert [match.entity.value for match in found] == [Interval(gt=5), Interval(lt=20)]


def test_approximate_amounts_say_so() -> None:
    assert only("around $100").approximate
    assert not only("$100").approximate


@pytest.mark.parametrize(
    "text",
    ["under $" + "9" * 100_000, "1," * 50_000, "under $1" + ",000" * 20_000, "$" * 100_000, "not under " * 9_000],
)
def test_digit_bombs_are_left_alone(text: str) -> None:
    assert find_quantities(text, SHOP) == []


@given(st.text(st.sampled_from("0129.,$€k+-–<>=% \tunderbtwadlsoo/'\"x"), max_size=40))
def test_any_text_gives_ordered_matches_that_slice_it(text: str) -> None:
    end = 0
    for match in find_quantities(text, SHOP):
        [(first, last)] = match.consumes
        assert end <= first <= match.entity.start < match.entity.end <= last <= len(text)
        assert text[match.entity.start : match.entity.end] == match.entity.text
        end = last


@given(st.integers(0, 10**9), st.sampled_from(["under", "over", "at least", "up to"]))
def test_every_amount_is_read_back_as_written(amount: int, cue: str) -> None:
    for form in (f"${amount}", f"${amount:,}", f"{amount} dollars", f"{amount:,}.00 usd"):
        value = only(f"tea {cue} {form}").entity.value
        assert isinstance(value, Interval)
        assert amount in (value.lt, value.gt, value.gte, value.lte)
