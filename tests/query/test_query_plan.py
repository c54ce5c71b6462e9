"""The plan as a whole: required text, chips, order, explain, determinism, cache, deadline."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from bridge.entities import Stats
from bridge.errors import DeadlineExceededError, InputError
from bridge.query import MAX_MODEL_TEXT, MAX_TEXT, Options, QueryParser, StaticValues, human_text, plan_to_json

from .conftest import SHOP_RATES, SHOP_VALUES, Shop, clause, reasons, roles


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("boots under $50", "boots"),
        ("boots for under $50", "boots"),
        ("under $50 boots", "boots"),
        ("boots under $50, waterproof", "boots, waterproof"),
        ("boots  under $50   waterproof", "boots waterproof"),
        ("boots but not zyx", "boots"),
        ("under $50", "under $50"),
        ("for under $50", "for under $50"),
        ("  boots  ", "  boots  "),
    ],
)
def test_amounts_and_their_cues_leave_the_required_text_but_never_the_last_word(
    shop: Shop, text: str, required: str
) -> None:
    assert shop().parse(text).required == required


def test_a_consumed_value_comes_back_before_the_text_is_empty(shop: Shop) -> None:
    """`brand` says `consume: true`; without another word the value itself must still match."""
    parser = shop({"Nike": ("brand", 0.9)})
    assert parser.parse("brand:nike under $50").required == "nike"


def test_chips_give_the_text_without_their_clause(shop: Shop) -> None:
    plan = shop().parse("running boots not nike or adidas under $50")
    assert {chip.text: chip.restored for chip in plan.chips} == {
        "price: <50": "running boots not nike or adidas",
        "brand: not Nike": "running boots not adidas under $50",
        "brand: not Adidas": "running boots not nike under $50",
    }
    assert [chip.name for chip in plan.chips] == [c.name for c in plan.clauses]


def test_removing_a_chip_removes_its_clause(shop: Shop) -> None:
    parser = shop()
    plan = parser.parse("red boots not nike under $50 -adidas")
    for chip in plan.chips:
        assert chip.name not in {c.name for c in parser.parse(chip.restored).clauses}


def test_json_and_human_text_come_from_the_one_plan(shop: Shop) -> None:
    plan = shop().parse("running coats not nike under $50")
    shown = json.loads(json.dumps(plan_to_json(plan)))
    assert set(shown) == {
        "schema", "text", "required", "mode", "generation", "entities", "clauses", "chips", "explain", "flags", "human",
        "plan",
    }  # fmt: skip
    assert shown["human"] == human_text(plan)
    assert shown["human"] == ('search "running coats"; only category Coats; only price <50; without brand Nike')
    assert [c["condition"] for c in shown["clauses"]] == [
        {"terms": {"field": "category", "values": ["Coats"]}},
        {"range": {"field": "price", "lt": 50.0}},
        {"terms": {"field": "brand", "values": ["Nike"]}},
    ]


def test_the_same_input_gives_byte_equal_plans_whatever_the_order_of_the_values(shop: Shop) -> None:
    turned = {label: dict(reversed(keys.items())) for label, keys in reversed(SHOP_VALUES.items())}
    text = "red apple jumpers, nike or adidas, not black under $50"
    plans = [shop(values=values).parse(text) for values in (SHOP_VALUES, turned)]
    first, second = (json.dumps(plan_to_json(plan)) for plan in plans)
    assert first == second


def test_a_plan_is_kept_until_values_fill_rates_or_spreads_change(shop: Shop) -> None:
    class Moving:
        def __init__(self) -> None:
            self.generation = "1"
            self.rates = dict(SHOP_RATES)
            self.spread: dict[str, Stats] = {}
            self.static = StaticValues.of(shop().schema, SHOP_VALUES)

        def dictionary(self):  # type: ignore[no-untyped-def]
            return self.static.dictionary()

        def fill_rate(self, field: str) -> float | None:
            return self.rates.get(field)

        def stats(self, field: str) -> Stats | None:
            return self.spread.get(field)

        def meanings(self) -> None:
            return None

    values = Moving()
    parser = QueryParser(shop().schema, None, values)
    first = parser.parse("red coats")
    assert parser.parse("red coats") is first
    values.rates["category"] = 0.1
    assert roles(parser.parse("red coats"))["category=Coats"] == "boost"
    second = parser.parse("red coats")
    values.spread["price"] = Stats(1.0, 2.0, 3.0)
    assert parser.parse("red coats") is not second
    values.generation = "2"
    assert parser.parse("red coats").generation == "2"


def test_a_caller_can_give_the_spans(shop: Shop) -> None:
    from bridge.entities import Span

    def spans(text: str, labels):  # type: ignore[no-untyped-def]
        assert "product feature" in labels
        return [Span(0, 10, text[:10], "product feature", 0.9)]

    plan = shop({}).parse("waterproof boots", Options(score=spans))
    assert roles(plan) == {"feature=waterproof": "boost"}
    assert shop({}).parse("waterproof boots").clauses == ()


def test_an_empty_or_switched_off_query_is_left_alone(shop: Shop) -> None:
    parser = shop()
    for text, options in (("", None), (" \n\t", None), ("red coats", Options(off=True))):
        plan = parser.parse(text, options)
        assert (plan.clauses, plan.required, plan.text) == ((), text, text)
        assert plan.explain


def test_a_text_that_is_no_query_is_left_alone(shop: Shop) -> None:
    plan = shop().parse("red coats under $50 " * (MAX_TEXT // 20 + 1))
    assert plan.clauses == ()
    assert plan.required == plan.text


def test_a_text_that_names_very_many_things_is_left_alone(shop: Shop) -> None:
    for text in ("red -nike " * 100, "coats under $5 " * 70, "brand:nike " * 100):
        plan = shop().parse(text)
        assert (plan.clauses, plan.required) == ((), text)
        assert "not taken for a search query" in reasons(plan)


def test_a_long_query_goes_without_the_model(shop: Shop) -> None:
    plan = shop({"waterproof": ("product feature", 0.9)}).parse("waterproof coats " + "x" * MAX_MODEL_TEXT)
    assert "feature" not in {c.label for c in plan.clauses}
    assert "the model was not asked" in reasons(plan)


def test_a_passed_deadline_is_said_before_the_model_is_asked(shop: Shop) -> None:
    with pytest.raises(DeadlineExceededError):
        shop({}).parse("red coats", deadline=time.monotonic() - 1)


def test_only_a_string_is_a_text(shop: Shop) -> None:
    for wrong in (None, 1, b"red", ["red"]):
        with pytest.raises(InputError):
            shop().parse(wrong)  # type: ignore[arg-type]


def test_options_of_a_request_name_the_wrong_key() -> None:
    options = Options.from_mapping({"disable": ["brand"], "now": "2026-05-01T12:00:00+00:00", "off": False})
    assert options == Options(disable=frozenset({"brand"}), now=datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert Options.from_mapping(None) == Options()
    for wrong, key in (
        ({"of": True}, "options"),
        ({"off": "yes"}, "options.off"),
        ({"disable": "brand"}, "options.disable"),
        ({"disable": [1]}, "options.disable[0]"),
        ({"plan": 1}, "options.plan"),
        ({"now": "tomorrow"}, "options.now"),
        ({"now": 3}, "options.now"),
        ([], "options"),
    ):
        with pytest.raises(InputError) as raised:
            Options.from_mapping(wrong)  # type: ignore[arg-type]
        assert raised.value.where == key


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("красные shoes до $50", None),
        ("red shoes under $50", "de"),
        ("靴 red coats 靴靴靴靴靴靴靴靴靴靴靴靴靴靴靴靴 under $50", None),
    ],
)
def test_another_language_or_script_gives_exact_values_as_boosts_and_nothing_else(
    shop: Shop, text: str, language: str | None
) -> None:
    plan = shop({"red": ("product feature", 0.99)}).parse(text, Options(language=language))
    assert set(roles(plan).values()) <= {"boost"}
    assert {c.label for c in plan.clauses} <= {"category", "color"}
    assert plan.required == text


def test_the_schemas_own_language_may_be_named(shop: Shop) -> None:
    assert roles(shop().parse("red coats", Options(language="en-GB")))["category=Coats"] == "filter"


def test_explain_covers_every_entity_and_names_its_clause(shop: Shop) -> None:
    plan = shop().parse("red coats not nike under $50")
    named = {line.clause for line in plan.explain if line.decision == "clause"}
    assert named == {c.name for c in plan.clauses}
    assert {line.entity for line in plan.explain if line.decision == "clause"} == set(plan.entities)
    assert clause(plan, "category=Coats").start == 4
