"""Numbers as shoppers write them: `15.6"`, `8 gig`, `under $50`, `pack of 24`."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache
from math import log10

from bridge.schema import CURRENCIES, MEASURES, Label, convert, is_currency
from bridge.tagging.grammar import load_pack
from bridge.tagging.grammar._words import QuantityPack

#: Units that the same amount is also given in; only amounts that stay handy (0.1 to 2000) are.
_ALSO = {"m": ("foot", "cm"), "cm": ("inch", "mm"), "mm": ("cm",), "inch": ("cm",), "foot": ("m",), "gb": ("tb", "mb")}
_ALSO |= {"kg": ("lb", "g"), "g": ("kg", "oz"), "lb": ("oz", "kg"), "oz": ("lb", "g"), "l": ("ml",), "ml": ("l",)}
_MARKS = {"inch": ('"', "″"), "foot": ("'",)}
_COUNTS = (
    *("{n} pack", "{n}-pack", "pack of {n}", "{n} pcs", "{n} pieces", "{n} count", "{n} ct", "{n}pk", "set of {n}"),
    *("box of {n}", "x{n}", "{n}-count", "{n} pk", "{n} pc", "{n} sheets", "{n} units"),
)
_LIMITS = (
    *("under {a}", "under {a}", "below {a}", "less than {a}", "up to {a}", "max {a}", "over {a}", "above {a}", "{a}"),
    *("more than {a}", "around {a}", "at most {a}", "between {a} and {b}", "{a} to {b}", "from {a}", "for {a}"),
    *("cheaper than {a}", "{a}-{b}"),
)
_AMOUNT = re.compile(r"(?P<number>\d[\d,]*(?:\.\d+)?)[ -]?(?P<sign>[^\d\s][^\d]*)")


def amount_text(value: float, label: Label, rng: random.Random) -> str | None:
    """One way to write an amount of a number label, whose unit it is in; None where nobody would write it."""
    if value <= 0:
        return None
    if is_currency(label.unit):
        return _price(value, str(label.unit), rng)
    if label.unit is None:
        return rng.choice(_COUNTS).format(n=_number(value)) if value == int(value) and 1 < value <= 5000 else None
    unit = label.unit
    other = rng.choice(_ALSO.get(unit, (unit,)))
    if other != unit and (rng.random() < 0.3 or not 0.1 <= value < 1000):
        converted = convert(value, unit, other)
        # 3.05 m is "10 ft", and nobody says 9.8 ft for 3 m.
        if converted is not None and 1 <= converted <= 2000 and abs(converted - round(converted)) < 0.02 * converted:
            value, unit = float(round(converted)), other
    number = _number(round(value, 1) if value >= 1 else value)
    signs = _signs(unit)
    usual = signs[:3]  # "gb", "gbs", "gig" … the usual ones stand first
    sign = rng.choice((*signs[:1] * 3, *usual * 2, *signs) or (unit,))
    if unit in _MARKS and rng.random() < 0.3:
        return number + rng.choice(_MARKS[unit])
    return f"{number}{rng.choice((' ', ' ', '', '-') if len(sign) < 5 else (' ',))}{sign}"


def amounts_in_title(value: float, label: Label) -> Sequence[str]:
    """Ways to write an amount in which it may stand in a title; the first word is always the number."""
    number = _number(value)
    if label.unit is None or is_currency(label.unit):
        return [f"{number} {word}" for word in ("pc", "pcs", "pack", "pk", "count", "ct", "pieces")]
    return [f"{number} {sign}" for sign in (*_signs(label.unit), *_MARKS.get(label.unit, ()))]


@cache
def _signs(unit: str) -> tuple[str, ...]:
    pack = load_pack("en", "quantities", QuantityPack)
    return (*MEASURES[unit].signs, *(pack.units.get(unit, ()) if pack is not None else ()))


def rewritten_amount(text: str, rng: random.Random) -> str | None:
    """A text that is a number with a unit, written in another way or with another number; None where it is none."""
    found = _number_and_unit(text)
    if found is None:
        return None
    value, unit = found
    if rng.random() < 0.3:
        value = rng.choice((1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 18, 20, 24, 30, 32, 36, 40, 48, 50, 64, 100))
    return amount_text(value, Label(kind="number", unit=None if unit == "piece" else unit), rng) or text


def is_amount(text: str) -> bool:
    """Whether a text is a number with a unit: `5 m`, `250GB`, `17-inch`."""
    return _number_and_unit(text) is not None


def _number_and_unit(text: str) -> tuple[float, str] | None:
    match = _AMOUNT.fullmatch(text)
    unit = match and _unit_of_sign().get(match["sign"].casefold().strip(". "))
    return (float(match["number"].replace(",", "")), unit) if match and unit else None


@cache
def _unit_of_sign() -> dict[str, str]:
    found: dict[str, str] = {}
    for unit in MEASURES:
        for sign in _signs(unit):
            found.setdefault(sign.casefold(), unit)
    return found


def _price(value: float, unit: str, rng: random.Random) -> str:
    if rng.random() < 0.5:  # the stored numbers may be cents, or of dear things only
        value = rng.choice((1, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8)) * 10 ** rng.randint(1, 3)
    elif rng.random() < 0.8:
        value = _round(value)
    currency = CURRENCIES[unit]
    more = _round(value * rng.choice((1.5, 2, 2.5, 3)))

    def write(amount: float) -> str:
        number = _number(amount)
        if currency.signs and rng.random() < 0.7:
            return currency.signs[0] + number
        return f"{number} {rng.choice(currency.words)}" if rng.random() < 0.8 else number

    return rng.choice(_LIMITS).format(a=write(value), b=write(more))


def _round(value: float) -> float:
    """To one or two leading digits, as limits are named."""
    step = 10 ** max(0, int(log10(max(value, 1))) - 1) * 5
    return float(max(1, round(value / step) * step))


def _number(value: float) -> str:
    return f"{value:g}" if value < 1e6 else str(int(value))
