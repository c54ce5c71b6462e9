"""Relaxation: constraints go one by one, in the schema's order, in one count."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clauses import Clause, Plan, Range, Terms
from bridge.entities import Interval
from bridge.query import decode_plan, encode_plan, relax

from .conftest import Shop, roles


def _hard(plan: Plan) -> list[str]:
    return [c.name.removeprefix("bridge:") for c in plan.clauses if c.role in ("filter", "exclude")]


def test_constraints_are_dropped_in_the_schemas_order_until_something_is_found(shop: Shop) -> None:
    plan = shop().parse("running coats -nike under $50")
    asked: list[list[str]] = []

    def count(plans: Sequence[Plan]) -> list[int]:
        asked.extend(_hard(one) for one in plans)
        return [0, 0, 7, 9]

    relaxed = relax(plan, count)
    # `category` says relax: 2, `brand` 1, `price` 0.
    assert asked == [
        ["category=Coats", "price=<50", "brand!=Nike"],
        ["price=<50", "brand!=Nike"],
        ["price=<50"],
        [],
    ]
    assert roles(relaxed) == {"category=Coats": "boost", "brand!=Nike": "demote", "price=<50": "filter"}
    assert relaxed.flags == {"counts": [0, 0, 7, 9], "relaxed": ["bridge:category=Coats", "bridge:brand!=Nike"]}
    lines = [line for line in relaxed.explain if line.decision == "relaxed"]
    assert [line.clause for line in lines] == ["bridge:category=Coats", "bridge:brand!=Nike"]
    assert all("0 hits with all constraints, 7 without these" in line.reason for line in lines)


def test_constraints_that_leave_hits_stay(shop: Shop) -> None:
    plan = shop().parse("running coats under $50")
    relaxed = relax(plan, lambda plans: [3, 4, 5][: len(plans)])
    assert relaxed.clauses == plan.clauses
    assert relaxed.flags["relaxed"] == []


def test_when_nothing_helps_every_constraint_is_softened(shop: Shop) -> None:
    plan = shop().parse("running coats under $50")
    assert _hard(relax(plan, lambda plans: [0] * len(plans))) == []


def test_a_plan_without_constraints_is_not_counted(shop: Shop) -> None:
    plan = shop().parse("red boots")

    def never(_: Sequence[Plan]) -> list[int]:
        raise AssertionError("counted")

    assert relax(plan, never) is plan


def test_a_wrong_number_of_counts_is_a_defect_and_said(shop: Shop) -> None:
    with pytest.raises(ValueError, match="3 plans"):
        relax(shop().parse("running coats under $50"), lambda _: [1])


def test_a_relaxed_plan_survives_its_token(shop: Shop) -> None:
    relaxed = relax(shop().parse("running coats under $50"), lambda plans: [0] * len(plans))
    assert decode_plan(encode_plan(relaxed)) == relaxed


@given(
    st.lists(
        st.tuples(st.sampled_from(["filter", "exclude", "boost"]), st.integers(0, 3), st.booleans()),
        max_size=14,
    ),
    st.data(),
)
def test_each_counted_plan_has_fewer_constraints_and_the_first_with_hits_is_taken(
    made: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    clauses = tuple(
        Clause(
            role,  # type: ignore[arg-type]
            Range("price", Interval(lt=i)) if amount else Terms("f", (f"v{i}",)),
            "l",
            f"bridge:l={i}",
            relax=order,
            start=i,
        )
        for i, (role, order, amount) in enumerate(made)
    )
    plan = Plan("s", "t", "t", clauses)
    sizes: list[int] = []
    answers: list[int] = []

    def count(plans: Sequence[Plan]) -> list[int]:
        sizes.extend(len(_hard(one)) for one in plans)
        answers.extend(data.draw(st.lists(st.integers(0, 2), min_size=len(plans), max_size=len(plans))))
        return answers

    relaxed = relax(plan, count)
    assert sizes == sorted(set(sizes), reverse=True)
    assert len(relaxed.clauses) == len(plan.clauses)
    if answers:
        assert sizes[-1] == 0
        chosen = next((i for i, hits in enumerate(answers) if hits), len(answers) - 1)
        assert len(_hard(relaxed)) == sizes[chosen]
