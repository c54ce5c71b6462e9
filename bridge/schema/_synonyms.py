"""Synonyms of a label from a file of its own: YAML, or the lines that Solr and Lucene read.

A YAML file (`.yaml`, `.yml`) maps values to words: `Televisions: tv, telly` or `Televisions: [tv, telly]`. In a text
file (`.txt`) `tv, telly => Televisions` says what words stand for, and in `tv, telly, television` each word stands for
all others. A line that begins with `#` is a comment; a backslash makes the sign behind it a part of the word.
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath

from bridge.errors import SchemaError
from bridge.schema._normalise import fold
from bridge.schema._yaml import MAX_CHARACTERS, Document, read_yaml

#: Most synonyms of one file of lines; a line of n words that stand for each other makes n squared.
MAX_SYNONYMS = 500_000
#: UTF-8 takes up to four bytes a character.
_MAX_BYTES = 4 * MAX_CHARACTERS
_SIGN = re.compile(r"\\.|=>|,", re.DOTALL)

Synonyms = dict[str, list[str]]


def read_synonyms(file: FilePath) -> Synonyms:
    """Value → other words for it, in the order of the file.

    Raises `SchemaError` where the file cannot be read, is too large or is wrong; it names every line that is.
    """
    suffix = file.suffix.lower()
    if suffix not in (".yaml", ".yml", ".txt"):
        hint = "name it *.yaml for `value: word, word`, *.txt for Solr's lines"
        raise SchemaError(f'nothing tells how a "{suffix}" file of synonyms is written', where=str(file), hint=hint)
    text = _read(file)
    document = Document(str(file)) if suffix == ".txt" else read_yaml(text, str(file))
    found = _from_lines(text, document) if suffix == ".txt" else _from_yaml(document)
    if document.problems:
        raise SchemaError.together(document.problems)
    return found


def merged(own: Synonyms, further: Synonyms) -> Synonyms:
    """Both together; what `own` says comes first."""
    values = dict.fromkeys((*own, *further))
    return {value: list(dict.fromkeys((*own.get(value, ()), *further.get(value, ())))) for value in values}


def _read(file: FilePath) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SchemaError(f"cannot be read: {error.strerror or type(error).__name__}", where=str(file)) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SchemaError("not UTF-8", where=f"{file}:{line}", hint="save the file as UTF-8") from None
    if len(content) > _MAX_BYTES or len(text) > MAX_CHARACTERS:
        raise SchemaError(f"the file is over {MAX_CHARACTERS:,} characters long", where=str(file))
    return text


def _from_yaml(document: Document) -> Synonyms:
    if not isinstance(document.data, dict):
        document.problem((), "not a mapping of values to words", "write lines such as `Televisions: tv, telly`")
        return {}
    found: Synonyms = {}
    meant: dict[str, str] = {}
    for value, given in document.data.items():
        words = [word.strip() for word in given.split(",")] if isinstance(given, str) else given
        if not isinstance(words, list) or not all(isinstance(word, str) and fold(word) for word in words):
            document.problem((value,), "not a list of words", "write `Televisions: [tv, telly]`")
            continue
        for word in words:
            if meant.setdefault(fold(word), value) != value:
                other = meant[fold(word)]
                document.problem((value,), f'"{word}" already stands for "{other}"', "a word can stand for one value")
        found[value] = words
    return found


def _from_lines(text: str, document: Document) -> Synonyms:
    found: dict[str, dict[str, None]] = {}
    made = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        sides = _sides(line)
        made += len(sides[0]) * len(sides[-1])
        if len(sides) > 2 or not all(all(side) for side in sides):
            wrong = "a word is missing" if len(sides) < 3 else "two `=>` in one line"
            document.problem((), wrong, "write `tv, telly => Televisions`, or `tv, telly, television`", line=number)
        elif made > MAX_SYNONYMS:
            wrong = f"over {MAX_SYNONYMS:,} synonyms; each word of a line counts for each other"
            document.problem((), wrong, line=number)
            break
        else:
            for value in sides[-1]:
                found.setdefault(value, {}).update((word, None) for word in sides[0] if word != value)
    return {value: list(words) for value, words in found.items()}


def _sides(line: str) -> list[list[str]]:
    """The words before and behind `=>`, or one side where there is none."""
    sides: list[list[str]] = [[]]
    word, at = "", 0
    for sign in _SIGN.finditer(line):
        word += line[at : sign.start()]
        at = sign.end()
        if sign.group().startswith("\\"):
            word += sign.group()[1]
            continue
        sides[-1].append(word.strip())
        word = ""
        if sign.group() == "=>":
            sides.append([])
    sides[-1].append((word + line[at:]).strip())
    return sides
