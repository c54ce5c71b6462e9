"""Lists: alternatives of one label are one clause, and no member filters the others away."""

from __future__ import annotations

import pytest

from bridge.clauses import AnyOf, Range, Terms
from bridge.entities import Interval

from .conftest import SHOP, SHOP_VALUES, Shop, clause, roles

YAML = SHOP.replace("use: filter, relax: 1, consume: true", "use: filter, position: any, relax: 1").replace(
    "color: {use: boost}", "color: {field: color, use: filter, position: any}"
)
VALUES = SHOP_VALUES | {"brand": {"Nike": 40, "Adidas": 30, "Sony": 9, "LG": 9, "Black and Decker": 5, "Apple": 20}}
RATES = {"brand": 0.99, "category": 1.0, "price": 1.0, "color": 1.0, "entities.feature": 0.4}


@pytest.fixture
def parse(shop: Shop):  # type: ignore[no-untyped-def]
    return shop(yaml=YAML, values=VALUES, rates=RATES).parse


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("nike or adidas boots", {"brand=Nike|Adidas"}),
        ("nike and adidas boots", {"brand=Nike|Adidas"}),
        ("nike & adidas boots", {"brand=Nike|Adidas"}),
        ("nike/adidas boots", {"brand=Nike|Adidas"}),
        ("nike + adidas boots", {"brand=Nike|Adidas"}),
        ("either nike or adidas boots", {"brand=Nike|Adidas"}),
        ("boots nike, adidas", {"brand=Nike|Adidas"}),
        ("sony, lg or nike boots", {"brand=Sony|LG|Nike"}),
        ("sony, lg, or nike boots", {"brand=Sony|LG|Nike"}),
        ("nike boots or adidas", {"brand=Nike|Adidas"}),
        ("red or blue shoes", {"color=red|blue", "category=Shoes"}),
        ("shoes or coats", {"category=Shoes|Coats"}),
        ("nike shoes and adidas coats", {"brand=Nike|Adidas", "category=Shoes|Coats"}),
        ("red shoes or blue coats", {"color=red|blue", "category=Shoes|Coats"}),
        ("red and nike shoes", {"color=red", "brand=Nike", "category=Shoes"}),
        ("red shoes or coats", {"color=red", "category=Shoes|Coats"}),
        ("red shoes or nike coats", {"category=Shoes|Coats"}),
        ("red shoes and nike coats", {"category=Shoes|Coats"}),
        ("nike or adidas shoes in red or blue", {"brand=Nike|Adidas", "color=red|blue", "category=Shoes"}),
        ("black and decker drill", {"brand=Black and Decker"}),
    ],
)
def test_values_of_one_label_are_alternatives(parse, text: str, filters: set[str]) -> None:  # type: ignore[no-untyped-def]
    assert {name for name, role in roles(parse(text)).items() if role == "filter"} == filters


@pytest.mark.parametrize(
    "text",
    [
        "nike or zyx boots",
        "zyx or nike boots",
        "nike and zyx boots",
        "nike/zyx boots",
        "apple or nike boots",
        "nike or red boots",
        "sony, lg or apple boots",
    ],
)
def test_a_member_that_may_not_filter_keeps_the_others_from_it(parse, text: str) -> None:  # type: ignore[no-untyped-def]
    """`zyx` is no value, `apple` an ordinary word, and `nike or red` would ask for both at once."""
    assert all(role != "filter" for role in roles(parse(text)).values())


def test_a_plural_that_is_no_value_is_a_thing_of_its_own(parse) -> None:  # type: ignore[no-untyped-def]
    assert roles(parse("zyxes and red coats"))["category=Coats"] == "boost"
    assert roles(parse("warm and red coats"))["category=Coats"] == "filter"


def test_a_word_that_only_opens_a_list_is_not_required(parse) -> None:  # type: ignore[no-untyped-def]
    assert parse("either nike or adidas boots").required == "nike or adidas boots"
    assert parse("either way boots").required == "either way boots"


def test_no_conjunction_is_left_hanging_where_values_leave_the_text(shop: Shop) -> None:
    yaml = SHOP.replace("use: filter, relax: 1, consume: true", "use: filter, position: any, consume: true")
    parser = shop(yaml=yaml, values=VALUES)
    for text in ("nike or adidas boots", "either nike or adidas boots", "sony, lg or nike boots", "boots nike/adidas"):
        assert parser.parse(text).required == "boots"
    assert parser.parse("nike or adidas").required == "nike or adidas"


def test_each_member_has_a_chip_of_its_own(parse) -> None:  # type: ignore[no-untyped-def]
    plan = parse("sony, lg or nike red boots")
    assert {chip.name: chip.restored for chip in plan.chips} == {
        "bridge:brand=Sony": "lg or nike red boots",
        "bridge:brand=LG": "sony or nike red boots",
        "bridge:brand=Nike": "sony, lg red boots",
        "bridge:color=red": "sony, lg or nike boots",
    }


@pytest.mark.parametrize(
    ("text", "name", "restored"),
    [
        ("either nike or adidas boots", "brand=Nike", "adidas boots"),
        ("either nike or adidas boots", "brand=Adidas", "nike boots"),
        ("nike/adidas boots", "brand=Adidas", "nike boots"),
        ("nike shoes and adidas coats", "category=Shoes", "nike and adidas coats"),
        ("boots brand:(nike OR adidas)", "brand=Nike", "boots brand:( adidas)"),
        ("boots brand:(nike OR adidas)", "brand=Adidas", "boots brand:(nike"),
        ("boots not nike or adidas", "brand!=Nike", "boots not adidas"),
        ("boots not nike or adidas", "brand!=Adidas", "boots not nike"),
    ],
)
def test_a_chip_takes_what_joined_its_value(parse, text: str, name: str, restored: str) -> None:  # type: ignore[no-untyped-def]
    assert {chip.name: chip.restored for chip in parse(text).chips}[f"bridge:{name}"] == restored


def test_one_member_can_be_switched_off(shop: Shop) -> None:
    from bridge.query import Options

    parser = shop(yaml=YAML, values=VALUES, rates=RATES)
    plan = parser.parse("nike or adidas boots", Options(disable=frozenset({"bridge:brand=Nike"})))
    assert clause(plan, "brand=Adidas").condition == Terms("brand", ("Adidas",))


def test_amounts_that_exclude_each_other_are_alternatives(parse) -> None:  # type: ignore[no-untyped-def]
    plan = parse("boots under $20 or over $50")
    condition = AnyOf((Range("price", Interval(lt=20)), Range("price", Interval(gt=50))))
    assert [(c.role, c.name, c.condition) for c in plan.clauses] == [("filter", "bridge:price=<20|>50", condition)]
    both = parse("boots over $20 under $50")
    assert {c.name for c in both.clauses} == {"bridge:price=>20", "bridge:price=<50"}
