"""Inputs at the edges (specification 9.3): where the reference has an answer, the bridge has the same one."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from checkpoints import LABELS, WORDS, corpus

from bridge.errors import InputError

BLANK = ["", " ", "\n\t", "\u00a0"]


def test_blank_texts_have_no_spans_and_are_fully_covered(pair: Any) -> None:
    texts = ["red nike shoes", *BLANK, "blue cable"]
    pair.compare(texts, LABELS, 0.1)
    for tagged in pair.scorer.predict(BLANK, LABELS, 0.0):
        assert list(tagged) == []
        assert tagged.coverage.share == 1.0


def test_no_texts_give_no_results(pair: Any) -> None:
    assert pair.scorer.predict([], LABELS) == []


def test_one_text_may_be_given_bare(uni: Any) -> None:
    assert uni.scorer.predict("red nike shoes", LABELS) == uni.scorer.predict(["red nike shoes"], LABELS)


def test_one_word_and_one_character(pair: Any) -> None:
    assert pair.compare(["nike", "x", "?", "🙂", "é", "汉"], LABELS, 0.05) > 0


@pytest.mark.parametrize(
    "text",
    [
        "don't pay $3.14 for an e-mail_address--or 15.6\" screen/monitor",
        "e\u0301le\u0301gant cafe\u0301 हिन्दी مرحبا 汉字假名",
        "line one\r\nline two\u2028line three",
        "[SEP] <<ENT>> [CLS] <<SEP>> nike [FLERT]",
        '{"a":1} ${parameters.x} {{x}} <b>red</b>',
        "\x07 nike \U0010ffff shoes",
        "👨‍👩‍👧 shoes 🇩🇪",
    ],
)
def test_odd_characters_keep_their_offsets(pair: Any, text: str) -> None:
    pair.compare([text], LABELS, 0.05)
    for span in pair.scorer.predict([text], LABELS, 0.0)[0]:
        assert text[span.start : span.end] == span.text


def test_words_that_the_tokenizer_drops_shift_the_words_behind_them_as_in_the_reference(pair: Any) -> None:
    # One such word a text: two would leave two equal vectors, whose ties rounding decides.
    texts = ["red \u200b nike shoes under $50", "\u200b", "\u200b nike", "blue\u00adcable usb"]
    assert pair.compare(texts, LABELS, 0.05) > 0


def test_a_label_that_the_tokenizer_drops_swallows_a_word_as_in_the_reference(uni: Any, bert: Any) -> None:
    for pair in (uni, bert):
        assert pair.compare(corpus(6), ["brand", "\u200b", "color"], 0.1) > 0


@pytest.mark.parametrize(
    "labels",
    [
        ["brand", "color", "brand", "brand"],
        ["brand", "", "color"],
        [""],
        ["a label of quite many words", "x"],
        "brand",
        ("brand", "color"),
        ["color <<ENT>> black", "brand"],
        ["brand", "[SEP]", "<<SEP>>"],
        ["Brand", "COLOR", "price Under $50"],
    ],
)
def test_odd_labels(pair: Any, labels: Any) -> None:
    assert pair.compare(corpus(12, seed=3), labels, 0.1) > 0


def test_no_labels_find_nothing(pair: Any) -> None:
    found = pair.scorer.predict(["red nike shoes"], [])
    assert list(found[0]) == []
    if "bi" not in type(pair.reference).__name__.lower():  # the reference crashes there
        pair.compare(["red nike shoes"], [])


def test_a_text_without_labels_beside_others_has_no_spans(pair: Any) -> None:
    texts = ["red nike shoes", "blue usb cable", "apple watch"]
    for sets in ([LABELS, [], LABELS], [[], LABELS, LABELS], [[], [], []]):
        pair.compare(texts, sets, 0.05)
        empty = [number for number, labels in enumerate(sets) if not labels]
        assert [len(pair.scorer.predict(texts, sets, 0.0)[number]) for number in empty] == [0] * len(empty)


def test_threshold_zero_takes_everything_and_threshold_one_nothing(pair: Any) -> None:
    text = "red nike running shoes under $50"
    assert pair.compare([text], LABELS, 0.0) > 0
    assert pair.compare([text], LABELS, 0.0, flat=False, multi_label=True) > 0
    assert pair.compare([text], LABELS, 1.0) == 0


def test_a_score_equal_to_the_threshold_is_rejected(uni: Any) -> None:
    best = max(uni.scorer.predict(corpus(8), LABELS, 0.2), key=len)
    score = max(span.score for span in best)
    assert score not in {span.score for span in uni.scorer.predict([best.text], LABELS, score)[0]}


def test_thresholds_may_differ_by_label(pair: Any) -> None:
    words = WORDS[:24]  # of one word each, so that spans cannot compete
    limits = {"brand": 0.1, "color": 0.4, "price": 1.0}
    found = pair.scorer.predict(words, LABELS, limits, multi_label=True)
    everything = pair.scorer.predict(words, LABELS, 0.0, multi_label=True)
    assert {span.label for tagged in found for span in tagged} >= {"brand"}
    for tagged, cells in zip(found, everything, strict=True):
        assert len(cells) == len(LABELS)
        assert {span.label for span in tagged} == {
            cell.label for cell in cells if cell.score > limits.get(cell.label, 0.5)
        }


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan"), "0.5", True, {"brand": 2}])
def test_impossible_thresholds_are_refused(uni: Any, threshold: Any) -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        uni.scorer.predict(["nike"], LABELS, threshold)


def test_a_wrong_number_of_label_sets_is_refused(uni: Any) -> None:
    with pytest.raises(InputError, match="2 label sets for 1 texts"):
        uni.scorer.predict(["nike"], [["brand"], ["color"]])


def test_labels_that_are_no_strings_are_refused(uni: Any) -> None:
    with pytest.raises(InputError, match="must be strings"):
        uni.scorer.predict(["nike"], ["brand", 7])


def test_texts_that_are_no_strings_have_no_spans(uni: Any) -> None:
    texts: Any = ["red nike shoes", None, 3]
    uni.compare(texts, LABELS, 0.1)
    assert [len(tagged) for tagged in uni.scorer.predict(texts, LABELS, 0.1)][1:] == [0, 0]


def test_the_callers_arguments_are_not_changed(bi: Any) -> None:
    texts, labels = ["red nike shoes"], ["brand", "brand", "color"]
    bi.scorer.predict(texts, labels)
    assert (texts, labels) == (["red nike shoes"], ["brand", "brand", "color"])


def test_threads_may_share_a_scorer(pair: Any) -> None:
    texts = corpus(12, seed=11)
    expected = [tuple(map(_place, tagged)) for tagged in pair.scorer.predict(texts, LABELS, 0.2)]
    wrong: list[object] = []

    def work(number: int) -> None:
        for _ in range(3):
            labels = LABELS if number % 2 else [*LABELS, f"other {number}"]
            found = pair.scorer.predict(texts, labels, 0.2, batch_size=number + 1)
            if labels is LABELS and [tuple(map(_place, tagged)) for tagged in found] != expected:
                wrong.append(found)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def _place(span: Any) -> tuple[int, int, str]:
    return (span.start, span.end, span.label)
