"""Names that are words, too: what a stored value could mean beside what the index means by it.

A label either classifies (colours, genres: its values mean what the words mean) or names (brands, people: `Apple` may
be a fruit). What a word may mean instead depends on how familiar it is: see `Vocabulary.rank`.
"""

from __future__ import annotations

from threading import Lock
from weakref import WeakKeyDictionary

from bridge.entities import Entity
from bridge.schema import Label, Schema
from bridge.tagging import Dictionary, match_words
from bridge.tagging.grammar import Rank, ValuePack, Vocabulary

#: Where at least so many of a label's values are words of the language, the label classifies. Else values are names.
_CLASSIFYING = 0.75
#: Values looked at to tell; the most frequent ones.
_SAMPLE = 1_000
_FAMILIARITY: tuple[Rank, ...] = ("name", "rare", "uncommon", "common")


def names_things(name: str, schema: Schema, dictionary: Dictionary, vocabulary: Vocabulary, pack: ValuePack) -> bool:
    """Whether a label's values are names: its own name says so (`brand`, `car_make`), or they are no words."""
    return _is_naming(name, schema.labels[name], pack) or not classifies(dictionary, name, vocabulary)


def familiarity(entity: Entity, dictionary: Dictionary, vocabulary: Vocabulary) -> Rank | None:
    """How familiar the words of a value are as words; None for a name that cannot be taken for anything else.

    Several words in a row are a name (`Old Spice`), unless the index writes them as one (`go pro`, `GoPro`): then all
    of them must be familiar. A value with an apostrophe is a name: "Lay's", whatever "lays" is.
    """
    found = match_words(entity.text)
    key = entity.value if isinstance(entity.value, str) else ""
    joined = len(found) > 1 and dictionary.count(entity.label, key) > 0 and len(match_words(key)) == 1
    if any(sign in entity.text or sign in key for sign in "'’") or not (len(found) == 1 or joined):
        return None
    ranks = [vocabulary.rank(word.folded) for word in found]
    known = [rank for rank in ranks if rank is not None]
    return min(known, key=_FAMILIARITY.index) if len(known) == len(ranks) else None


def _is_naming(name: str, label: Label, pack: ValuePack) -> bool:
    return any(word.stem in pack.names for word in match_words(f"{name.replace('_', ' ')} {label.text or ''}"))


_CLASSES: WeakKeyDictionary[Dictionary, dict[str, bool]] = WeakKeyDictionary()
_LOCK = Lock()


def classifies(dictionary: Dictionary, label: str, vocabulary: Vocabulary) -> bool:
    """Whether a label's values, or those of most documents, are words; worked out once for each of them."""
    with _LOCK:
        known = _CLASSES.setdefault(dictionary, {})
    if label not in known:
        counts = dictionary.values(label)
        sample = sorted(counts, key=lambda key: (-counts[key], key))[:_SAMPLE]
        words = [key for key in sample if all(_is_word(w.folded, vocabulary) for w in match_words(key))]
        shares = (len(words), len(sample)), (sum(counts[key] for key in words), sum(counts[key] for key in sample))
        known[label] = bool(sample) and any(some >= _CLASSIFYING * all_ for some, all_ in shares)
    return known[label]


def _is_word(word: str, vocabulary: Vocabulary) -> bool:
    return vocabulary.knows(word) and vocabulary.rank(word) != "name"
