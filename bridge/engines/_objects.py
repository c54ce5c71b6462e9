"""What `install` does alike on both engines: templates and pipelines by name, and advice about indices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bridge.engines import _definitions
from bridge.engines._definitions import MARKER, NAME, name_of
from bridge.engines._record import component_templates, get
from bridge.engines._requests import Session, same
from bridge.errors import EngineError
from bridge.schema import Schema

INGEST, SEARCH = "/_ingest/pipeline", "/_search/pipeline"
KINDS = {INGEST: "ingest pipeline", SEARCH: "search pipeline", "/_component_template": "component template"}


def check_ours(session: Session, name: str, bases: Iterable[str]) -> None:
    """EngineError where an object by our name was made by someone else. `bases` are paths of pipelines."""
    for base in bases:
        found = (get(session, f"{base}/{name}") or {}).get(name)
        if found is not None and not str(found.get("description", "")).startswith(MARKER):
            _refuse(session, KINDS[base], name)
    template = component_templates(session, name).get(name)
    if template is not None and template.get("_meta", {}).get("by") != NAME:
        _refuse(session, "component template", name)


def _refuse(session: Session, kind: str, name: str) -> None:
    raise EngineError(
        f"a {kind} named {name} exists and was not made by gliner-bridge",
        where=session.engine.url,
        hint="rename it, or give the schema another name",
    )


def put_template(session: Session, schema: Schema) -> None:
    """The schema's component template, written where it differs."""
    name = name_of(schema)
    stored = component_templates(session, name).get(name)
    _put(session, f"/_component_template/{name}", _definitions.component_template(schema), stored)


def put_pipeline(session: Session, base: str, name: str, body: dict[str, Any]) -> None:
    """A pipeline, written where it differs."""
    _put(session, f"{base}/{name}", body, (get(session, f"{base}/{name}") or {}).get(name))


def _put(session: Session, path: str, body: dict[str, Any], stored: dict[str, Any] | None) -> None:
    base, name = path.rsplit("/", 1)
    what = f"{KINDS[base]} {name}"
    if same(_written(stored), body):
        session.keep(what)
    else:
        undo = ("DELETE", path, None) if stored is None else ("PUT", path, _written(stored))
        session.write("PUT", path, body, why=f"put {what}", undo=undo)


def _written(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored object as it was written: newer engines add when that was, and refuse to be told."""
    return stored and {key: value for key, value in stored.items() if not key.startswith(("created_", "modified_"))}


def advise(session: Session, schema: Schema) -> None:
    """How documents reach the ingest pipeline, where an index does not send them there yet."""
    name = name_of(schema)
    for index, settings in index_settings(session, schema.index).items():
        default = settings.get("index.default_pipeline")
        if name in (default, settings.get("index.final_pipeline")):
            continue
        if default in (None, "_none"):
            session.note(
                f'to tag what is indexed into {index}: PUT /{index}/_settings {{"index.default_pipeline": "{name}"}}'
            )
        else:
            session.note(
                f"index {index} has the ingest pipeline {default}, which stays; to tag its documents add this "
                f'processor to it: {{"pipeline": {{"name": "{name}"}}}}'
            )


def index_settings(session: Session, pattern: str) -> dict[str, dict[str, Any]]:
    """Concrete index → its flat settings, for an index, alias or pattern; empty where none exists."""
    found = get(session, f"/{pattern}/_settings", flat_settings="true") or {}
    return {index: about["settings"] for index, about in sorted(found.items())}
