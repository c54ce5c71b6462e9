"""The words of a language: which ones are no misspelling, and which ones mean something beside being a name.

A list of lemmas (`<language>/words.txt.gz`) and the regular endings of their inflected forms. Nothing here knows which
words a search uses: an unknown word may be a brand, a misspelling or new.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

#: Endings of inflected forms and what stands in their place in the lemma.
_ENDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        *(("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e")),
        *(("ier", "y"), ("er", ""), ("er", "e"), ("iest", "y"), ("est", ""), ("est", "e"), ("ily", "y"), ("ly", "")),
    )
}


class Vocabulary:
    """Words of one or more languages. Immutable.

    `common` are ordinary words, `rare` further words and names; all in lower case. `endings` are (ending, replacement)
    pairs that lead from an inflected form to its lemma.
    """

    def __init__(
        self, common: Iterable[str], rare: Iterable[str] = (), endings: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._common = frozenset(common)
        self._rare = frozenset(rare)
        self._endings = tuple(endings)

    def __len__(self) -> int:
        return len(self._common) + len(self._rare)

    def knows(self, word: str) -> bool:
        """Whether a word (folded) is one of the language, in any of its forms, or one of its names."""
        return any(form in self._common or form in self._rare for form in self._lemmas(word))

    def is_common(self, word: str) -> bool:
        """Whether a word (folded) is ordinary: `apple`, `targets`; not `nike`, nor `dell`, which hardly anyone uses."""
        return any(form in self._common for form in self._lemmas(word))

    def _lemmas(self, word: str) -> Iterator[str]:
        yield word
        for ending, replacement in self._endings:
            if word.endswith(ending):
                lemma = word[: -len(ending)] + replacement
                if len(lemma) > 2:
                    yield lemma
                    if len(lemma) > 3 and not replacement and lemma[-1] == lemma[-2]:  # bigger, running
                        yield lemma[:-1]


@lru_cache(maxsize=8)
def load_vocabulary(languages: tuple[str, ...]) -> Vocabulary | None:
    """The words of all these languages (codes such as `en`, `en-GB`), read once.

    None where one of them has no list: its words would all look misspelt.
    """
    codes = sorted({code.lower()[:2] for code in languages})
    common: set[str] = set()
    rare: set[str] = set()
    for code in codes:
        file = files(__package__).joinpath(code, "words.txt.gz")
        if code not in _ENDINGS or not file.is_file():
            return None
        for line in gzip.decompress(file.read_bytes()).decode("ascii").splitlines():
            if line.endswith("*"):
                common.add(line[:-1])
            else:
                rare.add(line.lower())
    return Vocabulary(common, rare - common, [pair for code in codes for pair in _ENDINGS[code]]) if codes else None
