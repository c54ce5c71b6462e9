"""A spaCy pipeline as one way to find entities: it has fixed types, and a mapping says which of them is which label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.errors import SetupError
from bridge.evaluation._others import Answer
from bridge.schema import fold


class SpacyFinder:
    """Entities of a pipeline (`doc.ents`) under the labels that its types stand for.

    `types` maps its types to labels; a type that is not named stands for the label of its own name, if there is one.
    """

    def __init__(self, pipeline: Any, types: Mapping[str, str] | None = None, *, name: str | None = None) -> None:
        self._pipeline = pipeline
        self._types = dict(types or {})
        self.name = f"spaCy {name or pipeline.meta.get('name', 'pipeline')}"

    def types(self) -> list[str]:
        """The types that the pipeline knows."""
        components = ("ner", "entity_ruler", "span_ruler")
        labels = self._pipeline.pipe_labels
        return sorted({one for component, known in labels.items() if component in components for one in known})

    def can_find(self, labels: Sequence[str]) -> list[str]:
        known = {self._label(one, labels) for one in self.types()}
        return [label for label in labels if label in known]

    def find(self, text: str, labels: Sequence[str]) -> Answer:
        found = ((e.start_char, e.end_char, self._label(e.label_, labels)) for e in self._pipeline(text).ents)
        return Answer(tuple((start, end, label) for start, end, label in found if label is not None))

    def _label(self, type_: str, labels: Sequence[str]) -> str | None:
        if type_ in self._types:
            return self._types[type_] if self._types[type_] in labels else None
        return next((label for label in labels if fold(label) == fold(type_.replace("_", " "))), None)


def load_spacy(name: str, types: Mapping[str, str] | None = None) -> SpacyFinder:
    """An installed pipeline by its name, or one in a folder.

    Raises SetupError where spaCy or the pipeline is not there, naming what is installed.
    """
    try:
        import spacy
        import spacy.util
    except ImportError as error:
        raise SetupError("spaCy is not installed", hint='pip install "gliner-bridge[spacy]"') from error
    try:
        pipeline = spacy.load(name)
    except OSError as error:
        there = ", ".join(spacy.util.get_installed_models()) or "none"
        raise SetupError(
            f'spaCy has no pipeline "{name}"',
            hint=f"installed are: {there}; `python -m spacy download {name}`, or name the folder of one",
        ) from error
    return SpacyFinder(pipeline, types, name=name.rstrip("/").rpartition("/")[2])
