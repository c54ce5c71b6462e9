"""Whatever is typed: no exception, offsets that slice the original, the same plan every time, tokens that hold."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import InputError
from bridge.query import Options, QueryParser, StaticValues, decode_plan, encode_plan, plan_to_json
from bridge.query._words import cut, merge, subtract

from .conftest import SHOP, SHOP_RATES, SHOP_VALUES, Shop, TableScorer

_PIECES = [
    *["red", "nike", "Adidas", "shoes", "running shoes", "jumpers", "waterproof", "not", "without", "no", "or", "and"],
    *[",", "-", '"', "“", "”", ":", "brand:", "price:", "<20", "under $50", "between 10 and 20 dollars", "$", "free"],
    *["-free", "for", "@color", "é", "e\u0301", "ﬁ", "İ", "ß", "\ud800", "\u0000", "😀", "\u202e", "ｎｉｋｅ", "靴"],
    *["1" * 30, "\n", "  "],
]
_TEXTS = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join),
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join),
)


@pytest.fixture(scope="module")
def parser() -> QueryParser:
    from bridge.schema import parse_schema

    schema = parse_schema(SHOP)
    table = {"waterproof": ("product feature", 0.9), "jumpers not": ("brand", 0.7), "red": ("color", 0.6)}
    return QueryParser(
        schema,
        TableScorer(table),
        StaticValues.of(schema, SHOP_VALUES, SHOP_RATES),
        cache_size=8,  # type: ignore[arg-type]
    )


@given(_TEXTS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gives_a_sound_plan(parser: QueryParser, text: str) -> None:
    plan = parser.parse(text)
    assert plan.text == text
    for entity in plan.entities:
        assert text[entity.start : entity.end] == entity.text != ""
    for clause in plan.clauses:
        assert 0 <= clause.start < clause.end <= len(text)
        assert all(0 <= start < end <= len(text) for start, end in clause.consumes)
        assert clause.boost > 0
    if not plan.clauses:
        assert plan.required == text
    assert bool(plan.required.strip()) == bool(text.strip())
    shown = json.dumps(plan_to_json(plan))
    parser._cache.clear()
    assert json.dumps(plan_to_json(parser.parse(text))) == shown
    again = parser.parse(text, Options(plan=encode_plan(plan)))
    assert again.clauses == plan.clauses
    assert (
        (again.text, again.required) == (plan.text, plan.required)
        or "\ud800" <= max(text) <= "\udfff"
        or any("\ud800" <= c <= "\udfff" for c in text)
    )


#: A value that is said a second time, where a negation kept it from meaning anything, may mean it without the chip.
_ONCE = [piece for piece in _PIECES if piece != "ｎｉｋｅ"]


@given(st.lists(st.sampled_from(_ONCE), max_size=12, unique=True).map(" ".join))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_removing_a_chip_removes_what_it_stands_for(parser: QueryParser, text: str) -> None:
    """The text comes back without the clause, whatever else may then be understood of it."""
    plain = Options(disable=frozenset({"model"}))  # the table that stands for the model finds each words only once
    for chip in parser.parse(text, plain).chips:
        after = parser.parse(chip.restored, plain)
        assert chip.name not in {other.name for other in after.chips}, (text, chip)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "9" * 100_000,
        "not " * 25_000,
        '"' * 100_000,
        "brand:" * 500,
        "-a " * 600,
        "$9" * 900,
        "red or " * 280,
        "-" * 1999,
        "not red or " * 170,
        "“" * 1999,
        "price:" + "9" * 1990,
        "under $" + "9" * 1990,
        "e" + "\u0301" * 1990,
    ],
    ids=lambda text: f"{text[:8]!r}x{len(text)}",
)
def test_long_and_repetitive_texts_are_answered(parser: QueryParser, text: str) -> None:
    plan = parser.parse(text)
    assert plan.required.strip()


@given(st.text(max_size=200))
def test_a_token_that_was_not_ours_is_an_input_error(junk: str) -> None:
    for token in (junk, f"p1.{junk}"):
        with pytest.raises(InputError):
            decode_plan(token)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_with_one_changed_character_is_an_input_error(parser: QueryParser, data: st.DataObject) -> None:
    token = encode_plan(parser.parse("red shoes under $50"))
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != token[at]))
    changed = token[:at] + other + token[at + 1 :]
    try:
        plan = decode_plan(changed)
    except InputError:
        return
    # Only bits that base64 does not use may differ without harm.
    assert plan == decode_plan(token)
    assert at == len(token) - 1


def test_tokens_of_other_versions_other_texts_and_bombs_are_refused(shop: Shop) -> None:
    import hashlib
    import zlib

    parser = shop()
    token = encode_plan(parser.parse("red coats"))
    body = zlib.compress(b" " * 50_000_000, 9)
    bomb = "p1." + base64.urlsafe_b64encode(hashlib.blake2b(body, digest_size=6).digest() + body).decode()
    for wrong in ("p0" + token[2:], bomb, "p1.", token[:-9], token + "A" * 70_000, "p1.é"):
        with pytest.raises(InputError):
            decode_plan(wrong)
    for text in ("blue coats", "red  coats"):
        with pytest.raises(InputError, match="another text"):
            parser.parse(text, Options(plan=token))


def test_a_token_is_applied_without_asking_model_or_values(shop: Shop) -> None:
    first = shop({"waterproof": ("product feature", 0.9)}).parse("waterproof coats under $50")
    later = shop(values={}, rates={}).parse("waterproof coats under $50", Options(plan=encode_plan(first)))
    assert later == first
    assert encode_plan(first).isascii()


def test_the_clock_is_no_part_of_a_plan_without_dates(shop: Shop) -> None:
    plans = {
        json.dumps(plan_to_json(shop().parse("red coats", Options(now=datetime(year, 1, 1, tzinfo=UTC)))))
        for year in (2001, 2030)
    }
    assert len(plans) == 1


_RANGES = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda r: (min(r), max(r))), max_size=6)


@given(_RANGES, _RANGES)
def test_ranges_behave_as_sets_of_offsets(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    def offsets(ranges: list[tuple[int, int]]) -> set[int]:
        return {i for start, end in ranges for i in range(start, end)}

    assert offsets(merge(left)) == offsets(left)
    assert offsets(subtract(left, right)) == offsets(left) - offsets(right)
    assert all(a[1] < b[0] for a, b in zip(merge(left), merge(left)[1:], strict=False))


@given(st.text("ab ,", max_size=20), _RANGES)
def test_a_cut_keeps_every_other_visible_character(text: str, ranges: list[tuple[int, int]]) -> None:
    gone = {i for start, end in ranges for i in range(start, end)}
    kept = "".join(c for i, c in enumerate(text) if i not in gone and not c.isspace())
    assert "".join(cut(text, ranges).split()) == kept


def test_a_snapshot_file_gives_the_same_plans(shop: Shop, tmp_path: Path) -> None:
    parser = shop()
    file = tmp_path / "values.json"
    StaticValues.of(parser.schema, SHOP_VALUES, SHOP_RATES).save(file)
    read = QueryParser(parser.schema, None, StaticValues.load(file))
    for text in ("red coats", "nike or adidas boots under $50", "jumpers"):
        assert read.parse(text) == parser.parse(text)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 1}', '{"version": 9}', '{"version":1,"fill_rates":[]}']
)
def test_a_damaged_snapshot_names_its_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "values.json"
    file.write_text(content)
    with pytest.raises(InputError) as raised:
        StaticValues.load(file)
    assert raised.value.where == str(file)
