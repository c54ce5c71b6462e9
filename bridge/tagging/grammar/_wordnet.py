"""Makes `en/words.txt.gz` from the database of WordNet 3.0 (Debian's package `wordnet-base`).

    python -m bridge.tagging.grammar._wordnet /usr/share/wordnet bridge/tagging/grammar/en/words.txt.gz

One word a line, sorted: `apple*` is an ordinary word that running text uses (WordNet counts senses in a tagged corpus),
`dell` one that its texts never use, `Paris` a name. Compounds of several words are left out, irregular forms are in.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_PARTS = ("noun", "verb", "adj", "adv")
_WORD = re.compile(r"[A-Za-z]{2,}")
_MARKER = re.compile(r"\(.*\)$")


def word_list(folder: Path) -> str:
    """The lines of the list from a folder of WordNet's files (`data.*`, `*.exc`, `cntlist.rev`)."""
    uses: Counter[str] = Counter()
    for line in _lines(folder / "cntlist.rev"):
        sense, _, count = line.split()
        uses[sense.partition("%")[0]] += int(count)
    lemmas = {lemma for part in _PARTS for lemma in _lemmas(folder / f"data.{part}") if _WORD.fullmatch(lemma)}
    words = {lemma for lemma in lemmas if lemma.islower()}
    words |= {
        form for part in _PARTS for line in _lines(folder / f"{part}.exc") if _WORD.fullmatch(form := line.split()[0])
    }
    names = {lemma.capitalize() for lemma in lemmas if lemma.lower() not in words and uses[lemma.lower()]}
    return "".join(f"{word}{'*' if uses[word] else ''}\n" for word in sorted(words | names))


def _lemmas(file: Path) -> Iterator[str]:
    for line in _lines(file):
        if not line.startswith("  "):  # the licence
            fields = line.split()
            for at in range(int(fields[3], 16)):
                yield _MARKER.sub("", fields[4 + 2 * at])


def _lines(file: Path) -> list[str]:
    return file.read_text("latin-1").splitlines()


if __name__ == "__main__":
    # No time of day inside: the same input gives the same bytes.
    Path(sys.argv[2]).write_bytes(gzip.compress(word_list(Path(sys.argv[1])).encode("ascii"), 9, mtime=0))
