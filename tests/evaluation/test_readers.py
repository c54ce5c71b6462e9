"""Annotated files: the forms that are read, and what is said about lines that cannot be."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import TrainingDataError
from bridge.evaluation import Example, Mention, from_text, from_tokens, read_examples
from bridge.evaluation._conll import read_conll

OWN = {"tokens": ["red", "nike", "shoes"], "spans": [[0, 0, "color"], [1, 1, "brand"]]}
GLINER = {
    "tokenized_text": ["red", "nike", "shoes"],
    "ner": [[0, 0, "color"], [1, 1, "brand"]],
    "ner_negatives": ["size"],
}


def test_own_form_and_gliners_form_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text(json.dumps(OWN) + "\n\n" + json.dumps(GLINER) + "\n")
    own, gliner = read_examples(path)
    assert own == Example(("red", "nike", "shoes"), (Mention(0, 0, "color"), Mention(1, 1, "brand")))
    assert gliner.mentions == own.mentions
    assert gliner.negatives == ("size",)


def test_gliners_json_array(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps([GLINER, GLINER]))
    assert len(read_examples(path)) == 2


@pytest.mark.parametrize(("suffix", "opener"), [("xz", lzma.open), ("gz", gzip.open)])
def test_compressed_files(tmp_path: Path, suffix: str, opener: type[lzma.LZMAFile]) -> None:
    path = tmp_path / f"set.jsonl.{suffix}"
    with opener(path, "wt") as handle:  # type: ignore[call-overload]
        handle.write(json.dumps(OWN) + "\n")
    assert read_examples(path)[0].words == ("red", "nike", "shoes")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{oops", "not a JSON object"),
        ("[1, 2]", "expected a JSON object, got list"),
        ('{"text": "red shoes"}', "neither tokens nor a text with its entities"),
        ('{"text": 5, "entities": []}', "neither tokens nor a text with its entities"),
        ('{"text": "red", "entities": {}}', '"entities" must be a list'),
        ('{"text": "red", "entities": [[0, 4, "color"]]}', "outside the 3 characters"),
        ('{"text": "red", "entities": [[1, 1, "color"]]}', "outside the 3 characters"),
        ('{"text": "red", "entities": [{"start": 0, "label": "color"}]}', "expected [start, end"),
        ('{"tokens": "red shoes"}', '"tokens" must be a list of strings'),
        ('{"tokens": ["red", 5]}', '"tokens" must be a list of strings'),
        ('{"tokens": ["red"], "spans": {}}', '"spans" must be a list'),
        ('{"tokens": ["red"], "spans": [[0, "color"]]}', "expected [first, last"),
        ('{"tokens": ["red"], "spans": [[0, 0, ""]]}', "expected [first, last"),
        ('{"tokens": ["red"], "spans": [[true, 0, "color"]]}', "expected [first, last"),
        ('{"tokens": ["red"], "spans": [[0, 1, "color"]]}', "outside the 1 tokens"),
        ('{"tokens": ["red"], "spans": [[-1, 0, "color"]]}', "outside the 1 tokens"),
        ('{"tokens": ["red"], "ner_negatives": [1]}', '"ner_negatives" must be a list of strings'),
    ],
)
def test_a_bad_line_is_named_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(OWN) + "\n" + line + "\n")
    with pytest.raises(TrainingDataError) as caught:
        read_examples(path)
    assert caught.value.where == f"{path}:2"
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("key", "span"),
    [
        ("entities", [4, 8, "brand"]),
        ("spans", {"start": 4, "end": 8, "label": "brand"}),
        ("label", [4, 8, "brand"]),
        ("labels", [3, 9, "brand"]),  # blanks at the edges are dropped
    ],
)
def test_a_text_with_character_offsets(tmp_path: Path, key: str, span: object) -> None:
    path = tmp_path / "offsets.jsonl"
    path.write_text(json.dumps({"text": "red nike shoes", key: [span], "ner_negatives": ["size"]}))
    assert read_examples(path) == [Example(("red", "nike", "shoes"), (Mention(1, 1, "brand"),), ("size",))]


def test_offsets_inside_a_word_leave_the_word_open() -> None:
    example = from_text("buy 5kg flour", [(4, 5, "amount"), (8, 13, "food")])
    assert example.mentions == (Mention(2, 2, "food"),)
    assert example.unknown == ((1, 1),)


CONLL = """-DOCSTART- -X- O O

# id = 1
Ada NNP B-person
Lovelace NNP I-person
visits VBZ O
Turin NNP B-city

Rome NNP B-city
"""


def test_conll_columns_comments_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "train.conll"
    path.write_text(CONLL)
    first, second = read_examples(path)
    assert first == Example(("Ada", "Lovelace", "visits", "Turin"), (Mention(0, 1, "person"), Mention(3, 3, "city")))
    assert second == Example(("Rome",), (Mention(0, 0, "city"),))


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-a I-a O B-b", [(0, 1, "a"), (3, 3, "b")]),
        ("B-a B-a I-a", [(0, 0, "a"), (1, 2, "a")]),
        ("I-a I-a O I-b", [(0, 1, "a"), (3, 3, "b")]),  # BIO as it first was: B- only between neighbours
        ("I-a I-b", [(0, 0, "a"), (1, 1, "b")]),
        ("B-a I-a E-a S-b", [(0, 2, "a"), (3, 3, "b")]),
        ("B-a L-a U-a U-a", [(0, 1, "a"), (2, 2, "a"), (3, 3, "a")]),
        ("S-a E-b I-b", [(0, 0, "a"), (1, 1, "b"), (2, 2, "b")]),
    ],
)
def test_tag_schemes_of_conll(tags: str, spans: list[tuple[int, int, str]]) -> None:
    lines = [f"w{at} {tag}" for at, tag in enumerate(tags.split())]
    (example,) = read_conll(lines, "x.conll")
    assert [(m.first, m.last, m.label) for m in example.mentions] == spans


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["a", "b", ""])), min_size=1, max_size=8))
def test_bio_and_bioes_say_the_same(parts: list[tuple[int, str]]) -> None:
    bio: list[str] = []
    bioes: list[str] = []
    for length, label in parts:
        if not label:
            bio += ["O"] * length
            bioes += ["O"] * length
            continue
        bio += [f"B-{label}"] + [f"I-{label}"] * (length - 1)
        bioes += [f"S-{label}"] if length == 1 else [f"B-{label}"] + [f"I-{label}"] * (length - 2) + [f"E-{label}"]
    one, other = (list(read_conll([f"w {tag}" for tag in tags], "x")) for tags in (bio, bioes))
    assert one == other


@pytest.mark.parametrize("line", ["lonely", "word X-person", "word B-", "word person"])
def test_a_bad_line_of_conll_is_named_and_its_text_skipped(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.bio"
    path.write_text(f"Ada B-person\n{line}\nO O\n\nRome B-city\n")
    with pytest.raises(TrainingDataError) as caught:
        read_examples(path)
    assert caught.value.where == f"{path}:2"
    problems: list[TrainingDataError] = []
    assert [example.words for example in read_examples(path, on_error=problems.append)] == [("Rome",)]
    assert len(problems) == 1


def test_bad_lines_can_be_named_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("nonsense\n" + json.dumps(OWN) + '\n{"tokens": 1}\n')
    problems: list[TrainingDataError] = []
    assert len(read_examples(path, on_error=problems.append)) == 1
    assert [problem.where for problem in problems] == [f"{path}:1", f"{path}:3"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]"])
def test_a_file_without_examples_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.json" if content == b"[]" else tmp_path / "empty.jsonl"
    path.write_bytes(content)
    with pytest.raises(TrainingDataError, match="holds no example"):
        read_examples(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"not compressed"])
def test_unreadable_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ("set.jsonl" if content[0] == 0xFF else "set.jsonl.xz")
    path.write_bytes(content)
    with pytest.raises(TrainingDataError) as caught:
        read_examples(path)
    assert caught.value.where == str(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="cannot be read"):
        read_examples(tmp_path / "none.jsonl")


def test_tokens_are_split_as_the_scorer_splits_and_spans_follow() -> None:
    """`l.o.l` is one token of the source and five words of the model."""
    example = from_tokens(["l.o.l", "lady", "1/2"], [(0, 0, "brand"), (2, 2, "quantity")])
    assert example.words == ("l", ".", "o", ".", "l", "lady", "1", "/", "2")
    assert example.mentions == (Mention(0, 4, "brand"), Mention(6, 8, "quantity"))


def test_blank_tokens_are_dropped_with_spans_of_nothing_else() -> None:
    example = from_tokens(["red", " ", "shoes"], [(1, 1, "nothing"), (1, 2, "product type")])
    assert example.words == ("red", "shoes")
    assert example.mentions == (Mention(1, 1, "product type"),)


@given(st.lists(st.text(min_size=0, max_size=6), min_size=1, max_size=8), st.data())
def test_offsets_point_at_the_mention_in_the_joined_text(tokens: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    example = from_tokens(tokens, [(first, last, "x")])
    for (start, end, _), mention in zip(example.offsets(), example.mentions, strict=True):
        assert example.text[start:end] == " ".join(example.words[mention.first : mention.last + 1])
