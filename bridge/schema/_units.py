"""Units that a schema may name: currencies by ISO 4217 code, and units of measure with their dimension and size.

Signs and symbols (`$`, `kg`) are the same in every language and stand here, and so do the words of currencies; words
for units of measure are in the language packs of the grammar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency: `signs` stand next to the amount (`$50`), `words` are words of their own (`50 dollars`)."""

    code: str
    signs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


_DOLLAR_WORDS = ("dollar", "dollars", "buck", "bucks")
_CURRENCIES = (
    Currency("USD", ("$", "us$"), ("usd", *_DOLLAR_WORDS)),
    Currency("CAD", ("$", "c$", "ca$"), ("cad", *_DOLLAR_WORDS)),
    Currency("AUD", ("$", "a$", "au$"), ("aud", *_DOLLAR_WORDS)),
    Currency("NZD", ("$", "nz$"), ("nzd", *_DOLLAR_WORDS)),
    Currency("SGD", ("$", "s$"), ("sgd", *_DOLLAR_WORDS)),
    Currency("HKD", ("$", "hk$"), ("hkd", *_DOLLAR_WORDS)),
    Currency("MXN", ("$", "mx$"), ("mxn", "peso", "pesos")),
    Currency("BRL", ("r$",), ("brl", "real", "reais")),
    Currency("EUR", ("€",), ("eur", "euro", "euros")),
    Currency("GBP", ("£",), ("gbp", "quid", "pound", "pounds", "sterling")),
    Currency("JPY", ("¥", "円"), ("jpy", "yen")),
    Currency("CNY", ("¥", "元"), ("cny", "rmb", "yuan")),
    Currency("INR", ("₹",), ("inr", "rs", "rupee", "rupees")),
    Currency("CHF", (), ("chf", "franc", "francs")),
    Currency("SEK", (), ("sek", "kr", "krona", "kronor")),
    Currency("NOK", (), ("nok", "kr", "krone", "kroner")),
    Currency("DKK", (), ("dkk", "kr", "krone", "kroner")),
    Currency("PLN", ("zł",), ("pln", "zl", "zloty")),
    Currency("CZK", ("kč",), ("czk",)),
    Currency("TRY", ("₺",), ("try", "lira")),
    Currency("ILS", ("₪",), ("ils", "shekel", "shekels")),
    Currency("KRW", ("₩",), ("krw", "won")),
    Currency("RUB", ("₽",), ("rub", "ruble", "rubles")),
    Currency("UAH", ("₴",), ("uah", "hryvnia")),
    Currency("VND", ("₫",), ("vnd", "dong")),
    Currency("PHP", ("₱",), ("php",)),
    Currency("THB", ("฿",), ("thb", "baht")),
    Currency("ZAR", (), ("zar", "rand")),
)
#: Currencies by ISO 4217 code.
CURRENCIES: Mapping[str, Currency] = MappingProxyType({currency.code: currency for currency in _CURRENCIES})


@dataclass(frozen=True, slots=True)
class Measure:
    """One unit of measure.

    `factor` is how many of its dimension's base unit one of it is, `zero` its own reading at the base unit's zero
    (32 for Fahrenheit). `signs` are how any language writes it; a word of English (`inch`) is in the English pack.
    """

    symbol: str
    dimension: str
    factor: float = 1.0
    signs: tuple[str, ...] = ()
    zero: float = 0.0


def _measures(dimension: str, units: Mapping[str, float | tuple[float, tuple[str, ...]]]) -> list[Measure]:
    """Units of one dimension; one that is given by its factor alone is written as its symbol in every language."""
    return [
        Measure(symbol, dimension, given, (symbol,))
        if isinstance(given, float)
        else Measure(symbol, dimension, given[0], given[1])
        for symbol, given in units.items()
    ]


_YEAR = 31_556_952.0  # seconds of a mean Gregorian year; a month is a twelfth, so that 2 years are 24 months
_MEASURES = (
    *_measures("length", {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0}),
    *_measures("length", {"inch": (0.0254, ()), "foot": (0.3048, ()), "yard": (0.9144, ()), "mile": (1609.344, ())}),
    *_measures("area", {"sqm": (1.0, ("m²", "m2", "qm")), "sqft": (0.09290304, ("ft²", "ft2"))}),
    *_measures("area", {"acre": (4046.8564224, ()), "hectare": (10_000.0, ("ha",))}),
    *_measures("mass", {"mg": 0.001, "g": 1.0, "kg": 1000.0, "tonne": (1e6, ())}),
    *_measures("mass", {"oz": 28.349523125, "lb": 453.59237}),
    *_measures("volume", {"ml": (0.001, ("ml", "cc", "ccm", "cm³")), "cl": 0.01, "l": 1.0}),
    *_measures("volume", {"floz": (0.0295735295625, ()), "cup": (0.2365882365, ()), "pint": (0.473176473, ())}),
    *_measures("volume", {"quart": (0.946352946, ()), "gallon": (3.785411784, ())}),
    *_measures("volume", {"cuft": (28.316846592, ("ft³", "ft3"))}),
    *_measures("data", {"kb": 1e3, "mb": 1e6, "gb": (1e9, ("gb", "gib")), "tb": (1e12, ("tb", "tib"))}),
    *_measures("bandwidth", {"kbps": 1e3, "mbps": (1e6, ("mbps", "mbit/s")), "gbps": (1e9, ("gbps", "gbit/s"))}),
    *_measures("frequency", {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}),
    *_measures("charge", {"mah": 1.0, "ah": 1000.0}),
    *_measures("energy", {"wh": 1.0, "kwh": 1000.0}),
    *_measures("power", {"w": 1.0, "kw": 1000.0, "hp": (745.69987158, ("hp", "bhp")), "ps": 735.49875}),
    *_measures("cooling", {"btu": 1.0}),
    *_measures("voltage", {"v": 1.0, "kv": 1000.0}),
    *_measures("current", {"ma": 0.001, "a": 1.0}),
    *_measures("speed", {"kmh": (1.0, ("km/h", "kmh", "kph")), "mph": 1.609344}),
    *_measures("consumption", {"mpg": 1.0}),
    *_measures("torque", {"nm": (1.0, ("nm",)), "lbft": (1.3558179483, ("lb-ft", "ft-lb"))}),
    *_measures("pressure", {"psi": 1.0, "bar": 14.503773773}),
    *_measures("sensor", {"mp": 1.0}),
    *_measures("dots", {"dpi": (1.0, ("dpi", "ppi"))}),
    *_measures("pixels", {"px": 1.0}),
    *_measures("frames", {"fps": 1.0}),
    *_measures("rotation", {"rpm": 1.0}),
    *_measures("sound", {"db": (1.0, ("db", "dba"))}),
    *_measures("light", {"lumen": (1.0, ("lm",))}),
    *_measures("brightness", {"nit": (1.0, ("cd/m²",))}),
    *_measures("color temperature", {"kelvin": (1.0, ("k",))}),
    *_measures("time", {"ms": 0.001, "second": (1.0, ()), "minute": (60.0, ()), "hour": (3600.0, ())}),
    *_measures(
        "time", {"day": (86_400.0, ()), "week": (604_800.0, ()), "month": (_YEAR / 12, ()), "year": (_YEAR, ())}
    ),
    *_measures("share", {"percent": (1.0, ("%",))}),
    *_measures("rating", {"star": (1.0, ("★",))}),
    *_measures("count", {"piece": (1.0, ()), "dozen": (12.0, ())}),
    *_measures("pages", {"page": (1.0, ())}),
    *_measures("nutrition", {"calorie": (1.0, ("kcal",)), "kj": 1 / 4.184}),
    *_measures("angle", {"degree": (1.0, ("°",))}),
    Measure("celsius", "temperature", 1.0, ("°c", "℃", "°")),
    Measure("fahrenheit", "temperature", 5 / 9, ("°f", "℉", "°"), zero=32.0),
)
#: Units of measure that a schema may name for a number label, by symbol.
MEASURES: Mapping[str, Measure] = MappingProxyType({measure.symbol: measure for measure in _MEASURES})


def is_currency(unit: str | None) -> bool:
    """Whether a number's unit is money."""
    return unit in CURRENCIES


def convert(value: float, unit: str, into: str) -> float | None:
    """A value of one unit of measure in another, rounded to 6 decimals; None where they measure different things.

    A value that is in the unit already is given back as it is.
    """
    if unit == into:
        return value
    one, other = MEASURES[unit], MEASURES[into]
    if one.dimension != other.dimension:
        return None
    return round((value - one.zero) * one.factor / other.factor + other.zero, 6)
