"""The sort grammar: words that ask for an order, read without a model.

`cheapest tablets`, `comedies newest first`, `best rated headphones`, `audi a4 lowest mileage`, `sort by price`. They
count only where an order can be meant: they open the query, or stand behind what is looked for. Titles (*The Longest
Day*), sentences (`why is the newest model so loud`) and things described by a superlative stay text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from bridge.schema import Schema
from bridge.tagging.grammar._function import load_function_words
from bridge.tagging.grammar._sort_labels import Form, SortLabel, SortLabels, sort_labels
from bridge.tagging.grammar._sort_words import Meaning, Order, OrderWords, SortPack, load_sort_words
from bridge.tagging.grammar._token_view import TokenView
from bridge.tagging.grammar._tokens import tokenise
from bridge.tagging.grammar._words import load_words

T = TypeVar("T")
#: Words of a phrase or name that are looked at together.
_LONGEST = 5


@dataclass(frozen=True, slots=True)
class SortMatch:
    """Words that ask for the lowest or the highest values of a label first.

    `text[start:end]` are the words that say so; `consumes` are the ranges that are no longer needed as text once a
    clause exists: those words, what only asks for them ("show me the") and a "first" behind.
    """

    label: str
    order: Order
    start: int
    end: int
    consumes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A phrase over the tokens `first` up to `last`; `label` None: it orders by nothing that the schema has."""

    order: Order
    label: SortLabel | None
    first: int
    last: int
    #: Nothing but an order is called so.
    sure: bool
    #: A label's name stands in it.
    named: bool = False
    #: It orders by what a thing has, not by how new it is: "case for the newest iphone" orders no cases.
    property: bool = True
    #: The user says "sort": it is no matter where.
    asked: bool = False


def find_sorts(text: str, schema: Schema) -> list[SortMatch]:
    """Words of a text that ask for an order by one of a schema's labels, in reading order. Linear in its length.

    The label is the one of a fitting unit or kind, or the one that is named. Where none or several fit, the words order
    nothing; neither do labels with `sort: off`.
    """
    languages = tuple(schema.languages)
    index = _index(languages)
    labels = sort_labels(schema)
    if index is None or labels is None:
        return []
    return _Finder(text, labels, index, languages).run()


class _Index:
    """The phrases of a pack by their words."""

    def __init__(self, pack: SortPack) -> None:
        self.pack = pack
        self.words: dict[Form, tuple[Order, OrderWords]] = {}
        for entry in pack.words:
            for order, phrases in (("highest", entry.highest), ("lowest", entry.lowest)):
                for phrase in phrases:
                    self.words.setdefault(tuple(phrase.split()), (order, entry))  # type: ignore[arg-type]
        self.ends = _orders(pack.ends)
        self.directions = _orders(pack.directions)
        self.names: dict[Form, Meaning] = {
            tuple(phrase.split()): meaning for meaning, phrases in pack.names.items() for phrase in phrases
        }
        self.by = _forms(pack.by)
        self.first = _forms(pack.first)
        self.others = _forms(pack.others)
        tables = (self.words, self.ends, self.directions, self.by, self.others)
        #: First words of every phrase.
        self.starters = frozenset(form[0] for table in tables for form in table)


class _Finder:
    def __init__(self, text: str, labels: SortLabels, index: _Index, languages: tuple[str, ...]) -> None:
        self._labels = labels
        self._pack = index.pack
        self._index = index
        self._tokens = TokenView(tokenise(text))
        self._function = load_function_words(languages[0])
        self._joining = self._function.choices | self._function.additions
        self._units = load_words(languages).units
        self._looked: dict[int, list[tuple[Form, int]]] = {}
        #: Where the last order ended.
        self._done = 0

    def run(self) -> list[SortMatch]:
        found: list[SortMatch] = []
        at = 0
        while at < len(self._tokens.tokens):
            word = self._form(at)
            if word not in self._index.starters and word not in self._labels.starters:
                at += 1
                continue
            passed = self._longest(self._index.others, at)
            if passed is not None:
                at = passed
                continue
            reading = self._read(at)
            if reading is None:
                at += 1
                continue
            at = reading.last
            if reading.label is not None and reading.label.able and self._is_meant(reading):
                found.append(self._match(reading, reading.label))
                self._done = self._longest(self._index.first, reading.last) or reading.last
        return found

    def _match(self, reading: _Reading, label: SortLabel) -> SortMatch:
        tokens = self._tokens.tokens
        start, end = tokens[reading.first].start, tokens[reading.last - 1].end
        first = reading.first - (self._form(reading.first - 1) in self._pack.the)
        if self._asks(first):
            first = 0  # "show me the"
        last = self._longest(self._index.first, reading.last) or reading.last
        consumes = [(tokens[first].start, tokens[last - 1].end)]
        if last == reading.last and first == 0:
            # "shortest films first"
            late = next((at for at in range(last, len(tokens)) if self._closes(at)), None)
            consumes += [(tokens[late].start, tokens[-1].end)] if late is not None else []
        return SortMatch(label.name, reading.order, start, end, tuple(consumes))

    def _closes(self, at: int) -> bool:
        return self._longest(self._index.first, at) == len(self._tokens.tokens)

    def _asks(self, at: int) -> bool:
        """Whether nothing but words that ask stands before a token."""
        return all(self._form(before) in self._pack.requests for before in range(at))

    # ------------------------------------------------------------------------------------------ reading phrases

    def _read(self, at: int) -> _Reading | None:
        return self._asked(at) or self._named_after(at) or self._named_before(at) or self._worded(at)

    def _asked(self, at: int) -> _Reading | None:
        """`sort by price`, `sorted by rating high to low`, `order by newest`."""
        by = self._longest(self._index.by, at)
        if by is None:
            return None
        by += self._form(by) in self._pack.the
        named = self._named(by)
        said = self._phrase(self._index.names, by)
        worded = self._worded(by)
        if worded is not None:
            return replace(worded, first=at, sure=True, asked=True)
        kind = None if said is None else self._labels.about(said[0])
        if said is not None and kind is not None and (named is None or said[1] > named[1]):
            label, last = kind, said[1]
        elif named is not None:
            label, last = named
        else:
            return None
        direction = self._phrase(self._index.directions, last) or self._phrase(self._index.ends, last)
        natural: Order = "lowest" if self._labels.about("money") is label else "highest"
        order, last = direction if direction is not None else (natural, last)
        return _Reading(order, label, at, last, sure=True, named=True, asked=True)

    def _named_after(self, at: int) -> _Reading | None:
        """`lowest mileage`, `largest engine`, `longest battery life`, `most horsepower`."""
        end = self._phrase(self._index.ends, at)
        if end is None:
            return None
        named = self._named(end[1])
        if named is None and self._form(at) in self._pack.amounts:
            named = self._counted(end[1])
        if named is None:
            return None
        label, last = named
        if self._form(last) in self._pack.tails:
            last += 1
        return _Reading(end[0], label, at, last, sure=True, named=True)

    def _named_before(self, at: int) -> _Reading | None:
        """`price low to high`, `mileage lowest first`; `low to high` alone is about money."""
        named = self._named(at)
        if named is None:
            direction = self._phrase(self._index.directions, at)
            money = self._labels.about("money")
            if direction is None or money is None or direction[1] - at < 2:
                return None
            return _Reading(direction[0], money, at, direction[1], sure=True, named=True)
        label, last = named
        if self._tokens.joined(last, ":-,"):
            last += 1
        direction = self._phrase(self._index.directions, last) or self._phrase(self._index.ends, last)
        # "price lowest mileage": the end goes with the name behind it.
        if direction is None or self._named(direction[1]) is not None:
            return None
        return _Reading(direction[0], label, at, direction[1], sure=True, named=True)

    def _worded(self, at: int) -> _Reading | None:
        """`cheapest`, `best rated`, and the schema's own words."""
        own = self._phrase(self._labels.phrases, at)
        said = self._phrase(self._index.words, at)
        if own is not None and (said is None or own[1] >= said[1]):
            (order, owner), last = own
            return _Reading(order, owner, at, last, sure=True)
        if said is None:
            return None
        (order, entry), last = said
        label = self._labels.about(entry.meaning, entry.names)
        if entry.meaning == "date" and last - at > 1:
            # "recently listed" is about the day of listing, whatever other dates there are.
            label = self._labels.named((self._form(last - 1),)) or label
        return _Reading(order, label, at, last, sure=entry.sure, property=entry.meaning != "date")

    # ---------------------------------------------------------------------------------------- judging a reading

    def _is_meant(self, reading: _Reading) -> bool:
        """Whether an order can be meant where the words stand."""
        first, last = reading.first, self._longest(self._index.first, reading.last) or reading.last
        the = self._form(first - 1) in self._pack.the
        first -= the
        if not self._has_words(0, first) and not self._has_words(last, len(self._tokens.tokens)):
            return False  # nothing is looked for
        if self._touches(first, last):
            return False
        before = self._form(first - 1)
        if before in self._pack.negations | self._pack.of | self._pack.numbers or self._is_possessive(first - 1):
            return False
        if reading.asked:
            return True
        if self._opens(first):
            return self._may_open(reading, last, bare_the=the and first == 0)
        if before in self._pack.leading:
            return reading.named or (reading.sure and reading.property)
        if before in self._function.all - self._joining:
            return False
        return reading.sure or last > reading.last or self._ends(last)

    def _opens(self, at: int) -> bool:
        """Whether nothing but words that ask, or another order, stands before a token."""
        joined = self._done and all(self._form(before) in self._joining for before in range(self._done, at))
        return self._asks(at) or bool(joined) or self._is_mark(at - 1)

    def _may_open(self, reading: _Reading, last: int, *, bare_the: bool) -> bool:
        """Whether words that open a query order what follows them: `oldest westerns`, not `the oldest profession`."""
        if reading.sure:
            return True
        after = self._form(last)
        if not after or after in self._function.all or self._units.read(self._tokens.tokens, last) is not None:
            return last > reading.last
        return not bare_the or (after.endswith("s") and not after.endswith("ss"))

    def _ends(self, at: int) -> bool:
        """Whether a phrase can end before a token."""
        tokens = self._tokens.tokens
        if at >= len(tokens) or tokens[at].kind in ("sign", "compare", "number"):
            return True
        return self._is_mark(at) or self._form(at) in self._function.all

    def _is_mark(self, at: int) -> bool:
        return self._tokens.joined(at, ",.;:!?()[]|/–—")

    def _is_possessive(self, at: int) -> bool:
        tokens = self._tokens.tokens
        return 0 <= at < len(tokens) and tokens[at].form.endswith(("'s", "’s", "s'", "s’"))

    def _has_words(self, first: int, last: int) -> bool:
        """Whether anything but words that only ask stands there."""
        tokens = self._tokens.tokens[first:last]
        return any(token.kind != "other" and token.form not in self._pack.requests for token in tokens)

    def _touches(self, first: int, last: int) -> bool:
        """Whether the phrase is a part of something longer: `the-cheapest`, `cheapest.com`."""
        tokens = self._tokens
        before = tokens.touches(first) and not tokens.joined(first - 1, "([{\"'“‘,;:/|")
        dotted = tokens.joined(last, ".") and tokens.touches(last) and tokens.touches(last + 1)
        return before or dotted or tokens.touches(last, free=".,;:!?)]}\"'”’/|")

    # -------------------------------------------------------------------------------------------------- looking

    def _named(self, at: int) -> tuple[SortLabel, int] | None:
        """The label that the words from a token on name, and the token after them; the longest name wins."""
        for form, last in self._forms_at(at):
            label = self._labels.named(form)
            if label is not None:
                return label, last
        return None

    def _counted(self, at: int) -> tuple[SortLabel, int] | None:
        """The label whose unit stands at a token."""
        read = self._units.read(self._tokens.tokens, at)
        if read is None or self._units.is_doubtful(self._tokens.tokens[at]):
            return None
        label = self._labels.in_units(read[0])
        return None if label is None else (label, read[1])

    def _phrase(self, table: Mapping[Form, T], at: int) -> tuple[T, int] | None:
        for form, last in self._forms_at(at):
            if form in table:
                return table[form], last
        return None

    def _longest(self, forms: frozenset[Form], at: int) -> int | None:
        return next((last for form, last in self._forms_at(at) if form in forms), None)

    def _forms_at(self, at: int) -> list[tuple[Form, int]]:
        """The words from a token on, the most of them first; a hyphen joins them as a space does."""
        known = self._looked.get(at)
        if known is not None:
            return known
        found = self._looked.setdefault(at, [])
        form: Form = ()
        while len(form) < _LONGEST and (word := self._form(at)):
            form = (*form, word)
            found.append((form, at + 1))
            at += 2 if self._tokens.joined(at + 1, "-") and self._tokens.touches(at + 1) else 1
        found.reverse()
        return found

    def _form(self, at: int) -> str:
        return self._tokens.form(at)


def _orders(table: Mapping[Order, Iterable[str]]) -> dict[Form, Order]:
    return {tuple(phrase.split()): order for order, phrases in table.items() for phrase in phrases}


def _forms(phrases: Iterable[str]) -> frozenset[Form]:
    return frozenset(tuple(phrase.split()) for phrase in phrases)


@lru_cache(maxsize=16)
def _index(languages: tuple[str, ...]) -> _Index | None:
    pack = load_sort_words(languages)
    return None if pack is None else _Index(pack)
