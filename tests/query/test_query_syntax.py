"""The user's own syntax goes before every guess."""

from __future__ import annotations

import pytest

from bridge.clauses import Range, Terms
from bridge.entities import Interval

from .conftest import Shop, clause, reasons, roles


def test_nothing_is_inferred_inside_quotes(shop: Shop) -> None:
    plan = shop({"red shoes": ("product feature", 0.99)}).parse('"red shoes under $50" coats')
    assert roles(plan) == {"category=Coats": "filter"}
    assert plan.required == '"red shoes under $50" coats'
    assert "inside quotes" in reasons(plan)


def test_an_inch_sign_opens_no_quote(shop: Shop) -> None:
    assert roles(shop().parse('15" shoes 17" coats')) == {"category=Shoes": "boost", "category=Coats": "filter"}


@pytest.mark.parametrize("text", ["brand:nike boots", "@brand:nike boots", "@brand nike boots", 'Brand:"Nike" boots'])
def test_a_named_value_is_a_filter_on_the_stored_key(shop: Shop, text: str) -> None:
    plan = shop().parse(text)
    assert [(c.role, c.condition) for c in plan.clauses] == [("filter", Terms("brand", ("Nike",)))]
    assert plan.required == "boots"
    assert plan.entities[0].source == "syntax"


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
    ],
)
def test_a_named_amount_is_a_range(shop: Shop, value: str, interval: Interval) -> None:
    plan = shop().parse(f"coats price:{value}")
    assert Range("price", interval) in [c.condition for c in plan.clauses if c.role == "filter"]
    assert plan.required == "coats"


@pytest.mark.parametrize("text", ["usb:c cable", "https://shop.example/price", "price:cheap coat", "re:zero", "a:b:c"])
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


@pytest.mark.parametrize("text", ["t-shirt", "wi-fi 6", "-5 degree bag", "a - b", "boots -", "--", "16-bit"])
def test_other_dashes_exclude_nothing(shop: Shop, text: str) -> None:
    assert all(c.role not in ("exclude", "demote") for c in shop().parse(text).clauses)


def test_syntax_can_be_switched_off(shop: Shop) -> None:
    from bridge.query import Options

    plan = shop().parse("brand:nike boots", Options(disable=frozenset({"syntax"})))
    assert all(entity.source != "syntax" for entity in plan.entities)
