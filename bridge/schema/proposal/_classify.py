"""Which part of a schema a field can be: text, a label of some kind, or nothing, with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from bridge.schema._checks import _BAD_FIELD
from bridge.schema._mapping import _NUMBERS, _RANGES
from bridge.schema.proposal import _names
from bridge.schema.proposal._survey import FieldSurvey, IndexSurvey

_KEYWORDS = frozenset({"keyword", "constant_keyword", "wildcard"})
_TEXTS = frozenset({"text", "match_only_text", "search_as_you_type"})
_DATES = frozenset({"date", "date_nanos"})
#: Types that a field of a schema can have; of others nothing is asked.
USABLE = _KEYWORDS | _TEXTS | _DATES | _NUMBERS | _RANGES | {"rank_feature", "boolean"}
_ADDRESS = re.compile(r"(https?:)?//\S+|\S+\.(jpe?g|png|gif|webp|svg|pdf|html?)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_NUMBER = re.compile(r"[-+]?\d[\d.,]*")
_SWITCHES = frozenset({"true", "false", "yes", "no", "y", "n", "0", "1", "on", "off"})
#: Values of a keyword are seldom longer than this many words in the mean; longer ones are sentences.
_LONG = 6.0
#: A field that has this many different values for each document that carries it identifies documents.
_UNIQUE = 0.9
#: A text with fewer different values than this share of its documents is a list of values.
_REPEATS = 0.5


@dataclass(frozen=True, slots=True)
class Role:
    """What a field can be. `why` is said where it is nothing; `repeats`: another field holds the same."""

    use: Literal["text", "keyword", "number", "range", "date", "rank", "none"]
    why: str = ""
    repeats: bool = False


def classify(field: FieldSurvey, survey: IndexSurvey) -> Role:
    """What one field of an index can be in a schema."""
    if _BAD_FIELD.search(field.name):
        return Role("none", "has a name that a schema cannot take (spaces, signs); an alias field could stand for it")
    if survey.nested(field.name):
        return Role("none", "lies in nested documents, which a query of the whole document does not see")
    if field.type not in USABLE:
        return Role("none", f"is of type {field.type}")
    if not field.searchable:
        return Role("none", "is not indexed, so nothing can search it")
    if field.fill == 0.0:
        return Role("none", "no document carries it")
    if field.type in _TEXTS:
        return _text(field, survey)
    if field.type in _KEYWORDS:
        return _keyword(field, survey)
    if field.type in _NUMBERS:
        return _number(field, survey)
    if field.type in _RANGES - {"date_range"}:
        return Role("range")
    if field.type in _DATES:
        return Role("date")
    if field.type == "rank_feature":
        return Role("rank")
    if field.type == "boolean":
        return Role("none", "says yes or no, for which a schema has no kind of label")
    return Role("none", f"is of type {field.type}")


def _text(field: FieldSurvey, survey: IndexSurvey) -> Role:
    parent = survey.parent(field.name)
    if parent is not None:
        return Role("none", f"repeats {parent.name}", repeats=True)
    if field.samples and _share(_ADDRESS, field.samples) > 0.8:
        return Role("none", "holds addresses")
    twin = _twin(field, survey)
    if twin is not None and _is_list(field, twin, survey):
        return Role("none", f"holds values, see {twin.name}", repeats=True)
    if _words(field) < 1.5 and _names.place_of(field.name)[0] == 1:
        return Role("none", "holds single words, and no keyword sub-field lists its values")
    if _names.is_identifier(field.name):
        return Role("none", "identifies documents, by its name")
    return Role("text")


def _keyword(field: FieldSurvey, survey: IndexSurvey) -> Role:
    parent = survey.parent(field.name)
    if parent is not None and parent.type in _TEXTS:
        twin = _twin(parent, survey)
        if twin is None or twin.name != field.name or not _is_list(parent, twin, survey):
            return Role("none", f"repeats {parent.name}", repeats=True)
    elif parent is not None:
        return Role("none", f"repeats {parent.name}", repeats=True)
    if not field.listable:
        return Role("none", "has values that cannot be listed (`doc_values: false`)")
    if _names.is_identifier(field.name):
        return Role("none", "identifies documents, by its name")
    if _share(_ADDRESS, field.samples) > 0.8:
        return Role("none", "holds addresses")
    if _words(field) > _LONG:
        return Role("none", "holds sentences; map it as text to search in it")
    values = [value for value, _ in field.values]
    if values and {value.lower() for value in values} <= _SWITCHES:
        return Role("none", "says yes or no, for which a schema has no kind of label")
    if values and _share(_DATE, values) > 0.8:
        return Role("none", "holds dates as words; map it as date to search by time")
    if values and _share(_NUMBER, values) > 0.8:
        return Role("none", "holds numbers as words; map it as a number to search by amount")
    if _names.is_currency(field.name):
        return Role("none", "says which currency another field is in")
    if (field.distinct or 0) <= 1:
        return Role("none", "has the same value in all documents")
    if (
        _unique(field, survey) > _UNIQUE
        and survey.documents > 50
        and not _names.describes(_names.label_name(field.name))
    ):
        return Role("none", "has another value in nearly every document")
    return Role("keyword")


def _number(field: FieldSurvey, survey: IndexSurvey) -> Role:
    if survey.parent(field.name) is not None:
        return Role("none", "repeats another field", repeats=True)
    if _names.is_identifier(field.name):
        return Role("none", "identifies documents, by its name")
    stats = field.stats
    if stats is None:
        return Role("none", "has no values that can be summed up")
    if stats.min == stats.max:
        return Role("none", "has the same value in all documents")
    if stats.min > 1e9 and re.search(r"(date|time|_at|stamp)", field.name, re.IGNORECASE):
        return Role("none", "looks like time stamps; map it as date to search by time")
    return Role("number")


def _twin(field: FieldSurvey, survey: IndexSurvey) -> FieldSurvey | None:
    """The keyword sub-field that lists a text's values."""
    found = [
        one
        for one in survey.fields.values()
        if one.type in _KEYWORDS and one.listable and survey.parent(one.name) is field
    ]
    return min(found, key=lambda one: (len(one.name), one.name), default=None)


def _is_list(field: FieldSurvey, twin: FieldSurvey, survey: IndexSurvey) -> bool:
    """Whether a text is one of a list of values (a brand) and no text that people wrote (a title)."""
    rank = _names.place_of(field.name)[0]
    if rank == 2 or _words(field) > _LONG or twin.fill < _UNIQUE * field.fill:
        return False
    if _names.describes(_names.label_name(field.name)):
        return True
    return _unique(twin, survey) < (_REPEATS if rank == 1 else _REPEATS / 5)


def _unique(field: FieldSurvey, survey: IndexSurvey) -> float:
    """Different values for each document that carries the field."""
    carried = field.fill * survey.documents
    return (field.distinct or 0) / carried if carried else 0.0


def _words(field: FieldSurvey) -> float:
    return fmean(len(text.split()) for text in field.samples) if field.samples else 0.0


def _share(pattern: re.Pattern[str], texts: tuple[str, ...] | list[str]) -> float:
    return sum(pattern.fullmatch(text.strip()) is not None for text in texts) / len(texts) if texts else 0.0
