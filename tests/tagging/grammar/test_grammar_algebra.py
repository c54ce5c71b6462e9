"""Properties that hold for every text, number and unit."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shops import FURNITURE, HEAD, SHOP

from bridge.entities import Interval, Stats
from bridge.schema import MEASURES, convert, parse_schema
from bridge.tagging import find_quantities
from bridge.tagging.grammar import load_pack, parse_number, read_interval, read_number, tokenise
from bridge.tagging.grammar._words import QuantityPack

STATS = {"screen_size": Stats(1.0, 15.0, 100.0), "price": Stats(1.0, 50.0, 2000.0)}
WRITTEN = """0 1 5 9 12 15 50 100 1/2 3.5 1,299.99 2k ½ $ € % + - – ~ < >= x × " ' ” ″ ° . , : / ( ) & = inch in ft
gb lb oz l m w v dollars usd pounds degrees stars pack of dozen seats ram storage screen under over at least between and
from to or more less max min around twenty two hundred half a one for with not last years old wide by size 5'10" 16gb
3x4 10-25 5w-30 iphone laptop price"""
PIECES = st.sampled_from(WRITTEN.split())
SENTENCES = st.lists(st.tuples(PIECES, st.sampled_from(["", " ", " "])), max_size=12).map(
    lambda parts: "".join(piece + space for piece, space in parts)
)


def check(text: str) -> None:
    """Offsets slice the text, in reading order and without overlaps; readings stand for the same stretch."""
    for schema in (SHOP, FURNITURE):
        position = taken = 0
        for match in find_quantities(text, schema, stats=STATS):
            entity = match.entity
            assert text[entity.start : entity.end] == entity.text
            assert entity.end > entity.start >= position
            position = entity.end
            [(first, last)] = match.consumes
            assert taken <= first <= entity.start
            assert entity.end <= last <= len(text)
            taken = last
            for one in (entity, *match.others):
                assert (one.start, one.end, one.source) == (entity.start, entity.end, "grammar")
                assert isinstance(one.value, (float, int, Interval))
            assert len({one.label for one in (entity, *match.others)}) == 1 + len(match.others)


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    check(text)
    tokens = tokenise(text)
    assert all(text[token.start : token.end].lower() == token.form for token in tokens)


@given(SENTENCES)
def test_no_sentence_of_amounts_raises_or_overlaps(text: str) -> None:
    check(text)


@given(SENTENCES)
def test_explicit_amounts_never_raise(text: str) -> None:
    for label in SHOP.labels.values():
        interval = read_interval(label, text)
        assert interval is None or interval != Interval()
        number = read_number(label, text)
        assert number is None or math.isfinite(number)


SAME = [(one, other) for one in MEASURES for other in MEASURES if convert(1.0, one, other) is not None]


@given(st.sampled_from(SAME), st.floats(1, 1e6))
def test_a_value_comes_back_from_another_unit(units: tuple[str, str], value: float) -> None:
    one, other = units
    there = convert(value, one, other)
    assert there is not None
    back = convert(there, other, one)
    assert back is not None
    scale = abs(convert(1.0, other, one) or 0.0) + 1.0
    assert back == pytest.approx(value, rel=1e-6, abs=1e-6 * scale)


@given(st.sampled_from(SAME), st.floats(-1e3, 1e6), st.floats(-1e3, 1e6))
def test_conversion_keeps_order(units: tuple[str, str], low: float, high: float) -> None:
    low, high = sorted((low, high))
    one, other = convert(low, *units), convert(high, *units)
    assert one is not None
    assert other is not None
    assert one <= other


@given(st.integers(1, 10_000), st.sampled_from(["inch", "cm", "mm"]))
def test_comparators_bound_what_they_say(amount: int, unit: str) -> None:
    at = convert(float(amount), unit, "inch")

    def bounds(cue: str) -> Interval:
        [match] = find_quantities(f"tv {cue} {amount} {unit}", SHOP)
        assert isinstance(match.entity.value, Interval)
        return match.entity.value

    assert bounds("under") == Interval(lt=at)
    assert bounds("up to") == Interval(lte=at)
    assert bounds("over") == Interval(gt=at)
    assert bounds("at least") == Interval(gte=at)
    assert bounds("not under") == bounds("at least")
    assert bounds("not over") == bounds("up to")


@given(st.integers(1, 500), st.integers(1, 500), st.sampled_from(["{}-{} inch", "{} to {} inch", "from {} to {} inch"]))
def test_ranges_are_the_same_in_either_order(one: int, other: int, form: str) -> None:
    low, high = sorted((one, other))
    for text in (form.format(one, other), form.format(other, one), f"between {one} inch and {other} inch"):
        [match] = find_quantities(text, SHOP)
        assert match.entity.value == Interval(gte=low, lte=high)


@given(st.floats(0.01, 1e6).map(lambda value: round(value, 2)))
def test_a_number_is_read_as_it_is_written(value: float) -> None:
    assert parse_number(f"{value:,.2f}") == value
    assert parse_number(f"{value:.2f}") == value


def words_of(number: int) -> str:
    """A number below a million in English words."""
    pack = load_pack("en", "quantities", QuantityPack)
    assert pack is not None
    ones = {value: word for word, value in pack.numbers.values.items()}
    tens = {value: word for word, value in pack.numbers.tens.items() if word != "fourty"}
    if number >= 1000:
        rest = f" {words_of(number % 1000)}" if number % 1000 else ""
        return f"{words_of(number // 1000)} thousand{rest}"
    if number >= 100:
        rest = f" and {words_of(number % 100)}" if number % 100 else ""
        return f"{ones[number // 100]} hundred{rest}"
    if number >= 20:
        return tens[number // 10 * 10] + (f"-{ones[number % 10]}" if number % 10 else "")
    return ones[number]


@given(st.integers(1, 999_999))
def test_number_words_stand_for_their_number(number: int) -> None:
    text = f"lamp under {words_of(number)} watts"
    [match] = find_quantities(text, SHOP)
    assert match.entity.value == Interval(lt=number)


@pytest.mark.parametrize(
    "bomb",
    [
        "9" * 20,
        "1,",
        "$",
        "1x",
        "1-",
        "5w-",
        "16gb or ",
        "5' ",
        '5" ',
        "one hundred and ",
        "not under ",
        "max price of ",
        "between 5 and ",
        "with a price of ",
        "½",
        "fl . ",
        "ram ",
        "twenty-",
        "over 5 ",
    ],
)
def test_time_grows_with_the_length_of_a_text_and_no_faster(bomb: str) -> None:
    def seconds(repeats: int) -> float:
        begun = time.process_time()
        check(bomb * repeats)
        return time.process_time() - begun

    seconds(10)
    # Ten times the length takes about ten times as long, and a hundred times where time grows with the square; a
    # machine that is busy during one try has others.
    assert any(seconds(4000) < max(40 * seconds(400), 0.5) for _ in range(5))


def test_units_of_a_pack_are_units_of_measure() -> None:
    with pytest.raises(ValueError, match="no units of measure: furlong"):
        QuantityPack(units={"furlong": ("furlong",)})


def test_the_words_of_english_are_lower_case_and_no_phrase_compares_two_ways() -> None:
    pack = load_pack("en", "quantities", QuantityPack)
    assert pack is not None
    for table in (pack.before, pack.after):
        phrases = [phrase for bound in table.values() for phrase in bound]
        assert len(phrases) == len(set(phrases))
        assert all(phrase == phrase.lower() for phrase in phrases)


def test_a_schema_without_numbers_has_no_quantities() -> None:
    assert find_quantities("under $20", parse_schema(HEAD + "  brand: {}\n")) == []
