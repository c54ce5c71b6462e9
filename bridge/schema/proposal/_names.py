"""What names and values of fields say: words of a name, its unit, whether it holds text, things or identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bridge.entities import Stats
from bridge.schema._normalise import fold
from bridge.schema._units import CURRENCIES, MEASURES

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
#: Sub-fields that hold the same values as their field.
_TWINS = frozenset({"keyword", "raw", "exact", "untouched", "verbatim", "facet", "sort"})
TITLES = ("title", "name", "product", "headline", "heading", "subject", "label", "position", "model")
_PROSE = ("description", "summary", "body", "content", "text", "abstract", "overview", "plot", "extract", "details")
PROSE = (*_PROSE, "features", "bullets", "highlights", "synopsis", "story", "about", "notes", "message", "keywords")
#: Words of names that say: this identifies a document, it does not describe it.
_IDENTIFIERS = frozenset(
    {"id", "ids", "uid", "uuid", "guid", "sku", "ean", "gtin", "upc", "isbn", "asin", "mpn", "hash", "slug"}
    | {"url", "uri", "href", "link", "image", "images", "thumbnail", "photo", "email", "phone", "fax", "zip"}
    | {"postcode", "postal", "lat", "lon", "lng", "latitude", "longitude", "version", "checksum", "token"}
    | {"path", "file", "filename"}
)
#: Names of labels whose values describe the thing that is looked for.
_DESCRIBING = frozenset(
    {"brand", "manufacturer", "maker", "vendor", "color", "colour", "material", "fabric", "size", "flavor"}
    | {"flavour", "gender", "department", "style", "pattern", "season", "condition", "finish", "scent", "language"}
    | {"country", "city", "region", "author", "director", "actor", "genre", "company", "employer"}
)
_THINGS = frozenset({"product_type", "type", "item_type", "product_kind", "kind", "article"})
_MONEY = frozenset(
    {"price", "cost", "fee", "fare", "rent", "salary", "wage", "msrp", "rrp", "budget", "revenue", "payment"}
)
_UNIT_WORDS = {
    "inches": "inch", "ft": "foot", "feet": "foot", "yd": "yard", "miles": "mile", "pounds": "lb",
    "lbs": "lb", "ounces": "oz", "grams": "g", "gram": "g", "kilogram": "kg", "kilograms": "kg", "kilos": "kg",
    "liter": "l", "litre": "l", "liters": "l", "litres": "l", "gallons": "gallon", "watt": "w", "watts": "w",
    "wattage": "w", "volt": "v", "volts": "v", "voltage": "v", "amps": "a", "megapixel": "mp", "megapixels": "mp",
    "seconds": "second", "secs": "second", "sec": "second", "minutes": "minute", "mins": "minute", "hours": "hour",
    "hrs": "hour", "days": "day", "weeks": "week", "months": "month", "years": "year", "percentage": "percent",
    "pct": "percent", "stars": "star", "pages": "page", "calories": "calorie", "kcal": "calorie",
    "horsepower": "hp", "lumens": "lumen", "decibel": "db", "euro": "EUR", "euros": "EUR", "dollars": "USD",
}  # fmt: skip
#: Words of a name, and the unit that is usual for it where the median lies between two bounds.
_USUAL: tuple[tuple[frozenset[str], float, float, str], ...] = (
    (frozenset({"screen", "display", "diagonal"}), 1, 120, "inch"),
    (frozenset({"ram", "memory", "storage", "capacity", "disk", "ssd"}), 0.5, 30_000, "gb"),
    (frozenset({"battery"}), 400, 60_000, "mah"),
    (frozenset({"power"}), 1, 20_000, "w"),
    (frozenset({"refresh"}), 24, 500, "hz"),
    (frozenset({"resolution", "camera"}), 0.3, 300, "mp"),
    (frozenset({"duration", "runtime", "length_minutes"}), 1, 600, "minute"),
    (frozenset({"mileage", "odometer"}), 500, 500_000, "mile"),
    (frozenset({"rating", "stars"}), 0.5, 5, "star"),
    (frozenset({"discount"}), 0.5, 100, "percent"),
)
_AMOUNT = re.compile(r"\s*[<>~]?\s*\d[\d.,]*\s*([^\W\d_]{1,10}|[\"'%°])\.?\s*")


def words(name: str) -> list[str]:
    """Words of a field's name, lower case: `screenSize_inch` is screen, size, inch."""
    return [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", name.rpartition(".")[2]))]


def base_name(name: str) -> str:
    """The name without a sub-field that repeats it: `brand` of `brand.keyword`."""
    above, _, last = name.rpartition(".")
    return above if above and last in _TWINS else name


def label_name(name: str, unit: str | None = None) -> str:
    """A label's name for a field, in the form that schemas want, without the word of its unit."""
    found = words(base_name(name))
    while len(found) > 1 and unit is not None and _unit_of(found[-1]) == unit:
        found.pop()
    if len(found) > 1 and found[-1] == "in":
        found.pop()
    text = "_".join(re.sub(r"[^a-z0-9]", "", fold(word)) for word in found).strip("_")
    text = re.sub(r"_+", "_", text)
    return text[:64] if re.match(r"[a-z]", text) else f"field_{text}"[:64].rstrip("_")


def is_identifier(name: str) -> bool:
    """Whether a name says that the field identifies documents, or is an address."""
    return not _IDENTIFIERS.isdisjoint(words(base_name(name)))


def describes(label: str) -> bool:
    """Whether a label's values describe what is looked for (brands, colours), by its name."""
    return not _DESCRIBING.isdisjoint(label.split("_"))


def is_thing(label: str) -> bool:
    """Whether a label says what a thing is, by its name."""
    return label in _THINGS


def place_of(name: str) -> tuple[int, int]:
    """Where a text field stands among others: titles, then unknown names, then prose."""
    found = words(base_name(name))
    for rank, known in ((0, TITLES), (2, PROSE)):
        for at, word in enumerate(known):
            if word in found:
                return rank, at
    return 1, 0


def is_currency(name: str) -> bool:
    """Whether a name says that the field holds codes of currencies."""
    return "currency" in words(base_name(name))


def is_money(name: str) -> bool:
    """Whether a number's name says money."""
    return not _MONEY.isdisjoint(words(name))


def unit_in_name(name: str) -> str | None:
    """The unit that a name ends in or has among its words: `weight_kg`, `price_usd`."""
    found = words(name)
    if "per" in found:
        return "mpg" if {"miles", "gallon"} <= set(found) else None
    for word in reversed(found):
        if (unit := _unit_of(word)) and (len(word) > 1 or (word is found[-1] and word in "gwmlv")):
            return unit
    return None


def usual_unit(name: str, stats: Stats | None) -> str | None:
    """The unit that is usual for such a name, where the numbers are of the usual size."""
    found = frozenset(words(name))
    if stats is None:
        return None
    return next((unit for known, low, high, unit in _USUAL if known & found and low <= stats.median <= high), None)


def currency_in(texts: Iterable[str]) -> str | None:
    """The currency whose sign or code stands most often beside numbers in some texts."""
    counts: dict[str, int] = {}
    for text in texts:
        for sign, code in (("€", "EUR"), ("£", "GBP"), ("¥", "JPY"), ("₹", "INR"), ("$", "USD")):
            counts[code] = counts.get(code, 0) + len(
                re.findall(rf"{re.escape(sign)}\s?\d|\d\s?{re.escape(sign)}", text)
            )
    best = max(counts, key=lambda code: counts[code], default=None)
    return best if best is not None and counts[best] else None


def unit_of_texts(texts: Iterable[str]) -> str | None:
    """The unit that most of some values are amounts in (`16 GB`); None where they are no amounts, or of several."""
    given = list(texts)
    found = [_unit_of(match[1].lower()) for text in given if (match := _AMOUNT.fullmatch(text))]
    units = {unit for unit in found if unit is not None}
    return units.pop() if len(units) == 1 and len(found) >= 0.8 * len(given) else None


def _unit_of(word: str) -> str | None:
    if word.upper() in CURRENCIES and len(word) == 3 and word not in ("try", "php"):
        return word.upper()
    if word in _UNIT_WORDS:
        return _UNIT_WORDS[word]
    return word if word in MEASURES else None
