"""Tokens of a text: numbers, words, currency signs, comparison signs, the × of a size and other characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bridge.schema import CURRENCIES

Kind = Literal["sign", "number", "times", "word", "compare", "other"]

_SIGNS = {sign for currency in CURRENCIES.values() for sign in currency.signs}
_SIGN_PATTERN = "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=lambda sign: (-len(sign), sign)))
_PATTERN = (
    rf"(?P<sign>(?<![^\W_])(?:{_SIGN_PATTERN})|[$€£¥])"
    r"|(?P<number>[0-9]+(?:[.,][0-9]+)*|(?<![\w.])\.[0-9]+)"
    # `3x4`, `5'x7'`, `60cmx40cm`: the letter between two numbers of a size is no part of a word.
    r"""|(?P<times>×|(?<=[0-9'"′″’”])x(?=[0-9.])|(?<=[0-9][a-z])x(?=[0-9])|(?<=[0-9][a-z]{2})x(?=[0-9]))"""
    r"|(?P<word>(?<=[0-9])[a-z]{1,2}(?=x[0-9])|(?<=[0-9])(?:ft|lbs?|h)(?=[0-9])|[^\W\d_][\w’']*)"
    r"|(?P<compare><=|>=|=<|=>|[<>≤≥])"
    r"|(?P<other>[^\s])"
)
_TOKEN = re.compile(_PATTERN, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `form` is its lower-case text, `text[start:end]` what stood there."""

    kind: Kind
    form: str
    start: int
    end: int


class Tokens(list[Token]):
    """The tokens of one text in reading order; every look beyond either end finds nothing."""

    def get(self, at: int) -> Token | None:
        return self[at] if 0 <= at < len(self) else None

    def word(self, at: int) -> str:
        """The word at a position (`&` is one), or the empty string."""
        token = self.get(at)
        return token.form if token is not None and (token.kind == "word" or token.form == "&") else ""

    def is_other(self, at: int, forms: str) -> bool:
        """Whether one of these characters stands at a position."""
        token = self.get(at)
        return token is not None and token.kind == "other" and token.form in forms

    def touches(self, at: int) -> bool:
        """Whether the token at a position starts where the one before it ends."""
        return 0 < at < len(self) and self[at - 1].end == self[at].start

    def is_hyphen(self, at: int) -> bool:
        """Whether a hyphen stands between two touching tokens: `15-inch`."""
        return self.is_other(at, "-") and self.touches(at) and self.touches(at + 1)


def glued_pattern(openers: Iterable[str], units: Iterable[str], names: Iterable[str]) -> re.Pattern[str]:
    """The pattern of tokens for texts whose spaces may be missing: `under50$`, `16gbram`.

    `openers` are words before a number, `units` and `names` what may follow one without a space between.
    """
    opening, counted, named = (
        "|".join(sorted(map(re.escape, one), key=len, reverse=True)) for one in (openers, units, names)
    )
    glued = rf"(?<![^\W_])(?:{opening})(?=[0-9$€£¥])|" if opening else ""
    glued += rf"(?<=[0-9])(?:{counted})(?=(?:{named})(?!\w))|" if counted and named else ""
    return re.compile(_PATTERN.replace("(?P<word>", f"(?P<word>{glued}", 1), re.IGNORECASE)


def tokenise(text: str, pattern: re.Pattern[str] = _TOKEN) -> Tokens:
    """Tokens of a text; linear in its length."""
    return Tokens(
        Token(match.lastgroup or "other", match.group().lower(), match.start(), match.end())  # type: ignore[arg-type]
        for match in pattern.finditer(text)
    )
