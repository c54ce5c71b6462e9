"""Negation has a scope, and much that looks like one is a value or a title."""

from __future__ import annotations

import pytest

from bridge.clauses import Match, Terms

from .conftest import SHOP, SHOP_RATES, Shop, clause, reasons, roles


@pytest.mark.parametrize("cue", ["not", "without", "no", "except", "except for", "excluding", "other than", "but not"])
def test_a_stored_value_of_a_well_filled_field_is_excluded(shop: Shop, cue: str) -> None:
    plan = shop().parse(f"running boots {cue} adidas")
    assert clause(plan, "brand!=Adidas").role == "exclude"
    assert plan.required == "running boots"
    assert plan.entities[-1].negated


def test_a_stored_value_of_a_sparse_field_is_demoted(shop: Shop) -> None:
    plan = shop().parse("coats not red")
    assert roles(plan)["color!=red"] == "demote"
    assert plan.required == "coats"


def test_shoes_without_laces_still_finds_shoes_described_as_without_laces(shop: Shop) -> None:
    plan = shop(values={}).parse("shoes without laces")
    assert plan.clauses == ()
    assert plan.required == "shoes without laces"
    # Where "laces" is a value that documents carry, those that carry it come last; none is excluded.
    assert roles(shop().parse("shoes without laces"))["feature!=laces"] == "demote"


def test_no_free_text_is_ever_excluded(shop: Shop) -> None:
    for text in ("boots not zyx", "boots -zyx", "boots without zyx", "boots except zyx and wvu"):
        assert all(c.role != "exclude" for c in shop().parse(text).clauses), text


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("boots not nike or adidas", {"brand!=Nike", "brand!=Adidas"}),
        ("boots not nike, adidas", {"brand!=Nike", "brand!=Adidas"}),
        ("boots not nike and adidas", {"brand!=Nike", "brand!=Adidas"}),
        ("boots not nike under $50", {"brand!=Nike"}),
        ("boots not the nike", {"brand!=Nike"}),
        ("boots not made by nike", {"brand!=Nike"}),
        ("coats not nike and red", {"brand!=Nike"}),
        ("nike boots not adidas", {"brand!=Adidas"}),
        ("boots not nike without laces", {"brand!=Nike", "feature!=laces"}),
        ("boots neither nike nor adidas", {"brand!=Nike", "brand!=Adidas"}),
        ("boots not nike, adidas, or target", {"brand!=Nike", "brand!=Adidas", "brand!=Target"}),
        ("boots without zippers, laces or fur", {"feature!=laces"}),
        ("boots not brand nike", {"brand!=Nike"}),
        ("boots not from the brand nike", {"brand!=Nike"}),
        ("boots not sold by nike", {"brand!=Nike"}),
        ("boots not nike brand", {"brand!=Nike"}),
        ("boots that are not nike", {"brand!=Nike"}),
        ("boots which aren’t nike", {"brand!=Nike"}),
        ("i dont want nike boots", {"brand!=Nike"}),
        ("any boots but nike", {"brand!=Nike"}),
        ("anything but nike boots", {"brand!=Nike"}),
        ("except nike boots", {"brand!=Nike"}),
        ("boots excluding nike & adidas", {"brand!=Nike", "brand!=Adidas"}),
        ("boots not nike but adidas", {"brand!=Nike"}),
        ("boots not not nike", {"brand!=Nike"}),
    ],
)
def test_the_scope_of_a_cue(shop: Shop, text: str, against: set[str]) -> None:
    plan = shop().parse(text)
    assert {name for name in roles(plan) if "!=" in name} == against


@pytest.mark.parametrize(
    "text",
    [
        "no man's sky",
        "not another teen movie",
        "without remorse",
        "non-stick pan",
        "sugar-free gum",
        "sugar free gum",
        "chanel no 5",
        "not only nike",
        "boots not",
        "boots not for kids",
        "when food is not enough",
        "gift not included batteries",
        "please do not disturb sign",
        "yes no game cards if not then what when not so or",
        "7 up",
        "nothing but nike",
        "never nike boots",
        "food is not nike",
        "boots but nike",
        "wear nike not only boots",
        "not your nike boots",
        "nike boots no 7",
        "nike boots no. 7",
        "no sex please we're nike",
        "nike free run boots",
        "nike boots free shipping",
    ],
)
def test_what_only_looks_like_a_negation(shop: Shop, text: str) -> None:
    plan = shop().parse(text)
    assert all(c.role not in ("exclude", "demote") for c in plan.clauses)


@pytest.mark.parametrize(
    "text",
    ["boots but nike", "boots never nike", "boots that is not enough nike", "no sex please we're nike"],
)
def test_what_a_negation_may_reach_never_filters(shop: Shop, text: str) -> None:
    yaml = SHOP.replace("use: filter, relax: 1", "use: filter, position: any, relax: 1")
    assert all(c.label != "brand" or c.role == "boost" for c in shop(yaml=yaml).parse(text).clauses)


def test_a_thing_right_behind_unwanted_words_may_be_one_with_them(shop: Shop) -> None:
    """`added coats` are not wanted; that coats are, nobody says."""
    assert roles(shop().parse("boots without added coats")) == {}
    assert roles(shop().parse("boots not steel toe coats")) == {"text!=steel toe": "demote"}


def test_nothing_is_left_out_of_a_query_that_asks_for_nothing_else(shop: Shop) -> None:
    for text in ("anything but nike", "-nike", "-brand:nike", "except nike or adidas"):
        plan = shop().parse(text)
        assert (plan.clauses, plan.required) == ((), text)
        assert "nothing else is looked for" in reasons(plan)


def test_what_is_not_wanted_is_not_required_even_where_all_the_rest_is_an_amount(shop: Shop) -> None:
    plan = shop().parse("under $50 not nike")
    assert roles(plan) == {"price=<50": "filter", "brand!=Nike": "exclude"}
    assert plan.required == "under $50"


@pytest.mark.parametrize(
    ("text", "clauses", "required"),
    [
        ("boots not between $20 and $50", {"price!=20..50": "exclude"}, "boots"),
        ("boots not $50", {"price!=~50": "demote"}, "boots"),
        ("boots not under $50", {"price=>=50": "filter"}, "boots"),
        ("boots not priced over $50", {"price!=>50": "exclude"}, "boots"),
        ("boots not nike or over $50", {"brand!=Nike": "exclude", "price!=>50": "exclude"}, "boots"),
        ("boots not nike under $50", {"brand!=Nike": "exclude", "price=<50": "filter"}, "boots"),
        ("boots not zyx under $50", {"text!=zyx": "demote", "price=<50": "filter"}, "boots"),
        ("boots without $50 coats", {}, "boots without $50 coats"),
    ],
)
def test_amounts_can_be_denied(shop: Shop, text: str, clauses: dict[str, str], required: str) -> None:
    plan = shop().parse(text)
    assert roles(plan) == clauses
    assert plan.required == required


def test_words_that_the_rest_of_the_text_asks_for_are_not_demoted(shop: Shop) -> None:
    plan = shop().parse("zyx c boots not zyx a")
    assert (plan.clauses, plan.required) == ((), plan.text)


def test_what_is_wanted_and_not_wanted_is_wanted(shop: Shop) -> None:
    plan = shop().parse("warm coats not coats")
    assert roles(plan) == {"category=Coats": "filter"}
    assert "the query asks for it as well" in reasons(plan)


@pytest.mark.parametrize(
    "text", ["boots not compatible with nike", "boots not wool by nike", "boots not good for nike"]
)
def test_a_name_behind_other_words_is_not_what_is_denied(shop: Shop, text: str) -> None:
    assert all(c.label != "brand" or c.role == "boost" for c in shop().parse(text).clauses)


def test_free_words_of_a_list_leave_the_text_with_its_values(shop: Shop) -> None:
    assert shop().parse("boots without laces or fur").required == "boots"
    assert shop().parse("boots without fur or laces").required == "boots without fur"


def test_free_is_part_of_the_value_and_never_the_value_itself(shop: Shop) -> None:
    assert roles(shop().parse("sugar free gum")) == {"feature=sugar free": "boost"}
    no_sugar = shop(values={"feature": {"sugar": 9}})
    assert roles(no_sugar.parse("sugar free gum")) == {}
    assert roles(no_sugar.parse("sugar-free gum")) == {}


def test_a_cue_inside_a_stored_value_belongs_to_it(shop: Shop) -> None:
    plan = shop(values={"feature": {"no sugar added": 9, "sugar": 3}}).parse("jam no sugar added")
    assert roles(plan) == {"feature=no sugar added": "boost"}


def test_an_opening_cue_gives_neither_a_filter_nor_an_exclusion(shop: Shop) -> None:
    plan = shop().parse("not nike")
    assert plan.clauses == ()
    assert "opening negation" in reasons(plan)


def test_a_model_span_over_a_cue_is_nothing_but_one_that_opens_with_lack_is_a_value(shop: Shop) -> None:
    crossing = shop({"cake not pie": ("product feature", 0.99)}).parse("big cake not pie")
    assert roles(crossing) == {"text!=pie": "demote"}
    lacking = shop({"no sugar": ("product feature", 0.99)}).parse("gum no sugar")
    assert roles(lacking) == {"feature=no sugar": "boost"}


def test_a_value_that_only_describes_what_is_not_wanted_is_not_excluded(shop: Shop) -> None:
    assert roles(shop().parse("boots not coats"))["category!=Coats"] == "exclude"
    assert roles(shop().parse("boots not coats hangers"))["category!=Coats"] == "demote"


def test_an_exclusion_is_never_widened(shop: Shop) -> None:
    plan = shop().parse("sandals not shoes")
    assert clause(plan, "category!=Shoes").condition == Terms("category", ("Shoes",))


def test_negation_can_be_switched_off(shop: Shop) -> None:
    from bridge.query import Options

    plan = shop(rates=SHOP_RATES).parse("boots not zyx", Options(disable=frozenset({"negation"})))
    assert plan.clauses == ()


def test_a_span_below_its_band_does_not_shield_negated_words(shop: Shop) -> None:
    plan = shop({"cheesecake": ("product feature", 0.45)}, values={}).parse("chocolate cake not cheesecake")
    assert roles(plan) == {"text!=cheesecake": "demote"}
    assert plan.required == "chocolate cake"


def test_the_users_own_wording_exempts_a_title_from_its_demotion(shop: Shop) -> None:
    assert clause(shop().parse("ban idiots not guns"), "text!=guns").condition == Match(
        ("title",), "guns", unless="not guns"
    )
    assert clause(shop().parse("hats -guns"), "text!=guns").condition == Match(("title",), "guns")
