"""What is read of the encoder's output: the subtokens of words, and those of labels."""

from __future__ import annotations

from bridge.scorer._config import CheckpointConfig
from bridge.scorer._places import places_of
from bridge.scorer._prompt import Row

MARKER = 9
UNI = CheckpointConfig(class_token_index=MARKER)
#: Two labels, a separator, and two words of which the first has two subtokens.
ROW = Row([1, MARKER, 20, MARKER, 21, 8, 30, 31, 32, 2], [0, 0, 0, 0, 0, 0, 1, 0, 2, 0], 2)
#: One label and one word.
SHORT = Row([1, MARKER, 20, 8, 30, 2], [0, 0, 0, 0, 1, 0], 1)


def test_markers_and_first_subtokens_are_read_in_their_order() -> None:
    at, words, classes = places_of([ROW], UNI)
    assert at.tolist() == [[1, 3, 6, 8]]
    assert words.tolist() == [[0, 0, 1, 2]]
    assert classes.tolist() == [[1, 2, 0, 0]]


def test_labels_may_be_read_behind_their_markers() -> None:
    at, _, classes = places_of([ROW], CheckpointConfig(class_token_index=MARKER, embed_ent_token=False))
    assert at.tolist() == [[2, 4, 6, 8]]
    assert classes.tolist() == [[1, 2, 0, 0]]


def test_a_bi_encoder_reads_words_only() -> None:
    at, words, classes = places_of([ROW], CheckpointConfig(labels_encoder="labels", class_token_index=MARKER))
    assert at.tolist() == [[6, 8]]
    assert words.tolist() == [[1, 2]]
    assert classes.tolist() == [[0, 0]]


def test_every_subtoken_that_stands_for_a_word_is_read() -> None:
    pooled = Row(ROW.ids, [0, 0, 0, 0, 0, 0, 1, 1, 2, 0], 2)
    at, words, _ = places_of([pooled], UNI)
    assert at.tolist() == [[1, 3, 6, 7, 8]]
    assert words.tolist() == [[0, 0, 1, 1, 2]]


def test_rows_with_fewer_end_with_places_that_stand_for_nothing() -> None:
    at, words, classes = places_of([SHORT, ROW], UNI)
    assert at[0, :2].tolist() == [1, 4]
    assert words[0].tolist() == [0, 1, 0, 0]
    assert classes[0].tolist() == [1, 0, 0, 0]
    assert at[1].tolist() == [1, 3, 6, 8]


def test_a_batch_without_any_word_still_has_a_place() -> None:
    at, words, _ = places_of([Row([1, 2], [0, 0], 1)], CheckpointConfig(labels_encoder="labels"))
    assert at.shape == (1, 1)
    assert words.tolist() == [[0]]
