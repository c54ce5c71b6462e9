"""What a batch teaches: which labels stand in it, what is positive, what negative, and what is left open."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.evaluation import Example, Mention, from_tokens
from bridge.training._batches import Sampler, TrainingSet
from bridge.training._data import with_strangers
from bridge.training._targets import Batch, orders, spans_of

SHOP = TrainingSet(
    "shop",
    [
        from_tokens(["red", "nike", "shoes"], [(0, 0, "color"), (1, 1, "brand")]),
        from_tokens(["trail", "running", "shoes"], [(0, 2, "product type")]),
    ],
    phrasings={"color": ["shade"]},
    absent=("artist",),
)
MUSIC = TrainingSet("music", [from_tokens(["play", "drake", "now"], [(1, 1, "artist")])])
OPEN = TrainingSet("web", [from_tokens(["the", "old", "town", "hall"], [(1, 3, "building")])], complete=False)


def sampler(*sets: TrainingSet, **changes: object) -> Sampler:
    return Sampler(sets, **{"seed": 1, "max_width": 3, "batch_texts": 8, **changes})  # type: ignore[arg-type]


def cells(batch: Batch, example: Example, label: str) -> tuple[np.ndarray, np.ndarray, list[list[int]]]:
    """Targets and known flags of one text's spans in the column of a label, with the spans."""
    at = 0
    for text in batch.texts:
        spans = spans_of(len(text.words), 3)
        if text == example:
            column = batch.labels.index(label)
            part = slice(at, at + len(spans))
            return batch.targets[part, column], batch.known[part, column], spans.tolist()
        at += len(spans)
    raise AssertionError("the text is not in the batch")


def test_the_spans_of_a_text_are_those_that_end_inside_it() -> None:
    assert spans_of(3, 2).tolist() == [[0, 0], [0, 1], [1, 1], [1, 2], [2, 2]]


def test_an_annotated_span_is_positive_and_all_others_of_a_complete_set_are_negative() -> None:
    batch = sampler(SHOP, phrasing_rate=0.0).batch(0)
    targets, known, spans = cells(batch, SHOP.examples[0], "brand")
    assert [spans[at] for at in np.flatnonzero(targets)] == [[1, 1]]
    assert known.all()


def test_labels_of_the_set_that_a_text_lacks_are_its_negatives() -> None:
    batch = sampler(SHOP, phrasing_rate=0.0).batch(0)
    targets, known, _ = cells(batch, SHOP.examples[0], "product type")
    assert not targets.any()
    assert known.all()


def test_labels_of_another_set_are_left_open_unless_the_recipe_says_that_they_are_absent() -> None:
    batch = sampler(SHOP, MUSIC, phrasing_rate=0.0).batch(0)
    _, known, _ = cells(batch, SHOP.examples[0], "artist")
    assert known.all(), "the shop set declares `artist` absent"
    _, known, _ = cells(batch, MUSIC.examples[0], "brand")
    assert not known.any(), "the music set does not annotate brands"


def test_in_an_incompletely_annotated_set_only_spans_that_touch_an_annotation_are_taught() -> None:
    web = TrainingSet(
        "web", [from_tokens(["the", "old", "town", "hall", "was", "sold"], [(1, 3, "building")])], complete=False
    )
    targets, known, spans = cells(sampler(web).batch(0), web.examples[0], "building")
    assert [spans[at] for at in np.flatnonzero(targets)] == [[1, 3]]
    untouched = [span for at, span in enumerate(spans) if not known[at]]
    assert untouched == [[0, 0], [4, 4], [4, 5], [5, 5]]


def test_labels_that_a_text_is_unsure_of_keep_their_own_mentions_only() -> None:
    example = Example(
        ("red", "velvet", "cake"),
        from_tokens(["red", "velvet", "cake"], [(0, 1, "flavor")]).mentions,
        unsure=("color",),
    )
    colors = from_tokens(["a", "red", "car"], [(1, 1, "color")])
    batch = sampler(TrainingSet("shop", [example, colors])).batch(0)
    _, known, _ = cells(batch, example, "color")
    assert not known.any()
    _, known, _ = cells(batch, example, "flavor")
    assert known.all()


def test_negatives_that_the_file_names_are_taught() -> None:
    example = from_tokens(["play", "drake", "now"], [(1, 1, "artist")], negatives=["brand"])
    batch = sampler(TrainingSet("music", [example]), SHOP, phrasing_rate=0.0).batch(0)
    _, known, _ = cells(batch, example, "brand")
    assert known.all()


def test_a_mention_longer_than_the_longest_span_is_not_taught_as_positive() -> None:
    long = TrainingSet("long", [from_tokens(["a", "b", "c", "d", "e"], [(0, 4, "title")])])
    batch = sampler(long).batch(0)
    assert not batch.targets.any()


def test_another_phrasing_takes_the_place_of_the_label() -> None:
    names = {label for number in range(20) for label in sampler(SHOP, phrasing_rate=0.5).batch(number).labels}
    assert {"color", "shade"} <= names
    assert all(("color" in b.labels) != ("shade" in b.labels) for b in map(sampler(SHOP).batch, range(20)))


def test_two_labels_of_a_set_never_share_a_column() -> None:
    clash = TrainingSet(
        "clash", [from_tokens(["x", "y"], [(0, 0, "a"), (1, 1, "b")])], phrasings={"a": ["same"], "b": ["same"]}
    )
    for number in range(20):
        batch = sampler(clash, phrasing_rate=1.0).batch(number)
        assert len(batch.labels) == 2
        assert batch.targets.sum() == 2 * len(batch.texts)


def test_texts_are_cut_at_the_longest_length_with_the_mentions_beyond_it() -> None:
    long = TrainingSet("long", [from_tokens(["a", "b", "c", "d"], [(0, 0, "x"), (3, 3, "x")])])
    batch = sampler(long, max_len=2).batch(0)
    assert {text.words for text in batch.texts} == {("a", "b")}
    assert all(len(text.mentions) == 1 for text in batch.texts)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.integers(0, 5))
def test_a_batch_depends_on_seed_and_number_only(order: list[int], seed: int) -> None:
    """So a resumed run sees the batches that an uninterrupted run would have seen."""
    moving = sampler(SHOP, MUSIC, OPEN, seed=seed)
    for number in order:
        fresh = sampler(SHOP, MUSIC, OPEN, seed=seed).batch(number)
        again = moving.batch(number)
        assert fresh.texts == again.texts
        assert fresh.labels == again.labels
        assert (fresh.targets == again.targets).all()


def test_batches_keep_to_the_word_limit_and_hold_texts_of_similar_length() -> None:
    texts = [from_tokens(["w"] * length, []) for length in range(1, 41)]
    long = TrainingSet("long", [*texts, from_tokens(["w"], [(0, 0, "x")])])
    drawn = sampler(long, batch_texts=16, batch_words=80)
    for number in range(30):
        lengths = [len(text.words) for text in drawn.batch(number).texts]
        assert max(lengths) * len(lengths) <= 80 or len(lengths) == 1


def test_weights_decide_how_often_a_set_is_drawn() -> None:
    heavy = TrainingSet("heavy", [from_tokens(["h"], [(0, 0, "x")])], weight=9.0)
    light = TrainingSet("light", [from_tokens(["l"], [(0, 0, "x")])], weight=1.0)
    drawn = sampler(heavy, light)
    words = [text.words[0] for number in range(60) for text in drawn.batch(number).texts]
    assert words.count("h") / len(words) == pytest.approx(0.9, abs=0.07)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 7), st.data())
def test_targets_stand_at_their_own_span_whatever_the_length_of_the_text(
    lengths: list[int], width: int, data: st.DataObject
) -> None:
    examples = []
    for number, length in enumerate(lengths):
        first = data.draw(st.integers(0, length - 1))
        last = data.draw(st.integers(first, min(length, first + width) - 1))
        examples.append(from_tokens([f"w{number}"] * length, [(first, last, "x")]))
    batch = sampler(TrainingSet("any", examples), max_width=width).batch(0)
    hits = np.argwhere(batch.targets)[:, 0]
    found = [(int(text), int(first), int(last)) for text, first, last in batch.spans[hits]]
    assert found == [(row, m.first, m.last) for row, text in enumerate(batch.texts) for m in text.mentions]


def test_labels_that_a_whole_set_annotates_go_before_names_of_other_sets() -> None:
    many = Example(("x",), tuple(Mention(0, 0, f"name {n}") for n in range(30)))
    written = TrainingSet("written", [many] * 4, many_names=True)
    for number in range(10):
        batch = sampler(SHOP, written, max_labels=3, phrasing_rate=0.0).batch(number)
        if any(text in SHOP.examples for text in batch.texts):
            assert set(batch.labels) == {"color", "brand", "product type"}


#: A set whose names are near one another as `with_neighbours` finds them.
NAMED = TrainingSet(
    "named",
    [
        from_tokens(["graz", "in", "may"], [(0, 0, "city")]),
        from_tokens(["acme", "in", "may"], [(0, 0, "firm")]),
    ],
    many_names=True,
    near={"city": frozenset({"city", "place"}), "place": frozenset({"city", "place"}), "firm": frozenset({"firm"})},
)


def with_names(possible: list[str], vectors: dict[str, list[float]]) -> TrainingSet:
    """A set of travel texts that knows the names of `NAMED`."""
    texts = [from_tokens(["flights", "to", "lisbon"], [(2, 2, "place")])]
    source = TrainingSet("travel", texts, possible=possible)
    return with_strangers(source, [NAMED], lambda names: torch.tensor([vectors[n] for n in names]), deviations=0.5)


FAR = {"city": [1.0, 0.0], "place": [0.9, 0.1], "firm": [0.0, 1.0], "company": [0.1, 1.0]}


def test_names_of_other_sets_are_absent_from_words_that_carry_no_label() -> None:
    travel = with_names([], FAR)
    batch = sampler(travel, NAMED, batch_texts=16).batch(0)
    _, known, spans = cells(batch, travel.examples[0], "city")
    assert [spans[at] for at in np.flatnonzero(known)] == [[0, 0], [0, 1], [1, 1]], "lisbon, a place, may be a city"


def test_a_labelled_span_has_none_of_the_names_that_its_label_never_meets() -> None:
    travel = with_names([], FAR)
    batch = sampler(travel, NAMED, batch_texts=16).batch(0)
    targets, known, _ = cells(batch, travel.examples[0], "firm")
    assert known.all()
    assert not targets.any()


def test_names_like_those_that_unlabelled_words_may_have_stay_open() -> None:
    travel = with_names(["company"], FAR)
    batch = sampler(travel, NAMED, batch_texts=16).batch(0)
    _, known, _ = cells(batch, travel.examples[0], "firm")
    assert not known.any()


def test_a_set_that_does_not_say_what_is_possible_learns_nothing_of_other_names() -> None:
    assert with_strangers(MUSIC, [NAMED], lambda _: torch.zeros(0)) is MUSIC


def test_a_batch_says_which_names_of_a_span_are_vaguer_than_others() -> None:
    text = Example(("in", "Graz"), (Mention(1, 1, "home"), Mention(1, 1, "city", 0.65), Mention(0, 0, "word")))
    batch = sampler(TrainingSet("w", [text])).batch(0)
    found = {(tuple(batch.spans[row].tolist()[1:]), batch.labels[a], batch.labels[b]) for row, a, b in orders(batch)}
    assert found == {((1, 1), "home", "city")}


def test_a_vague_name_of_every_span_stands_in_a_batch_where_names_are_ordered() -> None:
    names = [Mention(0, 0, f"name {n}") for n in range(30)]
    source = TrainingSet("w", [Example(("Graz",), (*names, Mention(0, 0, "city", 0.65)))], many_names=True)
    for number in range(10):
        assert "city" in sampler(source, other_names=0, vague_names=True).batch(number).labels
    assert not all("city" in sampler(source, other_names=0).batch(number).labels for number in range(10))
