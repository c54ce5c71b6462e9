"""CoNLL files: one token a line with its tag in the last column, a blank line between texts.

Tags are BIO (also its older form, in which a `B-` stands only between neighbours of the same type) or BIOES / BILOU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bridge.errors import TrainingDataError
from bridge.evaluation._examples import Example, from_tokens

#: Endings of file names that are read as CoNLL, before `.gz` or `.xz`.
SUFFIXES = (".conll", ".bio", ".iob", ".iob2", ".bioes", ".bilou", ".tsv", ".txt")
_BEGINS, _INSIDE, _ENDS = frozenset("BSU"), frozenset("IEL"), frozenset("ESLU")
_HINT = "a line is a token, then its tag in the last column: O, B-label, I-label, also E- and S- (or L- and U-)"

Span = tuple[int, int, str]


def read_conll(
    lines: Iterable[str], path: str, *, on_error: Callable[[TrainingDataError], None] | None = None
) -> Iterator[Example]:
    """The texts of a CoNLL file.

    `-DOCSTART-` lines and lines that begin with `# ` before a text's first token are passed over.

    Args:
        lines: of the file.
        path: its name, for errors.
        on_error: receives the error of every text with an unreadable line, which is then skipped whole; None stops.

    Raises:
        TrainingDataError: a line has no tag, or one of another form; `where` is `file:line`.
    """
    tokens: list[str] = []
    tags: list[str] = []
    broken = False
    for number, line in enumerate([*lines, ""], start=1):
        columns = line.split()
        if not columns:
            if tokens and not broken:
                yield from_tokens(tokens, _spans(tags))
            tokens, tags, broken = [], [], False
            continue
        if broken or columns[0] == "-DOCSTART-" or (not tokens and line.startswith("# ")):
            continue
        problem = _problem(columns)
        if problem is not None:
            error = TrainingDataError(problem, where=f"{path}:{number}", hint=_HINT)
            if on_error is None:
                raise error
            on_error(error)
            broken = True
            continue
        tokens.append(columns[0])
        tags.append(columns[-1])


def _problem(columns: list[str]) -> str | None:
    if len(columns) == 1:
        return f"the token {columns[0]!r} has no tag"
    prefix, dash, label = columns[-1].partition("-")
    if columns[-1] == "O" or (dash and label and prefix in _BEGINS | _INSIDE):
        return None
    return f"{columns[-1]!r} is no tag"


def _spans(tags: Iterable[str]) -> Iterator[Span]:
    """Spans of a text's tags; an inside tag that continues nothing begins a span, as the older form of BIO has it."""
    first, label = 0, ""
    last = -1
    for at, tag in enumerate(tags):
        prefix, _, name = tag.partition("-")
        goes_on = prefix in _INSIDE and name == label
        if label and not goes_on:
            yield first, last, label
            label = ""
        if prefix == "O":
            continue
        if not label:
            first, label = at, name
        last = at
        if prefix in _ENDS:
            yield first, last, label
            label = ""
    if label:
        yield first, last, label
