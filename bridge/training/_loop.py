"""The training loop: steps, evaluation on the dev sets, checkpoints, resume."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import dropout

from bridge.errors import CheckpointError
from bridge.evaluation import Example, SpanScore
from bridge.scorer._decode import Candidate, select
from bridge.training._batches import Sampler, TrainingSet, spans_of
from bridge.training._checkpoint import STATE, read_state, restore_weights, trained_weights, write_atomically
from bridge.training._config import TrainConfig
from bridge.training._model import Model
from bridge.training._objective import flat_span_logits, focal_loss, span_index, word_vectors

#: Thresholds that a dev score is the best of.
SWEEP = tuple(round(0.2 + 0.05 * step, 2) for step in range(12))
#: A gap between two steps longer than this is a pause (the process was stopped) and does not count as running time.
_PAUSE = 30.0
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

    `out` receives the state, the best weights and the learning curve.
    """

    config: TrainConfig
    model: Model
    sets: Sequence[TrainingSet]
    dev: Mapping[str, Sequence[Example]]
    out: Path
    report: Callable[[Progress], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        optimiser, network = self.config.optimiser, self.config.network
        self.out.mkdir(parents=True, exist_ok=True)
        self.step, self.seconds = 0, 0.0
        self.best, self.latest_dev = -1.0, dict[str, float]()
        #: Evaluations since the best one.
        self.stale = 0
        self._losses: deque[float] = deque(maxlen=100)
        self._sampler = Sampler(
            self.sets,
            seed=self.config.seed,
            max_width=network.max_width,
            max_len=network.max_len,
            batch_texts=optimiser.batch_texts,
            batch_words=optimiser.batch_words,
            phrasing_rate=self.config.loss.phrasing_rate,
            max_labels=self.config.loss.max_labels,
            other_names=self.config.loss.other_names,
        )
        self._optimiser = torch.optim.AdamW(self._groups(), weight_decay=optimiser.weight_decay)

    def _groups(self) -> list[dict[str, Any]]:
        optimiser = self.config.optimiser
        encoder: list[torch.nn.Parameter] = []
        heads: list[torch.nn.Parameter] = []
        for name, parameter in self.model.network.named_parameters():
            if parameter.requires_grad:
                (encoder if name.startswith("token_rep_layer.bert_layer.") else heads).append(parameter)
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
        self._losses.extend(state["losses"])

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
            "losses": list(self._losses),
        }
        write_atomically(self.out / STATE, state)

    def _recipe(self) -> str:
        return self.config.model_dump_json(exclude={"evaluate_minutes", "checkpoint_minutes"})

    def run(self, *, max_minutes: float | None = None) -> None:
        """Train to the end of the schedule or an early stop, or for at most `max_minutes` of running time."""
        before = self.clock()
        spent = since_evaluation = since_checkpoint = 0.0
        while not self.finished:
            self.train_step()
            now = self.clock()
            took = min(now - before, _PAUSE)
            before = now
            self.seconds += took
            spent, since_evaluation, since_checkpoint = spent + took, since_evaluation + took, since_checkpoint + took
            self.report(Progress(self.step, self.share, self.loss, self.seconds / 60, self.latest_dev))
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
        return sum(self._losses) / len(self._losses) if self._losses else 0.0

    def train_step(self) -> None:
        """One optimiser step on the next batch."""
        model, loss_config = self.model, self.config.loss
        batch = self._sampler.batch(self.step)
        # Dropout depends on seed and step only: a resumed run repeats what an uninterrupted one would do.
        torch.manual_seed(self.config.seed * 1_000_003 + self.step)
        model.train_mode()
        factor = self.rate_factor()
        for group in self._optimiser.param_groups:
            group["lr"] = group["rate"] * factor
        texts = [example.words for example in batch.texts]
        first, last = span_index([len(words) for words in texts], self.config.network.max_width)
        pooled = model.label_vectors(batch.labels)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.config.optimiser.bf16):
            words = word_vectors(model.network, model.tokenizer, texts, model.pad)
            # Dropout on the frozen label vectors keeps the few labels of training from being learnt by heart.
            classes = model.network.label_classes(dropout(pooled, self.config.network.dropout))
            logits = flat_span_logits(model.network, words, first, last, classes)
        loss = focal_loss(
            logits,
            torch.from_numpy(batch.targets),
            torch.from_numpy(batch.known),
            alpha=loss_config.alpha,
            gamma=loss_config.gamma,
        ) / sum(len(words) for words in texts)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        trainable = [p for p in model.network.parameters() if p.requires_grad]
        torch.nn.utils.clip_grad_norm_(trainable, self.config.optimiser.clip)
        self._optimiser.step()
        self._losses.append(float(loss.detach()))
        self.step += 1

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
        pooled = model.label_vectors(labels)
        scores = {threshold: SpanScore() for threshold in SWEEP}
        ordered = sorted(examples, key=lambda example: len(example.words))
        for at_text in range(0, len(ordered), 64):
            chunk = [e for e in ordered[at_text : at_text + 64] if e.words]
            texts = [example.words[: self.config.network.max_len] for example in chunk]
            first, last = span_index([len(words) for words in texts], width)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.config.optimiser.bf16):
                words = word_vectors(model.network, model.tokenizer, texts, model.pad)
                classes = model.network.label_classes(pooled)
                logits = flat_span_logits(model.network, words, first, last, classes)
            probabilities = logits.float().sigmoid().numpy()
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
