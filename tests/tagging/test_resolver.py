"""One resolver decides all overlaps, in a documented order, the same way every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.entities import Entity, Source
from bridge.tagging import resolve

TEXT = "red nike air max shoes under $50"


def entity(text: str, label: str, source: Source, score: float = 1.0) -> Entity:
    start = TEXT.index(text)
    return Entity(label, text, text, start, start + len(text), score, source)


def accepted(*candidates: Entity) -> list[tuple[str, str]]:
    return [(one.label, one.text) for one in resolve(candidates, text=TEXT)[0]]


def test_the_users_syntax_beats_everything() -> None:
    assert accepted(entity("nike air max", "brand", "dictionary"), entity("air", "x", "syntax")) == [("x", "air")]


def test_the_dictionary_beats_grammar_and_model() -> None:
    assert accepted(entity("max shoes", "product", "model", 0.99), entity("shoes", "category", "dictionary")) == [
        ("category", "shoes")
    ]


def test_the_longest_dictionary_value_wins() -> None:
    assert accepted(entity("nike", "brand", "dictionary"), entity("nike air", "line", "dictionary")) == [
        ("line", "nike air")
    ]


def test_a_stored_value_that_is_a_part_of_an_amount_is_no_value() -> None:
    amount = entity("under $50", "price", "grammar")
    assert accepted(amount, entity("under", "brand", "dictionary")) == [("price", "under $50")]
    assert accepted(amount, entity("under $50", "title", "dictionary")) == [("title", "under $50")]
    assert accepted(amount, entity("shoes under", "brand", "dictionary")) == [("brand", "shoes under")]


def test_the_model_is_decided_by_score() -> None:
    assert accepted(entity("nike air max", "line", "model", 0.6), entity("nike", "brand", "model", 0.9)) == [
        ("brand", "nike")
    ]


def test_the_same_value_in_two_fields_keeps_both_readings() -> None:
    assert accepted(entity("red", "color", "dictionary"), entity("red", "brand", "dictionary")) == [
        ("brand", "red"),
        ("color", "red"),
    ]


def test_rejected_candidates_say_why_and_by_whom() -> None:
    _, rejected = resolve([entity("nike", "brand", "dictionary"), entity("nike air", "line", "model")], text=TEXT)
    [one] = rejected
    assert one.entity.label == "line"
    assert one.by is not None
    assert one.by.label == "brand"
    assert one.reason == "overlaps brand from dictionary, which is trusted more than model"


def test_candidates_outside_of_the_text_are_rejected() -> None:
    kept, rejected = resolve(
        [Entity("x", "y", None, 30, 99, 1.0, "model"), Entity("x", "", None, 3, 3, 1, "model")], text=TEXT
    )
    assert kept == []
    assert {one.reason for one in rejected} == {"outside of the text"}


SPANS = st.builds(
    lambda start, length, label, source, score: Entity(label, "x" * length, None, start, start + length, score, source),
    st.integers(0, 30),
    st.integers(0, 8),
    st.sampled_from("abc"),
    st.sampled_from(["syntax", "dictionary", "grammar", "model"]),
    st.sampled_from([0.3, 0.5, 0.9]),
)


@given(st.lists(SPANS, max_size=25))
def test_no_overlaps_but_dictionary_alternatives(candidates: list[Entity]) -> None:
    kept, rejected = resolve(candidates, text="x" * 35)
    assert len(kept) + len(rejected) == len(candidates)
    for at, one in enumerate(kept):
        for other in kept[at + 1 :]:
            if one.start < other.end and other.start < one.end:
                assert (one.start, one.end) == (other.start, other.end)
                assert one.source == other.source == "dictionary"
                assert one.label != other.label


@given(st.lists(SPANS, max_size=15), st.randoms())
def test_the_order_of_candidates_does_not_matter(candidates: list[Entity], random: object) -> None:
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolve(shuffled, text="x" * 35) == resolve(candidates, text="x" * 35)


@given(st.lists(SPANS, max_size=15))
def test_resolving_the_accepted_ones_again_changes_nothing(candidates: list[Entity]) -> None:
    kept, _ = resolve(candidates, text="x" * 35)
    again, rejected = resolve(kept, text="x" * 35)
    assert again == kept
    assert rejected == []


@given(st.lists(SPANS, max_size=15))
def test_every_rejected_candidate_overlaps_a_stronger_one(candidates: list[Entity]) -> None:
    for one in resolve(candidates, text="x" * 35)[1]:
        if one.by is not None:
            assert one.by.start < one.entity.end
            assert one.entity.start < one.by.end
