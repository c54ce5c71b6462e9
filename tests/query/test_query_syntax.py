"""The user's own syntax goes before every guess."""

from __future__ import annotations

import pytest

from bridge.clauses import Range, Terms
from bridge.entities import Interval

from .conftest import SHOP_VALUES, Shop, clause, reasons, roles


def test_nothing_is_inferred_inside_quotes(shop: Shop) -> None:
    plan = shop({"red shoes": ("product feature", 0.99)}).parse('"red shoes under $50" coats')
    assert roles(plan) == {"category=Coats": "filter"}
    assert plan.required == '"red shoes under $50" coats'
    assert "inside quotes" in reasons(plan)


@pytest.mark.parametrize("quotes", ['""', "“”", "„“", "„”", "‘’", "«»", '“"', '"”'])
def test_all_kinds_of_quotes_quote(shop: Shop, quotes: str) -> None:
    text = f"{quotes[0]}red men’s shoes{quotes[1]} under $50"
    assert roles(shop().parse(text)) == {"price=<50": "filter"}


def test_french_quotes_may_have_spaces_inside(shop: Shop) -> None:
    assert roles(shop().parse("« red shoes » under $50")) == {"price=<50": "filter"}


@pytest.mark.parametrize(
    "text", ['warm "red coats', 'warm red coats"', "warm “red coats", "warm ‘red coats", 'warm red" coats']
)
def test_a_quote_without_its_other_half_quotes_nothing(shop: Shop, text: str) -> None:
    assert roles(shop().parse(text)) == {"color=red": "boost", "category=Coats": "filter"}


def test_an_inch_sign_opens_no_quote(shop: Shop) -> None:
    for text in ('15" shoes 17" coats', '15 " shoes 17 " coats'):
        assert roles(shop().parse(text)) == {"category=Shoes": "boost", "category=Coats": "filter"}


@pytest.mark.parametrize("text", ["brand:nike boots", "@brand:nike boots", "@brand nike boots", 'Brand:"Nike" boots'])
def test_a_named_value_is_a_filter_on_the_stored_key(shop: Shop, text: str) -> None:
    plan = shop().parse(text)
    assert [(c.role, c.condition) for c in plan.clauses] == [("filter", Terms("brand", ("Nike",)))]
    assert plan.required == "boots"
    assert plan.entities[0].source == "syntax"


VALUES = SHOP_VALUES | {"brand": {"Black and Decker": 9, "Nike": 40, "Adidas": 30}, "color": {"black": 30, "red": 9}}


@pytest.mark.parametrize(
    ("text", "values", "required"),
    [
        ("@brand black and decker drill", ("Black and Decker",), "drill"),
        ("brand:black and decker drill", ("Black and Decker",), "drill"),
        ("brand: black & decker drill", ("Black and Decker",), "drill"),
        ("drill brand: nike", ("Nike",), "drill"),
        ("brand=nike drill", ("Nike",), "drill"),
        ("drill (brand:nike)", ("Nike",), "drill"),
        ("brand:(nike OR adidas) drill", ("Adidas", "Nike"), "drill"),
        ('brand:("black and decker" or nike) drill', ("Black and Decker", "Nike"), "drill"),
        ("brand:nike,adidas drill", ("Adidas", "Nike"), "drill"),
        ("drill brand:nike, cheap", ("Nike",), "drill, cheap"),
    ],
)
def test_a_value_goes_as_far_as_a_stored_one_and_may_be_several(
    shop: Shop, text: str, values: tuple[str, ...], required: str
) -> None:
    plan = shop(values=VALUES).parse(text)
    assert [(c.role, c.condition) for c in plan.clauses] == [("filter", Terms("brand", values))]
    assert plan.required == required


def test_a_space_after_the_colon_needs_a_stored_value(shop: Shop) -> None:
    plan = shop().parse("brand: zyxq boots")
    assert (plan.clauses, plan.required) == ((), "brand: zyxq boots")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("colour:red coats", 'did you mean "color"?'),
        ("@brnd nike boots", 'did you mean "brand"?'),
        ("http://coats.example", None),
        ("re:zero", None),
        ("@home", None),
    ],
)
def test_a_name_that_is_nearly_a_labels_is_text_with_a_hint(shop: Shop, text: str, hint: str | None) -> None:
    plan = shop().parse(text)
    assert plan.required == text
    assert (hint or "") in reasons(plan)
    assert hint is not None or "did you mean" not in reasons(plan)


def test_a_named_value_that_no_document_has_only_boosts_and_stays_required(shop: Shop) -> None:
    plan = shop().parse("brand:zyxq boots")
    assert roles(plan) == {"brand=zyxq": "boost"}
    assert plan.required == "zyxq boots"


def test_a_named_value_alone_keeps_its_word(shop: Shop) -> None:
    plan = shop().parse("brand:nike")
    assert roles(plan) == {"brand=Nike": "filter"}
    assert plan.required == "nike"


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        ("<20", Interval(lt=20)),
        ("<=20", Interval(lte=20)),
        (">19.99", Interval(gt=19.99)),
        (">=$20", Interval(gte=20)),
        ("10..20", Interval(gte=10, lte=20)),
        ("20-10", Interval(gte=10, lte=20)),
        ("1,500", Interval(gte=1500, lte=1500)),
        ("$10-$20", Interval(gte=10, lte=20)),
        ("$1,299.99+", Interval(gte=1299.99)),
        ("<2k", Interval(lt=2000)),
        ("20usd", Interval(gte=20, lte=20)),
        ('"under 20 dollars"', Interval(lt=20)),
    ],
)
def test_a_named_amount_is_a_range(shop: Shop, value: str, interval: Interval) -> None:
    plan = shop().parse(f"coats price:{value}")
    assert Range("price", interval) in [c.condition for c in plan.clauses if c.role == "filter"]
    assert plan.required == "coats"


@pytest.mark.parametrize(
    "text",
    [
        *[
            "usb:c cable",
            "https://shop.example/price",
            "price:cheap coat",
            "price:€20 coat",
            "price:20cm coat",
            "re:zero",
            "a:b:c",
            "brand::zyx",
            "brand:",
        ],
        *["me@brand.com", "10:30 alarm", "3:10 to yuma", "c++ shirt", "smile :) :-) ;-) -_-", "brand :zyx", "!zyx"],
    ],
)
def test_a_colon_that_names_no_label_or_amount_is_text(shop: Shop, text: str) -> None:
    plan = shop().parse(text)
    assert all(entity.source != "syntax" for entity in plan.entities)
    assert plan.required == text


def test_a_dash_excludes_a_stored_value(shop: Shop) -> None:
    plan = shop().parse("running shoes -adidas")
    assert clause(plan, "brand!=Adidas").role == "exclude"
    assert clause(plan, "brand!=Adidas").condition == Terms("brand", ("Adidas",))
    assert plan.required == "running shoes"


def test_a_dash_before_a_quote_excludes_the_phrase(shop: Shop) -> None:
    plan = shop().parse('boots -"steel toe"')
    assert roles(plan) == {"text!=steel toe": "demote"}
    assert plan.required == "boots"


def test_a_dash_before_a_named_value_excludes_it(shop: Shop) -> None:
    plan = shop().parse("boots -brand:nike")
    assert roles(plan) == {"brand!=Nike": "exclude"}
    assert plan.required == "boots"


@pytest.mark.parametrize(
    ("text", "against", "required"),
    [
        ("boots NOT brand:nike", {"brand!=Nike"}, "boots"),
        ("NOT brand:nike boots", {"brand!=Nike"}, "boots"),
        ("boots except brand:(nike OR adidas)", {"brand!=Nike", "brand!=Adidas"}, "boots"),
        ("boots -brand:(nike OR adidas)", {"brand!=Nike", "brand!=Adidas"}, "boots"),
        ("boots -nike,-adidas", {"brand!=Nike", "brand!=Adidas"}, "boots"),
        ("boots –nike", {"brand!=Nike"}, "boots"),
        ("boots -'nike'", {"brand!=Nike"}, "boots"),
    ],
)
def test_what_the_user_named_can_be_denied(shop: Shop, text: str, against: set[str], required: str) -> None:
    plan = shop().parse(text)
    assert roles(plan) == dict.fromkeys(against, "exclude")
    assert plan.required == required


@pytest.mark.parametrize(
    "text", ["https://nike.com/red", "www.nike.com", "me@nike.com", "nike.com coupon", "boots !nike"]
)
def test_nothing_is_inferred_from_addresses_and_unknown_signs(shop: Shop, text: str) -> None:
    plan = shop().parse(text)
    assert all(c.label != "brand" for c in plan.clauses)
    assert plan.required == text


def test_a_range_may_be_written_as_query_strings_do(shop: Shop) -> None:
    plan = shop().parse("coats price:[10 TO 20]")
    assert clause(plan, "price=10..20").condition == Range("price", Interval(gte=10, lte=20))
    assert plan.required == "coats"


def test_a_dash_takes_the_whole_of_a_stored_value(shop: Shop) -> None:
    plan = shop(values=VALUES).parse("drill -black and decker")
    assert roles(plan) == {"brand!=Black and Decker": "exclude"}
    assert plan.required == "drill"


def test_a_heart_is_no_price(shop: Shop) -> None:
    assert roles(shop().parse("i <3 coats")) == {"category=Coats": "filter"}
    assert roles(shop().parse("i love coats <3")) == {"category=Coats": "filter"}
    assert roles(shop().parse("coats price <3")) == {"category=Coats": "filter", "price=<3": "filter"}


@pytest.mark.parametrize(
    "text", ["t-shirt", "wi-fi 6", "-5 degree bag", "a - b", "boots -", "--", "16-bit", "t -shoes", "x -men"]
)
def test_other_dashes_exclude_nothing(shop: Shop, text: str) -> None:
    assert all(c.role not in ("exclude", "demote") for c in shop().parse(text).clauses)


def test_syntax_can_be_switched_off(shop: Shop) -> None:
    from bridge.query import Options

    plan = shop().parse("brand:nike boots", Options(disable=frozenset({"syntax"})))
    assert all(entity.source != "syntax" for entity in plan.entities)
