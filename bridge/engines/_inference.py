"""Inference endpoints of Elasticsearch: the one through which a schema's ingest pipeline asks the sidecar."""

from __future__ import annotations

import contextlib
import re

from bridge.engines import _definitions
from bridge.engines._definitions import NAME
from bridge.engines._record import get
from bridge.engines._requests import Session
from bridge.errors import EngineError
from bridge.schema import Schema

PATH = "/_inference/completion"
_ID = re.compile(rf"({NAME}-[a-z][a-z0-9_]*)-[0-9a-f]{{8}}")
#: What the engine calls a licence that lacks a feature.
_NO_LICENCE = ("license", "licence")


class NoLicenceError(Exception):
    """The engine says that its licence has no inference endpoints; the text is a sentence's end."""


def ensure_endpoint(session: Session, schema: Schema, documents_url: str, api_key: str | None) -> str:
    """The id of the schema's endpoint, made where it is missing or differs.

    The engine tries an endpoint out when it is made, so the sidecar must be up. Raises NoLicenceError, and EngineError
    where it cannot be made for another reason.
    """
    wanted = _definitions.inference_endpoint(schema, documents_url, api_key)
    name = _definitions.endpoint_id(schema, wanted)
    if name in endpoints(session):
        session.keep(f"inference endpoint {name}")
        return name
    path = f"{PATH}/{name}"
    try:
        session.write("PUT", path, wanted, why=f"put inference endpoint {name}", undo=("DELETE", path, None))
    except EngineError as error:
        # One that was made all the same, after an answer that came too late, must not stay behind.
        with contextlib.suppress(EngineError):
            session.engine.request("DELETE", path)
        if error.status == 403 and any(word in error.message.lower() for word in _NO_LICENCE):
            raise NoLicenceError("the licence has no inference endpoints: they need enterprise (or a trial)") from error
        raise EngineError(
            f"the inference endpoint of schema {schema.name} could not be made: {error.message}",
            status=error.status,
            where=session.engine.url,
            hint=f"Elasticsearch tries it out at once: is the sidecar up, and can it be reached at {documents_url}?",
        ) from error
    return name


def endpoints(session: Session) -> dict[str, str]:
    """Ids of our endpoints → name of the schema's other objects; empty where the engine has no inference API."""
    try:
        answer = get(session, "/_inference/_all") or {}
    except EngineError as error:
        if error.status in (400, 403, 405):
            return {}
        raise
    ids = [str(one["inference_id"]) for one in answer.get("endpoints", []) if one.get("service") == "custom"]
    return {id_: found[1] for id_ in ids if (found := _ID.fullmatch(id_))}


def remove_others(session: Session, schema: Schema, kept: str) -> None:
    """Delete the schema's endpoints of before, which its pipeline no longer names."""
    for id_, name in endpoints(session).items():
        if name == _definitions.name_of(schema) and id_ != kept:
            session.write("DELETE", f"{PATH}/{id_}", why=f"delete inference endpoint {id_}, which is replaced")
