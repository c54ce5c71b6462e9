"""Two ways to the same entities, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bridge.entities import TaggedText
from bridge.scorer import Scorer


def agreement(one: Scorer, other: Scorer, texts: Sequence[str], labels: Sequence[str]) -> float:
    """Share of the entities of either that both find."""
    found = [
        {(number, span.start, span.end, span.label) for number, text in enumerate(answer) for span in text}
        for answer in (one.predict(texts, labels), other.predict(texts, labels))
    ]
    return len(found[0] & found[1]) / len(found[0] | found[1])


def alone_and_together(
    scorer: Scorer, texts: Sequence[str], labels: Sequence[str]
) -> tuple[list[TaggedText], list[TaggedText]]:
    """Answers to each text twice: asked one after the other, and by four threads at once."""
    alone = [scorer.predict([text], labels)[0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: scorer.predict([text], labels)[0], [*texts, *texts]))
    return alone * 2, together
