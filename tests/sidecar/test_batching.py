"""Micro-batching: what arrives together is scored together, queries do not wait for documents."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bridge.entities import TaggedText
from bridge.errors import BridgeError, DeadlineExceededError, NotReadyError, OverloadedError
from bridge.scorer import Scorer
from bridge.sidecar._batching import MIN_BATCH_WORDS, Lane, calling, cost_of
from bridge.sidecar._metrics import Metrics

from .conftest import MODEL, metric

LABELS = ["brand", "color"]
TEXTS = [f"{color} {brand} running shoes" for color in ("red", "blue") for brand in ("nike", "adidas", "puma")]


class Held:
    """The real scorer behind a door: calls wait until it is opened, so that a test can fill the queue."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.name, self.fingerprint = scorer.name, scorer.fingerprint
        self.door = threading.Event()
        self.entered = threading.Event()
        self.calls: list[list[str]] = []

    def predict(self, texts: Sequence[str], labels: Any, threshold: Any = 0.5, **how: Any) -> list[TaggedText]:
        self.calls.append(list(texts))
        self.entered.set()
        assert self.door.wait(30)
        if "poison" in texts:
            raise RuntimeError("this text breaks the model")
        return self._scorer.predict(texts, labels, threshold, **how)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(MODEL, offline=True, threads=1)


@pytest.fixture
def held(scorer: Scorer) -> Iterator[Held]:
    held = Held(scorer)
    yield held
    held.door.set()


def lane(held: Held, name: str = "query", **settings: Any) -> Lane:
    return Lane(name, held, Metrics(), **({"batch_words": 2_000, "queue_words": 10_000} | settings))


def occupied(held: Held, one: Lane, pool: ThreadPoolExecutor) -> Any:
    """Start a request that the model is busy with until the door opens."""
    first = pool.submit(one.predict, ["first"], LABELS)
    assert held.entered.wait(30)
    return first


def wait_for(lane: Lane, requests: int) -> None:
    until = time.monotonic() + 30
    while len(lane._jobs) < requests and time.monotonic() < until:
        time.sleep(0.005)
    assert len(lane._jobs) == requests


def test_a_lane_gives_what_the_scorer_gives(held: Held, scorer: Scorer) -> None:
    held.door.set()
    one = lane(held)
    try:
        assert one.predict(TEXTS, LABELS, 0.1) == scorer.predict(TEXTS, LABELS, 0.1)
        mixed = [["brand"], ["color", "brand"], ["shoe type"]]
        assert one.predict(TEXTS[:3], mixed, 0.1) == scorer.predict(TEXTS[:3], mixed, 0.1)
        assert one.predict([], LABELS) == []
    finally:
        one.stop()


def test_requests_that_wait_together_are_scored_in_one_pass(held: Held, scorer: Scorer) -> None:
    one = lane(held)
    with ThreadPoolExecutor(8) as pool:
        occupied(held, one, pool)
        waiting = [pool.submit(one.predict, [text], LABELS, 0.1) for text in TEXTS]
        wait_for(one, len(TEXTS))
        held.door.set()
        found = [future.result(30)[0] for future in waiting]
    one.stop()

    assert [sorted(call) for call in held.calls] == [["first"], sorted(TEXTS)]
    for text, tagged in zip(TEXTS, found, strict=True):
        (alone,) = scorer.predict([text], LABELS, 0.1)
        assert [(s.start, s.end, s.label) for s in tagged] == [(s.start, s.end, s.label) for s in alone]


def test_requests_with_other_thresholds_do_not_share_a_pass(held: Held) -> None:
    one = lane(held)
    with ThreadPoolExecutor(8) as pool:
        occupied(held, one, pool)
        futures = [pool.submit(one.predict, [text], LABELS, 0.1 + n % 2 / 10) for n, text in enumerate(TEXTS)]
        wait_for(one, len(TEXTS))
        held.door.set()
        for future in futures:
            future.result(30)
    one.stop()

    assert sorted(len(call) for call in held.calls) == [1, 3, 3]


def test_a_batch_of_documents_is_cut_and_queries_go_first(held: Held) -> None:
    queries = lane(held)
    documents = lane(held, "document", batch_seconds=0.001, after=queries)
    many = [f"{text} {number}" for number in range(20) for text in TEXTS]
    assert sum(cost_of(text, LABELS) for text in many) > 2 * MIN_BATCH_WORDS
    with ThreadPoolExecutor(8) as pool:
        first = occupied(held, documents, pool)
        document = pool.submit(documents.predict, many, LABELS)
        wait_for(documents, 1)
        query = pool.submit(queries.predict, ["query"], LABELS)
        wait_for_call(held, ["query"])
        held.door.set()
        for future in (first, query, document):
            future.result(60)
    queries.stop()
    documents.stop()

    calls = [call for call in held.calls if call not in (["first"], ["query"])]
    assert held.calls.index(["query"]) < held.calls.index(calls[0]), "the query passed the document that came before it"
    assert len(calls) > 1, "a document is scored in pieces"
    assert [text for call in calls for text in call] == many


def wait_for_call(held: Held, texts: list[str]) -> None:
    until = time.monotonic() + 30
    while texts not in held.calls and time.monotonic() < until:
        time.sleep(0.005)
    assert texts in held.calls


def test_one_request_that_breaks_the_model_does_not_fail_the_others(held: Held) -> None:
    one = lane(held)
    with ThreadPoolExecutor(8) as pool:
        occupied(held, one, pool)
        good = pool.submit(one.predict, [TEXTS[0]], LABELS)
        bad = pool.submit(one.predict, ["poison"], LABELS)
        wait_for(one, 2)
        held.door.set()
        assert len(good.result(30)) == 1
        with pytest.raises(RuntimeError, match="breaks the model"):
            bad.result(30)
        assert len(one.predict(["after"], LABELS)) == 1, "the lane goes on"
    one.stop()


def test_a_caller_stops_waiting_at_its_deadline_and_its_work_is_skipped(held: Held) -> None:
    metrics = Metrics()
    one = Lane("query", held, metrics, batch_words=2_000, queue_words=10_000)
    with ThreadPoolExecutor(2) as pool:
        first = occupied(held, one, pool)
        with calling(deadline=time.monotonic() + 0.05), pytest.raises(DeadlineExceededError):
            one.predict(["too late"], LABELS)
        held.door.set()
        first.result(30)
        one.predict(["after"], LABELS)
    one.stop()

    assert ["too late"] not in held.calls
    assert b'gliner_bridge_abandoned_total{lane="query"} 1.0' in metrics.render()


def test_work_for_a_client_that_went_away_is_skipped(held: Held) -> None:
    one = lane(held)

    def leave() -> None:
        with calling(gone=lambda: True):
            one.predict(["nobody waits"], LABELS)

    with ThreadPoolExecutor(2) as pool:
        first = occupied(held, one, pool)
        lost = pool.submit(leave)
        wait_for(one, 1)
        held.door.set()
        first.result(30)
        with pytest.raises(BridgeError):
            lost.result(30)
    one.stop()

    assert held.calls == [["first"]]


def test_a_full_queue_refuses_more_and_says_when_to_come_back(held: Held) -> None:
    one = lane(held, queue_words=40)
    with ThreadPoolExecutor(4) as pool:
        first = occupied(held, one, pool)
        large = pool.submit(one.predict, ["word " * 100], LABELS)  # larger than the queue, but nothing else waits
        wait_for(one, 1)
        with pytest.raises(OverloadedError) as refused:
            one.predict(["one more"], LABELS)
        held.door.set()
        first.result(30)
        assert len(large.result(60)) == 1
    one.stop()

    assert refused.value.retry_after >= 1


def test_a_stopped_lane_fails_what_waits_and_takes_nothing(held: Held) -> None:
    one = lane(held)
    with ThreadPoolExecutor(4) as pool:
        first = occupied(held, one, pool)
        waiting = pool.submit(one.predict, ["waits"], LABELS)
        wait_for(one, 1)
        stopping = pool.submit(one.stop)
        time.sleep(0.05)
        held.door.set()
        stopping.result(30)
        first.result(30)
        with pytest.raises(NotReadyError):
            waiting.result(30)
    with pytest.raises(NotReadyError):
        one.predict(["late"], LABELS)


def test_simultaneous_requests_over_http_are_scored_together(sidecar: httpx.Client) -> None:
    def count(name: str) -> float:
        return metric(sidecar, f"gliner_bridge_{name}", lane="document")

    def ingest(name: str) -> int:
        return sidecar.post("/opensearch/ingest/grocery", json={"name": name}).status_code

    batches, requests, taken = count("batches_total"), count("batch_requests_sum"), count("queue_seconds_count")
    together = 24
    with ThreadPoolExecutor(together + 1) as pool:
        # While the model reads a long document, the others arrive: at the same time, as far as it can tell.
        long = pool.submit(ingest, "Kirkland Signature organic coffee beans, dark roast. " * 400)
        until = time.monotonic() + 60
        while count("queue_seconds_count") == taken and time.monotonic() < until:
            time.sleep(0.01)
        short = [pool.submit(ingest, f"Kirkland organic coffee beans number {n}") for n in range(together)]
        assert [future.result(60) for future in [long, *short]] == [200] * (together + 1)

    assert count("batch_requests_sum") - requests == together + 1
    assert count("batches_total") - batches <= together / 2
