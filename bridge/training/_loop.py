"""The training loop: steps, evaluation on the dev sets, checkpoints, resume."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, dropout

from bridge.errors import CheckpointError
from bridge.evaluation import Example, SpanScore
from bridge.scorer._decode import Candidate, select
from bridge.training._batches import Sampler, TrainingSet
from bridge.training._checkpoint import STATE, read_state, restore_weights, trained_weights, write_atomically
from bridge.training._config import TrainConfig
from bridge.training._inputs import Inputs
from bridge.training._labels import mean_over_tokens
from bridge.training._model import Model
from bridge.training._objective import focal_loss, order_loss, span_logits
from bridge.training._prepare import Prepared, Preparer, ahead
from bridge.training._targets import dense, orders, spans_of

#: Thresholds that a dev score is the best of.
SWEEP = tuple(round(0.2 + 0.05 * step, 2) for step in range(12))
#: A gap between two steps longer than this is a pause (the process was stopped) and does not count as running time.
_PAUSE = 30.0
#: Each look at the loss makes the processor wait for the GPU: only at every so many steps there.
_LOOK_EVERY = 20
#: File with one JSON object per evaluation, in the output folder.
CURVE = "curve.jsonl"
#: Weights with the best mean dev F1 so far, in the output folder.
BEST = "best.pt"


@dataclass(frozen=True)
class Progress:
    """What a progress display shows; `dev` is empty until the first evaluation."""

    step: int
    share: float
    loss: float
    minutes: float
    dev: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Trainer:
    """One run. Build it, `resume()` if wanted, then `run()`.

    `out` receives the state, the best weights and the learning curve. `device` is where the network computes, and
    `workers` are processes that prepare batches ahead of it (0: none; a GPU is idle without them). Neither belongs to
    the recipe: a run may go on elsewhere.
    """

    config: TrainConfig
    model: Model
    sets: Sequence[TrainingSet]
    dev: Mapping[str, Sequence[Example]]
    out: Path
    report: Callable[[Progress], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    workers: int = 0
    warn: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        optimiser, network = self.config.optimiser, self.config.network
        self.out.mkdir(parents=True, exist_ok=True)
        self.step, self.seconds = 0, 0.0
        self.best, self.latest_dev = -1.0, dict[str, float]()
        #: Evaluations since the best one.
        self.stale = 0
        #: Parts that a batch is cut into; doubled when memory runs out.
        self.parts = 1
        self._losses: deque[Tensor] = deque(maxlen=100)
        sampler = Sampler(
            self.sets,
            seed=self.config.seed,
            max_width=network.max_width,
            max_len=network.max_len,
            batch_texts=optimiser.batch_texts,
            batch_words=optimiser.batch_words,
            phrasing_rate=self.config.loss.phrasing_rate,
            max_labels=self.config.loss.max_labels,
            other_names=self.config.loss.other_names,
            drop_rate=self.config.loss.drop_rate,
            vague_names=self.config.loss.order > 0,
        )
        self._preparer = Preparer(sampler, self.model, seed=self.config.seed)
        self._coming: Iterator[Prepared] | None = None
        self.model.to(self.device)
        fused = self.device.type == "cuda"
        self._optimiser = torch.optim.AdamW(self._groups(), weight_decay=optimiser.weight_decay, fused=fused or None)

    def _groups(self) -> list[dict[str, Any]]:
        optimiser = self.config.optimiser
        encoder: list[torch.nn.Parameter] = []
        heads: list[torch.nn.Parameter] = []
        for name, parameter in self.model.network.named_parameters():
            if parameter.requires_grad:
                learnt = name.startswith(("token_rep_layer.bert_layer.", "token_rep_layer.labels_encoder."))
                (encoder if learnt else heads).append(parameter)
        return [
            {"params": encoder, "lr": 0.0, "rate": optimiser.encoder_rate},
            {"params": heads, "lr": 0.0, "rate": optimiser.head_rate},
        ]

    @property
    def share(self) -> float:
        """How much of the schedule is done, 0..1."""
        optimiser = self.config.optimiser
        if optimiser.steps is not None:
            return min(1.0, self.step / optimiser.steps)
        return min(1.0, self.seconds / (60.0 * float(optimiser.minutes or 0)))

    @property
    def finished(self) -> bool:
        """Whether the schedule is done, or no evaluation has been better for as long as the recipe waits."""
        patience = self.config.optimiser.patience
        return self.share >= 1.0 or (patience is not None and self.stale >= patience)

    def rate_factor(self) -> float:
        """Linear warm-up, then linear decay to zero."""
        share, warm_up = self.share, self.config.optimiser.warm_up
        # The first step would have a rate of zero; half a step's worth avoids that.
        if share < warm_up:
            return max(share / warm_up, 1e-3)
        return (1.0 - share) / (1.0 - warm_up)

    def resume(self) -> None:
        """Continue from the state in `out`.

        Raises:
            CheckpointError: there is none, it is damaged, or it belongs to another recipe.
        """
        state = read_state(self.out / STATE)
        if state["recipe"] != self._recipe():
            raise CheckpointError(
                "the training state is of another recipe", where=str(self.out / STATE), hint="use another --out folder"
            )
        restore_weights(self.model.network, state["weights"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.best, self.latest_dev = state["best"], dict(state["dev"])
        self.stale = state.get("stale", 0)
        self._losses.extend(torch.tensor(loss) for loss in state["losses"])
        self._coming = None

    def save(self) -> None:
        """Write the state that `resume` continues from."""
        state = {
            "recipe": self._recipe(),
            "weights": trained_weights(self.model.network),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "dev": dict(self.latest_dev),
            "stale": self.stale,
            "losses": [float(loss) for loss in self._losses],
        }
        write_atomically(self.out / STATE, state)

    def _recipe(self) -> str:
        return self.config.model_dump_json(exclude={"evaluate_minutes", "checkpoint_minutes"})

    def run(self, *, max_minutes: float | None = None) -> None:
        """Train to the end of the schedule or an early stop, or for at most `max_minutes` of running time."""
        before = self.clock()
        spent = since_evaluation = since_checkpoint = loss = 0.0
        while not self.finished:
            self.train_step()
            now = self.clock()
            took = min(now - before, _PAUSE)
            before = now
            self.seconds += took
            spent, since_evaluation, since_checkpoint = spent + took, since_evaluation + took, since_checkpoint + took
            if self.step % _LOOK_EVERY == 1 or self.device.type == "cpu":
                loss = self.loss
            self.report(Progress(self.step, self.share, loss, self.seconds / 60, self.latest_dev))
            if since_evaluation >= 60 * self.config.evaluate_minutes:
                self.evaluate()
                since_evaluation = 0.0
            if since_checkpoint >= 60 * self.config.checkpoint_minutes:
                self.save()
                since_checkpoint = 0.0
            if max_minutes is not None and spent >= 60 * max_minutes:
                break
        if self.share >= 1.0 or not self.finished:  # an early stop has just been evaluated
            self.evaluate()
        self.save()

    @property
    def loss(self) -> float:
        """Mean loss a word over the last steps."""
        return float(torch.stack(list(self._losses)).mean()) if self._losses else 0.0

    def train_step(self) -> None:
        """One optimiser step on the next batch, or batches (`accumulate`).

        Where memory runs out the batches are cut in halves, from here on, and the step is taken again.

        Raises:
            CheckpointError: a single text does not fit into memory.
        """
        if self._coming is None:
            first = self.step * self.config.optimiser.accumulate
            self._coming = ahead(self._preparer, first, self.workers)
        prepared = [next(self._coming) for _ in range(self.config.optimiser.accumulate)]
        factor = self.rate_factor()
        for group in self._optimiser.param_groups:
            group["lr"] = group["rate"] * factor
        while True:
            try:
                loss = self._gradients(prepared)
                break
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not _out_of_memory(error):
                    raise
            self._halve(prepared)
        trainable = [p for p in self.model.network.parameters() if p.requires_grad]
        torch.nn.utils.clip_grad_norm_(trainable, self.config.optimiser.clip)
        self._optimiser.step()
        self._losses.append(loss)
        self.step += 1

    def _halve(self, prepared: Sequence[Prepared]) -> None:
        largest = max(len(item.batch.texts) for item in prepared)
        if self.parts >= largest:
            raise CheckpointError(
                "memory runs out with a batch of one text",
                hint="lower `network.max_len`, `loss.max_labels` or the size of the encoder",
            )
        self.parts *= 2
        self.warn(f"out of memory: batches are computed in {self.parts} parts from here on")
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _gradients(self, prepared: Sequence[Prepared]) -> Tensor:
        """Gradients of one step; returns its loss a word."""
        model, loss_config, network = self.model, self.config.loss, self.config.network
        # Dropout depends on seed and step only: a resumed run repeats what an uninterrupted one would do.
        torch.manual_seed(self.config.seed * 1_000_003 + self.step)
        model.train_mode()
        self._optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        for whole in prepared:
            words = max(1, whole.inputs.words) * len(prepared)
            for part in self._preparer.parts(whole, self.parts):
                inputs = part.inputs.to(self.device)
                with self._autocast():
                    pooled = model.pooled(inputs, part.batch.labels)
                    if pooled is not None:
                        # Dropout on label vectors keeps the few labels of training from being learnt by heart.
                        pooled = dropout(pooled, network.dropout)
                    logits = span_logits(model.network, inputs, pooled)
                targets, known = dense(part.batch, self.device)
                loss = focal_loss(logits, targets, known, alpha=loss_config.alpha, gamma=loss_config.gamma) / words
                if loss_config.order:
                    pairs = torch.from_numpy(orders(part.batch)).to(self.device)
                    loss = loss + loss_config.order * order_loss(logits, pairs) / words
                if network.labels_learn and network.anchor:
                    share = len(part.batch.texts) / len(whole.batch.texts) / len(prepared)
                    loss = loss + network.anchor * share * self._drift(inputs)
                loss.backward()  # type: ignore[no-untyped-call]
                total += loss.detach()
        return total

    def _drift(self, inputs: Inputs) -> Tensor:
        """How far label texts and values have turned away from where the label encoder had them: 1 - cosine, mean."""
        encoder, before = self.model.network.token_rep_layer.labels_encoder, self.model.label_vectors
        assert before is not None
        drifts = []
        for texts in (inputs.labels, inputs.values):
            if texts is not None:
                with self._autocast():
                    old, now = before.of(texts), mean_over_tokens(encoder, texts)
                drifts.append(1 - cosine_similarity(now.float(), old.float(), dim=1))
        return torch.cat(drifts).mean()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.config.optimiser.bf16 and has_bf16(self.device)
        )

    def evaluate(self) -> dict[str, float]:
        """Best F1 over `SWEEP` on each dev set with that set's own labels; keeps the weights of the best mean."""
        limits = {dev.name: dev.limit for dev in self.config.dev}
        scores = {name: self.dev_scores(examples[: limits[name]]) for name, examples in self.dev.items()}
        self.latest_dev = {name: max(by.values()) for name, by in scores.items()}
        mean = sum(self.latest_dev.values()) / len(self.latest_dev) if self.latest_dev else 0.0
        line = {
            "step": self.step,
            "minutes": round(self.seconds / 60, 2),
            "loss": round(self.loss, 6),
            "mean": round(mean, 4),
            "dev": {name: round(value, 4) for name, value in self.latest_dev.items()},
            "threshold": {name: max(by, key=lambda t: by[t]) for name, by in scores.items()},
        }
        with (self.out / CURVE).open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
        self.stale += 1
        if mean >= self.best:
            self.best, self.stale = mean, 0
            write_atomically(self.out / BEST, trained_weights(self.model.network))
        return self.latest_dev

    @torch.inference_mode()
    def dev_scores(self, examples: Sequence[Example]) -> dict[float, float]:
        """Span F1 of the present weights by threshold; the labels are those that occur in `examples`."""
        model, width = self.model, self.config.network.max_width
        model.network.eval()
        labels = sorted({m.label for example in examples for m in example.mentions})
        scores = {threshold: SpanScore() for threshold in SWEEP}
        ordered = sorted(examples, key=lambda example: len(example.words))
        for at_text in range(0, len(ordered), 64):
            chunk = [e for e in ordered[at_text : at_text + 64] if e.words]
            if not chunk:
                continue
            texts = [example.words[: self.config.network.max_len] for example in chunk]
            with self._autocast():
                inputs = model.inputs(texts, labels).to(self.device)
                logits = span_logits(model.network, inputs, model.pooled(inputs, labels))
            probabilities = logits.float().sigmoid().cpu().numpy()
            at = 0
            for example, text in zip(chunk, texts, strict=True):
                spans = spans_of(len(text), width)
                mine: np.ndarray[Any, np.dtype[np.float32]] = probabilities[at : at + len(spans)]
                at += len(spans)
                truth = [(m.first, m.last, m.label) for m in example.mentions]
                rows, columns = np.nonzero(mine > SWEEP[0])
                cells = zip(spans[rows].tolist(), columns.tolist(), mine[rows, columns].tolist(), strict=True)
                # The best spans are taken first, so what a higher threshold finds is what remains above it.
                kept = select(Candidate(start, end, c, p) for (start, end), c, p in cells)
                for threshold, score in scores.items():
                    score.add([(k.start, k.end, labels[k.label]) for k in kept if k.score > threshold], truth)
        return {threshold: score.micro.f1 for threshold, score in scores.items()}


def _out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python ran out of memory; torch says it on the processor only in words."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)


def has_bf16(device: torch.device) -> bool:
    """Whether a device computes in bf16; a processor without it emulates it, 20 times slower than fp32."""
    if device.type != "cpu":
        return True
    has_library: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return has_library and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
