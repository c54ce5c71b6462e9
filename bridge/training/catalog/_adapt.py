"""One run of `train --catalog`: documents and a schema in, a checkpoint that knows their vocabulary out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from bridge.errors import TrainingDataError
from bridge.evaluation import Example
from bridge.schema import Schema
from bridge.scorer import Scorer
from bridge.scorer._checkpoint import load_checkpoint
from bridge.scorer._device import pick_device
from bridge.training._batches import TrainingSet
from bridge.training._config import (
    DevConfig,
    LossConfig,
    NetworkConfig,
    OptimiserConfig,
    SetConfig,
    TrainConfig,
    load_config,
)
from bridge.training._data import held_out, load_sets
from bridge.training._run import refuse_state, train_on
from bridge.training._shop import shop_texts
from bridge.training._shop_words import shop_words
from bridge.training._written import written_texts
from bridge.training.catalog._documents import Document
from bridge.training.catalog._items import Catalogue, read_catalogue
from bridge.training.catalog._memory import real_queries, remembered, shop_labels
from bridge.training.catalog._mined import TitleReader, mine
from bridge.training.catalog._texts import CatalogueTexts

#: Texts made of each kind at most, queries for each document, and texts kept out for stopping.
_QUERIES, _TITLES, _A_DOCUMENT, _DEV = 20_000, 6_000, 50, 300
#: Share of the running time that trains; the rest reads documents. Fixed, so that a run that was killed can go on.
_TRAINING = 0.85
#: Share of the documents that only dev queries are made of.
_KEPT_OUT = 0.1
#: Share of batches' texts by kind. Rehearsal keeps what the model could do before.
_WEIGHTS = {"queries": 5.0, "titles": 2.0, "memory": 3.0, "amounts": 0.5, "real": 2.0, "shop": 1.0, "written": 1.5}
#: Texts that the model reads before it is trained, so that it forgets less; the share of its old weights that stays.
_MEMORY, _AMOUNTS, _KEEP = 3_000, 1_000, 0.12


def adapt(
    schema: Schema,
    documents: Iterable[Document],
    *,
    out: Path,
    start: str = "default",
    minutes: float = 15.0,
    recipe: Path | None = None,
    data: Path = Path(),
    seed: int = 0,
    threads: int | None = None,
    device: str = "auto",
    resume: bool = False,
    console: Console | None = None,
) -> Path | None:
    """Train a checkpoint further on texts made from the documents of a catalogue.

    Args:
        schema: what the documents' fields mean, and the labels that are learnt.
        documents: as they are indexed.
        out: folder for state, learning curve and model.
        start: the checkpoint to go on from: a folder, a hub id or `default`.
        minutes: running time, reading and training together.
        recipe: optional; its sets are trained on and its dev sets looked at beside the catalogue's.
        data: folder that the recipe's relative paths start at.
        seed: of everything that is random.
        threads: processor threads; None leaves torch's choice.
        device: `cpu`, `cuda`, or `auto`: the GPU where there is one.
        resume: go on from the state in `out`.
        console: where progress goes; None is silent.

    Returns:
        The finished checkpoint's folder.

    Raises:
        TrainingDataError: the documents have nothing that the schema's labels name, or the recipe cannot be read.
        SetupError: `device` is `cuda` and there is no GPU.
        CheckpointError: the checkpoint cannot be loaded, or `out` holds a state and `resume` is False.
    """
    where = pick_device(device)
    refuse_state(out, resume)
    console = console or Console(quiet=True)
    catalogue = read_catalogue(schema, documents)
    console.print(f"{len(catalogue.items):,} documents")
    scorer = Scorer.load(start, threads=threads)
    mine(catalogue, scorer, seed=seed, report=lambda line: console.print(line, markup=False))
    sets, dev = training_texts(catalogue, scorer, seed=seed)
    if recipe is not None:
        own, own_dev = load_sets(load_config(recipe), data, report=lambda line: console.print(line, markup=False))
        sets, dev = sets + own, dev | own_dev
    settings = adaptation_recipe(start, sets, dev, minutes=_TRAINING * minutes, seed=seed)
    return train_on(settings, sets, dev, out=out, device=where, resume=resume, console=console)


def training_texts(
    catalogue: Catalogue, reader: TitleReader, *, seed: int
) -> tuple[list[TrainingSet], dict[str, Sequence[Example]]]:
    """The sets to train on and the dev sets by name: texts of the catalogue, and rehearsal. `reader` is the old model.

    Raises:
        TrainingDataError: the documents have nothing that the schema's labels name.
    """
    texts = CatalogueTexts(catalogue)
    kept_out = [item for item in catalogue.items if held_out(Example((item.title,), ()), _KEPT_OUT)]
    items = [item for item in catalogue.items if not held_out(Example((item.title,), ()), _KEPT_OUT)]
    if not any(item.values or item.amounts for item in items):
        raise TrainingDataError(
            f"no document has a value for a label of the schema {catalogue.schema.name!r}",
            hint="labels are bound to fields of the documents with `field:`; `text:` names the fields that hold text",
        )
    labels = tuple(catalogue.labels.values())
    phrasings = texts.phrasings()
    shop = shop_texts(8_000, seed=seed)
    written, excluding = written_texts(12_000, seed=seed)
    known = {label: list(names) for label, names in shop_words().phrasings.items()}
    queries = texts.queries(min(_QUERIES, _A_DOCUMENT * len(items)), items, seed=seed)
    titles = texts.titles(_TITLES, items, seed=seed)
    old = [*shop[: _MEMORY // 2], *texts.queries(_MEMORY // 2, items, seed=seed + 2)]
    memory = remembered(reader, old, shop_labels())
    bare = texts.amounts(_AMOUNTS, items, seed=seed)
    amounts = remembered(reader, bare, texts.units.labels) if bare else []
    kept = tuple(label for label in shop_labels() if label not in labels)  # labels of the schema are learnt anew
    sets = [
        TrainingSet("memory", memory, _WEIGHTS["memory"], labels=kept),
        TrainingSet("queries", queries, _WEIGHTS["queries"], phrasings=phrasings, labels=labels, possible=()),
        TrainingSet("titles", titles, _WEIGHTS["titles"], phrasings=phrasings, labels=labels),
        # What says neither memory nor storage stays what the model took it for.
        TrainingSet("amounts", amounts, _WEIGHTS["amounts"], labels=texts.units.labels),
        real_queries(_WEIGHTS["real"]),
        TrainingSet("shop", shop[:-_DEV], _WEIGHTS["shop"], phrasings=known),
        TrainingSet("written", written, _WEIGHTS["written"], many_names=True, excluding=excluding),
    ]
    dev: dict[str, Sequence[Example]] = {
        "catalogue": texts.queries(_DEV, kept_out or items, seed=seed + 1),
        "rehearsal": shop[-_DEV:],
    }
    return [source for source in sets if source.examples], dev


def adaptation_recipe(
    start: str, sets: Sequence[TrainingSet], dev: Iterable[str], *, minutes: float, seed: int = 0
) -> TrainConfig:
    """How a checkpoint is trained further: low rates, frequent evaluation, early stop."""
    shape = load_checkpoint(start).config
    return TrainConfig(
        seed=seed,
        network=NetworkConfig(
            start=start, hidden_size=shape.hidden_size, max_width=shape.max_width, max_len=shape.max_len
        ),
        optimiser=OptimiserConfig(
            encoder_rate=1e-4, head_rate=6e-4, minutes=minutes, patience=4, batch_texts=32, batch_words=240
        ),
        loss=LossConfig(phrasing_rate=0.25),
        sets=[SetConfig(name=source.name, generate="catalog", weight=source.weight) for source in sets],
        dev=[DevConfig(name=name, file="(generated)", limit=_DEV) for name in dev],
        evaluate_minutes=max(0.25, minutes / 12),
        export="best",
        keep=_KEEP,
    )
