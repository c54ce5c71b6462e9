"""Amounts in text: numbers with separators and multipliers, and the currency before or after them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.schema import CURRENCIES
from bridge.tagging.grammar._tokens import Token

#: Numbers with more characters are left alone: no amount is that long, and parsing one costs time.
MAX_NUMBER = 18


def _signs() -> dict[str, frozenset[str]]:
    signs: dict[str, set[str]] = {}
    for currency in CURRENCIES.values():
        for sign in currency.signs:
            signs.setdefault(sign, set()).add(currency.code)
    return {sign: frozenset(codes) for sign, codes in signs.items()}


def _words() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for currency in CURRENCIES.values():
        for word in currency.words:
            found.setdefault(word, set()).add(currency.code)
    return {word: frozenset(codes) for word, codes in found.items()}


_SIGNS = _signs()
_CURRENCY_WORDS = _words()
#: Letters that multiply where they touch the number (`$2k`), and words that do after a space (`$2 million`).
_MULTIPLIERS: Mapping[str, float] = {"k": 1e3, "m": 1e6}
_MULTIPLIER_WORDS: Mapping[str, float] = {"thousand": 1e3, "grand": 1e3, "million": 1e6, "billion": 1e9}
#: Codes that may stand before an amount (`USD 20`); those that are also words or names of other things may not.
_CODES_BEFORE = frozenset(code.lower() for code in CURRENCIES) - {"try", "php", "all", "cad"}
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]+)?|[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number in a text: `currencies` are the codes that its sign or word allows, None where it has neither.

    `first` and `last` are the positions of its tokens, `last` exclusive.
    """

    value: float
    currencies: frozenset[str] | None
    first: int
    last: int


def parse_number(text: str) -> float | None:
    """The number that digits with separators stand for, or None.

    `1,299.99`, `1.299,99` and `12,50` are understood; a single dot is a decimal point, a single comma before exactly
    three digits separates thousands.
    """
    if len(text) > MAX_NUMBER:
        return None
    commas, dots = text.count(","), text.count(".")
    if not commas and dots <= 1:
        return float(text)
    if _GROUPED.fullmatch(text):
        decimal = max(text.rfind(","), text.rfind("."))
        separator = text[decimal]
        if text.count(separator) > 1 or (commas and not dots):
            return float(text.replace(separator, ""))
        whole = text[:decimal].replace(",", "").replace(".", "")
        return float(f"{whole}.{text[decimal + 1 :]}")
    if commas == 1 and not dots and len(text) - text.index(",") <= 3:
        return float(text.replace(",", "."))
    return None


def read_amount(tokens: Sequence[Token], at: int) -> Amount | None:
    """The amount that starts at a token, with its currency, or None.

    None also where the number is part of something else: `15inch`, `3x4`, `5%`, `10:30`, `1/2`, `$5/lb`.
    """
    first = at
    currencies, at = _currency_before(tokens, at)
    if at >= len(tokens) or tokens[at].kind != "number":
        return None
    number = tokens[at]
    value = parse_number(number.form)
    if value is None or not _free_before(tokens, first, signed=currencies is not None):
        return None
    at += 1
    factor = _multiplier(tokens, at, number)
    if factor is not None:
        at += 1
    after, at = _currency_after(tokens, at)
    if after is not None:
        currencies = after if currencies is None else currencies & after
    elif factor is not None and currencies is None:
        return None  # `4k` alone is a resolution as often as a price
    if not _free_after(tokens, at, spoken=currencies is not None):
        return None
    return Amount(value * (factor or 1.0), currencies, first, at)


def _currency_before(tokens: Sequence[Token], at: int) -> tuple[frozenset[str] | None, int]:
    """The currency that a sign (`$`), a spaced sign (`us $`) or a code (`USD`) before an amount names."""
    if at >= len(tokens):
        return None, at
    token = tokens[at]
    if token.kind == "sign":
        return _SIGNS.get(token.form), at + 1
    if token.kind == "word" and at + 1 < len(tokens):
        if tokens[at + 1].kind == "sign" and token.form + tokens[at + 1].form in _SIGNS:
            return _SIGNS[token.form + tokens[at + 1].form], at + 2
        if tokens[at + 1].kind == "number" and token.form in _CODES_BEFORE:
            return _CURRENCY_WORDS[token.form], at + 1
    return None, at


def _multiplier(tokens: Sequence[Token], at: int, number: Token) -> float | None:
    if at < len(tokens) and tokens[at].kind == "word":
        table = _MULTIPLIERS if tokens[at].start == number.end else _MULTIPLIER_WORDS
        return table.get(tokens[at].form)
    return None


def _currency_after(tokens: Sequence[Token], at: int) -> tuple[frozenset[str] | None, int]:
    if at >= len(tokens):
        return None, at
    token = tokens[at]
    if token.kind == "sign":
        touches = token.start == tokens[at - 1].end
        follows = at + 1 < len(tokens) and tokens[at + 1].kind == "number" and tokens[at + 1].start == token.end
        if touches or not follows:
            return _SIGNS[token.form], at + 1
    elif token.kind == "word" and token.form in _CURRENCY_WORDS:
        return _CURRENCY_WORDS[token.form], at + 1
    return None, at


def _free_before(tokens: Sequence[Token], first: int, *, signed: bool) -> bool:
    """Whether nothing before the amount makes it part of a longer thing (`-5`, `1/2`, `a.5`, `x4`)."""
    if first == 0 or tokens[first - 1].end != tokens[first].start:
        return True
    before = tokens[first - 1]
    if before.kind == "other":
        return before.form in "([{\"'“‘:~=+;|" or (before.form in "-–—" and (signed or _is_range_dash(tokens, first)))
    return before.kind == "compare" or (before.kind == "sign" and not signed)


def _is_range_dash(tokens: Sequence[Token], first: int) -> bool:
    """Whether the dash before an amount stands between two amounts: `10-25`, `$10-25`."""
    return first >= 2 and tokens[first - 2].end == tokens[first - 1].start and tokens[first - 2].kind != "other"


def _free_after(tokens: Sequence[Token], last: int, *, spoken: bool) -> bool:
    """Whether nothing that touches the amount's end makes it part of a longer thing (`15inch`, `5%`, `10:30`).

    A quotation mark means inches, unless a currency was spoken.
    """
    if last >= len(tokens) or tokens[last].start != tokens[last - 1].end:
        return True
    after = tokens[last]
    if after.kind == "other":
        return after.form in ",.;!?)]}+-–—”’" or (spoken and after.form in "\"'")
    return after.kind == "compare"
