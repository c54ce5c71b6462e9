"""Dates in queries: what they say of a field, and the many words and numbers that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.entities import Interval, Stats
from bridge.query._names import dates_text, interval_text
from bridge.schema import Schema, parse_schema
from bridge.tagging.grammar import QuantityMatch, find_dates, read_date

#: A Monday.
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FILMS = parse_schema(
    """
schema: films
index: films
text: [title]
labels:
  released: {kind: date, field: released, use: filter, model: false, cues: [release, released, came out]}
  runtime: {kind: number, field: runtime, unit: minute, use: filter, model: false}
"""
)
CARS = parse_schema(
    """
schema: cars
index: cars
text: [title]
labels:
  year: {kind: number, field: year, text: model year, unit: year, use: filter, model: false}
  listed: {kind: date, field: listed, use: filter, model: false, cues: [posted, listings]}
  price: {kind: number, field: price, unit: USD, use: filter, model: false}
"""
)
CAR_YEARS = {"year": Stats(1962, 2017, 2026)}


def shown(match: QuantityMatch, schema: Schema) -> str:
    """`released=>=2020-01-01`, with `~` before what only boosts and `!` before what is not wanted."""
    entity = match.entity
    value: Interval = entity.value  # type: ignore[assignment]
    is_date = schema.labels[entity.label].kind == "date"
    says = dates_text(value, ZoneInfo(schema.timezone)) if is_date else interval_text(value)
    sign = "!" if entity.negated else "~" if match.approximate else ""
    return f"{sign}{entity.label}={says}"


def films(text: str, now: datetime = NOW) -> list[str]:
    return [shown(match, FILMS).replace("released=", "") for match in find_dates(text, FILMS, now)]


def cars(text: str) -> list[str]:
    return [shown(match, CARS) for match in find_dates(text, CARS, NOW, stats=CAR_YEARS)]


def words_taken(text: str) -> list[str]:
    return [text[slice(*words)] for match in find_dates(text, FILMS, NOW) for words in match.consumes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("horror since 2020", ">=2020-01-01"),
        ("horror after 2020", ">=2021-01-01"),
        ("horror before 2020", "<2020-01-01"),
        ("horror until 2020", "<=2020-12-31"),
        ("horror up to 2020", "<=2020-12-31"),
        ("horror in 2020", "2020-01-01..2020-12-31"),
        ("horror from 2020 on", ">=2020-01-01"),
        ("horror from 2020 onwards", ">=2020-01-01"),
        ("horror from 2020 to present", ">=2020-01-01"),
        ("horror 2020-present", ">=2020-01-01"),
        ("horror between 2019 and 2021", "2019-01-01..2021-12-31"),
        ("horror from the year 2019 to 2021", "2019-01-01..2021-12-31"),
        ("horror 2019-2021", "2019-01-01..2021-12-31"),
        ("horror 2019-21", "2019-01-01..2021-12-31"),
        ("horror in 2019-2021", "2019-01-01..2021-12-31"),
        ("horror 2019 through 2021", "2019-01-01..2021-12-31"),
        ("horror 2020 or newer", ">=2020-01-01"),
        ("horror 2020 and earlier", "<=2020-12-31"),
        ("horror no later than 2020", "<=2020-12-31"),
        ("horror not before 2020", ">=2020-01-01"),
        ("pre-1980 horror", "<1980-01-01"),
        ("horror (2020)", "~2020-01-01..2020-12-31"),
        ("horror 2020", "~2020-01-01..2020-12-31"),
        ("horror around 2020", "~2018-01-01..2022-12-31"),
        ("horror not from 2020", "!2020-01-01..2020-12-31"),
    ],
)
def test_years(text: str, expected: str) -> None:
    assert films(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s horror", "1990-01-01..1999-12-31"),
        ("'90s horror", "1990-01-01..1999-12-31"),
        ("horror of the 1990's", "1990-01-01..1999-12-31"),
        ("nineties horror", "1990-01-01..1999-12-31"),
        ("nineteen-nineties horror", "1990-01-01..1999-12-31"),
        ("early 90s horror", "1990-01-01..1993-12-31"),
        ("mid-90s horror", "1994-01-01..1996-12-31"),
        ("late 2000s horror", "2007-01-01..2009-12-31"),
        ("early to mid 90s horror", "1990-01-01..1996-12-31"),
        ("horror since the late 90s", ">=1997-01-01"),
        ("horror from the 70s to the 90s", "1970-01-01..1999-12-31"),
        ("mid-to-late 90s horror", "1994-01-01..1999-12-31"),
        ("horror from the first half of the 90s", "1990-01-01..1994-12-31"),
        ("horror from the 19th century", "1801-01-01..1900-12-31"),
        ("horror of the 1800s", "1800-01-01..1899-12-31"),
    ],
)
def test_decades_and_centuries(text: str, expected: str) -> None:
    assert films(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("horror q3 2021", "2021-07-01..2021-09-30"),
        ("horror 2021 q3", "2021-07-01..2021-09-30"),
        ("horror from the first quarter of 2020", "2020-01-01..2020-03-31"),
        ("1st quarter 2020 horror", "2020-01-01..2020-03-31"),
        ("horror h1 2021", "2021-01-01..2021-06-30"),
        ("horror march 2021", "2021-03-01..2021-03-31"),
        ("horror 2021-03", "2021-03-01..2021-03-31"),
        ("horror 03/2021", "2021-03-01..2021-03-31"),
        ("horror march '69", "1969-03-01..1969-03-31"),
        ("horror in february 2024", "2024-02-01..2024-02-29"),
        ("horror since january", ">=2026-01-01"),
        ("horror in march", "2026-03-01..2026-03-31"),
        ("horror in december", "2025-12-01..2025-12-31"),
        ("horror between march and june 2021", "2021-03-01..2021-06-30"),
        ("horror from november to march 2021", "2020-11-01..2021-03-31"),
        ("horror after march 2021", ">=2021-04-01"),
        ("winter 2020 horror", "2020-12-01..2021-02-28"),
        ("horror from the summer of 2019", "2019-06-01..2019-08-31"),
        ("horror 2021-03-05", "2021-03-05"),
        ("horror 5 march 2021", "2021-03-05"),
        ("horror march 5th, 2021", "2021-03-05"),
        ("horror since 25/03/2021", ">=2021-03-25"),
        ("horror 05.03.2021", "2021-03-05"),
        ("horror march 5-10 2021", "2021-03-05..2021-03-10"),
        ("horror between 2021-03-05 and 2021-04-01", "2021-03-05..2021-04-01"),
        ("horror late 2013", "~2013-09-01..2013-12-31"),  # as likely a part of a name
        ("horror in early 2020", "2020-01-01..2020-04-30"),
    ],
)
def test_parts_of_a_year(text: str, expected: str) -> None:
    assert films(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("horror released today", "2026-06-15"),
        ("horror released yesterday", "2026-06-14"),
        ("horror last week", "2026-06-08..2026-06-14"),
        ("horror this week", "2026-06-15..2026-06-21"),
        ("horror from last weekend", "2026-06-13..2026-06-14"),
        ("horror next month", "2026-07-01..2026-07-31"),
        ("horror last year", "2025-01-01..2025-12-31"),
        ("last year's horror", "2025-01-01..2025-12-31"),
        ("horror last quarter", "2026-01-01..2026-03-31"),
        ("horror from last decade", "2010-01-01..2019-12-31"),
        ("horror in the past decade", "2016-06-16..2026-06-15"),
        ("horror in the last year", "2025-06-16..2026-06-15"),
        ("horror of the last 3 years", "2023-06-16..2026-06-15"),
        ("horror of the past two weeks", "2026-06-02..2026-06-15"),
        ("horror in the last 24 hours", "2026-06-14..2026-06-15"),
        ("horror of the last few years", "~2023-06-16..2026-06-15"),
        ("horror released 3 days ago", "2026-06-12"),
        ("horror from two years ago", "2024-01-01..2024-12-31"),
        ("horror released this summer", "2026-06-01..2026-08-31"),
        ("horror last summer", "2025-06-01..2025-08-31"),
        ("horror last winter", "2025-12-01..2026-02-28"),
        ("horror last june", "2025-06-01..2025-06-30"),
        ("horror since last friday", ">=2026-06-12"),
        ("horror released on friday", "2026-06-12"),
        ("horror in the next 3 months", "2026-06-15..2026-09-14"),
    ],
)
def test_dates_that_count_from_today(text: str, expected: str) -> None:
    assert films(text) == [expected]


def test_the_clock_gives_the_day_and_the_zone_says_when_it_begins() -> None:
    berlin = FILMS.model_copy(update={"timezone": "Europe/Berlin"})
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert films("horror released today", late) == ["2026-12-31"]
    (match,) = find_dates("horror released today", berlin, late)
    assert shown(match, berlin) == "released=2027-01-01"
    assert find_dates("horror last week", berlin, datetime(1, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    "text",
    [
        *("2012", "1984", "yesterday", "last week", "blade runner 2049", "class of 1984", "2001 a space odyssey"),
        *("edge of tomorrow", "the day after tomorrow", "tomorrow never dies", "the last week", "seven days in may"),
        *("march of the penguins", "ides of march", "by august", "letters from april", "summer camp", "friday night"),
        *("may the best win", "fall from grace", "spring water", "boots to wear in winter", "that 70s show"),
        *("20th century fox", "women in their 30s", "over 60s", "films set in 1942", "movies about the 80s"),
        *("films set in the 1950s", "movies for 90s kids", "today's deals", "delivered by friday", "summer of '42"),
        *("fits 2015-2019 camry", "floor mats for 2015-2019 camry", "retro 90s sofa", "10s timer", "20th century"),
        *("70s inspired sofa", "rtx 2060", "1080p", "$2019", "2000 watts", "2000 lumens", "2000 x 1000", "1920x1080"),
        *("wh-1000", "a1990", "90 minutes", "under 90", "24/7", "12:30", "1/2 cup", "2021-13-45", "30/02/2021"),
        *("3/4/2021", "0000", "9999", "in 12345", "since forever", "last samurai", "next door", "this is us"),
        *("before christmas", "5 hour energy", "first blood part 2", "half blood prince", "the second quarter"),
    ],
)
def test_what_only_looks_like_a_date_stays_text(text: str) -> None:
    assert films(text) == []


def test_days_that_lie_ahead_make_a_month_the_next_one() -> None:
    ahead = {"released": Stats(1781568000000, 1801440000000, 1924992000000)}
    matches = find_dates("horror released after august", FILMS, NOW, stats=ahead)
    assert [shown(match, FILMS) for match in matches] == ["released=>=2026-09-01"]
    assert films("horror released after august") == [">=2025-09-01"]


def test_the_order_of_day_and_month_is_the_languages() -> None:
    american = FILMS.model_copy(update={"languages": ["en-US"]})
    british = FILMS.model_copy(update={"languages": ["en-GB"]})
    assert [shown(match, american) for match in find_dates("3/4/2021 horror", american, NOW)] == ["released=2021-03-04"]
    assert [shown(match, british) for match in find_dates("3/4/2021 horror", british, NOW)] == ["released=2021-04-03"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("corolla 2015", ["~year=2015"]),
        ("corolla since 2015", ["year=>=2015"]),
        ("corolla after 2015", ["year=>2015"]),
        ("corolla 2015+", ["year=>=2015"]),
        ("corolla up to 2015", ["year=<=2015"]),
        ("corolla model year 2015", ["year=2015"]),
        ("corolla year under 2015", ["year=<2015"]),
        ("corolla 2015 model year", ["year=2015"]),
        ("late 90s corolla", ["year=1997..1999"]),
        ("corolla from the last 3 years", ["year=2023..2026"]),
        ("corolla since march 2021 listed last week", ["listed=>=2021-03-01", "listed=2026-06-08..2026-06-14"]),
        ("corolla listed since 2025", ["listed=>=2025-01-01"]),
        ("corolla 2015 listed this week", ["~year=2015", "listed=2026-06-15..2026-06-21"]),
        ("audi q3 2021", ["~year=2021"]),
        ("corolla up to 2000", []),  # as likely a price
        ("corolla under 2000", []),
        ("corolla under 2015", ["year=<2015"]),  # no price anybody names
        ("corolla >= 2015", ["year=>=2015"]),
        ("corolla min year 2015", ["year=>=2015"]),
        ("corolla 2015 & newer", ["year=>=2015"]),
        ("corolla not 2015", ["!year=2015"]),
        ("'67 mustang", ["~year=1967"]),
        ("2015 model corolla", ["~year=2015"]),
        ("peugeot 3008", []),
        ("honda 1940", []),  # the index has none so old
    ],
)
def test_years_that_are_numbers_and_two_labels(text: str, expected: list[str]) -> None:
    assert cars(text) == expected


def test_a_number_of_years_is_no_date() -> None:
    whisky = parse_schema(
        "schema: w\nindex: w\ntext: [name]\n"
        "labels:\n  age: {kind: number, field: age, unit: year, use: filter, model: false}"
    )
    years = parse_schema(
        "schema: w\nindex: w\ntext: [name]\n"
        "labels:\n  matured: {kind: number, field: matured, unit: year, use: filter, model: false}"
    )
    assert find_dates("whisky since 1990", whisky, NOW) == []
    assert find_dates("whisky since 1990", years, NOW, stats={"matured": Stats(3, 12, 50)}) == []
    assert [shown(m, years) for m in find_dates("whisky since 1990", years, NOW)] == ["matured=>=1990"]


def test_a_list_takes_its_words_together_and_bare_years_each_their_own() -> None:
    text = "horror from 2015 or 2018"
    matches = find_dates(text, FILMS, NOW)
    assert [shown(match, FILMS) for match in matches] == [
        "released=2015-01-01..2015-12-31",
        "released=2018-01-01..2018-12-31",
    ]
    assert words_taken(text) == ["from 2015 or 2018"] * 2
    assert words_taken("horror 2015 or 2018") == ["2015", "2018"]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("movies that were released in 1994", "that were released in 1994"),
        ("films from the 90s with cher", "from the 90s"),
        ("horror release 2020-03-01", "release 2020-03-01"),
        ("movies that came out last year", "that came out last year"),
        ("horror not from 2020", "not from 2020"),
    ],
)
def test_the_words_that_lead_to_a_date_go_with_it(text: str, taken: str) -> None:
    assert words_taken(text)[0].endswith(taken)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2020", "2020-01-01..2020-12-31"),
        (">=2020-01-01", ">=2020-01-01"),
        ("<2020", "<2020-01-01"),
        (">2020", ">=2021-01-01"),
        ("<=2020-03", "<=2020-03-31"),
        ("2019..2021", "2019-01-01..2021-12-31"),
        ("2020-01-15..2020-03-31", "2020-01-15..2020-03-31"),
        ("2019-2021", "2019-01-01..2021-12-31"),
        ("90s", "1990-01-01..1999-12-31"),
        ("march", "2026-03-01..2026-03-31"),
        ("last week", "2026-06-08..2026-06-14"),
        ("today", "2026-06-15"),
        ("since 2020", ">=2020-01-01"),
    ],
)
def test_a_date_that_the_user_wrote_for_a_label(written: str, expected: str) -> None:
    value = read_date(written, "released", FILMS, NOW)
    assert value is not None
    assert dates_text(value, ZoneInfo("UTC")) == expected


@pytest.mark.parametrize("written", ["", "soon", "2020 or so", "2020-99", ">", "..", "2020..", ">=since 2020", "12"])
def test_what_is_no_date_as_a_whole_has_no_value(written: str) -> None:
    assert read_date(written, "released", FILMS, NOW) is None
    assert read_date("2020", "runtime", FILMS, NOW) is None


WORDS = (
    "since before between and to from in of the last past next this 3 2020 1990s 90s march may summer q3 h1 5th first",
    "half - / . ' ’ + , week years ago few couple today not early mid late 21 2021-03-05 99999999999 : year century",
    "19th or model listed $ x % watts",
)
PARTS = st.sampled_from(" ".join(WORDS).split())


@given(st.lists(PARTS, max_size=9).map(" ".join) | st.lists(PARTS, max_size=9).map("".join) | st.text(max_size=40))
def test_no_text_raises_and_every_match_is_a_stretch_of_it(text: str) -> None:
    for schema, stats in ((FILMS, {}), (CARS, CAR_YEARS)):
        last = 0
        for match in find_dates(text, schema, NOW, stats=stats):
            entity = match.entity
            assert text[entity.start : entity.end] == entity.text != ""
            assert all(0 <= start < end <= len(text) for start, end in match.consumes)
            assert entity.start >= last
            last = entity.end
            value = entity.value
            low = value.gte if value.gte is not None else value.gt  # type: ignore[union-attr]
            high = value.lte if value.lte is not None else value.lt  # type: ignore[union-attr]
            assert low is not None or high is not None
            assert low is None or high is None or low <= high


@given(st.text(max_size=30), st.datetimes(timezones=st.none()))
def test_no_value_and_no_clock_raises(written: str, now: datetime) -> None:
    read_date(written, "released", FILMS, now)
    find_dates(f"horror last 500 years {written}", FILMS, now)
