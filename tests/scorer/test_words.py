"""Words: what the reference's splitter gives, with offsets into the original string."""

from __future__ import annotations

from gliner.data_processing.tokenizer import WhitespaceTokenSplitter
from hypothesis import given
from hypothesis import strategies as st

from bridge.scorer import split_words


def test_punctuation_is_split_off_and_inner_hyphens_are_not() -> None:
    words = split_words("e-mail: don't pay $3.14 snake_case x-")
    assert words.texts == ("e-mail", ":", "don", "'", "t", "pay", "$", "3", ".", "14", "snake_case", "x", "-")


@given(st.text())
def test_words_and_offsets_are_the_references(text: str) -> None:
    words = split_words(text)
    assert list(zip(words.texts, words.starts, words.ends, strict=True)) == list(WhitespaceTokenSplitter()(text))
    assert all(text[a:b] == word for word, a, b in zip(words.texts, words.starts, words.ends, strict=True))
