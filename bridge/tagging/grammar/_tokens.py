"""Tokens of a text: numbers, words, currency signs, comparison signs, the × of a size and other characters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bridge.schema import CURRENCIES

Kind = Literal["sign", "number", "times", "word", "compare", "other"]

_SIGNS = {sign for currency in CURRENCIES.values() for sign in currency.signs}
_SIGN_PATTERN = "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=lambda sign: (-len(sign), sign)))
_TOKEN = re.compile(
    rf"(?P<sign>(?<![^\W_])(?:{_SIGN_PATTERN})|[$€£¥])"
    r"|(?P<number>[0-9]+(?:[.,][0-9]+)*|(?<![\w.])\.[0-9]+)"
    # `3x4`, `5'x7'`, `60cmx40cm`: the letter between two numbers of a size is no part of a word.
    r"""|(?P<times>×|(?<=[0-9'"′″’”])x(?=[0-9.])|(?<=[0-9][a-z])x(?=[0-9])|(?<=[0-9][a-z]{2})x(?=[0-9]))"""
    r"|(?P<word>(?<=[0-9])[a-z]{1,2}(?=x[0-9])|(?<=[0-9])(?:ft|lbs?|h)(?=[0-9])|[^\W\d_][\w’']*)"
    r"|(?P<compare><=|>=|=<|=>|[<>≤≥])"
    r"|(?P<other>[^\s])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `form` is its lower-case text, `text[start:end]` what stood there."""

    kind: Kind
    form: str
    start: int
    end: int


def tokenise(text: str) -> list[Token]:
    """Tokens of a text in reading order; linear in its length."""
    return [
        Token(match.lastgroup or "other", match.group().lower(), match.start(), match.end())  # type: ignore[arg-type]
        for match in _TOKEN.finditer(text)
    ]
