"""Sizes: two or three numbers with `x`, `×` or `by` between them, `3x4`, `5 x 7 ft`, `80 by 60 cm`, `36"w x 30"h`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.tagging.grammar._amounts import Amount, AmountReader
from bridge.tagging.grammar._phrases import PhraseReader
from bridge.tagging.grammar._tokens import Tokens
from bridge.tagging.grammar._words import Bound, QuantityPack

_MOST = 3


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a size; `first` and `last` are the token positions of all that belongs to it, its `x` too.

    `letter` says which side it is (`36"w`), empty where only its place does.
    """

    amount: Amount
    first: int
    last: int
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """The sides of a size in order; a unit that is given once counts for all. `last` is the position after it."""

    sides: tuple[Side, ...]
    last: int
    bound: Bound | None = None
    approximate: bool = False


def read_size(tokens: Tokens, at: int, phrases: PhraseReader, amounts: AmountReader, pack: QuantityPack) -> Size | None:
    """The size that starts at a token, with a comparator before it where there is one, or None.

    More than three sides, or sides in a unit that is no length (`2 x 4 gb`), are still read as a whole, so that nothing
    is read inside of them.
    """
    bound, position = phrases.comparator(at)
    approximate = False
    if bound is None:
        approximate, position = phrases.approximation(at)
    compared = bound is not None
    sides: list[Side] = []
    first = at
    while (token := tokens.get(position)) is not None and token.kind == "number":
        amount = amounts.read(position, compared=compared or bool(sides), joined=bool(sides))
        if amount is None:
            break
        last, letter = amount.last, tokens.word(amount.last)
        if letter in pack.side_letters:
            last += 1
        else:
            letter = ""
        joined = _is_join(tokens, last, pack.sides)
        last = last + 1 if joined else last
        sides.append(Side(amount, first, last, letter))
        first = position = last
        if not joined:
            break
    if len(sides) < 2:
        return None
    units = next((side.amount.units for side in reversed(sides) if side.amount.units), ())
    level = [
        replace(side, amount=replace(side.amount, units=units)) if side.amount.bare else side for side in sides[:_MOST]
    ]
    return Size(tuple(level), sides[-1].last, bound, approximate)


def _is_join(tokens: Tokens, at: int, joins: frozenset[str]) -> bool:
    """Whether the `x` or `by` of a size stands at a token, with a number behind it."""
    token, following = tokens.get(at), tokens.get(at + 1)
    if token is None or following is None or following.kind != "number":
        return False
    return token.kind == "times" or (token.kind == "word" and token.form in joins) or token.form == "*"
