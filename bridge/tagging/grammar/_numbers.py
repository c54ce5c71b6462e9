"""Numbers in text: digits with separators, fractions, and number words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from bridge.tagging.grammar._packs import Pack
from bridge.tagging.grammar._tokens import Token, Tokens

#: Numbers with more characters are left alone: no amount is that long, and parsing one costs time.
MAX_NUMBER = 18
#: Number words in a row that are looked at: "one hundred and twenty three thousand four hundred and fifty six".
_MAX_WORDS = 16
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]+)?|[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?")
#: What follows thousands and what sets them apart: three digits, and two more of cents.
_SPACED = re.compile(r"[0-9]{3}(?:[.,][0-9]{2})?")
_LEADING_ZERO = re.compile(r"0[0-9]")
#: Denominators that are written with a slash: `1/2 inch`, `3/16`. `24/7` and `50/50` are no amounts.
_DENOMINATORS = frozenset({"2", "3", "4", "5", "6", "8", "10", "12", "16", "32", "64"})


class NumberWords(Pack):
    """The number words of one language."""

    #: Words of one value each, and words below a hundred that a smaller one may follow: `twenty`, `twenty five`.
    values: Mapping[str, float] = Field(default_factory=dict)
    tens: Mapping[str, float] = Field(default_factory=dict)
    #: Words that multiply what stands before: `two hundred`, `50 thousand`.
    scales: Mapping[str, float] = Field(default_factory=dict)
    #: Parts of one: `half`, `quarter`.
    parts: Mapping[str, float] = Field(default_factory=dict)
    #: Words that mean one before a scale, a part or a unit: `a hundred`, `half an inch`.
    articles: frozenset[str] = frozenset()
    #: Words before a temperature that make it negative.
    minus: frozenset[str] = frozenset()
    #: Words that join: `two hundred and fifty`, `two and a half`.
    joins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text; `last` is the position after its tokens, `spelled` whether words say it.

    An `article` alone (`a gallon`) says one only where a unit follows and something compares.
    """

    value: float
    last: int
    spelled: bool = False
    article: bool = False
    #: Written with a slash or as `½`: without a unit it is a date, a score or a size of something.
    fraction: bool = False


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


def read_number(tokens: Tokens, at: int, words: NumberWords) -> Number | None:
    """The number that starts at a token: `12.5`, `1/2`, `3 1/2`, `3-3/4`, `1½`, `twenty five`, `two and a half`."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    if token.kind != "number":
        part = _vulgar(token)
        return Number(part, at + 1, fraction=True) if part is not None else _read_words(tokens, at, words)
    fraction = _fraction(tokens, at)
    if fraction is not None:
        return Number(fraction, at + 3, fraction=True)
    value = parse_number(token.form)
    if value is None or _LEADING_ZERO.match(token.form):
        return None
    grouped = _grouped(tokens, at)
    if grouped is not None:
        return grouped
    whole = token.form.isdigit() and len(token.form) <= 4
    following = at + 2 if tokens.is_hyphen(at + 1) else at + 1
    if whole and following < len(tokens):
        part = _vulgar(tokens[following])
        if part is not None:
            return Number(value + part, following + 1, fraction=True)
        fraction = _fraction(tokens, following)
        if fraction is not None and fraction < 1:
            return Number(value + fraction, following + 3, fraction=True)
    return _and_a_half(tokens, at + 1, value, words) or Number(value, at + 1)


def _grouped(tokens: Tokens, at: int) -> Number | None:
    """The number whose thousands a space or an apostrophe sets apart: `10 000`, `2'500`, `1'299.95`.

    Behind a space only `000` goes on: other digits may be a number of their own (`iphone 12 256 gb`).
    """
    digits, after = tokens[at].form, tokens.get(at + 1)
    if after is None or not (digits.isdigit() and len(digits) <= 3):
        return None
    if after.form == "000":
        return Number(float(digits) * 1000, at + 2)
    last = at + 1
    while tokens.is_other(last, "'’") and tokens.touches(last) and tokens.touches(last + 1):
        if _SPACED.fullmatch(tokens[last + 1].form) is None or not digits.isdigit():
            return None
        digits, last = digits + tokens[last + 1].form.replace(",", "."), last + 2
    return Number(float(digits), last) if last > at + 1 and len(digits) <= MAX_NUMBER else None


def read_spaced(tokens: Tokens, at: int) -> Number | None:
    """The number whose thousands a space sets apart from three digits that are not `000`: `1 299,95`."""
    token, after = tokens.get(at), tokens.get(at + 1)
    if token is None or after is None or not (token.form.isdigit() and len(token.form) <= 3):
        return None
    if token.form.startswith("0") or _SPACED.fullmatch(after.form) is None:
        return None
    return Number(float(token.form + after.form.replace(",", ".")), at + 2)


def _fraction(tokens: Tokens, at: int) -> float | None:
    """The fraction of three touching tokens (`1/2`) that nothing continues, as in a date."""
    if at + 2 >= len(tokens) or tokens[at + 1].form != "/":
        return None
    top, slash, bottom = tokens[at : at + 3]
    if top.end != slash.start or slash.end != bottom.start or bottom.form not in _DENOMINATORS:
        return None
    if not (top.form.isdigit() and len(top.form) <= 2):
        return None
    if at + 3 < len(tokens) and tokens[at + 3].form == "/" and tokens[at + 3].start == bottom.end:
        return None
    value = int(top.form) / int(bottom.form)
    return value if 0 < value < 10 else None


def _vulgar(token: Token) -> float | None:
    """The value of a fraction in one character: `½`."""
    if len(token.form) != 1 or unicodedata.category(token.form) != "No":
        return None
    value = unicodedata.numeric(token.form, 0.0)
    return value if 0 < value < 1 else None


def _and_a_half(tokens: Tokens, at: int, value: float, words: NumberWords) -> Number | None:
    """`two and a half`."""
    if tokens.word(at) in words.joins and tokens.word(at + 1) in words.articles:
        part = words.parts.get(tokens.word(at + 2))
        if part is not None:
            return Number(value + part, at + 3, spelled=True)
    return None


def _read_words(tokens: Tokens, at: int, words: NumberWords) -> Number | None:
    """`twenty five`, `two hundred and fifty`, `a hundred`, `half a`, `three quarters`."""
    part = words.parts.get(tokens.word(at))
    if part is not None:
        last = at + 2 if tokens.word(at + 1) in words.articles else at + 1
        return Number(part, last, spelled=True)
    article = tokens.word(at) in words.articles
    if article and tokens.word(at + 1) not in words.scales:
        part = words.parts.get(tokens.word(at + 1))
        if part is not None:
            return Number(part, at + 2, spelled=True)
        return Number(1.0, at + 1, spelled=True, article=True)
    total, group, position = 0.0, 1.0 if article else 0.0, at + 1 if article else at
    open_below = 0.0 if article else 1e3  # the next plain word must be below this
    smallest = float("inf")
    last = at
    for _ in range(_MAX_WORDS):
        if position > at and not article and tokens.is_hyphen(position):
            position += 1
        form = tokens.word(position)
        if form in words.joins and last > at and group >= 100 and _below_hundred(tokens, position + 1, words):
            if words.scales.get(tokens.word(position + 2), 1e3) < 1e3:
                break  # "between two hundred and four hundred"
            position += 1
            continue
        if form in words.scales:
            scale = words.scales[form]
            if group == 0 or scale >= smallest or (scale < 1e3 and group >= 100):
                break
            group *= scale
            if scale >= 1e3:
                total, group, smallest = total + group, 0.0, scale
                open_below = scale
            else:
                open_below = 100.0
        elif form in words.tens and words.tens[form] < open_below:
            group += words.tens[form]
            open_below = 10.0
        elif form in words.values and words.values[form] < open_below:
            group += words.values[form]
            open_below = 0.0
        else:
            break
        article = False
        position += 1
        last = position
    if last == at:
        return None
    value = total + group
    if value <= 10:
        part = words.parts.get(tokens.word(last))
        if part is not None:
            return Number(value * part, last + 1, spelled=True)
        halved = _and_a_half(tokens, last, value, words)
        if halved is not None:
            return halved
    return Number(value, last, spelled=True)


def _below_hundred(tokens: Tokens, at: int, words: NumberWords) -> bool:
    form = tokens.word(at)
    return form in words.tens or form in words.values
