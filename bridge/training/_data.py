"""From a recipe's sets to texts in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bridge.errors import TrainingDataError
from bridge.evaluation import Example, read_examples
from bridge.training._batches import TrainingSet
from bridge.training._config import DevConfig, SetConfig, TrainConfig


def held_out(example: Example, share: float) -> bool:
    """Whether a text belongs to the held-out share: by a hash of its words, so equal texts stay together."""
    digest = hashlib.sha256(example.text.casefold().encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < share


def load_sets(
    config: TrainConfig, data: Path, *, report: Callable[[str], None] = lambda _: None
) -> tuple[list[TrainingSet], dict[str, list[Example]]]:
    """All training sets and, by name, the dev sets.

    Args:
        config: the recipe.
        data: folder that relative paths of the recipe start at.
        report: receives one line for every record that was skipped (`bad_records: skip`).

    Raises:
        TrainingDataError: a file cannot be read, or a dev set names an unknown training set.
    """

    def read(file: str) -> list[Example]:
        skip = config.bad_records == "skip"
        return read_examples(data / file, on_error=(lambda error: report(f"skipped: {error}")) if skip else None)

    training, kept_out = [], {}
    for source in config.sets:
        if source.generate == "written":
            training.append(_written(source, config))
            continue
        examples = _generate(source, config.seed, data) if source.generate else read(str(source.file))
        examples = [example.renamed(source.rename) for example in examples]
        kept_out[source.name] = [example for example in examples if held_out(example, source.holdout)]
        examples = [example for example in examples if not held_out(example, source.holdout)]
        phrasings = {**_own_phrasings(source), **source.phrasings}
        for label, description in source.descriptions.items():
            phrasings[label] = [*phrasings.get(label, []), description]
        training.append(
            TrainingSet(
                source.name,
                examples,
                source.weight,
                source.complete,
                phrasings,
                tuple(source.absent),
                possible=source.possible,
            )
        )
    return training, {dev.name: _dev(dev, kept_out, read) for dev in config.dev}


def _dev(dev: DevConfig, kept_out: dict[str, list[Example]], read: Callable[[str], list[Example]]) -> list[Example]:
    if dev.file is not None:
        return [example.renamed(dev.rename) for example in read(dev.file)]
    examples = kept_out.get(str(dev.holdout_of), [])
    if not examples:
        raise TrainingDataError(
            f"dev set {dev.name!r} wants the held-out part of {dev.holdout_of!r}, which has none",
            hint="give that training set a `holdout` above 0",
        )
    return examples


def _written(source: SetConfig, config: TrainConfig) -> TrainingSet:
    from bridge.training._written import written_texts

    examples, excluding = written_texts(source.size, seed=config.seed, withheld=config.withheld_labels)
    return TrainingSet(source.name, examples, source.weight, many_names=True, excluding=excluding)


def with_neighbours(
    source: TrainingSet, vectors: Callable[[Sequence[str]], Tensor], *, deviations: float = 3.0
) -> TrainingSet:
    """A set with many names that knows which of them may be true of the same span.

    Those are names with similar label vectors, and names that stand on one span somewhere in the set: once a physicist
    is a person, a span that is only called a physicist may be one.

    Args:
        source: any set; one without many names comes back as it is.
        vectors: the label encoder.
        deviations: two names are similar whose cosine lies so many standard deviations above the mean of all pairs
            (0.44 for all-MiniLM-L6-v2; encoders differ in how far apart they keep what is unrelated).
    """
    if not source.many_names:
        return source
    labels = list(source.labels)
    number = {label: at for at, label in enumerate(labels)}
    unit = torch.nn.functional.normalize(vectors(labels).float(), dim=1)
    cosine = (unit @ unit.T).cpu().numpy()
    near = cosine >= cosine.mean() + deviations * cosine.std()
    np.fill_diagonal(near, True)
    for example in source.examples:
        of_span: dict[tuple[int, int], list[int]] = {}
        for mention in example.mentions:
            of_span.setdefault((mention.first, mention.last), []).append(number[mention.label])
        for names in of_span.values():
            near[np.ix_(names, names)] = True
    return replace(
        source,
        near={label: frozenset(labels[at] for at in np.flatnonzero(near[row])) for row, label in enumerate(labels)},
    )


def with_strangers(
    source: TrainingSet,
    sets: Sequence[TrainingSet],
    vectors: Callable[[Sequence[str]], Tensor],
    *,
    deviations: float = 3.0,
) -> TrainingSet:
    """A set that knows which names of the `sets` with many names (after `with_neighbours`) its texts do not have.

    Words without a label have none of them, except those near a `possible` label. A span with a label that the other
    sets know by one of its phrasings can only have names that are near this one. A set without `possible` comes back
    as it is; `vectors` and `deviations` are those of `with_neighbours`.
    """
    near = {label: names for other in sets if other.many_names for label, names in other.near.items()}
    if source.possible is None or not near:
        return source
    names = sorted(near)
    strange = set(names)
    if source.possible:
        unit = torch.nn.functional.normalize(vectors([*names, *source.possible]).float(), dim=1).cpu()
        cosine = (unit[: len(names)] @ unit[len(names) :].T).numpy()
        like = (cosine >= cosine.mean() + deviations * cosine.std()).any(1)
        strange -= {name for name, is_like in zip(names, like, strict=True) if is_like}
    compatible = {}
    for label in source.labels:
        known = [near[name] for name in (label, *source.phrasings.get(label, ())) if name in near]
        if known:
            compatible[label] = frozenset[str]().union(*known) & strange
    return replace(source, strange=frozenset(strange), compatible=compatible)


def _generate(source: SetConfig, seed: int, data: Path) -> list[Example]:
    if source.generate == "shop":
        from bridge.training._shop import shop_texts

        return shop_texts(source.size, seed=seed, gazetteers=data / "gazetteers")
    from bridge.training._gazetteers import gazetteer_texts

    return gazetteer_texts(source.size, seed=seed, folder=data / "gazetteers")


def _own_phrasings(source: SetConfig) -> dict[str, list[str]]:
    """Phrasings that come with generated texts."""
    if source.generate == "shop":
        from bridge.training._shop_words import shop_words

        return {label: list(texts) for label, texts in shop_words().phrasings.items()}
    if source.generate == "gazetteers":
        from bridge.training._gazetteers import PHRASINGS

        return {label: list(texts) for label, texts in PHRASINGS.items()}
    return {}
