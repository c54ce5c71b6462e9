"""Sizes: two or three numbers with `x`, `×` or `by` between them, `3x4`, `5 x 7 ft`, `80 by 60 cm`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.tagging.grammar._amounts import Amount, AmountReader
from bridge.tagging.grammar._phrases import PhraseReader
from bridge.tagging.grammar._tokens import Token
from bridge.tagging.grammar._words import Bound

_MOST = 3


@dataclass(frozen=True, slots=True)
class Size:
    """The sides of a size in order; the unit of the last counts for all that have none.

    `first` and `last` are token positions of the whole, `starts` those of each side (its `x` not included).
    """

    amounts: tuple[Amount, ...]
    starts: tuple[int, ...]
    first: int
    last: int
    bound: Bound | None = None
    approximate: bool = False


def read_size(
    tokens: Sequence[Token], at: int, phrases: PhraseReader, amounts: AmountReader, joins: frozenset[str]
) -> Size | None:
    """The size that starts at a token, with a comparator before it where there is one, or None.

    More than three sides, or sides that a number or unit continues (`2 x 4 gb` is no size), are still read as a whole,
    so that nothing is read inside of them.
    """
    bound, first = phrases.comparator(at)
    approximate = False
    if bound is None:
        approximate, first = phrases.approximation(at)
    side = amounts.read(first, compared=bound is not None) if _could_be(tokens, first) else None
    if side is None or side.spelled:
        return None
    sides, starts = [side], [first]
    while (after := _join(tokens, sides[-1].last, joins)) is not None:
        following = amounts.read(after, compared=True, joined=True)
        if following is None or following.spelled:
            break
        sides.append(following)
        starts.append(after)
    if len(sides) < 2:
        return None
    last = sides[-1].last
    units = next((side.units for side in reversed(sides) if side.units), ())
    level = tuple(replace(one, units=units) if one.bare else one for one in sides[:_MOST])
    return Size(level, tuple(starts), at, last, bound, approximate)


def _could_be(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind == "number"


def _join(tokens: Sequence[Token], at: int, joins: frozenset[str]) -> int | None:
    """The position after the `x` or `by` at a token that a number follows."""
    if at + 1 >= len(tokens) or tokens[at + 1].kind != "number":
        return None
    token = tokens[at]
    joined = token.kind == "times" or (token.kind == "word" and token.form in joins) or token.form == "*"
    return at + 1 if joined else None
