"""The words beside a phrase: the name of its label, and what is taken along with it."""

from __future__ import annotations

from dataclasses import replace

from bridge.schema import MEASURES
from bridge.tagging.grammar._labels import Labels, Named
from bridge.tagging.grammar._phrases import Phrase, PhraseReader
from bridge.tagging.grammar._tokens import Tokens

#: What is measured of a thing that another one holds.
_CARRIED = frozenset({"length", "mass"})
#: Plain words that may stand between an amount and the name of its label: `16gb ddr4 ram`.
_REACH = 2


class Beside:
    """Looks around the phrases of one text."""

    def __init__(self, tokens: Tokens, labels: Labels, phrases: PhraseReader) -> None:
        self._tokens = tokens
        self._labels = labels
        self._pack = labels.words.pack
        self._phrases = phrases
        carriers = self._pack.carriers
        #: Position of the first thing that holds another one.
        self._carrier = next(
            (at for at, token in enumerate(tokens) if token.form in carriers or token.form.rstrip("s") in carriers),
            None,
        )

    def introduced(self, at: int, done: int) -> tuple[Named | None, int]:
        """The label whose name stands before a phrase, and the first of the words that introduce the phrase.

        `done` is the position after the last match: nothing before it is looked at.
        """
        first = at
        while first > done:
            named = self._labels.named_before(self._tokens, first, done)
            if named is not None:
                while named.first > done and self._tokens.word(named.first - 1) in self._pack.fillers:
                    named = replace(named, first=named.first - 1)
                return named, first
            if self._tokens.word(first - 1) in self._pack.fillers or self._tokens.is_other(first - 1, ":"):
                first -= 1
            else:
                break
        return None, first

    def compared(self, phrase: Phrase) -> Named | None:
        """The label that the comparing word itself names: `no wider than 36 inches`, `cheaper than 50`."""
        for at, word in enumerate(phrase.said.split()):
            labels = self._labels.named(word)
            if labels:
                return Named(labels, phrase.first + at, phrase.first + at, own=True)
        return None

    def followed(self, phrase: Phrase) -> Named | None:
        """The label whose name stands right after a phrase: `16 gb of ram`, `4-door`."""
        at = phrase.last
        if self._is_joined(at):
            at += 1
        return self._labels.named_at(self._tokens, at)

    def further(self, phrase: Phrase) -> Named | None:
        """The label whose name stands a plain word or two after a phrase: `16gb ddr4 ram`."""
        for at in range(phrase.last + 1, phrase.last + 1 + _REACH):
            token = self._tokens.get(at - 1)
            if token is None or token.kind != "word" or self._phrases.ends(at - 1):
                return None
            named = self._labels.named_at(self._tokens, at)
            if named is not None:
                return named
        return None

    def taken(self, phrase: Phrase, named: Named | None, first: int) -> tuple[int, int]:
        """The first token of what a match takes along, and the position after it.

        These are the words that introduce the phrase (`first`) and the name of its label. A cue, and a name behind an
        amount with a unit, stay: they may be the thing itself (`projector screen 100 inch`, `samsung 1tb ssd`).
        """
        ends = self._phrases.ends(phrase.last)
        last = phrase.last
        if self.relates(phrase):
            return phrase.first, last
        if named is not None and named.last <= phrase.first and (named.own or named.describes or phrase.bare):
            return named.first, last
        if named is not None and named.first >= last:
            joined = named.first == last + 1 and self._is_joined(last)
            off = self._tokens.word(named.first) in self._pack.not_after  # "50% off coats"
            if joined or (named.first == last and (phrase.bare or named.describes or off)):
                ends = ends or self._phrases.ends(named.last)
                last = named.last
        return (first if phrase.compared or ends else phrase.first), last

    def _is_joined(self, at: int) -> bool:
        """Whether a hyphen or `of` at a token joins an amount to a name."""
        return self._tokens.is_hyphen(at) or self._tokens.word(at) in self._pack.of

    def relates(self, phrase: Phrase) -> bool:
        """Whether an amount is that of another thing which this one is for: `mount for 32-55 inch tv`."""
        if not any(amount.units for amount in phrase.amounts):
            return False
        if self._tokens.word(phrase.first - 1) in self._pack.relations:
            return not self._phrases.ends(phrase.last)
        return self._is_of_things(phrase.first)

    def _is_of_things(self, first: int) -> bool:
        """Whether several things that this one is for stand right before an amount: `curtains for windows over 2 m`."""
        thing = self._tokens.word(first - 1)
        if not thing.endswith("s") or thing.endswith(("ss", "us", "is")):
            return thing in self._pack.other_scales and self._tokens.word(first - 2) in self._pack.relations
        at = first - 2
        while at > first - 2 - _REACH and self._is_plain(at):
            at -= 1
        return at > 0 and self._tokens.word(at) in self._pack.relations

    def _is_plain(self, at: int) -> bool:
        token = self._tokens.get(at)
        return token is not None and token.kind == "word" and not self._phrases.ends(at)

    def carries(self, phrase: Phrase) -> bool:
        """Whether a thing that holds another one stands before an amount: `tv stand up to 65 inches`.

        How much fits in is its own (`backpack over 40 l`), and so is a weight that it must stay below.
        """
        units = {unit for amount in phrase.amounts for unit in amount.units}
        measured = {MEASURES[unit].dimension for unit in units} & _CARRIED
        light = measured == {"mass"} and phrase.bound == "lt"
        return self._carrier is not None and self._carrier < phrase.first and bool(measured) and not light
