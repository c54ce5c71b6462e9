"""What each label may do: permission of the schema, certainty of the value, fill rate, place in the query, score.

The model is a table here: these tests are about what follows from its spans, not about finding them.
"""

from __future__ import annotations

import pytest

from bridge.clauses import AnyOf, Match, Terms

from .conftest import SHOP, SHOP_RATES, SHOP_VALUES, Shop, clause, reasons, roles


def test_a_label_that_only_the_model_knows_boosts_with_the_forms_that_documents_carry(shop: Shop) -> None:
    plan = shop({"Gore-Tex boots": ("product feature", 0.95)}).parse("warm Gore-Tex boots")
    assert roles(plan) == {"feature=gore-tex boot": "boost"}
    condition = plan.clauses[0].condition
    assert condition == Terms("entities.feature", ("gore-tex boot", "gore-tex boots"))
    assert plan.required == "warm Gore-Tex boots"


@pytest.mark.parametrize(("score", "boost"), [(0.95, 2.0), (0.8, 2.0), (0.79, 1.0), (0.5, 1.0)])
def test_the_boost_comes_from_the_band_and_not_from_the_score(shop: Shop, score: float, boost: float) -> None:
    plan = shop({"waterproof": ("product feature", score)}).parse("waterproof boots")
    assert plan.clauses[0].boost == boost


def test_below_the_band_nothing_happens_and_explain_says_so(shop: Shop) -> None:
    plan = shop({"waterproof": ("product feature", 0.42)}).parse("waterproof boots")
    assert plan.clauses == ()
    assert "0.420 is below the boost band" in reasons(plan)


def test_scores_are_rounded_before_they_meet_a_band(shop: Shop) -> None:
    first, second = (
        shop({"waterproof": ("product feature", score)}).parse("waterproof boots") for score in (0.7999997, 0.8000002)
    )
    assert first == second


def test_a_model_span_links_to_all_stored_spellings(shop: Shop) -> None:
    plan = shop({"appple": ("brand", 0.9)}).parse("appple charger")
    assert plan.clauses[0].condition == Terms("brand", ("Apple", "apple"))
    assert plan.clauses[0].role == "boost", "a typing error is too uncertain to filter by"
    assert "typo" in reasons(plan)


def test_a_stored_value_that_describes_needs_the_model_to_filter(shop: Shop) -> None:
    """`nike shoes`: nobody but the model knows that this Nike is not the head of some other thing's name."""
    assert roles(shop().parse("nike shoes under $50"))["brand=Nike"] == "boost"


def test_a_sparse_field_is_never_filtered_by(shop: Shop) -> None:
    sparse = SHOP_RATES | {"category": 0.5}
    plan = shop(rates=sparse).parse("red shoes")
    assert roles(plan) == {"category=Shoes": "boost", "color=red": "boost"}
    assert "only 50 % of the documents carry category" in reasons(plan)


def test_a_field_that_nobody_counted_is_never_filtered_by(shop: Shop) -> None:
    plan = shop(rates={}).parse("red shoes")
    assert set(roles(plan).values()) == {"boost"}
    assert "nobody has counted" in reasons(plan)


def test_the_same_value_in_two_filterable_fields_may_stand_in_either(shop: Shop) -> None:
    plan = shop().parse("cheap jumpers")
    condition = AnyOf((Terms("brand", ("Jumpers",)), Terms("category", ("Jumpers",))))
    assert [(c.role, c.condition) for c in plan.clauses] == [("filter", condition)]


def test_the_same_value_in_two_fields_boosts_both_where_one_may_not_filter(shop: Shop) -> None:
    plan = shop(rates=SHOP_RATES | {"brand": 0.2}).parse("cheap jumpers")
    assert roles(plan) == {"brand=Jumpers": "boost", "category=Jumpers": "boost"}


def test_value_words_leave_the_required_text_only_where_the_schema_says_so(shop: Shop) -> None:
    plan = shop().parse("running boots by the brand of nike")
    assert plan.required == plan.text, "a boost takes nothing"
    plan = shop().parse("brand:nike boots")
    assert plan.required == "boots"


def test_labels_steps_and_single_clauses_can_be_switched_off(shop: Shop) -> None:
    from bridge.query import Options

    parser = shop({"waterproof": ("product feature", 0.9)})
    text = "waterproof red shoes under $50"
    assert set(roles(parser.parse(text))) == {"category=Shoes", "color=red", "feature=waterproof", "price=<50"}
    for off, left in (
        ({"color"}, {"category=Shoes", "feature=waterproof", "price=<50"}),
        ({"model"}, {"category=Shoes", "color=red", "price=<50"}),
        ({"dictionary"}, {"feature=waterproof", "price=<50"}),
        ({"grammar"}, {"color=red", "feature=waterproof"}),
        ({"bridge:category=Shoes"}, {"color=red", "feature=waterproof", "price=<50"}),
    ):
        found = roles(parser.parse(text, Options(disable=frozenset(off))))
        assert left <= set(found), off
        assert not set(found) & (set(roles(parser.parse(text))) - left - {"category=Shoes"}), off


def test_a_switched_off_clause_gives_its_words_back(shop: Shop) -> None:
    from bridge.query import Options

    plan = shop().parse("shoes under $50", Options(disable=frozenset({"bridge:price=<50"})))
    assert plan.required == "shoes under $50"


def test_expand_lets_a_stored_value_widen_the_text(shop: Shop) -> None:
    yaml = SHOP.replace("category: {field: category, use: filter", "category: {field: category, use: expand")
    assert roles(shop(yaml=yaml).parse("cheap coats")) == {"category=Coats": "expand"}


def test_ignore_keeps_a_label_out(shop: Shop) -> None:
    yaml = SHOP.replace("color: {use: boost}", "color: {use: ignore}")
    assert roles(shop(yaml=yaml).parse("red coats")) == {"category=Coats": "filter"}


def test_document_security_keeps_rejected_candidates_secret(shop: Shop) -> None:
    yaml = SHOP.replace(
        "engine: opensearch", "engine: opensearch\ndocument_security: true\npublic_values: [brand, category]"
    )
    plan = shop({"waterproof": ("product feature", 0.4)}, yaml=yaml).parse("waterproof boots")
    assert all(line.decision != "rejected" for line in plan.explain)
    assert plan.mode == "tiers", "without counts filters order instead"


def test_a_negated_unknown_thing_is_demoted_by_tag_and_by_name(shop: Shop) -> None:
    plan = shop({"glitter": ("product feature", 0.9)}).parse("boots not glitter")
    condition = AnyOf(
        (Terms("entities.feature", ("glitter", "glitters")), Match(("title",), "glitter", unless="not glitter"))
    )
    assert [(c.role, c.condition) for c in plan.clauses] == [("demote", condition)]
    assert clause(plan, "feature!=glitter").boost < 1.0


def test_a_bare_number_is_no_value_even_for_the_model(shop: Shop) -> None:
    plan = shop({"7": ("product feature", 0.9)}).parse("7 up")
    assert plan.clauses == ()
    assert "a bare number" in reasons(plan)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("berry", ("berries", "berry")),
        ("berries", ("berries", "berry")),
        ("box", ("box", "boxes")),
        ("boxes", ("box", "boxes")),
        ("glass", ("glass",)),
        ("Sony", ("sony", "sonys")),
        ("C++", ("c++",)),
        ("靴", ("靴",)),
    ],
)
def test_the_forms_that_documents_may_carry(shop: Shop, text: str, forms: tuple[str, ...]) -> None:
    plan = shop({text: ("product feature", 0.9)}).parse(f"nice {text} here")
    assert plan.clauses[0].condition == Terms("entities.feature", forms)


def test_a_label_that_may_only_boost_does_not_take_a_filter_away(shop: Shop) -> None:
    values = SHOP_VALUES | {"feature": {"coats": 5}}
    plan = shop(values=values).parse("warm coats")
    assert roles(plan) == {"category=Coats": "filter", "feature=coats": "boost"}


def test_what_the_model_says_of_the_same_words_boosts_beside_the_filter(shop: Shop) -> None:
    plan = shop({"coats": ("product feature", 0.9)}).parse("warm coats")
    assert roles(plan) == {"category=Coats": "filter", "feature=coat": "boost"}


def test_a_longer_value_with_the_same_head_leaves_the_filter_on_the_head(shop: Shop) -> None:
    values = SHOP_VALUES | {"feature": {"winter coats": 5, "coats hanger": 5}}
    assert roles(shop(values=values).parse("blue winter coats")) == {
        "category=Coats": "filter",
        "color=blue": "boost",
        "feature=winter coats": "boost",
    }
    assert roles(shop(values=values).parse("big coats hanger")) == {"feature=coats hanger": "boost"}
    negated = roles(shop(values=values).parse("blue boots not winter coats"))
    assert negated == {"color=blue": "boost", "feature!=winter coats": "demote"}


def test_a_reading_that_hardly_any_document_carries_is_a_tagging_error(shop: Shop) -> None:
    values = {"color": {"red": 500}, "feature": {"red": 3}}
    plan = shop(values=values).parse("red boots")
    assert roles(plan) == {"color=red": "boost"}
    assert "only 3 documents carry it so, 500 under another label" in reasons(plan)


def test_a_name_that_is_the_whole_query_says_what_the_thing_is_but_does_not_describe(shop: Shop) -> None:
    yaml = (
        "schema: s\nindex: s\ntext: [t]\nlabels:\n  title: {field: title}\n"
        "  category: {field: category, use: filter}\n  country: {field: country, use: filter, position: any}\n"
    )
    values = {"title": {"The Fastest Indian": 1, "Not Butter": 1}, "category": {"Butter": 9}, "country": {"Indian": 9}}
    parse = shop(yaml=yaml, values=values, rates={"category": 1.0, "country": 1.0}).parse
    assert roles(parse("the fastest indian")) == {"title=The Fastest Indian": "boost"}
    assert roles(parse("not butter")) == {"title=Not Butter": "boost", "category=Butter": "boost"}
