"""What the demo prints about a query: it fits the terminal and says what happened."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bridge.demo import _show

PARSED: dict[str, Any] = {
    "entities": [
        {"label": "dietary", "text": "organic", "value": "organic", "score": 0.875, "source": "model"},
        {"label": "price", "text": "under $20", "value": {"lt": 20.0}, "score": 1.0, "source": "grammar"},
        {"label": "product_type", "text": "tea", "value": "tea", "score": 0.9, "source": "model", "negated": True},
    ],
    "clauses": [
        {
            "name": "bridge:price=<20",
            "role": "filter",
            "condition": {"range": {"field": "price", "lt": 20.0}},
            "boost": 1.0,
        },
        {
            "name": "bridge:dietary=organic",
            "role": "boost",
            "condition": {"terms": {"field": "entities.dietary", "values": ["organic", "bio"]}},
            "boost": 2.0,
        },
        {
            "name": "bridge:product_type!=tea",
            "role": "demote",
            "condition": {
                "any_of": [
                    {"terms": {"field": "entities.product_type", "values": ["tea"]}},
                    {"match": {"fields": ["name"], "text": "tea"}},
                ]
            },
            "boost": 0.5,
        },
    ],
}
HIT = {"_id": "1", "_source": {"name": "Organic coffee", "price": 12.5}, "matched_queries": ["bridge:dietary=organic"]}
OTHER = {"_id": "2", "_source": {"name": "Coffee [dark] roast"}}


def render(result: _show.Result, width: int = 80) -> str:
    out = io.StringIO()
    _show.show_query(Console(file=out, width=width, highlight=False), result)
    return out.getvalue()


def result(**changes: Any) -> _show.Result:
    base: dict[str, Any] = {
        "text": "organic coffee under $20 not tea",
        "index": "grocery",
        "shows": "a price filters",
        "title": "name",
        "parsed": PARSED,
        "dropped": frozenset(),
        "before": _show.Hits(31, (OTHER,)),
        "after": _show.Hits(9, (HIT, OTHER)),
    }
    return _show.Result(**(base | changes))


def test_entities_clauses_and_hits_stand_on_lines_of_their_own() -> None:
    lines = [" ".join(line.split()) for line in render(result(), width=100).splitlines()]
    assert "price under $20 < 20 1.00 grammar" in lines
    assert "not product_type tea tea 0.90 model" in lines
    assert "1 price < 20 must match" in lines
    assert "2 entities.dietary: organic | bio scores higher (×2)" in lines
    assert "3 entities.product_type: tea or name says “tea” scores lower (×0.5)" in lines
    assert "before: 31 hits after: 9 hits by #" in lines
    assert "1 Coffee [dark] roast $12.50 Organic coffee 2" in lines


def test_a_clause_that_relaxation_dropped_is_said_to_be_dropped() -> None:
    assert "dropped: no hits with it" in render(result(dropped=frozenset({"bridge:price=<20"})))


def test_a_query_without_entities_or_hits_says_so() -> None:
    empty = _show.Hits(0, ())
    text = render(result(parsed={"entities": [], "clauses": []}, before=empty, after=empty))
    assert "none found" in text
    assert "the search runs as it was sent" in text
    assert "before: 0 hits" in text


def test_no_markup_of_a_user_or_a_document_is_interpreted() -> None:
    text = render(result(text="[bold]coffee[/] [/x]"))
    assert "[bold]coffee[/] [/x]" in text
    assert "Coffee [dark] roast" in text


@given(
    text=st.text(min_size=1, max_size=120),
    name=st.text(max_size=300),
    width=st.sampled_from([80, 100]),
)
def test_no_line_is_wider_than_the_terminal(text: str, name: str, width: int) -> None:
    hit = {"_id": "1", "_source": {"name": name, "price": 3}}
    entity = {"label": "brand", "text": text, "value": text, "score": 0.5, "source": "dictionary"}
    parsed = {"entities": [entity], "clauses": PARSED["clauses"]}
    rendered = render(result(parsed=parsed, after=_show.Hits(1, (hit,))), width=width)
    assert all(cell_len(line) <= width for line in rendered.split("\n"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ("nike", "nike"),
        (15.6, "15.6"),
        (20.0, "20"),
        ({"gte": 10.0, "lte": 25.0}, "≥ 10, ≤ 25"),
        ({"gt": 0.0}, "> 0"),
        (True, "True"),
    ],
)
def test_values_read_as_a_person_writes_them(value: object, shown: str) -> None:
    assert _show.value_text(value) == shown


def test_a_log_gets_80_columns() -> None:
    assert _show.make_console().width == 80
