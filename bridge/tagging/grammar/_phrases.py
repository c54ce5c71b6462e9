"""Phrases around amounts: comparators before and after, ranges, `around`, `pack of`. What they mean, not for what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bridge.entities import Interval
from bridge.tagging.grammar._amounts import Amount, AmountReader
from bridge.tagging.grammar._labels import Labels, Named
from bridge.tagging.grammar._tokens import Tokens
from bridge.tagging.grammar._words import OPPOSITE, SIGNS, Bound, QuantityWords, Table

#: Characters that end a phrase, so that a comparator after them opens one.
_BREAKS = ',.;:!?()[]{}|"“”'
#: Bare limits are multiples of this.
_ROUND = 50
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that was read: what it bounds, and the tokens it spans (`last` exclusive).

    `bound` is `between` for two amounts, None for one that nothing compares.
    """

    amounts: tuple[Amount, ...]
    bound: Bound | Literal["between"] | None
    first: int
    last: int
    #: Whether a comparator or range word came with it: only then may the amount be a bare number.
    compared: bool
    approximate: bool = False
    #: The words that compare, where there are any.
    said: str = ""
    #: The label that is named inside the phrase: `max price 50`.
    named: Named | None = None

    @property
    def bare(self) -> bool:
        return all(amount.bare for amount in self.amounts)

    def value(self, values: Sequence[float]) -> Interval | float:
        """What the phrase asks for, its amounts being these values."""
        match self.bound:
            case None:
                return values[0]
            case "between":
                return Interval(gte=min(values), lte=max(values))
            case "lt":
                return Interval(lt=values[0])
            case "lte":
                return Interval(lte=values[0])
            case "gt":
                return Interval(gt=values[0])
            case "gte":
                return Interval(gte=values[0])
            case "eq":
                return Interval(gte=values[0], lte=values[0])


class PhraseReader:
    """Reads the phrases of one tokenised text."""

    def __init__(self, tokens: Tokens, words: QuantityWords, labels: Labels, amounts: AmountReader) -> None:
        self._tokens = tokens
        self._words = words
        self._pack = words.pack
        self._labels = labels
        self._amounts = amounts

    def read(self, at: int) -> Phrase | None:
        """The phrase that starts at a token, or None."""
        return self._read_range(at) or self._read_compared(at) or self._read_pack(at) or self._read_plain(at)

    def fits(self, amount: Amount) -> bool:
        """Whether the unit that may stand behind a bare amount is one that a label could hold it in."""
        return self._amounts.fits_unit(amount)

    def comparator(self, at: int) -> tuple[Bound | None, int]:
        """The bound that the words or sign at a token set, and the token after them."""
        token = self._tokens.get(at)
        if token is not None and token.kind == "compare":
            return SIGNS[token.form], at + 1
        if self._tokens.is_other(at, "="):
            return "eq", at + 1
        return self._phrase(self._words.before, at)

    def approximation(self, at: int) -> tuple[bool, int]:
        """Whether the words or sign at a token mean nearly, and the token after them."""
        if self._tokens.is_other(at, "~"):
            return True, at + 1
        bound, after = self._phrase(self._words.about, at)
        return bound is not None, after

    def _read_range(self, at: int) -> Phrase | None:
        """`between 10 and 25`, `from $10 to $25`."""
        joins = self._pack.ranges.get(self._tokens.word(at))
        if joins is None or at + 1 >= len(self._tokens):
            return None
        low = self._amounts.read(at + 1, compared=True)
        if low is None:
            return None
        after = self._dash(low.last) or (low.last + 1 if self._tokens.word(low.last) in joins else None)
        high = None if after is None else self._amounts.read(after, compared=True, joined=True)
        if high is None:
            return None
        return Phrase(_level(low, high), "between", at, high.last, compared=True, said=self._tokens.word(at))

    def _read_compared(self, at: int) -> Phrase | None:
        """`under 20`, `no more than $20`, `<= 20`, `not over 20`, `max price 50`."""
        bound, after = self.comparator(at)
        start = at
        if bound is None:
            if self._tokens.word(at) not in self._pack.negations:
                return None
            start = at + 1
            opposite, after = self.comparator(start)
            if opposite is None or opposite not in OPPOSITE:
                return None
            bound = OPPOSITE[opposite]
        said = " ".join(token.form for token in self._tokens[start:after])
        named = self._labels.named_at(self._tokens, after)
        if named is not None:
            after = named.last
            while self._tokens.word(after) in self._pack.fillers or self._tokens.is_other(after, ":"):
                after += 1
        if self._tokens.is_hyphen(after) or (self._tokens.is_other(after, ".") and self._tokens.touches(after)):
            after += 1  # "sub-$500", "max. 500 dollars"
        amount = self._amounts.read(after, compared=True)
        if amount is None and named is None and self._tokens.word(after) in self._pack.numbers.articles:
            amount = self._amounts.read(after + 1, compared=True)  # "at least a 4 star rating"
        if amount is None:
            return None
        limit = named is not None or self._is_limit(amount) or self._opens(at)
        if said in self._pack.doubtful_before and not limit:
            return None
        again, last = self._comparator_after(amount)
        last = last if again is not None and again[:1] == bound[:1] else amount.last  # "from $20 and up"
        return Phrase((amount,), bound, at, last, compared=True, said=said, named=named)

    def _read_pack(self, at: int) -> Phrase | None:
        """`pack of 12`."""
        if self._tokens.word(at) not in self._pack.containers or self._tokens.word(at + 1) not in self._pack.of:
            return None
        amount = self._amounts.read(at + 2, compared=True)
        if amount is None or not amount.bare or amount.value != int(amount.value):
            return None
        amount = replace(amount, first=at, units=("piece",))
        return Phrase((amount,), None, at, amount.last, compared=False)

    def _read_plain(self, at: int) -> Phrase | None:
        """`$50`, `$10 - $25`, `$10 to 25`, `20 dollars or less`, `$20+`, `around $50`."""
        about, after = self.approximation(at)
        if about and self._tokens.is_other(after, ".") and self._tokens.touches(after):
            after += 1  # "approx. 15 inch"
        if about and self._tokens.word(after) in self._pack.numbers.articles:
            after += 1
        amount = self._amounts.read(after, compared=about)
        if amount is None:
            return None
        first = min(at, amount.first)
        high = self._second(amount)
        if high is not None:
            return Phrase(_level(amount, high), "between", first, high.last, compared=False)
        bound, last = self._comparator_after(amount)
        if bound is None and amount.plus:
            bound, last = "gte", amount.last
        if bound is not None:
            counted = self._amounts.read_unit(amount, last) if amount.bare else None
            said = " ".join(token.form for token in self._tokens[amount.last : last])
            if counted is not None:
                amount, last = counted, counted.last
            return Phrase((amount,), bound, first, last, compared=True, said=said)
        named = self._labels.named_at(self._tokens, amount.last)
        if named is not None:
            bound, last = self._phrase(self._words.after, named.last)
            if bound is not None:  # "4 bedrooms or more", "30% off or more"
                said = " ".join(token.form for token in self._tokens[named.last : last])
                return Phrase((amount,), bound, first, last, compared=True, said=said, named=named)
        ish = amount.last + 1 if self._tokens.is_hyphen(amount.last) else amount.last
        nearly, last = self._phrase(self._words.about_after, ish)
        about = about or nearly is not None
        if not self._words.known:
            return None  # a word that says less than or more than may stand before it
        return Phrase((amount,), None, first, last if nearly else amount.last, compared=False, approximate=about)

    def _second(self, low: Amount) -> Amount | None:
        """The second amount of a range whose first one is this: `10-25`, `$10 to $25`, `10..25`."""
        after = self._dash(low.last)
        if after is None and self._tokens.is_other(low.last, ".") and self._tokens.is_other(low.last + 1, "."):
            after = low.last + 2
        if after is None and self._tokens.word(low.last) in self._pack.joins:
            after = low.last + 1
        if after is None or low.plus:
            return None
        high = self._amounts.read(after, compared=True, joined=True)
        if high is None or high.spelled != low.spelled:
            return None
        return high

    def _comparator_after(self, amount: Amount) -> tuple[Bound | None, int]:
        at = amount.last
        if self._tokens.is_other(at, "+") and self._tokens[at].start == self._tokens[at - 1].end:
            return "gte", at + 1
        bound, last = self._phrase(self._words.after, at)
        # "under 75k miles and under $10k": what compares the next amount says nothing of this one.
        following, beyond = self.comparator(at + 1)
        if bound is not None and following is not None and self._amounts.read(beyond, compared=True):
            return None, at
        # `$20 plus shipping` is no bound: a lone word counts only at the end of the phrase.
        if bound is not None and last == at + 1 and not self.ends(last):
            return None, at
        return bound, last

    def ends(self, at: int) -> bool:
        """Whether a phrase can end before a token: at the end, before punctuation, a joining word or another phrase."""
        token = self._tokens.get(at)
        if token is None:
            return True
        if token.kind == "other":
            return token.form in ',.;!?)]}|"”~'
        if token.kind in ("compare", "sign"):
            return True
        if token.kind == "number":
            amount = self._amounts.read(at)
            if self._labels.has_years and _YEAR.fullmatch(token.form):
                return True  # "under 20k 2016+"
            return amount is not None and not amount.bare
        if token.form in self._pack.enders or token.form in self._pack.ranges:
            return True
        bound, last = self.comparator(at)
        return bound is not None and self._amounts.read(last, compared=True) is not None

    def _is_limit(self, amount: Amount) -> bool:
        """Whether `max` before an amount limits it: money, a round number (`kia max 12000`, not `air max 90`), or what
        its label's name follows (`table max 2 ft high`).
        """
        if amount.bare:
            return amount.value % _ROUND == 0
        return amount.currencies is not None or self._labels.named_at(self._tokens, amount.last) is not None

    def _opens(self, at: int) -> bool:
        """Whether a phrase opens at a token: nothing before it is a word that it could belong to."""
        before = self._tokens.get(at - 1)
        if before is None:
            return True
        if before.kind != "word":
            return before.kind == "other" and before.form in _BREAKS
        if before.form in self._pack.fillers or before.form in self._pack.enders:
            return True
        return self._labels.named_before(self._tokens, at, 0) is not None

    def _phrase(self, table: Table, at: int) -> tuple[Bound | None, int]:
        for words, bound in table.get(self._tokens.word(at), ()):
            if all(self._tokens.word(at + offset) == word for offset, word in enumerate(words)):
                return bound, at + len(words)
        return None, at

    def _dash(self, at: int) -> int | None:
        """The position after a dash."""
        return at + 1 if self._tokens.is_other(at, "-–—") else None


def _level(low: Amount, high: Amount) -> tuple[Amount, Amount]:
    """Two amounts of a range, what only one of them says (unit, currency, `k`) said of both: `5-10k miles`."""
    if low.bare and not high.bare:
        low = replace(low, units=high.units, currencies=high.currencies)
    elif high.bare and not low.bare:
        high = replace(high, units=low.units, currencies=low.currencies)
    if low.factor == 1.0 and high.factor > 1.0 and low.value < high.value / high.factor:
        low = replace(low, value=low.value * high.factor, factor=high.factor)
    return low, high
