"""nDCG, condensed nDCG, recall and the paired test, and the files that they are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InputError
from bridge.evaluation import (
    Ranking,
    RelevanceReport,
    evaluate_relevance,
    ndcg,
    permutation_p,
    read_judgements,
    read_template,
    recall,
)

JUDGED = {"laptop": {"good": 3, "fair": 1, "bad": 0}, "shoes": {"none": 0}}
documents = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 3), max_size=20)


def report(rankings: dict[str, Sequence[str]], name: str = "new") -> RelevanceReport:
    def search(query: str, good: Sequence[str]) -> Ranking:
        ids = tuple(rankings.get(query, ()))
        return Ranking(ids, len(ids), frozenset(good) & frozenset(ids))

    return evaluate_relevance(JUDGED, search, name=name, k=10, depth=200)


def test_gain_is_two_to_the_rating_less_one_discounted_by_place() -> None:
    assert ndcg(["fair", "good"], JUDGED["laptop"]) == pytest.approx((1 + 7 / log2(3)) / (7 + 1 / log2(3)))


def test_an_unjudged_document_takes_a_place_in_ndcg_and_none_in_condensed_ndcg() -> None:
    [laptop, _] = report({"laptop": ["new", "good", "fair"]}).scores
    assert laptop.ndcg == pytest.approx((7 / log2(3) + 1 / 2) / (7 + 1 / log2(3)))
    assert laptop.condensed == 1.0
    assert laptop.judged == pytest.approx(2 / 3)


def test_a_query_without_a_relevant_document_has_no_ndcg_and_no_recall_but_counts_for_zero_hits() -> None:
    made = report({"laptop": ["good"]})
    shoes = made.scores[1]
    assert (shoes.ndcg, shoes.condensed, shoes.recall) == (None, None, None)
    assert made.zero_hits == 1
    assert made.mean("recall") == 0.5


@given(documents)
def test_the_ideal_order_is_1_and_any_other_is_between_0_and_1(judged: dict[str, int]) -> None:
    best = sorted(judged, key=lambda id_: -judged[id_])
    ideal, worst = ndcg(best, judged), ndcg(best[::-1], judged)
    if not any(judged.values()):
        assert ideal is None
        assert recall(best, judged) is None
    else:
        assert ideal == pytest.approx(1.0)
        assert worst is not None
        assert 0.0 <= worst <= 1.0 + 1e-9
        assert recall(best, judged) == 1.0


@given(documents, st.lists(st.sampled_from(["x1", "x2", "x3"]), max_size=3, unique=True))
def test_unjudged_documents_never_change_condensed_ndcg(judged: dict[str, int], new: list[str]) -> None:
    ranking = sorted(judged)
    mixed = [*ranking]
    for at, id_ in enumerate(new):
        mixed.insert(at, id_)
    judgements = {"q": judged or {"a": 1}}

    def condensed(ids: list[str]) -> float | None:
        made = evaluate_relevance(judgements, lambda *_: Ranking(tuple(ids), len(ids)), name="x", depth=100)
        return made.scores[0].condensed

    assert condensed(mixed) == condensed(ranking)


def test_wins_and_losses_are_named_largest_first() -> None:
    old = report({"laptop": ["bad", "fair", "good"]}, "old")
    new = report({"laptop": ["good", "fair"]})
    better, worse = new.against(old, "ndcg"), old.against(new, "ndcg")
    assert [query for query, _ in better.wins] == ["laptop"]
    assert not better.losses
    assert [query for query, _ in worse.losses] == ["laptop"]
    assert better.difference == pytest.approx(-worse.difference)


def test_good_documents_that_a_filter_hides_are_counted() -> None:
    assert report({"laptop": ["bad"]}).removed(report({"laptop": ["good", "fair", "bad"]})) == (1, 1)


def test_the_permutation_test_is_seeded_and_finds_a_steady_change_but_no_mixed_one() -> None:
    steady, mixed = [0.1] * 12, [0.1, -0.1] * 6
    assert permutation_p(steady, seed=3) == permutation_p(steady, seed=3) < 0.01
    assert permutation_p(mixed) > 0.9
    assert permutation_p([0.0, 0.0]) == 1.0


@given(st.lists(st.floats(-1, 1), max_size=30))
def test_a_p_value_is_a_probability_and_the_same_for_both_directions(changes: list[float]) -> None:
    p = permutation_p(changes, shuffles=200)
    assert 0.0 < p <= 1.0
    assert p == permutation_p([-change for change in changes], shuffles=200)


def test_judgements_are_read_in_order(tmp_path: Path) -> None:
    file = tmp_path / "judged.csv"
    file.write_text('query,doc_id,rating\nlaptop,1,3\n"tv, flat",2,0\nlaptop,3,1\n')
    assert read_judgements(file) == {"laptop": {"1": 3, "3": 1}, "tv, flat": {"2": 0}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no column query, doc_id, rating"),
        ("query,doc\nlaptop,1\n", "judged.csv:1: has no column doc_id, rating"),
        ("query,doc_id,rating\n", "holds no judgement"),
        ("query,doc_id,rating\nlaptop,1\n", 'judged.csv:2: "" is no rating'),
        ("query,doc_id,rating\nlaptop,1,2.5\n", 'judged.csv:2: "2.5" is no rating'),
        ("query,doc_id,rating\nlaptop,1,99\n", "is no rating from 0 to 10"),
        ("query,doc_id,rating\nlaptop,1,3\n,1,3\n", "judged.csv:3: query or doc_id is empty"),
        ("query,doc_id,rating\nlaptop,1,3\nlaptop,1,2\n", "rated 3 and 2 for the same query"),
        ('query,doc_id,rating\n"laptop,1,3\n', "is no CSV"),
    ],
)
def test_judgements_that_cannot_be_read_say_where_and_what_to_do(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "judged.csv"
    file.write_text(content)
    with pytest.raises(InputError) as caught:
        read_judgements(file)
    assert said in str(caught.value)
    assert caught.value.hint


@given(st.text())
def test_a_template_is_filled_with_any_text_as_it_is(text: str) -> None:
    folder = Path(__file__).parents[2] / "benchmarks/relevance"
    template = read_template(folder / "best_fields.json")
    assert template.fill(text)["query"]["multi_match"]["query"] == text
    assert "{{query}}" in template.body["query"]["multi_match"]["query"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", 'has no "query" object'),
        ('{"query": {"match_all": {}}}', 'has no "{{query}}" in its query'),
    ],
)
def test_a_template_without_a_place_for_the_text_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "shop.json"
    file.write_text(content)
    with pytest.raises(InputError, match="hint: write a search body") as caught:
        read_template(file)
    assert said in str(caught.value)


def test_no_judgements_at_all_are_refused() -> None:
    with pytest.raises(InputError, match="there are no judgements"):
        evaluate_relevance({}, lambda *_: Ranking((), 0), name="x")
