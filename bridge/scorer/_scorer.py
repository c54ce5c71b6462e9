"""The public scorer: a pipeline of named steps from texts to spans.

texts ─ rows of forward passes (`_jobs`)
      ─ network ─ candidates above their threshold ─ greedy selection per text ─ spans with offsets
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.entities import Coverage, Span, TaggedText
from bridge.errors import CheckpointError, InputError
from bridge.scorer._calibration import Calibration
from bridge.scorer._candidates import Cell, Limits, above, span_cells, token_cells
from bridge.scorer._checkpoint import Checkpoint, load_checkpoint
from bridge.scorer._decode import Candidate, runners_up, select
from bridge.scorer._device import CPU, compute_exactly, pick_device
from bridge.scorer._embed import NameVectors
from bridge.scorer._encoders import Encode, encoder_of, head_of, label_encoder_of
from bridge.scorer._jobs import Item, Job, Planner, batches
from bridge.scorer._labels import (
    DEFAULT_THRESHOLD,
    LabelArgument,
    LabelVectors,
    check_threshold,
    label_sets,
    thresholds_of,
)
from bridge.scorer._network import Network
from bridge.scorer._openvino import Runtime, RuntimeSetting
from bridge.scorer._places import Places, places_of
from bridge.scorer._products import Dtype, DtypeSetting
from bridge.scorer._prompt import collate
from bridge.scorer._trials import LABELS, PLAIN, Predict, Trial, Way, best_way, try_ways, ways

#: Labels that a uni-encoder reads in one prompt; beyond about this number published models lose precision.
LABELS_PER_PROMPT = 30
#: Runners-up score above this before calibration; lower ones say nothing.
LEAST_RUNNER_UP = 0.1
#: Labels that a bi-encoder's head scores at once; bounds memory, changes nothing else.
LABELS_PER_HEAD = 512
#: Sequences in one forward pass where the caller does not say: what a processor's caches hold, what fills a GPU.
BATCH_SIZE = {"cpu": 8, "cuda": 32}


class Scores(NamedTuple):
    """What the head says of a group of labels."""

    #: Number of the group's first label, and its columns.
    first: int
    columns: int
    #: The cells above some limits.
    cells: Callable[[Limits], Iterator[Cell]]


class Scorer:
    """A GLiNER model: texts and labels in, labelled spans out. Knows nothing of search. Thread-safe.

    Attributes:
        name: as given to `load`.
        dtype: what the text encoder's matrix products are computed in.
        runtime: what computes the text encoder, and the head where it knows it.
        device: where the network computes, `cpu` or `cuda:0`.
        trials: what `auto` measured; empty otherwise.
        fingerprint: short hash of weights, config, tokenizers, calibration and dtype; equal ones give equal scores, to
            1e-4. In fp32 runtime and device are no part of it; in fewer bits they are, since each rounds elsewhere.
        calibration: what turns the model's scores into probabilities; None where the checkpoint has none.
        labels_per_prompt: labels that a uni-encoder reads at once; more are scored in balanced groups.
    """

    def __init__(self, checkpoint: Checkpoint, name: str, way: Way = PLAIN, device: torch.device = CPU) -> None:
        if device != CPU:
            compute_exactly()
            checkpoint.network.to(device)
        self.name = name
        self.dtype: Dtype = way.dtype
        self.runtime: Runtime = way.runtime
        self.device = str(checkpoint.network.device)
        self.trials: tuple[Trial, ...] = ()
        self.calibration = checkpoint.calibration
        digest = "" if self.calibration is None else f"+{self.calibration.digest}"
        places = [way.runtime] if way.runtime != "torch" else [device.type] if device != CPU else []
        rounding = "" if way.dtype == "fp32" else "+" + ".".join([way.dtype, *places])
        self.fingerprint = f"{checkpoint.fingerprint}{digest}{rounding}"
        self.labels_per_prompt = LABELS_PER_PROMPT
        self._config = checkpoint.config
        self._network: Network = checkpoint.network
        self._encode = encoder_of(checkpoint.network, way.dtype, way.runtime)
        self._head = head_of(checkpoint.network, way.dtype, way.runtime)
        self._planner = Planner(checkpoint)
        self._subwords = checkpoint.subwords
        self._label_tokens = checkpoint.label_tokens
        #: Whether label vectors are kept as the head takes them: they do not depend on the text.
        self._ready = checkpoint.config.is_bi_encoder and not checkpoint.config.is_poly_encoder
        self._vectors = LabelVectors(self._encode_labels) if checkpoint.config.is_bi_encoder else None

    @classmethod
    def load(
        cls,
        name: str | Path = "default",
        *,
        revision: str | None = None,
        offline: bool = False,
        threads: int | None = None,
        dtype: DtypeSetting = "fp32",
        runtime: RuntimeSetting = "torch",
        device: str = "cpu",
    ) -> Scorer:
        """Load a published or own checkpoint.

        Args:
            name: a folder, a hub id (`urchade/gliner_small-v2.1`), or `default`, the model that ships with the bridge.
            revision: pins a hub repository to a branch, tag or commit.
            offline: never touch the network; a hub id must be in the local cache.
            threads: CPU threads of one forward pass, for this process (default: torch's choice).
            dtype: of the text encoder's matrix products. `fp32` is exact; `auto` tries the others on a sample and takes
                the fastest that finds the same entities there (`trials` says what was measured).
            runtime: what computes text encoder and head. `openvino` needs the extra of that name; `auto` tries it where
                it is installed, like a dtype.
            device: `cpu`, `cuda` (the first GPU) or `cuda:1`. `auto`: the first GPU where torch sees one that has the
                dtype and the runtime (not `int8`, not `openvino`), else the processor. So that fp32 is exact on a GPU
                too, TF32 is off for the process from there on.

        Raises:
            CheckpointError: the checkpoint is missing, incomplete or of a family that is not supported, or this
                processor or GPU, this backbone or the runtime does not compute in the dtype, or the runtime is not
                installed or not for GPUs.
            InputError: the device is none of these.
            SetupError: torch sees no such GPU.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        processors_only = dtype == "int8" or runtime == "openvino"
        place = pick_device("cpu" if device == "auto" and processors_only else device)
        checkpoint = load_checkpoint(name, revision=revision, offline=offline)
        choice = ways(dtype, runtime)
        scorers = {choice[0]: cls(checkpoint, str(name), choice[0], place)}

        def predict_by(way: Way) -> Predict | None:
            try:
                scorer = scorers.get(way) or cls(checkpoint, str(name), way, place)
            except CheckpointError:  # a machine, a backbone or a runtime that does not compute in that dtype
                return None
            scorers[way] = scorer
            return lambda texts: scorer.predict(texts, LABELS)

        trials = tuple(try_ways(choice, predict_by)) if len(choice) > 1 else ()
        chosen = scorers[best_way(choice[0], trials)]
        chosen.trials = trials
        return chosen

    def predict(
        self,
        texts: Sequence[str],
        labels: LabelArgument,
        threshold: float | Mapping[str, float] | None = None,
        *,
        flat: bool = True,
        multi_label: bool = False,
        batch_size: int | None = None,
        calibrated: bool = True,
        sort_labels: bool = False,
        runners_up: int = 0,
        long_texts: Literal["windows", "refuse"] = "windows",
    ) -> list[TaggedText]:
        """Find spans.

        Args:
            texts: any length; long ones are scored in overlapping windows.
            labels: names shared by all texts, or one list a text; a mapping gives names with the descriptions that
                the model reads. Duplicates count once.
            threshold: spans must score above it, 0..1; a mapping gives it by label. None, and labels that a mapping
                lacks: what a score of 0.5 of the model itself is worth (0.5 without a calibration), the threshold of
                GLiNER's paper (section 2.3).
            flat: no two spans share a word; otherwise spans may nest, but not overlap in part.
            multi_label: the same words may carry several labels.
            batch_size: sequences in one forward pass; scores do not depend on it. Default: 8, on a GPU 32.
            calibrated: scores and thresholds are probabilities where the checkpoint has a calibration; else, and
                without one, they are the model's own.
            sort_labels: read the labels in the order of their texts instead of the caller's, so that equal sets give
                equal results to the last bit. A uni-encoder reads labels as one prompt and scores them otherwise in
                another order; to a bi-encoder the order is nothing but rounding and ties.
            runners_up: at most so many runners-up of each span: the best other labels and spans at its words, above
                their threshold or not. They change nothing else; 0 costs nothing.
            long_texts: what happens to texts that the model cannot read at once: they are scored in overlapping
                windows, or refused before anything is scored.

        Returns:
            One `TaggedText` a text: spans in reading order, offsets in code points of the text as given, and how many
            words were scored. Blank texts and texts without labels have no spans.

        Raises:
            InputError: an argument is out of its range, or a text is too long and `long_texts` is `refuse`; the error
                names the text's number, its words and the limit.
        """
        if isinstance(texts, str):
            texts = [texts]
        calibration = self.calibration if calibrated else None
        usual = DEFAULT_THRESHOLD if calibration is None else self.default_threshold
        threshold = usual if threshold is None else threshold
        check_threshold(threshold)
        batch_size = BATCH_SIZE[self._network.device.type] if batch_size is None else batch_size
        if batch_size < 1:
            raise InputError(f"batch_size must be at least 1, got {batch_size}")
        if runners_up < 0:
            raise InputError(f"runners_up must be at least 0, got {runners_up}")
        sets = label_sets(labels, len(texts), sort=sort_labels)
        if calibration is not None:
            names = list(dict.fromkeys(name for one in sets for name in one.names))
            given = threshold if isinstance(threshold, Mapping) else dict.fromkeys(names, threshold)
            threshold = {name: calibration.raw(given.get(name, usual)) for name in names}
        items = self._planner.items(texts, sets)
        if long_texts == "refuse":
            _refuse_long([self._planner.too_long(item, self.labels_per_prompt) for item in items])
        elif long_texts != "windows":
            raise InputError(f"long_texts must be windows or refuse, got {long_texts!r}")
        jobs = [job for item in items for job in self._planner.jobs(item, self.labels_per_prompt)]
        with torch.inference_mode():
            for batch in batches(jobs, batch_size):
                self._score(batch, threshold, rivals=runners_up > 0)
        return [self._tagged(item, flat, multi_label, runners_up, calibration) for item in items]

    def too_long(self, texts: Sequence[str], labels: LabelArgument) -> list[str | None]:
        """For each text why it would be scored in several windows: its words and the limit; None where it would not.

        Takes the tokenizer's time only. Arguments and errors as in `predict`.
        """
        texts = [texts] if isinstance(texts, str) else texts
        items = self._planner.items(texts, label_sets(labels, len(texts)))
        return [self._planner.too_long(item, self.labels_per_prompt) for item in items]

    @property
    def default_threshold(self) -> float:
        """What a score of 0.5 of the model itself is worth: the threshold where a caller gives none."""
        return DEFAULT_THRESHOLD if self.calibration is None else self.calibration.apply(DEFAULT_THRESHOLD)

    # ------------------------------------------------------------------------------------------------ the steps

    @property
    def embeds(self) -> bool:
        """Whether `embed` works: the checkpoint is a bi-encoder, which reads labels apart from texts."""
        return self._label_tokens is not None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[n, E] unit vectors of short names by the label backbone: the cosine of two says how near their meaning is.

        Mean over the subtokens, before the projection to class vectors. A text's vector is the same to the last bit
        whatever is encoded beside it: batches have a fixed number of rows, and texts share them by length. Raises
        InputError for a uni-encoder.
        """
        if self._label_tokens is None:
            raise InputError("a uni-encoder has no vectors of labels", where=f"model {self.name}")
        width = self._network.token_rep_layer.labels_encoder.width
        return NameVectors(self._label_encoder, width, self._label_tokens)(texts)

    @cached_property
    def _label_encoder(self) -> Encode:
        """Made on first use: the packed weights are a copy."""
        return label_encoder_of(self._network)

    def _score(self, jobs: Sequence[Job], threshold: float | Mapping[str, float], *, rivals: bool) -> None:
        """One forward pass; every text gets its candidates, and with `rivals` the cells that may be runners-up."""
        rows = [job.row for job in jobs]
        batch, places = collate(rows, self._subwords.pad_id), places_of(rows, self._config)
        hidden = self._encode(batch.input_ids, batch.attention_mask, places.at)
        score = self._scores if self._head is None else self._scores_at_once
        for first, columns, cells in score(jobs, hidden, places, batch.lengths):
            names = [job.item.labels.names[job.labels.start + first : job.labels.stop] for job in jobs]
            names = [row[:columns] for row in names]
            for item, candidate in _owned(cells(_limits(names, columns, threshold)), jobs, first):
                item.candidates.append(candidate)
            if rivals:
                for item, candidate in _owned(cells(_limits(names, columns, LEAST_RUNNER_UP)), jobs, first):
                    item.cells.append(candidate)

    def _scores(self, jobs: Sequence[Job], hidden: Tensor, places: Places, lengths: Tensor) -> Iterator[Scores]:
        """From hidden vectors to the head's scores, step by step."""
        network = self._network
        words = network.words(hidden, places.words, lengths)
        for first, classes, mask in self._classes(jobs, hidden, places):
            seen = words
            if self._config.is_poly_encoder:
                seen, classes = network.fuse(words, lengths, classes, mask)
            if not self._ready:
                classes = network.head_classes(classes)
            yield Scores(first, classes.shape[-2], self._cells(seen, lengths, classes))

    def _scores_at_once(self, jobs: Sequence[Job], hidden: Tensor, places: Places, lengths: Tensor) -> Iterator[Scores]:
        """The same in one call, for heads that are known so: of spans, without fusion."""
        assert self._head is not None
        groups = [(0, None)] if self._vectors is None else ((first, own) for first, own, _ in self._label_groups(jobs))
        for first, classes in groups:
            logits = self._head(hidden, places, lengths, classes)[..., : _most_labels(jobs)]
            yield Scores(first, logits.shape[-1], partial(span_cells, logits, lengths))

    def _classes(self, jobs: Sequence[Job], hidden: Tensor, places: Places) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Class vectors in groups: number of the first label, [C, D] or [B, C, D], and which are no padding [B, C]."""
        if self._vectors is not None:
            yield from self._label_groups(jobs)
            return
        columns = _most_labels(jobs)
        classes, mask = self._network.prompt_classes(hidden, places.classes)
        yield 0, classes[:, :columns], mask[:, :columns]

    def _label_groups(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Tensor, Tensor]]:
        """The same of a bi-encoder, from the labels' own vectors."""
        assert self._vectors is not None
        prompts = [job.item.labels.prompts for job in jobs]
        shared = all(prompt == prompts[0] for prompt in prompts)
        for first in range(0, max(len(prompt) for prompt in prompts), LABELS_PER_HEAD):
            some = [prompt[first : first + LABELS_PER_HEAD] for prompt in prompts]
            if shared:
                classes = self._vectors.get(some[0])
                if self._config.is_poly_encoder:  # each text changes them in its own way
                    classes = classes.expand(len(jobs), -1, -1)
                yield first, classes, torch.ones(len(jobs), len(some[0]), dtype=torch.bool)
            else:
                counts = torch.tensor([len(one) for one in some])
                yield first, self._stack(some), torch.arange(int(counts.max())) < counts.unsqueeze(1)

    def _cells(self, words: Tensor, lengths: Tensor, classes: Tensor) -> Callable[[Limits], Iterator[Cell]]:
        """The head's scores, as what they hold above some limits."""
        network = self._network
        if not self._config.is_token_level:
            span_logits = network.span_logits(words, classes, lengths)
            return lambda limits: span_cells(span_logits, lengths, limits)
        logits = network.token_logits(words, classes)
        if not self._config.represent_spans:
            return lambda limits: token_cells(logits, lengths, limits)
        return lambda limits: self._found(token_cells(logits, lengths, limits), words, classes, limits)

    def _found(self, cells: Iterator[Cell], words: Tensor, classes: Tensor, limits: Limits) -> Iterator[Cell]:
        """The spans that the token head found, of any label, scored as spans for all labels (`represent_spans`)."""
        places = sorted({(cell.row, cell.start, cell.end) for cell in cells})
        for row, group in groupby(places, key=lambda place: place[0]):
            starts, ends = zip(*((start, end) for _, start, end in group), strict=True)
            own = classes if classes.dim() == 2 else classes[row]
            scores = self._network.found_logits(words[row], torch.tensor(starts), torch.tensor(ends), own).sigmoid()
            passed = above(scores[None], limits if isinstance(limits, int | float) else [limits[row]])[0]
            for (number, column), score in zip(passed.nonzero().tolist(), scores[passed].tolist(), strict=True):
                yield Cell(row, starts[number], ends[number], column, score)

    def _tagged(
        self, item: Item, flat: bool, multi_label: bool, runners: int, calibration: Calibration | None
    ) -> TaggedText:
        """Decide between the candidates of a text and give them their offsets."""
        starts, ends, names = item.words.starts, item.words.ends, item.labels.names
        token_level = self._config.is_token_level

        def span(one: Candidate, others: Sequence[Candidate] = ()) -> Span:
            begin, stop = starts[one.start], ends[one.end]
            score = one.score if calibration is None else calibration.apply(one.score)
            return Span(begin, stop, item.text[begin:stop], names[one.label], score, tuple(map(span, others)))

        kept = select(item.candidates, flat=flat, multi_label=multi_label, token_level=token_level)
        if runners:
            others = runners_up(kept, item.cells, runners, token_level=token_level)
            spans = tuple(map(span, kept, others))
        else:
            spans = tuple(map(span, kept))
        return TaggedText(item.text, spans, Coverage(item.scored, len(item.words)))

    def _stack(self, prompts: Sequence[tuple[str, ...]]) -> Tensor:
        """[B, C, D] label vectors of rows with different labels, zeros where a row has fewer."""
        assert self._vectors is not None
        rows = [self._vectors.get(prompt) for prompt in prompts if prompt]
        found = iter(rows)
        out = rows[0].new_zeros(len(prompts), max(len(row) for row in rows), rows[0].shape[-1])
        for number, prompt in enumerate(prompts):
            if prompt:
                out[number, : len(prompt)] = next(found)
        return out

    def _encode_labels(self, labels: Sequence[str]) -> Tensor:
        """[n, D] class vectors of label texts, ready for the head unless each text changes them (poly-encoder)."""
        assert self._label_tokens is not None
        network, vectors = self._network, []
        with torch.inference_mode():
            for start in range(0, len(labels), _LABEL_BATCH):
                ids, mask = self._label_tokens.batch(labels[start : start + _LABEL_BATCH])
                pooled = network.token_rep_layer.pool(self._label_encoder(ids, mask), mask.to(network.device))
                classes = network.label_classes(pooled)
                vectors.append(network.head_classes(classes) if self._ready else classes)
            return torch.cat(vectors)


def _most_labels(jobs: Sequence[Job]) -> int:
    """Columns that count: a label that spells the marker makes more, of which the reference takes the first, too."""
    return max(len(job.labels) for job in jobs)


#: Labels that a bi-encoder's label backbone encodes at once.
_LABEL_BATCH = 32


def _refuse_long(reasons: Sequence[str | None]) -> None:
    for number, reason in enumerate(reasons):
        if reason is not None:
            raise InputError(reason, where=f"texts[{number}]", hint='divide it, or let long_texts be "windows"')


def _limits(names: Sequence[tuple[str, ...]], columns: int, threshold: float | Mapping[str, float]) -> Limits:
    """The threshold, or those of each row's labels with padded columns closed."""
    if not isinstance(threshold, Mapping) and all(len(row) == columns for row in names):
        return threshold
    rows = [thresholds_of(row, threshold) for row in names]
    return [
        (list(row) if isinstance(row, list) else [row] * len(own)) + [1.0] * (columns - len(own))
        for row, own in zip(rows, names, strict=True)
    ]


def _owned(cells: Iterable[Cell], jobs: Sequence[Job], first: int) -> Iterator[tuple[Item, Candidate]]:
    """Cells that their window owns, in words of the whole text; `first` is the label number of column 0."""
    for row, start, end, column, score in cells:
        job = jobs[row]
        window = job.window
        begin = window.start + start
        if window.core_start <= begin < window.core_stop:
            yield job.item, Candidate(begin, window.start + end, job.labels.start + first + column, score)
