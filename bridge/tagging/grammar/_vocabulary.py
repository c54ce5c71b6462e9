"""The words of a language: which ones are no misspelling, and which ones mean something beside being a name.

A list of lemmas (`<language>/words.txt.gz`), one of compounds (`compounds.txt.gz`) and the regular endings of inflected
forms. Nothing here knows which
words a search uses: an unknown word may be a brand, a misspelling or new.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Literal

#: common     everyone uses it: apple, target, shark
#: uncommon   most people know it: ninja, corolla
#: rare       few use it, or mostly as a name: dell, ford
#: name       only a name: Fiji
Rank = Literal["common", "uncommon", "rare", "name"]
_MARKS: Mapping[str, Rank] = {"*": "common", "+": "uncommon"}

#: Endings of inflected forms and what stands in their place in the lemma.
ENDINGS: Mapping[str, Sequence[tuple[str, str]]] = {
    "en": (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"))
}
#: A word that nobody lists but that joins two common ones of so many letters is a compound: smartwatch.
_SHORTEST_PART = 3


class Vocabulary:
    """Words of one or more languages. Immutable.

    `ranks` are lemmas in lower case with their rank, `endings` (ending, replacement) pairs that lead from an inflected
    form to its lemma, `compounds` two words in lower case that name one thing.
    """

    def __init__(
        self,
        ranks: Mapping[str, Rank],
        endings: Sequence[tuple[str, str]] = (),
        compounds: Iterable[str] = (),
    ) -> None:
        self._ranks = dict(ranks)
        self._endings = tuple(endings)
        self._compounds = frozenset(compounds)

    def __len__(self) -> int:
        return len(self._ranks)

    def rank(self, word: str) -> Rank | None:
        """How familiar a word (folded, in any form) is; None for one that the language does not know."""
        return next((self._ranks[lemma] for lemma in self.lemmas(word) if lemma in self._ranks), None)

    def knows(self, word: str) -> bool:
        """Whether a word (folded) is one of the language: listed, an inflected form, or two common words in one."""
        return self.rank(word) is not None or self._is_compound(word)

    def is_common(self, word: str) -> bool:
        """Whether a word (folded) is one that everyone uses: `apple`, `targets`; not `nike`, `ninja` or `dell`."""
        return self.rank(word) == "common"

    def is_compound(self, first: str, second: str) -> bool:
        """Whether two words (folded) in a row are the name of one thing: `green tea`, `steam irons`."""
        return any(f"{first} {lemma}" in self._compounds for lemma in self.lemmas(second))

    def lemmas(self, word: str) -> Iterator[str]:
        """The word itself and what it may be a regular form of."""
        yield word
        for ending, replacement in self._endings:
            if word.endswith(ending):
                lemma = word[: -len(ending)] + replacement
                if len(lemma) > 2:
                    yield lemma
                    if len(lemma) > 3 and not replacement and lemma[-1] == lemma[-2]:  # bigger, running
                        yield lemma[:-1]

    def _is_compound(self, word: str) -> bool:
        return any(
            self._ranks.get(word[:at]) == "common" and self.rank(word[at:]) == "common"
            for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
        )


@lru_cache(maxsize=8)
def load_vocabulary(languages: tuple[str, ...]) -> Vocabulary | None:
    """The words of all these languages (codes such as `en`, `en-GB`), read once.

    None where one of them has no list: its words would all look misspelt.
    """
    codes = sorted({code.lower()[:2] for code in languages})
    ranks: dict[str, Rank] = {}
    compounds: list[str] = []
    for code in codes:
        folder = files(__package__).joinpath(code)
        file = folder.joinpath("words.txt.gz")
        if code not in ENDINGS or not file.is_file():
            return None
        for line in gzip.decompress(file.read_bytes()).decode("ascii").splitlines():
            if line[-1] in _MARKS:
                ranks[line[:-1]] = _MARKS[line[-1]]
            else:
                ranks.setdefault(line.lower(), "rare" if line.islower() else "name")
        compounds += gzip.decompress(folder.joinpath("compounds.txt.gz").read_bytes()).decode("ascii").splitlines()
    return Vocabulary(ranks, [pair for code in codes for pair in ENDINGS[code]], compounds) if codes else None
