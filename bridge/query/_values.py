"""What the parser knows of the index: which values exist, who carries a field, and how its numbers are spread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from bridge.entities import Stats
from bridge.errors import InputError
from bridge.query._meaning import Encoder, Meanings
from bridge.query._vectors import Vectors, load_vectors, save_vectors
from bridge.schema import Schema
from bridge.tagging import Dictionary

SNAPSHOT_VERSION = 1


class Values(Protocol):
    """Values, fill rates and spreads of one schema's index, as of one generation."""

    @property
    def generation(self) -> str:
        """Version of the values; a plan says which one it was made with."""

    def dictionary(self) -> Dictionary:
        """The stored values by label."""

    def fill_rate(self, field: str) -> float | None:
        """Share of documents (0..1) that carry a field; None when nobody has counted."""

    def stats(self, field: str) -> Stats | None:
        """Spread of a number or date field that can be ordered and scored by; None when nobody knows."""

    def meanings(self) -> Meanings | None:
        """The stored values by what they mean; None when there is no encoder to compare them with."""


class StaticValues:
    """Values that do not change: of a snapshot file, of a mapping, or of one look at an engine.

    `StaticValues()` knows nothing; the parser then plans without dictionary and filters on keywords.
    """

    def __init__(
        self,
        dictionary: Dictionary | None = None,
        fill_rates: Mapping[str, float] | None = None,
        stats: Mapping[str, Stats] | None = None,
        *,
        generation: str | None = None,
    ) -> None:
        self._dictionary = dictionary if dictionary is not None else Dictionary({})
        self._dictionary.prepare()  # now, and not within the budget of the first query
        self._fill_rates = dict(fill_rates or {})
        self._stats = dict(stats or {})
        self._meanings: Meanings | None = None
        self.generation = self._dictionary.generation if generation is None else generation

    @classmethod
    def of(
        cls,
        schema: Schema,
        values: Mapping[str, Mapping[str, int]],
        fill_rates: Mapping[str, float] | None = None,
        stats: Mapping[str, Stats] | None = None,
    ) -> StaticValues:
        """From what an engine answers: label → stored key → document count, field → share of documents, and spread.

        The schema's synonyms are added. Labels with `dictionary: false` or `use: ignore` are left out, and under
        `document_security` every field that is not listed in `public_values`.
        """
        wanted = {
            name: label
            for name, label in schema.labels.items()
            if label.dictionary
            and label.use != "ignore"
            and (not schema.document_security or schema.field_of(name) in schema.public_values)
        }
        kept = {name: values[name] for name in wanted if name in values}
        synonyms = {name: settings.synonyms for name, settings in wanted.items() if settings.synonyms}
        return cls(Dictionary(kept, synonyms), fill_rates, stats)

    @classmethod
    def load(cls, path: str | Path, schema: Schema | None = None) -> StaticValues:
        """Read a snapshot file. Raises InputError when it is missing or not a snapshot.

        With `schema`, what it allows and its synonyms are those of now, whatever they were when the file was written.
        """
        file = Path(path)
        hint = "write one with StaticValues.save, or read the live values with --engine-url"
        try:
            data = json.loads(file.read_text("utf-8"))
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(file), hint=hint) from error
        except ValueError as error:
            raise InputError("is not JSON", where=str(file), hint=hint) from error
        if not isinstance(data, dict) or data.get("version") != SNAPSHOT_VERSION:
            raise InputError(f"is not a snapshot of version {SNAPSHOT_VERSION}", where=str(file), hint=hint)
        try:
            rates = {str(field): float(rate) for field, rate in data["fill_rates"].items()}
            stats = {str(field): _stats(numbers) for field, numbers in data.get("stats", {}).items()}
            dictionary = Dictionary.from_json(data["dictionary"])
            if schema is not None:
                return cls.of(schema, {label: dictionary.values(label) for label in dictionary.labels}, rates, stats)
            return cls(dictionary, rates, stats, generation=str(data["generation"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError("is a damaged snapshot", where=str(file), hint=hint) from error

    def save(self, path: str | Path) -> None:
        """Write a snapshot file that `load` reads."""
        data = {
            "version": SNAPSHOT_VERSION,
            "generation": self.generation,
            "fill_rates": dict(sorted(self._fill_rates.items())),
            "stats": {field: asdict(stats) for field, stats in sorted(self._stats.items())},
            "dictionary": self._dictionary.to_json(),
        }
        Path(path).write_text(json.dumps(data, ensure_ascii=True, indent=1) + "\n", "utf-8")

    def with_meanings(
        self,
        schema: Schema,
        encoder: Encoder,
        former: StaticValues | None = None,
        known: Mapping[str, Vectors] | None = None,
    ) -> StaticValues:
        """The same values, linked by meaning as well; encoding them takes milliseconds each, see `Meanings`.

        `former` lends the vectors of values that it has too, `known` are vectors of this encoder that were kept. An
        encoder that has no vectors changes nothing.
        """
        if not encoder.embeds:
            return self
        made = StaticValues(self._dictionary, self._fill_rates, self._stats, generation=self.generation)
        made._meanings = Meanings(schema, self._dictionary, encoder, former._meanings if former else None, known)
        return made

    def save_vectors(self, path: str | Path, encoder: Encoder) -> None:
        """Write the vectors of the values beside a snapshot, so that the next start need not encode them again."""
        if self._meanings is not None:
            save_vectors(path, encoder.fingerprint, self._meanings.vectors)

    @staticmethod
    def load_vectors(path: str | Path, encoder: Encoder) -> Mapping[str, Vectors]:
        """What `save_vectors` wrote with this encoder; nothing where that file is missing, damaged or another one's."""
        return load_vectors(path, encoder.fingerprint)

    def meanings(self) -> Meanings | None:
        return self._meanings

    def dictionary(self) -> Dictionary:
        return self._dictionary

    def fill_rate(self, field: str) -> float | None:
        return self._fill_rates.get(field)

    def stats(self, field: str) -> Stats | None:
        return self._stats.get(field)


def _stats(numbers: Mapping[str, Any]) -> Stats:
    return Stats(float(numbers["min"]), float(numbers["median"]), float(numbers["max"]))


def schema_fingerprint(schema: Schema) -> str:
    """Short hash of everything a schema says: part of the cache key, so a changed schema never meets an old plan."""
    data: Any = schema.model_dump(mode="json", by_alias=True)
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=8).hexdigest()
