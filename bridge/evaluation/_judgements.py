"""Files of a relevance evaluation: judgements as CSV, and baseline queries as JSON templates."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.errors import InputError

#: Stands for the user's text in a template.
PLACE = "{{query}}"
#: Gains are 2^rating - 1, so a rating is a grade and no score.
MAX_RATING = 10
_COLUMNS = ("query", "doc_id", "rating")
_CSV_HINT = "write one judgement a line under the header query,doc_id,rating"
_TEMPLATE_HINT = (
    f'write a search body with "{PLACE}" where the text belongs: {{"query": {{"match": {{"title": "{PLACE}"}}}}}}'
)


@dataclass(frozen=True, slots=True)
class Template:
    """A search body with a place for the user's text."""

    name: str
    body: Mapping[str, Any]

    def fill(self, text: str) -> dict[str, Any]:
        """The body for one text. The text is put into strings after parsing, so no text can break the JSON."""
        filled: dict[str, Any] = _fill(self.body, text)
        return filled


def read_judgements(path: str | Path) -> dict[str, dict[str, int]]:
    """Query → document id → rating, in the file's order.

    Raises InputError naming the line: no header, a missing column, a rating that is no whole number from 0 to
    `MAX_RATING`, or the same document judged twice with different ratings.
    """
    file = Path(path)
    found: dict[str, dict[str, int]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise InputError(f"has no column {', '.join(missing)}", where=f"{file}:1", hint=_CSV_HINT)
            for row in reader:
                where = f"{file}:{reader.line_num}"
                query, id_, rating = (str(row[name] or "").strip() for name in _COLUMNS)
                if not query or not id_:
                    raise InputError("query or doc_id is empty", where=where, hint=_CSV_HINT)
                if not rating.isascii() or not rating.isdigit() or int(rating) > MAX_RATING:
                    raise InputError(f'"{rating}" is no rating from 0 to {MAX_RATING}', where=where, hint=_CSV_HINT)
                known = found.setdefault(query, {}).setdefault(id_, int(rating))
                if known != int(rating):
                    raise InputError(
                        f'"{id_}" is rated {known} and {rating} for the same query', where=where, hint="keep one"
                    )
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(file), hint=_CSV_HINT) from error
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8", where=str(file), hint="save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"is no CSV: {error}", where=str(file), hint=_CSV_HINT) from error
    if not found:
        raise InputError("holds no judgement", where=str(file), hint=_CSV_HINT)
    return found


def read_template(path: str | Path) -> Template:
    """A template, named after its file. Raises InputError where it is no search body with `PLACE` in its query."""
    file = Path(path)
    try:
        body = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(file), hint=_TEMPLATE_HINT) from error
    except (ValueError, RecursionError) as error:
        where = f"{file}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else str(file)
        raise InputError("is not JSON", where=where, hint=_TEMPLATE_HINT) from error
    if not isinstance(body, dict) or not isinstance(body.get("query"), dict):
        raise InputError('has no "query" object', where=str(file), hint=_TEMPLATE_HINT)
    if PLACE not in json.dumps(body["query"]):
        raise InputError(f'has no "{PLACE}" in its query', where=str(file), hint=_TEMPLATE_HINT)
    return Template(file.stem, body)


def _fill(node: Any, text: str) -> Any:
    if isinstance(node, str):
        return node.replace(PLACE, text)
    if isinstance(node, Mapping):
        return {key: _fill(value, text) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(item, text) for item in node]
    return node
