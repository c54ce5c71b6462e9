"""The values that travel through every package: what was found, where, and how much of the text was looked at.

Offsets are code points into the original string, end exclusive, so `text[start:end]` is the matched text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

#: Where an entity came from; the resolver prefers earlier ones on overlap (DESIGN, "A query's way", step 3).
Source = Literal["syntax", "dictionary", "grammar", "model"]
#: A normalised value: what is stored in the index and filtered by.
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Span:
    """One labelled stretch of text as the scorer gives it; `score` is a probability in 0..1.

    `runners_up` are the best spans that were not taken and share a word with this one, where a caller asked for them.
    """

    start: int
    end: int
    text: str
    label: str
    score: float
    runners_up: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many words of a text were scored, of how many it has."""

    scored: int
    total: int

    @property
    def share(self) -> float:
        """Share of the words that were scored, 0..1; an empty text is fully covered."""
        return self.scored / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class TaggedText(Sequence[Span]):
    """The spans found in one text, in reading order; behaves as a sequence of `Span`."""

    text: str
    spans: tuple[Span, ...]
    coverage: Coverage

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    @overload
    def __getitem__(self, index: int) -> Span: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Span, ...]: ...
    def __getitem__(self, index: int | slice) -> Span | tuple[Span, ...]:
        return self.spans[index]


@dataclass(frozen=True, slots=True)
class Interval:
    """A numeric range as a value; a missing bound is None. `gt`/`lt` exclude the bound, `gte`/`lte` include it."""

    gte: float | None = None
    gt: float | None = None
    lte: float | None = None
    lt: float | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """How the stored numbers of a field are spread, in the field's own unit (a date's: milliseconds since 1970)."""

    min: float
    median: float
    max: float


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity after resolving and normalising.

    `label` is the schema's label name. `value` is the normalised form (None where the text has none).
    `field` and `item` name the document field and the array item that `start`/`end` point into (None/0 in queries).
    """

    label: str
    text: str
    value: Scalar | Interval | None
    start: int
    end: int
    score: float
    source: Source
    field: str | None = None
    item: int = 0
    #: Under a negation or "compatible with": never an attribute of the document, never a positive filter.
    negated: bool = False
