"""When a number that nothing counts, and no name stands beside, is money all the same: `coffee under 20`."""

from __future__ import annotations

from bridge.tagging.grammar._amounts import Amount
from bridge.tagging.grammar._labels import Labels, NumberLabel, Spread
from bridge.tagging.grammar._phrases import Phrase, PhraseReader
from bridge.tagging.grammar._tokens import Tokens
from bridge.tagging.grammar._words import SIGNS

#: A number with a `k` is more often a resolution, a run or a carat than money (`tv under 4k`): where nothing is known
#: of the prices below this, else outside of the median price divided and multiplied by that.
_LEAST_THOUSANDS = 10_000
_USUAL = 20.0
#: "at least two" counts something else.
_LEAST_SPELLED = 10
#: Below this, `50 and up` and `over 50` may be an age.
_OLDEST = 100
#: Numbers between these may be years.
_YEARS = range(1900, 2100)


class BareNumbers:
    """Judges the bare numbers of one text."""

    def __init__(self, tokens: Tokens, labels: Labels, phrases: PhraseReader, spread: Spread) -> None:
        self._spread = spread
        self._tokens = tokens
        self._labels = labels
        self._pack = labels.words.pack
        self._phrases = phrases

    def label_for(self, phrase: Phrase) -> NumberLabel | None:
        """The one money label; None where that is in doubt.

        Any other label must be named: a lone `pages` is not meant by "p value below 0.05", nor by "bmi above 30".
        """
        if not (phrase.compared or phrase.approximate):
            return None
        labels = self._labels.money
        if len(labels) != 1 or not all(self._may_be(amount, labels[0], phrase) for amount in phrase.amounts):
            return None
        if self._is_other_scale(phrase) or not self._phrases.ends(phrase.last):
            return None
        # "under 50 in tv": the next word could be the unit.
        if self._tokens.word(phrase.last) in self._pack.prepositions and self._holds_lengths(phrase.amounts[-1]):
            return None
        return labels[0]

    def _may_be(self, amount: Amount, label: NumberLabel, phrase: Phrase) -> bool:
        if amount.spelled and amount.value < _LEAST_SPELLED:
            return False
        if amount.factor > 1.0 and not self._is_thousands(amount, label):
            return False
        if amount.value not in _YEARS:
            return True
        return len(phrase.amounts) == 1 and (amount.value % 100 == 0 or not self._labels.has_years)

    def _is_thousands(self, amount: Amount, label: NumberLabel) -> bool:
        """Whether a multiplied number can be money: `cars under 20k`, `under 5 grand`, not `tv under 4k`."""
        word = self._tokens.word(amount.digits)
        if word in self._pack.money:
            return True
        known = self._spread.get(label.field)
        if known is None:
            return word == "k" and amount.value >= _LEAST_THOUSANDS
        return known.median / _USUAL <= amount.value <= known.median * _USUAL

    def _is_other_scale(self, phrase: Phrase) -> bool:
        """Whether the words around say that the number is an age, a size, a count …: `kids under 5`, `3 and up`."""
        value = phrase.amounts[-1].value
        if phrase.said in self._pack.no_money or phrase.said == "+":
            return True
        if phrase.said in self._pack.ages and value < _OLDEST:
            return True
        if phrase.said in self._pack.ranges and len(phrase.amounts) == 1:
            return True  # "from 10" may be anything
        # "vitamins over 50": who looks for something dear says that money is meant
        if phrase.bound in ("gt", "gte") and value < _OLDEST and phrase.said not in SIGNS:
            return True
        before = phrase.first
        while self._tokens.word(before - 1) in self._pack.fillers - self._pack.other_scales:
            before -= 1
        return self._is_scale(before - 1)

    def _is_scale(self, at: int) -> bool:
        word = self._tokens.word(at)
        return word in self._pack.other_scales or word.rstrip("s").rstrip("'’") in self._pack.other_scales

    def _holds_lengths(self, amount: Amount) -> bool:
        return any(label.dimension == "length" for label in self._labels.all) and self._phrases.fits(amount)
