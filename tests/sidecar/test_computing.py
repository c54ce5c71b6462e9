"""All of torch's work in one thread, whoever asks for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import pytest
import torch

from bridge.errors import InputError
from bridge.scorer import Scorer
from bridge.sidecar._computing import ComputedScorer, Computing


class Witness:
    """A scorer that notes in which threads it worked, and on how much at once."""

    name, fingerprint, calibration = "witness", "", None

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.sizes: list[int] = []

    def embed(self, texts: Sequence[str]) -> Any:
        self.threads.add(threading.current_thread().name)
        self.sizes.append(len(texts))
        return np.array([[float(text)] for text in texts], dtype=np.float32).reshape(-1, 1)


@pytest.fixture
def computing() -> Iterator[Computing]:
    computing = Computing()
    yield computing
    computing.stop()


def test_callers_of_many_threads_are_served_by_one(computing: Computing) -> None:
    witness = Witness()
    scorer = ComputedScorer(cast(Scorer, witness), computing)
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda number: scorer.embed([str(number)]), range(50)))
    assert [float(answer[0, 0]) for answer in answers] == list(range(50))
    assert len(witness.threads) == 1


def test_many_names_are_encoded_in_pieces_so_that_queries_pass(computing: Computing) -> None:
    witness = Witness()
    scorer = ComputedScorer(cast(Scorer, witness), computing)
    assert scorer.embed([str(number) for number in range(100)])[:, 0].tolist() == list(range(100))
    assert max(witness.sizes) <= 32


@pytest.mark.parametrize("threads", [1, 2])
def test_a_model_computes_with_the_threads_that_were_asked_for(computing: Computing, threads: int) -> None:
    before = torch.get_num_threads()
    try:
        loaded = computing.load(lambda: Scorer.load(threads=threads))
        ComputedScorer(loaded, computing).predict(["red nike shoes"], ["brand"])
        assert computing.run(torch.get_num_threads) == threads
    finally:
        torch.set_num_threads(before)


def test_it_behaves_as_the_scorer(computing: Computing) -> None:
    own = Scorer.load()
    scorer = ComputedScorer(own, computing)
    texts, labels = ["red nike shoes", "organic coffee"], ["brand", "color", "product type"]
    assert scorer.predict(texts, labels, batch_size=2) == own.predict(texts, labels, batch_size=2)
    assert np.array_equal(scorer.embed(texts), own.embed(texts))
    assert (scorer.name, scorer.fingerprint, scorer.embeds) == (own.name, own.fingerprint, True)
    assert scorer.calibration is own.calibration


def test_errors_reach_the_caller(computing: Computing) -> None:
    scorer = ComputedScorer(Scorer.load(), computing)
    with pytest.raises(InputError, match="threshold"):
        scorer.predict(["red"], ["color"], 7.0)


def test_loading_leaves_no_thread_behind(computing: Computing) -> None:
    name = computing.load(lambda: threading.current_thread().name)
    assert name not in {thread.name for thread in threading.enumerate()}
