"""JSON in and out without losing a digit, flags that cannot break a search, and the body that counts."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engines.dsl import (
    Flags,
    count_body,
    dumps_exact,
    loads_exact,
    query_text,
    read_flags,
    unwrap,
    wrap,
)
from bridge.errors import InputError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "literal",
    ["1", "1.0", "1.10", "1e-7", "1E400", "-0.0", "3.4028235E38", "9007199254740993", "-18446744073709551616"],
)
def test_numbers_are_written_as_they_were_read(literal: str) -> None:
    assert dumps_exact(loads_exact(f'{{"a":[{literal}]}}')) == f'{{"a":[{literal}]}}'


def test_exact_numbers_survive_copies() -> None:
    number = loads_exact("1.10")
    assert dumps_exact(copy.deepcopy(number)) == "1.10"
    assert dumps_exact(pickle.loads(pickle.dumps(number))) == "1.10"
    assert number == 1.1


def test_keys_keep_their_order() -> None:
    text = '{"z":1,"a":{"y":[],"b":{}},"m":null}'
    assert dumps_exact(loads_exact(text)) == text


@given(JSON)
def test_what_is_written_reads_as_the_same_value(value: Any) -> None:
    text = dumps_exact(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert dumps_exact(loads_exact(text)) == text


def test_strings_are_ascii_and_lone_surrogates_survive() -> None:
    for text in ("é€😀", "\x00\x1f", "\ud800", '"\\/'):
        assert loads_exact(dumps_exact({"a": text})) == {"a": text}


@pytest.mark.parametrize(
    "text",
    ['{"a": NaN}', '{"a": Infinity}', '{"a": 1, "a": 2}', "{", "", b"\xff", '{"a": 1} x', "9" * 5000, "[" * 100_000],
    ids=range(9),
)
def test_what_an_engine_would_refuse_is_an_input_error(text: str | bytes) -> None:
    with pytest.raises(InputError):
        loads_exact(text)


def repr_type(value: Any) -> str:
    return type(value).__name__


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1: 2}, object(), {"a": {1, 2}}, [10**5000]], ids=repr_type
)
def test_a_value_that_json_cannot_hold_is_an_input_error(value: Any) -> None:
    with pytest.raises(InputError):
        dumps_exact({"a": value})


def test_any_depth_can_be_written() -> None:
    deep: Any = 1
    for _ in range(20_000):
        deep = {"a": [deep]}
    assert dumps_exact(deep).count("[") == 20_000


def test_wrapping_holds_the_json_of_the_query() -> None:
    query = loads_exact('{"range": {"ean": {"gte": 9007199254740993, "boost": 1.0}}}')
    wrapped = wrap(query)
    assert list(wrapped) == ["wrapper"]
    inside = base64.b64decode(wrapped["wrapper"]["query"])
    assert inside == b'{"range":{"ean":{"gte":9007199254740993,"boost":1.0}}}'
    assert unwrap(wrapped) == query


@pytest.mark.parametrize("query", [{}, {"wrapper": {}}, {"wrapper": {"query": "!!"}}, {"wrapper": {"query": "e30"}}])
def test_unwrapping_something_else_is_an_input_error(query: Any) -> None:
    with pytest.raises(InputError):
        unwrap(query)


def flags(value: Any) -> Flags:
    return read_flags({"ext": {"ml_inference": {"params": {"bridge": value}}}})


def test_flags_are_read_from_ext() -> None:
    assert flags(
        {"off": True, "disable": ["brand", "price"], "plan": "abc", "language": "en", "now": "2024-05-01T12:00:00Z"}
    ) == Flags(True, frozenset({"brand", "price"}), "abc", "en", datetime(2024, 5, 1, 12, tzinfo=UTC))
    assert flags({"off": "true", "disable": "brand"}) == Flags(off=True, disable=frozenset({"brand"}))


@pytest.mark.parametrize("body", [{}, {"ext": None}, {"ext": {"ml_inference": []}}, {"ext": {"ml_inference": {}}}, []])
def test_without_flags_the_defaults_hold(body: Any) -> None:
    assert read_flags(body) == Flags()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"off": "perhaps"}, "off: expected true or false"),
        ({"off": 1}, "off: expected true or false"),
        ({"disable": [1]}, "disable: expected a list of label names"),
        ({"disable": {"brand": True}}, "disable: expected a list of label names"),
        ({"disable": ["x"] * 10_000}, "disable: expected a list of label names"),
        ({"plan": 7}, "plan: expected a plan token"),
        ({"plan": ""}, "plan: expected a plan token"),
        ({"plan": "x" * 100_000}, "plan: expected a plan token"),
        ({"language": []}, "language: expected a language code"),
        ({"now": "yesterday"}, "now: expected an ISO 8601 date and time"),
        ({"now": 1.7e9}, "now: expected an ISO 8601 date and time"),
        ({"secret": 1}, "an unknown flag"),
        ("off", "params.bridge is not an object"),
    ],
)
def test_a_malformed_flag_is_ignored_and_named(value: Any, problem: str) -> None:
    result = flags(value)
    assert result == Flags(problems=(problem,))


@given(JSON)
def test_no_flags_can_raise(value: Any) -> None:
    assert isinstance(flags(value), Flags)
    assert isinstance(read_flags({"ext": value}), Flags)
    query_text({"ext": {"ml_inference": value}})


def test_counting_keeps_what_decides_about_hits_and_nothing_else() -> None:
    body = {
        "from": 10,
        "size": 20,
        "query": {"match_all": {}},
        "aggs": {},
        "sort": ["price"],
        "post_filter": {"term": {"a": 1}},
        "min_score": 0.5,
        "collapse": {"field": "a"},
        "rescore": {},
        "highlight": {},
        "suggest": {},
        "ext": {"ml_inference": {}},
        "search_pipeline": "mine",
        "track_total_hits": False,
    }
    assert count_body(body) == {
        "query": {"match_all": {}},
        "post_filter": {"term": {"a": 1}},
        "min_score": 0.5,
        "size": 0,
        "track_total_hits": True,
    }
    assert count_body({}, limit=1) == {"size": 0, "track_total_hits": 1}
