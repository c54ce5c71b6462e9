"""From texts and label sets to the rows of forward passes.

texts ─ split_words ─ pieces ─ windows × label groups ─ rows ─ batches of one length class
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bridge.errors import InputError
from bridge.scorer._checkpoint import Checkpoint
from bridge.scorer._decode import Candidate
from bridge.scorer._labels import LabelSet, balanced_groups
from bridge.scorer._prompt import Prompt, Row, build_prompt, build_row
from bridge.scorer._windows import Window, fits, longest_word, plan_windows
from bridge.scorer._words import Words, split_words

#: Subtokens of one sequence where neither tokenizer nor backbone has a limit; attention is quadratic in it.
MAX_SEQUENCE = 4096
#: Bounds rows × length² of a batch, so that long rows come in smaller batches.
_MAX_BATCH_AREA = MAX_SEQUENCE**2
#: Subtokens that must remain for words behind the longest prompt.
_MIN_TEXT = 64


@dataclass(slots=True)
class Item:
    """One text on its way through the pipeline: its words with their subtokens, how many of them were scored."""

    text: str
    words: Words
    labels: LabelSet
    pieces: list[list[int]]
    scored: int
    candidates: list[Candidate] = field(default_factory=list)
    #: Cells that may be runners-up: also those below their threshold. Empty where nobody asked for them.
    cells: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """One row of a forward pass: a window of a text with a group of its labels."""

    item: Item
    window: Window
    labels: range
    row: Row


class Planner:
    """Makes the rows of a checkpoint's forward passes; knows its tokenizer and its limits, not its network."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._config = checkpoint.config
        self._subwords = checkpoint.subwords
        self._ent, self._sep = checkpoint.ent, checkpoint.sep
        additions = len(self._subwords.prefix) + len(self._subwords.suffix)
        self._room = (checkpoint.limit or MAX_SEQUENCE) - additions

    def items(self, texts: Sequence[str], sets: Sequence[LabelSet]) -> list[Item]:
        """Words and their subtokens. What is no string holds no words, as in the reference."""
        items = []
        for given, labels in zip(texts, sets, strict=True):
            text = given if isinstance(given, str) else ""
            words = split_words(text)
            pieces = self._subwords.pieces(words.texts) if words and labels else []
            items.append(Item(text, words, labels, pieces, scored=len(words)))
        return items

    def jobs(self, item: Item, labels_per_prompt: int) -> Iterator[Job]:
        """One row for each window and label group of a text. InputError where a label leaves no room for text."""
        if not item.pieces:
            return
        pooling = self._config.subtoken_pooling
        for group, prompt in self._prompts(item.labels, labels_per_prompt):
            room = self._room - len(prompt.ids)
            pieces, windows = self._windows(item.pieces, room)
            seen = sum(len(short) == len(full) for short, full in zip(pieces, item.pieces, strict=True))
            item.scored = min(item.scored, seen)
            for window in windows:
                row = build_row(prompt, pieces[window.start : window.stop], self._subwords, pooling=pooling)
                yield Job(item, window, group, row)

    def too_long(self, item: Item, labels_per_prompt: int) -> str | None:
        """Why a text needs several windows, with its words and the limit; None where it is scored at once."""
        if not item.pieces:
            return None
        words, most = len(item.pieces), self._config.max_len
        if words > most:
            return f"has {words} words; the model reads {most} at once"
        subtokens = sum(map(len, item.pieces))
        room = self._room - max(len(prompt.ids) for _, prompt in self._prompts(item.labels, labels_per_prompt))
        if subtokens > room:
            return f"has {words} words of {subtokens} subtokens; beside these labels the model reads {room} at once"
        return None

    def _windows(self, pieces: list[list[int]], room: int) -> tuple[list[list[int]], list[Window]]:
        """Windows over a text; where it needs several, overlong words lose their later subtokens."""
        max_words, max_width = self._config.max_len, self._config.max_width
        sizes = [len(piece) for piece in pieces]
        if not fits(sizes, max_words=max_words, max_subtokens=room):
            longest = longest_word(room)
            pieces = [piece[:longest] for piece in pieces]
            sizes = [len(piece) for piece in pieces]
        return pieces, plan_windows(sizes, max_words=max_words, max_subtokens=room, max_width=max_width)

    def _prompts(self, labels: LabelSet, labels_per_prompt: int) -> list[tuple[range, Prompt]]:
        """Label groups with their prompts; a bi-encoder needs neither."""
        if self._config.is_bi_encoder:
            return [(range(len(labels)), Prompt())]
        pieces = self._subwords.pieces(labels.prompts)
        sizes = [len(piece) + 1 for piece in pieces]
        if max(sizes) > self._room - _MIN_TEXT:
            longest = sizes.index(max(sizes))
            raise InputError(
                f"a label of {max(sizes)} subtokens leaves no room for the text ({self._room} in all)",
                where=f"labels[{labels.place(longest)}]",
            )
        groups = balanced_groups(sizes, max_labels=labels_per_prompt, max_subtokens=self._room // 2)
        return [
            (
                group,
                build_prompt(
                    labels.prompts[group.start : group.stop],
                    pieces[group.start : group.stop],
                    ent=self._ent,
                    sep=self._sep,
                ),
            )
            for group in groups
        ]


def batches(jobs: list[Job], batch_size: int) -> Iterator[list[Job]]:
    """Jobs by length, so that little is padded; long ones in smaller batches."""
    jobs = sorted(jobs, key=lambda job: len(job.row.ids), reverse=True)
    start = 0
    while start < len(jobs):
        longest = len(jobs[start].row.ids)
        count = max(min(batch_size, _MAX_BATCH_AREA // longest**2), 1)
        yield jobs[start : start + count]
        start += count
