"""Annotated texts as evaluation and training see them, and the rule by which text becomes words.

Words follow the scorer's splitting rule, not the tokens of the source, because the model will meet the scorer's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.scorer import split_words


@dataclass(frozen=True, slots=True)
class Mention:
    """One annotated span: first and last word (inclusive) and its label.

    `target` is the score that training aims at: below 1 for a label that is true but says less than another one.
    """

    first: int
    last: int
    label: str
    target: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated text.

    `negatives` are labels known to be absent from the text (GLiNER's `ner_negatives`); `unsure` are labels that the
    annotation of this text does not decide, so that nothing but its own mentions is taught of them. `unknown` are
    stretches of words (first, last inclusive) that nobody looked at: they are taught nothing.
    """

    words: tuple[str, ...]
    mentions: tuple[Mention, ...]
    negatives: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    unknown: tuple[tuple[int, int], ...] = ()

    @property
    def text(self) -> str:
        """The words joined by spaces; mention offsets into it come from `offsets`."""
        return " ".join(self.words)

    def offsets(self) -> list[tuple[int, int, str]]:
        """(start, end, label) of every mention as code points into `text`, end exclusive."""
        starts = [0]
        for word in self.words:
            starts.append(starts[-1] + len(word) + 1)
        return [(starts[m.first], starts[m.last] + len(self.words[m.last]), m.label) for m in self.mentions]

    def renamed(self, names: Mapping[str, str]) -> Example:
        """The same with other names for labels; labels without another name keep theirs."""
        if not names:
            return self
        mentions = tuple(replace(mention, label=names.get(mention.label, mention.label)) for mention in self.mentions)
        return replace(self, mentions=mentions, negatives=tuple(names.get(name, name) for name in self.negatives))


def from_tokens(tokens: Sequence[str], spans: Iterable[tuple[int, int, str]], negatives: Iterable[str] = ()) -> Example:
    """An example from another tokenisation: every token is split by the scorer's rule and the spans follow.

    Args:
        tokens: tokens of the source; blank ones are dropped.
        spans: (first, last inclusive, label) into `tokens`; a span that holds blank tokens only is dropped.
        negatives: labels known to be absent.
    """
    words: list[str] = []
    first_word, last_word = [], []
    for token in tokens:
        pieces = split_words(token).texts
        first_word.append(len(words))
        words.extend(pieces)
        last_word.append(len(words) - 1)
    mentions = [
        Mention(first_word[first], last_word[last], label)
        for first, last, label in spans
        if first_word[first] <= last_word[last]
    ]
    return Example(tuple(words), tuple(dict.fromkeys(mentions)), tuple(negatives))


def from_text(text: str, spans: Iterable[tuple[int, int, str]], negatives: Iterable[str] = ()) -> Example:
    """An example from a text with offsets.

    A span that begins or ends inside a word cannot be said in words: it gives no mention, and its words are `unknown`.

    Args:
        text: any text; the scorer's rule splits it.
        spans: (start, end exclusive, label) in code points; blanks at the edges of a span are dropped.
        negatives: labels known to be absent.
    """
    words = split_words(text)
    begins = {start: at for at, start in enumerate(words.starts)}
    ends = {end: at for at, end in enumerate(words.ends)}
    mentions: list[Mention] = []
    unknown: list[tuple[int, int]] = []
    for start, end, label in spans:
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        if start >= end:
            continue
        if start in begins and end in ends:
            mentions.append(Mention(begins[start], ends[end], label))
            continue
        touched = [at for at, (a, b) in enumerate(zip(words.starts, words.ends, strict=True)) if a < end and b > start]
        unknown.append((touched[0], touched[-1]))
    return Example(tuple(words.texts), tuple(dict.fromkeys(mentions)), tuple(negatives), unknown=tuple(unknown))
