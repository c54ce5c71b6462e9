"""What amounts and dates become: a filter where they are compared, a graded boost where they are only named."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.clauses import AnyOf, Near, Range
from bridge.entities import Entity, Interval, Stats
from bridge.query import Options, QueryParser, StaticValues, human_text
from bridge.query._decide_amounts import decide_amount
from bridge.query._decisions import Context
from bridge.query._names import dates_text
from bridge.schema import parse_schema
from bridge.tagging import QuantityMatch

from .conftest import clause, reasons, roles

SCHEMA = parse_schema(
    """
schema: computers
index: computers
text: [title]
timezone: Europe/Berlin
labels:
  price: {kind: number, field: price, unit: USD, use: filter, tolerance: 0.2, relax: 1}
  ram: {kind: number, field: ram, unit: gb, use: filter, relax: 3}
  storage: {kind: number, field: storage, unit: gb, use: filter, relax: 2}
  year: {kind: number, field: year, unit: year, use: filter}
  released: {kind: date, field: released, use: filter}
  ages: {kind: range, field: ages, unit: month, use: filter}
"""
)
SPREAD = {"price": Stats(5, 50, 900), "ram": Stats(2, 8, 128), "storage": Stats(16, 256, 8000)}
RATES = {"price": 1.0, "ram": 0.95, "storage": 0.95, "year": 0.99, "released": 0.99, "ages": 0.99}


def parser(stats: dict[str, Stats] = SPREAD, rates: dict[str, float] = RATES) -> QueryParser:
    return QueryParser(SCHEMA, None, StaticValues.of(SCHEMA, {}, rates, stats))


def context(rates: dict[str, float] = RATES, stats: dict[str, Stats] = SPREAD) -> Context:
    return Context(SCHEMA, "", rates.get, stats.get, lambda *_: False, lambda _: False, lambda _: None)


def amount(label: str, value: float | Interval) -> Entity:
    return Entity(label, "at least 16 gb", value, 0, 14, 1.0, "grammar")


def test_a_bare_amount_boosts_the_more_the_nearer_within_the_labels_tolerance() -> None:
    plan = parser().parse("laptop $50")
    assert roles(plan) == {"price=~50": "boost"}
    assert plan.clauses[0].condition == Near("price", 50.0, Interval(gte=40.0, lte=60.0))
    assert plan.required == "laptop"
    assert human_text(plan) == 'search "laptop"; first price about 50'
    assert [chip.text for chip in plan.chips] == ["price: ~50"]


def test_a_field_that_the_engine_cannot_compute_with_is_boosted_evenly() -> None:
    plan = parser(stats={}).parse("laptop $50")
    assert plan.clauses[0].condition == Range("price", Interval(gte=40.0, lte=60.0))
    assert roles(plan) == {"price=~50": "boost"}


def test_an_amount_that_is_compared_filters_and_one_said_to_be_approximate_does_not() -> None:
    assert roles(parser().parse("laptop under $50")) == {"price=<50": "filter"}
    assert roles(parser().parse("laptop around $50")) == {"price=~50": "boost"}
    assert "a bare amount means about that much" in reasons(parser().parse("laptop around $50"))


def test_an_amount_of_two_labels_filters_by_either() -> None:
    interval = Interval(gte=16.0)
    match = QuantityMatch(amount("ram", interval), ((0, 14),), others=(amount("storage", interval),))
    [decision] = decide_amount(match.entity, match, context())
    assert decision.clause is not None
    assert (decision.clause.role, decision.clause.name) == ("filter", "bridge:ram|storage=>=16")
    assert decision.clause.condition == AnyOf((Range("ram", interval), Range("storage", interval)))
    assert decision.clause.relax == 3
    assert [line.clause for line in decision.explain] == [decision.clause.name] * 2, "explain shows both readings"


@pytest.mark.parametrize("value", [Interval(gte=16.0), 16.0])
def test_an_amount_of_two_labels_boosts_both_where_one_may_not_filter(value: float | Interval) -> None:
    match = QuantityMatch(amount("ram", value), ((0, 14),), others=(amount("storage", value),))
    decisions = decide_amount(match.entity, match, context(RATES | {"storage": 0.2}))
    assert [(d.clause.role, d.clause.label) for d in decisions if d.clause] == [("boost", "ram"), ("boost", "storage")]


def test_a_year_is_that_year_and_no_share_of_it() -> None:
    match = QuantityMatch(amount("year", 2019.0), ((0, 14),))
    [decision] = decide_amount(match.entity, match, context())
    assert decision.clause is not None
    assert (decision.clause.role, decision.clause.name) == ("boost", "bridge:year=2019")
    assert decision.clause.condition == Range("year", Interval(gte=2019.0, lte=2019.0))


def test_a_range_field_is_met_by_any_overlap() -> None:
    match = QuantityMatch(amount("ages", Interval(lt=36.0)), ((0, 14),))
    [decision] = decide_amount(match.entity, match, context())
    assert decision.clause is not None
    assert (decision.clause.role, decision.clause.condition) == ("filter", Range("ages", Interval(lt=36.0)))


def test_days_filter_where_the_text_compares_them_and_show_as_days() -> None:
    in_2020 = Interval(gte=1577833200000.0, lt=1609455600000.0)
    match = QuantityMatch(amount("released", in_2020), ((0, 14),))
    [decision] = decide_amount(match.entity, match, context())
    assert decision.clause is not None
    assert (decision.clause.role, decision.clause.name) == ("filter", "bridge:released=2020-01-01..2020-12-31")
    about = QuantityMatch(match.entity, match.consumes, approximate=True)
    assert [d.clause.role for d in decide_amount(match.entity, about, context()) if d.clause] == ["boost"]


BERLIN_2020, BERLIN_2021 = 1577833200000.0, 1609455600000.0


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (Interval(gte=BERLIN_2020, lt=BERLIN_2021), "2020-01-01..2020-12-31"),
        (Interval(gte=BERLIN_2020, lte=BERLIN_2021 - 1), "2020-01-01..2020-12-31"),
        (Interval(gte=BERLIN_2020, lt=BERLIN_2020 + 86_400_000), "2020-01-01"),
        (Interval(gte=BERLIN_2020), ">=2020-01-01"),
        (Interval(lt=BERLIN_2020), "<2020-01-01"),
        (Interval(lte=BERLIN_2021 - 1), "<=2020-12-31"),
        (Interval(gt=BERLIN_2021 - 1), ">2020-12-31"),
        (Interval(), "*"),
        (Interval(gte=1e300), ">=1e+300"),
    ],
)
def test_days_are_shown_with_both_ends_included(interval: Interval, shown: str) -> None:
    assert dates_text(interval, ZoneInfo("Europe/Berlin")) == shown


def test_amounts_are_dropped_after_values_also_where_two_labels_share_one() -> None:
    from bridge.query._relax import _is_amount

    either = AnyOf((Range("ram", Interval(gte=16)), Range("storage", Interval(gte=16))))
    assert _is_amount(either)


def test_labels_that_are_switched_off_take_no_amount() -> None:

    plan = parser().parse("laptop under $50", Options(disable=frozenset({"price"})))
    assert plan.clauses == ()
    assert clause(parser().parse("laptop under $50"), "price=<50").relax == 1


def test_a_stored_value_inside_an_amount_is_a_part_of_it() -> None:
    schema = parse_schema(
        "schema: s\nindex: s\ntext: [t]\nlabels:\n  brand: {field: brand, use: filter, position: any}\n"
        "  price: {kind: number, field: price, unit: USD, use: filter}\n"
    )
    values = StaticValues.of(schema, {"brand": {"Up": 9, "Under $20 Shop": 2}}, {"brand": 1.0, "price": 1.0})
    parse = QueryParser(schema, None, values).parse
    assert roles(parse("coffee up to $20")) == {"price=<=20": "filter"}
    assert "is only a part of an amount (price)" in reasons(parse("coffee up to $20"))
    assert set(roles(parse("coffee under $20 shop"))) == {"brand=Under $20 Shop"}, "longer than the amount"


FILMS = parse_schema(
    """
schema: films
index: films
text: [title]
timezone: America/New_York
labels:
  released: {kind: date, field: released, use: filter}
  year: {kind: number, field: year, unit: year, use: boost}
"""
)


def films(text: str, now: str = "2026-06-15T12:00:00+00:00") -> dict[str, str]:
    parse = QueryParser(FILMS, None, StaticValues.of(FILMS, {}, {"released": 1.0, "year": 1.0})).parse
    return roles(parse(text, Options(now=datetime.fromisoformat(now))))


def test_days_are_counted_from_the_clock_in_the_schemas_zone() -> None:
    assert films("horror films of last week") == {"released=2026-06-08..2026-06-14": "filter"}
    assert films("films released today", "2026-06-15T03:00:00+00:00") == {"released=2026-06-14": "filter"}
    assert films("films released today", "2026-06-15T03:00:00") == {"released=2026-06-14": "filter"}, "UTC by default"


def test_a_named_date_is_read_like_any_other() -> None:
    assert films("released:2019 horror") == {"released=2019-01-01..2019-12-31": "filter"}
    assert films('released:"last week" horror') == {"released=2026-06-08..2026-06-14": "filter"}
    assert films("released:soon horror") == {}


def test_dates_are_switched_off_as_a_step() -> None:
    parser = QueryParser(FILMS, None, StaticValues.of(FILMS, {}, {"released": 1.0}))
    assert parser.parse("horror since 2020", Options(disable=frozenset({"dates"}))).clauses == ()


def test_a_plan_is_kept_for_its_day_only() -> None:
    parser = QueryParser(FILMS, None, StaticValues.of(FILMS, {}, {"released": 1.0}))
    first, again, later = (
        parser.parse("films of last week", Options(now=datetime.fromisoformat(now)))
        for now in ("2026-06-15T12:00:00+00:00", "2026-06-15T23:00:00+00:00", "2026-06-22T12:00:00+00:00")
    )
    assert first is again
    assert roles(later) == {"released=2026-06-15..2026-06-21": "filter"}


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_clock_at_the_end_of_the_calendar_gives_no_dates(now: str) -> None:
    assert films("horror films of last week", now) == {}
