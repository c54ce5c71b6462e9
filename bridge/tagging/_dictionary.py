"""The dictionary: values that exist in an index, found in texts and looked up one by one.

Matching is by words in their matching form: case, accents, apostrophes, `&`/`and` and simple plurals do not matter, nor
where words are joined (`t-shirt`, `tshirt`, `t shirt`). The longest value goes first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from bridge.entities import Entity
from bridge.errors import InputError
from bridge.tagging._matching import SPELLINGS, STRUCTURE, Word, compact, words
from bridge.tagging._near import NearForms, allowed_edits, edits_between

How = Literal["exact", "folded", "plural", "synonym", "typo"]
Range = tuple[int, int]
#: What is known of a word that no value has: one of the language, only a name, or nothing.
Familiar = Literal["word", "name", "unknown"]

#: Values of more words are looked up, but not searched for in texts.
MAX_WORDS = 12
#: A misspelt value has at most so many words, and a text at most so many unknown ones that are looked at.
MAX_MISSPELT_WORDS = 3
MAX_UNKNOWN = 16
#: Letters by which runs of words are told that cannot become any joined form, and the fewest letters of such a form.
_OPENING = 5
_SHORTEST = 3
_SNAPSHOT_VERSION = 1
_ARTICLES = frozenset({"the", "a", "an"})


@dataclass(frozen=True, slots=True)
class Link:
    """A text linked to stored values.

    `keys` are the stored keys as the index holds them, best first; several where they differ only in case, accents or
    number (`Smartwatch`, `Smartwatches`). `count` is how many documents carry them, added up. `edits` counts typing
    errors.
    """

    keys: tuple[str, ...]
    how: How
    count: int
    edits: int = 0


class _Entry(NamedTuple):
    """One form under which a stored key is found."""

    label: str
    key: str
    folded: str
    synonym: bool = False


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
        #: Stems of a form's words, joined by spaces → where it leads.
        self._entries: dict[str, list[_Entry]] = {}
        #: First word of a form → most words that a form starting with it has.
        self._longest: dict[str, int] = {}
        #: Words of a form without spaces → the forms of several words that they make.
        self._joined: dict[str, list[str]] = {}
        #: First letters of a form without spaces → letters of the longest form that begins so.
        self._reach: dict[str, int] = {}
        self._near: NearForms | None = None
        self._parts: frozenset[str] = frozenset()
        for label, keys in self._values.items():
            for key in keys:
                self._add(label, key, key, synonym=False)
                if (name := _without_article(key)) is not None:
                    self._add(label, key, name, synonym=True)
        self._add_synonyms()

    def prepare(self) -> None:
        """Make now what looking for misspelt values needs, not inside the first query.

        Two threads may both make it; the results are equal and the last one stays.
        """
        if self._near is None:
            self._parts = frozenset(word for form in self._entries for word in form.split(" "))
            self._near = NearForms(self._entries)

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
            reach = self._reachable(stream, at)
            seen: set[str] = set()
            for size in range(max(longest, reach), 0, -1):
                run = stream[at : at + size]
                for label, candidates in _by_label(self._entries_of(run)):
                    if label not in seen:
                        seen.add(label)
                        found.append(self._entity(text, run, label, candidates))
        return found

    def find_misspelt(
        self, text: str, familiar: Callable[[str], Familiar], labels: Container[str], closed: Sequence[Range] = ()
    ) -> list[tuple[Entity, Link]]:
        """Values of these labels that are misspelt in a text, in reading order, with what they link to.

        Only words that are in no stored value can be misspelt, and only what `familiar` says of them (folded): an
        `unknown` one anywhere, a `name` beside a right word of the same value, a `word` of the language never. Words
        in `closed` ranges are left alone. The longest run wins, of equally near values the one in most documents. The
        score is the share of letters that are right.
        """
        self.prepare()
        stream = words(text)
        unknown: dict[int, Familiar] = {}
        for at, word in enumerate(stream):
            if len(unknown) == MAX_UNKNOWN:
                break
            known = not word.folded.isalpha() or word.stem in self._parts
            if known or any(word.start < end and start < word.end for start, end in closed):
                continue
            if (what := familiar(word.folded)) != "word":
                unknown[at] = what
        found: list[tuple[Entity, Link]] = []
        done = 0
        for at in unknown:
            if at < done:
                continue
            for start, stop in _runs_over(at, max(done, at - MAX_MISSPELT_WORDS + 1), len(stream)):
                run = stream[start:stop]
                wrong = [n - start for n in range(start, stop) if n in unknown]
                if len(wrong) == len(run) and all(unknown[start + n] == "name" for n in wrong):
                    continue
                matches = self._misspelt(text, run, wrong, labels)
                if matches:
                    found += matches
                    done = stop
                    break
        return found

    def lookup(self, label: str, text: str) -> Link | None:
        """The stored values that a text means: exact, folded, plural, by synonym or with a typing error; or None.

        Typing errors: one edit (or two letters swapped) from four letters on, two from eight on, the first letter and
        all digits right; of equally near values the one in most documents wins.
        """
        run = words(text)
        if not run:
            return None
        entries = [entry for entry in self._entries_of(run) if entry.label == label]
        if entries:
            return self._link(label, text, run, entries)
        self.prepare()
        assert self._near is not None
        return self._best(label, self._near.within(_join(run)))

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
        stems = _join(run)
        entries = self._entries.setdefault(stems, [])
        if any(entry.label == label and entry.key == key for entry in entries):
            return
        entries.append(_Entry(label, key, _fold(run), synonym))
        if len(run) > MAX_WORDS:
            return
        self._longest[run[0].stem] = max(self._longest.get(run[0].stem, 0), len(run))
        if len(run) > 1 and not _is_loose(run):
            together = compact(run)
            forms = self._joined.setdefault(together, [])
            if stems not in forms:
                forms.append(stems)
        else:
            together = stems if len(run) == 1 else ""
        if len(together) >= _SHORTEST:
            opening = together[:_OPENING]
            self._reach[opening] = max(self._reach.get(opening, 0), len(together))

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
        elif any(entry.folded.replace(" ", "") == folded.replace(" ", "") for entry in own):
            how = "folded"
        return Link(keys, how, sum(self.count(label, key) for key in keys))

    def _reachable(self, stream: Sequence[Word], at: int) -> int:
        """Most words from `at` on that, written as one, can be a form."""
        if stream[at].folded in STRUCTURE:
            return 0
        before = ""
        for size, word in enumerate(stream[at : at + MAX_WORDS], start=1):
            letters = len(before) + len(word.stem)
            opening = (before + word.stem)[:_OPENING]
            if len(opening) == _OPENING and letters > self._reach.get(opening, 0):
                return size - 1
            before += word.folded
        return min(MAX_WORDS, len(stream) - at)

    def _entries_of(self, run: Sequence[Word]) -> list[_Entry]:
        """The forms that a run of words is: word by word, or written in one or apart."""
        own = self._entries.get(_join(run), [])
        if _is_loose(run):
            return own
        together = compact(run)
        others = self._entries.get(together, []) if len(run) > 1 and len(together) >= _SHORTEST else []
        apart = [entry for form in self._joined.get(together, ()) for entry in self._entries[form]]
        if not others and not apart:
            return own
        return list(dict.fromkeys((*own, *others, *apart)))

    def _misspelt(
        self, text: str, run: Sequence[Word], wrong: Container[int], labels: Container[str]
    ) -> list[tuple[Entity, Link]]:
        """What a run means whose words at `wrong` may be misspelt."""
        assert self._near is not None
        near = [
            (edits, form)
            for edits, form in self._near.within(_join(run))
            if all(
                given.stem == stored or (at in wrong and given.stem[0] == stored[0])
                for at, (given, stored) in enumerate(zip(run, form.split(" "), strict=True))
            )
            and (run[-1].folded.startswith(run[-1].stem) or self._is_near_as_written(run, form))
        ]
        found = []
        for label in sorted({entry.label for _, form in near for entry in self._entries[form]}):
            link = self._best(label, near) if label in labels else None
            if link is not None:
                start, end = run[0].start, run[-1].end
                score = round(1 - link.edits / (end - start), 3)
                found.append((Entity(label, text[start:end], link.keys[0], start, end, score, "dictionary"), link))
        fewest = min((link.edits for _, link in found), default=0)
        return [(entity, link) for entity, link in found if link.edits == fewest]

    def _is_near_as_written(self, run: Sequence[Word], form: str) -> bool:
        """For words whose form that plurals share is not how they begin (`gracie`, "gracy"): as they are written."""
        folded = _fold(run)
        return any(edits_between(folded, entry.folded) <= allowed_edits(folded) for entry in self._entries[form])

    def _best(self, label: str, near: Sequence[tuple[int, str]]) -> Link | None:
        """The nearest form of a label, of equally near ones that of most documents."""
        links = []
        for edits, form in near:
            entries = [entry for entry in self._entries[form] if entry.label == label]
            if entries:
                keys = self._ordered(label, entries, entries[0].folded)
                links.append(Link(keys, "typo", sum(self.count(label, key) for key in keys), edits))
        return min(links, key=lambda link: (link.edits, -link.count, link.keys), default=None)


def _runs_over(at: int, first: int, length: int) -> Iterator[Range]:
    """Runs of words that hold the word `at`, the longest first, then the leftmost."""
    for size in range(MAX_MISSPELT_WORDS, 0, -1):
        for start in range(max(first, at - size + 1), at + 1):
            if start + size <= length:
                yield start, start + size


def _without_article(key: str) -> str | None:
    """A name of several words without the article before it (`North Face`); None where it has none.

    One word may be any (`The Fall`), so it needs its article.
    """
    article, _, name = key.partition(" ")
    if article.casefold() not in _ARTICLES:
        return None
    run = words(name)
    return name if len(run) > 1 and run[0].folded not in STRUCTURE else None


def _is_loose(run: Sequence[Word]) -> bool:
    """Whether joining the words, or parting them, would make other words: `as us` is not `Asus`."""
    return len(run) > 1 and (run[0].folded in STRUCTURE or run[-1].folded in STRUCTURE)


def _join(run: Sequence[Word]) -> str:
    return " ".join(word.stem for word in run)


def _fold(run: Sequence[Word]) -> str:
    return " ".join(SPELLINGS.get(word.folded, word.folded) for word in run)


def _by_label(entries: Sequence[_Entry]) -> Iterator[tuple[str, list[_Entry]]]:
    grouped: dict[str, list[_Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.label, []).append(entry)
    yield from grouped.items()


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
