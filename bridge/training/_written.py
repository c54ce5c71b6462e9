"""Annotated texts from hand-written lines with marked spans and value lists (`bridge/models/texts/*.txt`).

One text a line: ``fly to [{city}|arrival city|city] on [{May 3;Friday}|travel date]``. A bracket holds a value and its
labels, all of them true. ``{city}`` draws from a list, ``{a;b}`` from the alternatives given. Other lines are

- ``@city = Lisbon; Graz``: a value list, known in all files that have none of this name of their own,
- ``~ travel date = date of travel; when to go``: further names of a label in this file,
- ``^ arrival city; departure city``: labels of this file that exclude each other on one span,
- ``% city = city; place``: general names that a value of a list may always carry: left open where a line lacks them,
- ``? city; date; person``: vague names: true, but a label that says more should score higher on the same span; labels
  that mostly stand behind another one in their bracket (`[Marie Curie|chemist|person]`) are vague without being named,
- ``! grocery item``: names that are not vague although they mostly stand behind another one,
- ``# ...``: a comment.

A line annotates all that it holds: what carries no label has none of the labels of the lines.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bridge.errors import TrainingDataError
from bridge.evaluation import Example, Mention
from bridge.scorer import Words, split_words

_FOLDER = Path(__file__).parent.parent / "models" / "texts"
_PART = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")
_DRAW = re.compile(r"\{([^{}]*)\}")
#: How often a value comes from another line with the same first label, a text is all lower case, a word misspelt.
_SWAP, _LOWER, _TYPO = 0.2, 0.55, 0.04
#: The score that a vague name is taught where the first label of a span says more.
_VAGUE = 0.75
#: A label is vague that stands so often behind another one, at so many brackets at least.
_MOSTLY_BEHIND, _AT_LEAST = 0.6, 5


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line: its text with places to fill, and its labels (none: filler)."""

    text: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `where` is its file and number, `file` the name of the file."""

    parts: tuple[Part, ...]
    file: str
    where: str


@dataclass
class Written:
    """All files of a folder."""

    #: By file and name; by name alone the first of all files.
    lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    shared: dict[str, list[str]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    #: By list: names that its values may carry although a line does not say so.
    general: dict[str, list[str]] = field(default_factory=dict)
    vague: set[str] = field(default_factory=set)
    never_vague: set[str] = field(default_factory=set)
    #: By file and label: its other names, and the labels that it excludes.
    names: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    siblings: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def drawn_from(self, file: str, place: str) -> list[str] | None:
        """What ``{place}`` may become in a file: alternatives, or a list; None where no list has this name."""
        if ";" in place:
            return _split(place)
        return self.lists.get((file, place)) or self.shared.get(place)

    def all_names(self, file: str, labels: Iterable[str]) -> tuple[str, ...]:
        """The labels and their further names in a file, each once."""
        return tuple(dict.fromkeys(n for label in labels for n in (label, *self.names.get((file, label), ()))))

    def excluded(self, file: str, labels: Sequence[str]) -> frozenset[str]:
        """Names of labels that a span with these labels cannot carry."""
        others = {other for label in labels for other in self.siblings.get((file, label), ())} - set(labels)
        return frozenset(self.all_names(file, sorted(others))) - set(self.all_names(file, labels))


@cache
def read_written(folder: Path = _FOLDER) -> Written:
    """Read and check all files of a folder.

    Raises:
        TrainingDataError: a line cannot be read; `where` is `file:line`.
    """
    written = Written()
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip() and not line.startswith("#"):
                _read_line(line.strip(), written, path.stem, f"{path.name}:{number}")
    for line_ in written.lines:
        _check(line_, written)
    behind, all_uses = Counter[str](), Counter[str]()
    for line_ in written.lines:
        for part in line_.parts:
            all_uses.update(part.labels)
            behind.update(part.labels[1:])
    written.vague |= {
        label for label, uses in all_uses.items() if uses >= _AT_LEAST and behind[label] >= _MOSTLY_BEHIND * uses
    }
    written.vague -= written.never_vague
    if not written.lines:
        raise TrainingDataError("no texts here", where=str(folder))
    return written


def written_texts(
    size: int, *, seed: int, withheld: Collection[str] = (), folder: Path = _FOLDER
) -> tuple[list[Example], dict[str, frozenset[str]]]:
    """Texts from the lines, each line about equally often; the same seed gives the same texts.

    Args:
        size: how many.
        seed: of what is drawn.
        withheld: names of labels that must not be taught; spans lose them.
        folder: where the files are.

    Returns:
        The texts, and by label name the names that exclude it on one span.
    """
    written = read_written(folder)
    rng = random.Random(f"{seed}/written")
    pools: dict[str, list[Part]] = {}
    for line in written.lines:
        for part in line.parts:
            if part.labels:
                pools.setdefault(f"{line.file}/{part.labels[0]}", []).append(part)
    examples: list[Example] = []
    while len(examples) < size:
        order = list(written.lines)
        rng.shuffle(order)
        examples += [_example(line, written, pools, set(withheld), rng) for line in order[: size - len(examples)]]
    excluding: dict[str, set[str]] = {}
    for file, label in written.siblings:
        for name in written.all_names(file, [label]):
            excluding.setdefault(name, set()).update(written.excluded(file, [label]))
    return examples, {name: frozenset(others) for name, others in excluding.items()}


def _read_line(line: str, written: Written, file: str, where: str) -> None:
    head, _, rest = line[1:].partition("=")
    match line[0]:
        case "@":
            written.lists[file, head.strip()] = _split(rest)
            written.shared.setdefault(head.strip(), _split(rest))
        case "?":
            written.vague.update(_split(line[1:]))
        case "!":
            written.never_vague.update(_split(line[1:]))
        case "%":
            written.general.setdefault(head.strip(), []).extend(_split(rest))
        case "~":
            written.names.setdefault((file, head.strip()), []).extend(_split(rest))
        case "^":
            group = _split(line[1:])
            for label in group:
                written.siblings.setdefault((file, label), set()).update(set(group) - {label})
        case _:
            written.lines.append(Line(_parts(line, where), file, where))


def _parts(line: str, where: str) -> tuple[Part, ...]:
    parts, at = [], 0
    for match in _PART.finditer(line):
        if match.start() != at:
            break
        at = match.end()
        if match[1] is None:
            parts.append(Part(match[2]))
            continue
        text, *labels = (piece.strip() for piece in match[1].split("|"))
        if not text or not labels or not all(labels):
            raise TrainingDataError(f"a value and a label are expected in [{match[1]}]", where=where)
        parts.append(Part(text, tuple(dict.fromkeys(labels))))
    if at != len(line):
        raise TrainingDataError("a bracket is not closed, or stands inside another", where=where)
    return tuple(parts)


def _check(line: Line, written: Written) -> None:
    for part in line.parts:
        if part.text.count("{") != len(_DRAW.findall(part.text)) or "|" in part.text:
            raise TrainingDataError(f"a brace is not closed, or a bracket is missing: {part.text!r}", where=line.where)
        for place in _DRAW.findall(part.text):
            if not written.drawn_from(line.file, place):
                raise TrainingDataError(f"no list is called {place!r}", where=line.where)
    rng = random.Random(0)
    text, spans = _fill(line, line.parts, written, rng)
    words = split_words(text)
    for start, end, part in spans:
        if _located(words, start, end) is None:
            raise TrainingDataError(f"{text[start:end]!r} does not end where a word ends", where=line.where)
        if part.text.lower() in part.labels:
            raise TrainingDataError(f"{part.text!r} is its own label", where=line.where)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _fill(
    line: Line, parts: Sequence[Part], written: Written, rng: random.Random
) -> tuple[str, list[tuple[int, int, Part]]]:
    text, spans = "", []
    for part in parts:
        start = len(text)
        text += _DRAW.sub(lambda m: rng.choice(written.drawn_from(line.file, m[1]) or [""]), part.text)
        if part.labels:
            spans.append((start, len(text), part))
    return text, spans


def _located(words: Words, start: int, end: int) -> tuple[int, int] | None:
    """First and last word of a stretch of text, or None where it cuts a word."""
    first = [at for at, begin in enumerate(words.starts) if begin == start]
    last = [at for at, stop in enumerate(words.ends) if stop == end]
    return (first[0], last[0]) if first and last else None


def _example(
    line: Line, written: Written, pools: Mapping[str, list[Part]], withheld: set[str], rng: random.Random
) -> Example:
    parts = []
    for part in line.parts:
        if part.labels and rng.random() < _SWAP:
            part = Part(rng.choice(pools[f"{line.file}/{part.labels[0]}"]).text, part.labels)
        parts.append(part)
    text, spans = _fill(line, parts, written, rng)
    if rng.random() < _LOWER:
        text = "".join(lower if len(lower := c.lower()) == 1 else c for c in text)
    if rng.random() < _TYPO:
        text = _swapped(text, rng)
    words = split_words(text)
    mentions, general = [], set[str]()
    for start, end, part in spans:
        found = _located(words, start, end)
        general.update(n for place in _DRAW.findall(part.text) for n in written.general.get(place, ()))
        if found:
            vague = set() if part.labels[0] in written.vague else written.vague
            taught: dict[str, float] = {}
            for label in part.labels:
                for name in written.all_names(line.file, [label]):
                    taught.setdefault(name, _VAGUE if vague & {label, name} else 1.0)
            mentions += [Mention(*found, name, aim) for name, aim in taught.items() if name not in withheld]
    unsure = general - {mention.label for mention in mentions}
    return Example(tuple(words.texts), tuple(dict.fromkeys(mentions)), unsure=tuple(sorted(unsure)))


def _swapped(text: str, rng: random.Random) -> str:
    """Two neighbouring letters inside a word change places."""
    places = [at for at in range(1, len(text) - 2) if text[at - 1 : at + 3].isalpha()]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
