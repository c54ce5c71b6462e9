"""What one request may switch off, and what it is told about names that mean nothing."""

from __future__ import annotations

import pytest

from bridge.errors import InputError
from bridge.query import Options

from .conftest import Shop, reasons, roles

TEXT = 'warm "blue" nike boots -zyx not adidas under $50'


def test_labels_steps_and_clauses_can_be_named(shop: Shop) -> None:
    schema = shop().schema
    names = ["color", "model", "dates", "bridge:price=<50"]
    assert Options.from_mapping({"disable": names}, schema=schema).disable == frozenset(names)


@pytest.mark.parametrize(
    ("names", "where", "hint"),
    [
        (["colour"], "options.disable[0]", 'did you mean "color"?'),
        (["brand", "gramar"], "options.disable[1]", 'did you mean "grammar"?'),
        (["zzz"], "options.disable[0]", "allowed: brand, category, "),
        ([7], "options.disable[0]", None),
        ("brand", "options.disable", None),
    ],
)
def test_a_name_that_means_nothing_is_refused_with_its_place(
    shop: Shop, names: object, where: str, hint: str | None
) -> None:
    with pytest.raises(InputError) as raised:
        Options.from_mapping({"disable": names}, schema=shop().schema)
    assert raised.value.where == where
    assert (hint or "") in (raised.value.hint or "")
    assert "zzz" not in str(raised.value), "what was sent is not repeated"


def test_a_search_never_fails_for_a_name_that_means_nothing(shop: Shop) -> None:
    """Flags in a search body are not checked against the schema: the parser says so in explain and goes on."""
    plan = shop().parse("red coats", Options(disable=frozenset({"colour"})))
    assert roles(plan) == {"color=red": "boost", "category=Coats": "filter"}
    assert '"colour" in `disable` is no label, step or clause' in reasons(plan)


@pytest.mark.parametrize(
    ("step", "gone"),
    [
        ("syntax", {"text!=zyx"}),
        ("grammar", {"price=<50"}),
        ("dictionary", {"brand!=Adidas", "brand=Nike"}),
        ("negation", {"text!=zyx", "brand!=Adidas"}),
        ("price", {"price=<50"}),
        ("brand", {"brand!=Adidas", "brand=Nike"}),
        ("bridge:text!=zyx", {"text!=zyx"}),
    ],
)
def test_each_step_can_be_switched_off(shop: Shop, step: str, gone: set[str]) -> None:
    parser = shop()
    everything = set(roles(parser.parse(TEXT)))
    assert gone <= everything
    assert not gone & set(roles(parser.parse(TEXT, Options(disable=frozenset({step})))))
