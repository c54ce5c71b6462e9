"""Units that a schema may name: currencies by ISO 4217 code, with the signs and words that stand for them in text."""

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

#: Units of measure that a schema may name for a number label.
MEASURES: tuple[str, ...] = (
    *("mm", "cm", "m", "km", "inch", "foot", "yard", "mile"),
    *("mg", "g", "kg", "oz", "lb"),
    *("ml", "l", "floz", "gallon"),
    *("kb", "mb", "gb", "tb"),
    *("hz", "khz", "mhz", "ghz"),
    *("mah", "wh", "w", "kw", "v"),
    *("mp", "dpi", "px", "fps", "rpm", "mbps", "gbps"),
    *("second", "minute", "hour", "day", "week", "month", "year"),
    *("percent", "star", "piece", "page", "calorie", "celsius", "fahrenheit"),
)


def is_currency(unit: str | None) -> bool:
    """Whether a number's unit is money."""
    return unit in CURRENCIES
