"""What people write instead of a stored value: shorter names, plurals, other joins, typing errors."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache

import inflect

from bridge.tagging.grammar import load_vocabulary

_SYMBOLS = re.compile(r"[®™©]")
_ASIDE = re.compile(r"^(?P<before>[^()]+?)\s*\((?P<inside>[^()]+)\)\s*$")
_SPACES = re.compile(r"\s+")
#: Stored where nothing is known: no value of anything.
_NOTHING = frozenset(
    (
        *(
            "n",
            "y",
            "n/a",
            "na",
            "none",
            "no",
            "yes",
            "null",
            "true",
            "false",
            "-",
            "unknown",
            "unspecified",
            "various",
        ),
        *("other", "others", "misc", "not available", "not applicable", "not supported", "not specified"),
    )
)
#: A text that is longer than this many words is a description, not a value.
_LONGEST = 6
#: Names of resolutions in pixels.
_RESOLUTIONS = {
    "800 x 600": ("SVGA",),
    "1024 x 768": ("XGA",),
    "1280 x 720": ("HD", "720p"),
    "1280 x 800": ("WXGA",),
    "1280 x 1024": ("SXGA",),
    "1600 x 1200": ("UXGA",),
    "1920 x 1080": ("Full HD", "full hd", "FHD", "1080p"),
    "1920 x 1200": ("WUXGA",),
    "2560 x 1440": ("QHD", "WQHD", "1440p"),
    "3840 x 2160": ("4K", "4K UHD", "UHD", "Ultra HD", "2160p"),
    "7680 x 4320": ("8K", "8K UHD"),
}
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {letter: beside for row in _ROWS for letter, beside in zip(row, row[1:] + row[-2], strict=True)}


def values_in(text: str) -> list[str]:
    """The values of a keyword field's text: lists are taken apart, what says nothing is dropped.

    Commas part values only where all parts are short, so `Silver, White` is two values and a sentence none.
    """
    parts = [part for line in re.split(r"[\n;|]|\\n", text) if (part := line.strip(" \t-*•·"))]
    found: list[str] = []
    for part in parts:
        pieces = [piece.strip() for piece in part.split(",")]
        found += pieces if all(len(piece.split()) <= 4 for piece in pieces) else [part]
    cleaned = (_SPACES.sub(" ", _SYMBOLS.sub("", value)).strip() for value in found)
    return [value for value in dict.fromkeys(cleaned) if _says_something(value)]


def _says_something(value: str) -> bool:
    return (
        value.casefold() not in _NOTHING
        and any(c.isalpha() for c in value)
        and len(value.split()) <= _LONGEST
        and len(value) <= 60
    )


def other_forms(
    values: Collection[str], names: Collection[str] = (), *, families: bool = False
) -> Mapping[str, list[str]]:
    """By value, other ways to write it, itself included.

    Args:
        values: all values of one label.
        names: values of other labels, folded, that a value may begin with and be known without: `Intel Core i7`.
        families: the values name models, so what several of them begin with is a name, too: `LaserJet`.

    `VGA (D-Sub)` is `VGA` or `D-Sub`; `Kingston Technology` is `Kingston`, where no other value begins so and the word
    is none that everyone uses; `Windows 10 Home` is `Windows 10`, where several values begin so.
    """
    firsts = Counter(value.split()[0].casefold() for value in values)
    prefixes = Counter(p for value in values for p in _prefixes(value))
    begun = Counter(v.split()[0].casefold() for v in values if re.match(r"[A-Za-z]{3,} \S*\d", v)) if families else {}
    forms: dict[str, list[str]] = {}
    for value in values:
        found = [value]
        if match := _ASIDE.match(value):
            found = [match["before"], match["inside"], value] if len(match["inside"]) > 1 else [match["before"], value]
        words = found[0].split()
        first = words[0].casefold()
        if len(words) > 1 and len(first) > 3 and firsts[first] == 1 and not is_common(first):
            found.append(words[0])
        found += [value[: len(p)] for p in _prefixes(value) if prefixes[p] >= 3 and any(c.isdigit() for c in p)]
        if begun.get(first, 0) >= 3 and first not in names and not is_common(first):
            found.append(words[0])
        if len(words) > 1 and first in names:
            found += [rest for form in found if len(rest := form.partition(" ")[2]) > 1]
        found += [last for form in found if _is_designation(last := form.split()[-1]) and last != form]
        if re.search(r"\d x \d", value):
            found.append(re.sub(r"(?<=\d) x (?=\d)", "x", value))
            found += _RESOLUTIONS.get(value, ())
        if "." in words[0] and words[0].rpartition(".")[2].casefold() in {"com", "net", "org", "de", "co"}:
            found.append(words[0].rpartition(".")[0])
        forms[value] = list(dict.fromkeys(found))
    return forms


def _is_designation(word: str) -> bool:
    """Letters before digits: `i7`, `P4015`, `R1900`."""
    return bool(re.fullmatch(r"[A-Za-z]{1,4}\d{1,5}[A-Za-z]{0,3}", word))


def is_common(word: str) -> bool:
    """Whether a word, folded, is one that everyone uses."""
    vocabulary = load_vocabulary(("en",))
    return vocabulary is not None and vocabulary.is_common(word)


def _prefixes(value: str) -> list[str]:
    """Beginnings of two words and more, cut at spaces and hyphens, shorter than the value."""
    cuts = [match.start() for match in re.finditer(r"[ -]", value)]
    found = (value[:cut].casefold() for cut in cuts[1:])
    return [prefix for prefix in found if len(re.split(r"[ -]", prefix)[-1]) > 1 or prefix[-1].isdigit()]


def joined_otherwise(text: str, rng: random.Random) -> str:
    """`RJ-45` as `RJ45` or `RJ 45`, `Cat6` as `cat 6`, `wi-fi` as `wifi`, an apostrophe left out."""
    match rng.randrange(4):
        case 0:
            return re.sub(r"(?<=\w)-(?=\w)", rng.choice(("", " ")), text)
        case 1:
            return re.sub(r"(?<=[A-Za-z]{2})(?=\d)", " ", text, count=1)
        case 2:
            return re.sub(r"['’]", "", text)
        case _:
            return re.sub(r"(?<=[A-Za-z]) (?=\d)", "", text, count=1)


@cache
def _inflect() -> inflect.engine:
    return inflect.engine()


@cache
def plural(text: str) -> str:
    """Its last word in the plural, where that is a plain word."""
    head, _, last = text.rpartition(" ")
    if not last.isalpha() or _inflect().singular_noun(last):
        return text
    return f"{head} {_inflect().plural_noun(last)}".strip()


@cache
def singular(text: str) -> str:
    """Its last word in the singular, where that is a plural."""
    head, _, last = text.rpartition(" ")
    one = _inflect().singular_noun(last) if last.isalpha() and len(last) > 3 else False
    return f"{head} {one}".strip() if one else text


def misspelt(text: str, rng: random.Random) -> str:
    """One word of at least four letters with one typing error."""
    words = text.split(" ")
    places = [at for at, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not places:
        return text
    at = rng.choice(places)
    words[at] = _typo(words[at], rng)
    return " ".join(words)


def _typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    vowels = "aeiou"
    match rng.randrange(6):
        case 0:
            return before + after
        case 1:
            return before + after[0] + letter + after[1:]
        case 2:
            return before + letter + letter + after
        case 3:
            return before + _NEIGHBOURS.get(letter.lower(), letter) + after
        case 4 if any(c in vowels for c in word[1:].lower()):
            vowel = rng.choice([i for i, c in enumerate(word) if i and c.lower() in vowels])
            return word[:vowel] + rng.choice(vowels) + word[vowel + 1 :]
        case _:  # double letters become one, as in "wireles"
            return re.sub(r"([a-z])\1", r"\1", word, count=1) if re.search(r"([a-z])\1", word) else before + after
