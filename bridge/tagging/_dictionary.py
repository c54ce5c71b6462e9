"""The dictionary: values that exist in an index, found in texts and looked up one by one.

Matching is by words in their matching form (case, accents, apostrophes, `&`/`and` and simple plurals do not matter),
the longest value first. Typing errors are forgiven only by `lookup`, never by `find`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bridge.entities import Entity
from bridge.errors import InputError
from bridge.tagging._matching import Word, words

How = Literal["exact", "folded", "plural", "synonym", "typo"]

#: Values of more words are looked up, but not searched for in texts.
MAX_WORDS = 12
#: Texts longer than this are never taken for a misspelt value.
MAX_TYPO_LENGTH = 100
_SNAPSHOT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Link:
    """A text linked to stored values.

    `keys` are the stored keys as the index holds them, best first; several where they differ only in case, accents or
    number (`Smartwatch`, `Smartwatches`). `count` is how many documents carry them, added up.
    """

    keys: tuple[str, ...]
    how: How
    count: int


class _Entry(NamedTuple):
    """One form under which a stored key is found."""

    label: str
    key: str
    folded: str
    synonym: bool = False


@dataclass(slots=True)
class _Shelf:
    """Entries of one label whose folded forms share first letter and length, and those forms, side by side."""

    entries: list[_Entry]
    forms: list[str]


class Dictionary:
    """Values of one schema by label. Immutable, safe to share between threads.

    `values` maps label → stored key → number of documents; `synonyms` maps label → value → other words for it (a
    synonym of a value that is not stored is left out). `generation` names this content; default: a hash of it.
    """

    def __init__(
        self,
        values: Mapping[str, Mapping[str, int]],
        synonyms: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
        generation: str | None = None,
    ) -> None:
        self._values = {label: dict(keys) for label, keys in values.items()}
        self._synonyms = {
            label: {key: list(others) for key, others in by_key.items()} for label, by_key in (synonyms or {}).items()
        }
        self.generation = generation if generation is not None else self._hash()
        self._entries: dict[str, list[_Entry]] = {}
        #: First word of a form → most words that a form starting with it has.
        self._longest: dict[str, int] = {}
        self._shelves: dict[str, dict[tuple[str, int], _Shelf]] = {}
        for label, keys in self._values.items():
            for key in keys:
                self._add(label, key, key, synonym=False)
        self._add_synonyms()

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that have values."""
        return tuple(self._values)

    def __len__(self) -> int:
        return sum(len(keys) for keys in self._values.values())

    def values(self, label: str) -> Mapping[str, int]:
        """Stored keys of a label with their document counts (a copy)."""
        return dict(self._values.get(label, {}))

    def count(self, label: str, key: str) -> int:
        """How many documents carry a stored key; 0 where none does."""
        return self._values.get(label, {}).get(key, 0)

    def find(self, text: str) -> list[Entity]:
        """Every value in a text, in reading order: the longest at each word and label, overlaps left to the resolver.

        `value` is the best stored key (see `lookup` for all of them), the score 1.0, the source `dictionary`. Linear
        in the text's length.
        """
        stream = words(text)
        found: list[Entity] = []
        for at, word in enumerate(stream):
            longest = min(self._longest.get(word.stem, 0), len(stream) - at)
            seen: set[str] = set()
            for size in range(longest, 0, -1):
                run = stream[at : at + size]
                entries = self._entries.get(_join(run))
                if entries is None:
                    continue
                for label, candidates in _by_label(entries):
                    if label not in seen:
                        seen.add(label)
                        found.append(self._entity(text, run, label, candidates))
        return found

    def lookup(self, label: str, text: str) -> Link | None:
        """The stored values that a text means: exact, folded, plural, by synonym or with a typing error; or None.

        Typing errors: one edit (or two letters swapped) from four letters on, two from eight on, the first letter and
        all digits right; of equally near values the one in most documents wins.
        """
        run = words(text)
        if not run:
            return None
        entries = [entry for entry in self._entries.get(_join(run), ()) if entry.label == label]
        if entries:
            return self._link(label, text, run, entries)
        near = self._nearest(label, run)
        if near is None:
            return None
        keys = [entry for entry in self._entries[_join(words(near.folded))] if entry.label == label] or [near]
        ordered = self._ordered(label, keys, near.folded)
        return Link(ordered, "typo", sum(self.count(label, key) for key in ordered))

    def to_json(self) -> str:
        """A snapshot for an offline start: JSON text, the same for the same content."""
        return _dump(
            {
                "version": _SNAPSHOT_VERSION,
                "generation": self.generation,
                "values": self._values,
                "synonyms": self._synonyms,
            }
        )

    @classmethod
    def from_json(cls, snapshot: str | bytes) -> Dictionary:
        """A dictionary from `to_json`'s text. Raises `InputError` where it is none."""
        try:
            data = json.loads(snapshot)
            version = data["version"]
            values = {
                str(label): {str(key): int(count) for key, count in keys.items()}
                for label, keys in data["values"].items()
            }
            synonyms = {
                str(label): {str(key): [str(word) for word in others] for key, others in by_key.items()}
                for label, by_key in data.get("synonyms", {}).items()
            }
            generation = str(data["generation"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise InputError(
                "not a snapshot of a values dictionary", hint="write one with Dictionary.to_json"
            ) from None
        if version != _SNAPSHOT_VERSION:
            raise InputError(f"a snapshot of version {version!r}; this release reads {_SNAPSHOT_VERSION}")
        return cls(values, synonyms, generation)

    # ------------------------------------------------------------------------------------------------ building

    def _hash(self) -> str:
        content = _dump({"values": self._values, "synonyms": self._synonyms})
        return hashlib.blake2b(content.encode("ascii"), digest_size=8).hexdigest()

    def _add(self, label: str, key: str, form: str, *, synonym: bool) -> None:
        run = words(form)
        if not run:
            return
        joined = _join(run)
        entries = self._entries.setdefault(joined, [])
        if any(entry.label == label and entry.key == key for entry in entries):
            return
        entries.append(_Entry(label, key, _fold(run), synonym))
        if len(run) <= MAX_WORDS:
            self._longest[run[0].stem] = max(self._longest.get(run[0].stem, 0), len(run))

    def _add_synonyms(self) -> None:
        for label, by_key in self._synonyms.items():
            for value, others in by_key.items():
                run = words(value)
                stored = [entry.key for entry in self._entries.get(_join(run), ()) if entry.label == label]
                for other in others:
                    for key in stored:
                        self._add(label, key, other, synonym=True)

    # ------------------------------------------------------------------------------------------------- reading

    def _entity(self, text: str, run: Sequence[Word], label: str, entries: Sequence[_Entry]) -> Entity:
        start, end = run[0].start, run[-1].end
        best = self._ordered(label, entries, _fold(run))[0]
        return Entity(label, text[start:end], best, start, end, 1.0, "dictionary")

    def _ordered(self, label: str, entries: Sequence[_Entry], folded: str) -> tuple[str, ...]:
        """Stored keys, those of the same folded form first, then by count, then by name."""
        ranked = sorted(entries, key=lambda e: (e.synonym, e.folded != folded, -self.count(label, e.key), e.key))
        return tuple(dict.fromkeys(entry.key for entry in ranked))

    def _link(self, label: str, text: str, run: Sequence[Word], entries: Sequence[_Entry]) -> Link:
        own = [entry for entry in entries if not entry.synonym]
        folded = _fold(run)
        keys = self._ordered(label, own or entries, folded)
        how: How = "plural"
        if not own:
            how = "synonym"
        elif text in keys:
            keys = (text, *(key for key in keys if key != text))
            how = "exact"
        elif any(entry.folded == folded for entry in own):
            how = "folded"
        return Link(keys, how, sum(self.count(label, key) for key in keys))

    def _nearest(self, label: str, run: Sequence[Word]) -> _Entry | None:
        folded = _fold(run)
        allowed = _allowed_edits(folded)
        if not allowed or len(folded) > MAX_TYPO_LENGTH:
            return None
        shelves = self._shelves_of(label)
        digits = _digits(folded)
        best: tuple[int, int, str] | None = None
        nearest: _Entry | None = None
        for length in range(len(folded) - allowed, len(folded) + allowed + 1):
            shelf = shelves.get((folded[0], length))
            if shelf is None:
                continue
            for form, distance, at in process.extract(
                folded, shelf.forms, scorer=OSA.distance, score_cutoff=allowed, limit=None, processor=None
            ):
                if _digits(form) != digits or distance > _allowed_edits(form):
                    continue
                entry = shelf.entries[at]
                rank = (int(distance), -self.count(label, entry.key), entry.key)
                if best is None or rank < best:
                    best, nearest = rank, entry
        return nearest

    def _shelves_of(self, label: str) -> dict[tuple[str, int], _Shelf]:
        """Entries by first letter and length, so that a misspelt word is compared with few of them; made on first use.

        Two threads may both make them; the results are equal and the last one stays.
        """
        shelves = self._shelves.get(label)
        if shelves is None:
            shelves = {}
            for entries in self._entries.values():
                for entry in entries:
                    if entry.label == label and _allowed_edits(entry.folded):
                        shelf = shelves.setdefault((entry.folded[0], len(entry.folded)), _Shelf([], []))
                        shelf.entries.append(entry)
                        shelf.forms.append(entry.folded)
            self._shelves[label] = shelves
        return shelves


def _join(run: Sequence[Word]) -> str:
    return " ".join(word.stem for word in run)


def _fold(run: Sequence[Word]) -> str:
    return " ".join(word.folded for word in run)


def _by_label(entries: Sequence[_Entry]) -> Iterator[tuple[str, list[_Entry]]]:
    grouped: dict[str, list[_Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.label, []).append(entry)
    yield from grouped.items()


def _allowed_edits(folded: str) -> int:
    letters = sum(character.isalpha() for character in folded)
    if letters < 4:
        return 0
    return 1 if letters < 8 else 2


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
