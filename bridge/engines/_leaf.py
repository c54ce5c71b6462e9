"""Text leaves: which queries search a user's text, whether it may shrink, and the same leaf with another text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from bridge.engines._found import Leaf, Path, Position, single
from bridge.schema import Schema

#: `{kind: {field: text | {"query": text, …}}}`
_FIELD_KINDS = frozenset({"match", "match_phrase", "match_phrase_prefix", "match_bool_prefix"})
#: `{kind: {"query": text, "fields": […], …}}`
_FIELDS_KINDS = frozenset({"multi_match", "combined_fields", "simple_query_string", "query_string"})
_PHRASE_KINDS = frozenset({"match_phrase", "match_phrase_prefix"})
_PHRASE_TYPES = frozenset({"phrase", "phrase_prefix"})
#: Kinds that know `zero_terms_query`; without it a text of stop words only would match nothing.
_ZERO_TERMS_KINDS = frozenset({"match", "multi_match", "combined_fields"})
#: Types of `multi_match` that score each word apart.
_SCORED_BY_WORD = frozenset({"best_fields", "most_fields", "cross_fields"})
#: What `match`, `multi_match` of any type and `combined_fields` understand alike.
_SHARED = frozenset({"fields", "analyzer", "lenient", "boost", "auto_generate_synonyms_phrase_query"})

# A hyphen inside a word is no operator in either query language.
_WORD_HYPHEN = re.compile(r"(?<=\w)-+(?=\w)")
_OPERATORS = {
    "query_string": re.compile(r"""[-+=&|><!(){}\[\]^"~*?:\\/]|\b(?:AND|OR|NOT|TO)\b"""),
    "simple_query_string": re.compile(r"""[-+|"*()~\\]"""),
}
_PERCENTAGE = re.compile(r"^\s*-?\d+(?:\.\d+)?%\s*$")


def text_of(node: Any, schema: Schema) -> str | None:
    """The text of a leaf that searches one of the schema's text fields; None for any other query."""
    query = single(node)
    if query is None:
        return None
    kind, inner = query
    if kind in _FIELD_KINDS:
        on_field = single(inner)
        if on_field is None or not _searches([on_field[0]], schema):
            return None
        text = on_field[1].get("query") if isinstance(on_field[1], Mapping) else on_field[1]
        return text if isinstance(text, str) else None
    if kind in _FIELDS_KINDS and isinstance(inner, Mapping):
        text = inner.get("query")
        return text if isinstance(text, str) and _searches(_fields(inner), schema) else None
    return None


def leaf_at(path: Path, node: Any, position: Position, schema: Schema) -> tuple[str, Leaf] | None:
    """The text and the description of the leaf at `path`; None where `node` is no text leaf."""
    text, query = text_of(node, schema), single(node)
    if text is None or query is None:
        return None
    kind, inner = query
    field, options = single(inner) if kind in _FIELD_KINDS else (None, inner)  # type: ignore[misc]
    options = options if isinstance(options, Mapping) else {}
    minimum = options.get("minimum_should_match")
    operator = options.get("operator", options.get("default_operator", "or"))
    return text, Leaf(
        path=path,
        kind=kind,
        field=field,
        position=position,
        whole=_why_whole(kind, options, text),
        any_word=minimum is None and str(operator).lower() == "or",
        weight=_weight(options),
    )


def with_text(leaf: Leaf, node: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The leaf with another text. Everything else that the caller said about it is kept, in its order."""
    inner = node[leaf.kind]
    options = inner[leaf.field] if leaf.field is not None else inner
    changed = {**options, "query": text} if isinstance(options, Mapping) else {"query": text}
    if leaf.kind in _ZERO_TERMS_KINDS:
        changed["zero_terms_query"] = "all"
    return {leaf.kind: {leaf.field: changed} if leaf.field is not None else changed}


def every_word(leaf: Leaf, node: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    """A query for documents that have every word of `text`, in whichever of the leaf's fields, scored as the leaf is.

    None where the leaf asks for that already, has no such form, or the text is one word.
    """
    if not leaf.any_word or len(text.split()) < 2:
        return None
    inner = node[leaf.kind]
    options = inner[leaf.field] if leaf.field is not None else inner
    options = {key: value for key, value in options.items() if key in _SHARED} if isinstance(options, Mapping) else {}
    asked = {"query": text, "operator": "and", **options}
    if leaf.field is not None:
        return {"match": {leaf.field: asked}} if leaf.kind == "match" else None
    if leaf.kind == "multi_match" and str(inner.get("type", "best_fields")).lower() in _SCORED_BY_WORD:
        asked["type"] = "cross_fields"
    elif leaf.kind != "combined_fields":
        return None
    return {leaf.kind: asked} if "fields" in asked else None


def without_name(leaf: Leaf, node: Mapping[str, Any]) -> dict[str, Any]:
    """The leaf without its `_name`, for a second copy that not every hit matches."""
    inner = node[leaf.kind]
    options = inner[leaf.field] if leaf.field is not None else inner
    if not isinstance(options, Mapping) or "_name" not in options:
        return dict(node)
    rest = {key: value for key, value in options.items() if key != "_name"}
    return {leaf.kind: {leaf.field: rest} if leaf.field is not None else rest}


def for_text(schema: Schema, text: str) -> dict[str, Any]:
    """A new leaf over the schema's text fields, where the caller gave a text and no query for it."""
    return {"multi_match": {"query": text, "fields": list(schema.text)}}


def _fields(options: Mapping[str, Any]) -> list[str]:
    """The fields that a leaf names; none named means the index's default, which is all of them."""
    fields = options.get("fields")
    if isinstance(fields, str):
        return [fields]
    if isinstance(fields, list | tuple) and fields:
        return [field for field in fields if isinstance(field, str)]
    default = options.get("default_field")
    return [default] if isinstance(default, str) else ["*"]


def _searches(fields: Iterable[str], schema: Schema) -> bool:
    """Whether one of the fields is a text field of the schema, a sub-field of one (`title.ngram`) or a wildcard."""
    for field in fields:
        name = field.partition("^")[0]
        for known in schema.text:
            if name == known or name.startswith(f"{known}.") or ("*" in name and _covers(name, known)):
                return True
    return False


def _covers(pattern: str, known: str) -> bool:
    # Only `*` is a wildcard in a field name; fnmatch would also give meaning to `?` and `[`.
    pattern = pattern.replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(known, pattern) or fnmatchcase(f"{known}.x", pattern)


def _why_whole(kind: str, options: Mapping[str, Any], text: str) -> str | None:
    if kind in _PHRASE_KINDS or str(options.get("type", "")).lower() in _PHRASE_TYPES:
        return "the text is searched as a phrase"
    minimum = options.get("minimum_should_match")
    if minimum is not None and not (isinstance(minimum, str) and _PERCENTAGE.match(minimum)):
        return "minimum_should_match is absolute or combined"
    operators = _OPERATORS.get(kind)
    if operators is not None and operators.search(_WORD_HYPHEN.sub(" ", text)):
        return f"the text uses operators of {kind}"
    return None


def _weight(options: Mapping[str, Any]) -> float:
    fields = options.get("fields")
    on_fields = [_number(f.partition("^")[2]) for f in fields if isinstance(f, str)] if isinstance(fields, list) else []
    return max([1.0, *on_fields]) * max(1.0, _number(options.get("boost")))


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 1.0
    return number if 0.0 <= number < 1e6 else 1.0
