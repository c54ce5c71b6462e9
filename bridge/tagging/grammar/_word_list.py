"""Makes `en/words.txt.gz`, `en/compounds.txt.gz` and the models' `things.txt.gz` from WordNet 3.0 and SCOWL, two free
word lists (Debian's `wordnet-base` and `scowl`).

    python -m bridge.tagging.grammar._word_list words /usr/share/wordnet /usr/share/dict/scowl en/words.txt.gz
    python -m bridge.tagging.grammar._word_list compounds /usr/share/wordnet en/compounds.txt.gz
    python -m bridge.tagging.grammar._word_list things /usr/share/wordnet bridge/models/things.txt.gz

Compounds are two words that name one thing, one a line: `green tea`, `steam iron`. Things are two to four words for
food or what people make.
Of words, one a line, `apple*` is common, `ninja+` uncommon, `dell` rare or mostly a name, `Fiji` only a name.
WordNet counts how often a tagged corpus uses a word, SCOWL says how many dictionaries and texts know it, as a word and
as a name. Forms with a regular ending are left out, see `_vocabulary`.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bridge.tagging.grammar._vocabulary import ENDINGS, Vocabulary

_PARTS = ("noun", "verb", "adj", "adv")
_WORD = re.compile(r"[A-Za-z]{2,}")
_MARKER = re.compile(r"\(.*\)$")
_TWO = re.compile(r"([A-Za-z]{2,})[_-]([A-Za-z]{2,})")
_SOME = re.compile(r"[a-z][a-z'-]*(_[a-z][a-z'-]*){1,3}")
#: WordNet's numbers for nouns of artifacts and of food.
_THINGS = ("06", "13")
#: WordNet's number for nouns of attributes: a compound of them is a shade of its last word ("navy blue" is a blue).
_ATTRIBUTE = "07"
#: SCOWL's levels that are read (10 is the most common), and those of a word that most people know.
_LEVELS = (10, 20, 35, 40, 50, 55, 60)
_FAMILIAR, _HOUSEHOLD = 50, 35
#: A mark and those of words that are as common at least.
_AS_COMMON = {"*": ("*",), "+": ("*", "+"), "": ("*", "+", "")}
_REGULAR = Vocabulary({}, ENDINGS["en"])


def word_list(wordnet: Path, scowl: Path) -> str:
    """The lines of the list from WordNet's files (`data.*`, `*.exc`, `cntlist.rev`) and SCOWL's (`english-*`)."""
    uses: Counter[str] = Counter()
    for line in _lines(wordnet / "cntlist.rev"):
        sense, _, count = line.split()
        uses[sense.partition("%")[0]] += int(count)
    lemmas = {lemma for part in _PARTS for lemma in _lemmas(wordnet / f"data.{part}") if _WORD.fullmatch(lemma)}
    irregular = {line.split()[0] for part in _PARTS for line in _lines(wordnet / f"{part}.exc")}
    level = _levels(scowl, "words")
    name_level = _levels(scowl, "upper") | _levels(scowl, "proper-names")
    words = {word for word in (*lemmas, *irregular, *level) if _WORD.fullmatch(word) and word.islower()}
    names = {lemma.lower() for lemma in lemmas if uses[lemma.lower()]} | {name.lower() for name in name_level}

    def rank(word: str) -> str:
        used, known = bool(uses[word]), level.get(word, 99)
        if name_level.get(word.capitalize(), 99) <= _FAMILIAR:
            return "*" if used and known <= _HOUSEHOLD else ""
        return "*" if used else "+" if known <= _FAMILIAR else ""

    ranked: dict[str, str] = {}
    for word in sorted(words, key=lambda word: (len(word), word)):  # a form is never left out for one that is itself
        mark = rank(word)
        if not _follows(word, mark, ranked):
            ranked[word] = mark
    lines = [f"{word}{mark}" for word, mark in ranked.items()]
    lines += [name.capitalize() for name in names - words if _WORD.fullmatch(name)]
    return "".join(f"{line}\n" for line in sorted(lines))


def compound_list(wordnet: Path) -> str:
    """The lines of the list of compounds from WordNet's nouns."""
    found: set[str] = set()
    shades: set[str] = set()
    for line in _lines(wordnet / "data.noun"):
        if not line.startswith("  "):  # the licence
            for lemma in _lemmas_of(line):
                if two := _TWO.fullmatch(lemma):
                    (shades if line.split()[1] == _ATTRIBUTE else found).add(" ".join(two.groups()).lower())
    return "".join(f"{compound}\n" for compound in sorted(found - shades))


def thing_list(wordnet: Path) -> str:
    """The lines of the list of things from WordNet's nouns."""
    lines = [line for line in _lines(wordnet / "data.noun") if not line.startswith("  ")]
    lemmas = {lemma for line in lines if line.split()[1] in _THINGS for lemma in _lemmas_of(line)}
    return "".join(f"{lemma.replace('_', ' ')}\n" for lemma in sorted(lemmas) if _SOME.fullmatch(lemma))


def _follows(word: str, mark: str, ranked: dict[str, str]) -> bool:
    """Whether a regular ending leads to this word from another that is as common at least."""
    return any(ranked.get(lemma, " ") in _AS_COMMON[mark] for lemma in _REGULAR.lemmas(word) if lemma != word)


def _levels(folder: Path, kind: str) -> dict[str, int]:
    """Word → lowest level of the lists that hold it; possessives left out."""
    found: dict[str, int] = {}
    for level in reversed(_LEVELS):
        file = folder / f"english-{kind}.{level}"
        for word in _lines(file) if file.exists() else []:
            if _WORD.fullmatch(word):
                found[word] = level
    return found


def _lemmas(file: Path) -> Iterator[str]:
    for line in _lines(file):
        if not line.startswith("  "):  # the licence
            yield from _lemmas_of(line)


def _lemmas_of(line: str) -> Iterator[str]:
    """The words of one set of synonyms."""
    fields = line.split()
    for at in range(int(fields[3], 16)):
        yield _MARKER.sub("", fields[4 + 2 * at])


def _lines(file: Path) -> list[str]:
    return file.read_text("latin-1").splitlines()


if __name__ == "__main__":
    kind, *folders, target = sys.argv[1:]
    of_wordnet = {"compounds": compound_list, "things": thing_list}
    paths = [Path(folder) for folder in folders]
    lines = word_list(*paths) if kind == "words" else of_wordnet[kind](*paths)
    # No time of day inside: the same input gives the same bytes.
    Path(target).write_bytes(gzip.compress(lines.encode("ascii"), 9, mtime=0))
