"""Which requests are searches, and of which index: read from method, path and headers alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, unquote_plus

Kind = Literal["search", "msearch"]
_KINDS: dict[str, Kind] = {"_search": "search", "_msearch": "msearch"}
#: Query parameters that hold a body, for clients that cannot send one with GET.
_SOURCE, _SOURCE_TYPE = "source", "source_content_type"


@dataclass(frozen=True, slots=True)
class Target:
    """A search request. `index` is the path's index expression, decoded; None where the path names none."""

    kind: Kind
    index: str | None


def target_of(method: str, raw_path: str) -> Target | None:
    """What a request searches; None for every other request.

    `GET` and `POST` on `/_search`, `/<index>/_search`, `/_msearch`, `/<index>/_msearch`; `raw_path` is still
    percent-encoded and without its query string.
    """
    if method not in ("GET", "POST"):
        return None
    *before, last = raw_path.strip("/").split("/")
    kind = _KINDS.get(last)
    if kind is None or len(before) > 1:
        return None
    return Target(kind, unquote(before[0]) if before else None)


def source_of(raw_query: str) -> tuple[str | None, str | None]:
    """Text and media type of the `source` parameters; None for what is not there."""
    found: dict[str, str] = {}
    for part in raw_query.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) in (_SOURCE, _SOURCE_TYPE):
            found[unquote_plus(name)] = unquote_plus(value)
    return found.get(_SOURCE), found.get(_SOURCE_TYPE)


def without_source(raw_query: str) -> str:
    """The query string without the `source` parameters, everything else as it was written."""
    parts = (part for part in raw_query.split("&") if part)
    return "&".join(part for part in parts if unquote_plus(part.partition("=")[0]) not in (_SOURCE, _SOURCE_TYPE))


def is_json(media_type: str | None) -> bool:
    """Whether a `Content-Type` says JSON or lines of JSON, in UTF-8; absent counts as JSON.

    `application/json`, `application/x-ndjson` and the official clients'
    `application/vnd.elasticsearch+json; compatible-with=9` do, CBOR, SMILE and YAML do not.
    """
    if not media_type:
        return True
    name, *parameters = (part.strip().lower() for part in media_type.split(";"))
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    return name.endswith("json") and set(charsets) <= {"utf-8", "utf8", "us-ascii"}


#: Headers that belong to one connection, not to the message.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)


def hop_by_hop(connection: Iterable[str]) -> frozenset[str]:
    """Names, in lower case, of the headers that a proxy may not pass on, given a message's `Connection` headers.

    RFC 9110, 7.6.1.
    """
    return _HOP_BY_HOP | {token.strip().lower() for value in connection for token in value.split(",") if token.strip()}
