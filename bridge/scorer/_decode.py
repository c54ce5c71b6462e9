"""From scored cells to entities: the reference library's greedy selection, in linear memory and O(n log n).

All positions are word numbers; `end` is inclusive here, as in the span grid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple


class Candidate(NamedTuple):
    """One cell of the span grid whose score is above its threshold; `label` is the number of the label."""

    start: int
    end: int
    label: int
    score: float


def select(
    candidates: Iterable[Candidate], *, flat: bool = True, multi_label: bool = False, token_level: bool = False
) -> list[Candidate]:
    """Keep the best candidates that do not conflict (specification 4.2).

    Candidates are taken by falling score; ties go to the smaller start, then the shorter span, then the lower label
    number (`token_level`: then the lower label number, then the shorter span). A candidate is dropped when it conflicts
    with one taken before:

    - the same words: a conflict unless `multi_label`;
    - `flat`: any shared word is a conflict;
    - otherwise only partial overlap is one: a span may lie inside another.

    Returns them by start; those with equal start keep the order of falling score.
    """
    kept: list[Candidate] = []
    taken: set[tuple[int, int]] = set()
    board: _Board = _FlatBoard() if flat else _NestedBoard()
    for candidate in _by_score(candidates, token_level):
        place = (candidate.start, candidate.end)
        if place in taken:
            if multi_label:
                kept.append(candidate)
            continue
        if board.admits(*place):
            board.add(*place)
            taken.add(place)
            kept.append(candidate)
    kept.sort(key=lambda candidate: candidate.start)
    return kept


def runners_up(
    kept: Sequence[Candidate], cells: Iterable[Candidate], most: int, *, token_level: bool = False
) -> list[tuple[Candidate, ...]]:
    """For each kept candidate the best cells, at most `most`, that share a word with it and were not kept."""
    taken = {one[:3] for one in kept}
    by_word: dict[int, list[Candidate]] = defaultdict(list)
    lost = [cell for cell in _by_score(cells, token_level) if cell[:3] not in taken]
    place = {cell: number for number, cell in enumerate(lost)}
    for cell in lost:
        for word in range(cell.start, cell.end + 1):
            if len(by_word[word]) < most:  # the best of a span are among the best of its words
                by_word[word].append(cell)
    return [
        tuple(
            sorted({cell for word in range(one.start, one.end + 1) for cell in by_word[word]}, key=place.__getitem__)[
                :most
            ]
        )
        for one in kept
    ]


def _by_score(candidates: Iterable[Candidate], token_level: bool) -> list[Candidate]:
    """Best first. Two plain sorts are several times faster than a heap: every candidate is looked at anyway."""
    queue = sorted(candidates, key=_START_LABEL_END if token_level else None)
    queue.sort(key=lambda candidate: -candidate.score)
    return queue


#: The order in which the reference visits token-level spans; ties are frequent there, since a score is a minimum.
_START_LABEL_END = itemgetter(0, 2, 1)


class _Board:
    """The words that selected spans occupy."""

    def admits(self, start: int, end: int) -> bool:
        raise NotImplementedError

    def add(self, start: int, end: int) -> None:
        raise NotImplementedError


class _FlatBoard(_Board):
    """Refuses every shared word. O(width) a span, however many were selected."""

    def __init__(self) -> None:
        self._used: set[int] = set()

    def admits(self, start: int, end: int) -> bool:
        return self._used.isdisjoint(range(start, end + 1))

    def add(self, start: int, end: int) -> None:
        self._used.update(range(start, end + 1))


class _NestedBoard(_Board):
    """Refuses partial overlap only. O(width) a span: looks at what starts or ends inside it."""

    def __init__(self) -> None:
        self._furthest_end: dict[int, int] = {}  # by start
        self._first_start: dict[int, int] = {}  # by end

    def admits(self, start: int, end: int) -> bool:
        ends, starts = self._furthest_end, self._first_start
        if any(ends.get(word, end) > end for word in range(start + 1, end + 1)):
            return False  # one starts inside this span and ends beyond it
        return all(starts.get(word, start) >= start for word in range(start, end))

    def add(self, start: int, end: int) -> None:
        self._furthest_end[start] = max(end, self._furthest_end.get(start, end))
        self._first_start[end] = min(start, self._first_start.get(end, start))
