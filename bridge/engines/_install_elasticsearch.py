"""Put the bridge into an Elasticsearch: always the mapping, and what tags documents where the licence has it.

Elasticsearch calls nobody at search time, so searches are always rewritten before they reach it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.engines import _definitions
from bridge.engines._base import EngineInfo
from bridge.engines._definitions import name_of
from bridge.engines._inference import NoLicenceError, ensure_endpoint, remove_others
from bridge.engines._mappings import check_clashes, put_mappings
from bridge.engines._objects import INGEST, advise, check_ours, put_pipeline, put_template
from bridge.engines._record import get
from bridge.engines._requests import Session
from bridge.errors import EngineError
from bridge.schema import Schema

#: The first version with the inference service `custom`.
_OLDEST = (8, 19)
_INSTEAD = (
    "tag documents as you index them with bridge.clients.tagged_bulk or Logstash (examples/logstash), and those that "
    "are there with `gliner-bridge repair`"
)
_SEARCHES = (
    "searches: Elasticsearch asks nobody at search time, so rewrite them before they reach it, with "
    "bridge.clients.RewritingClient, `gliner-bridge proxy` or POST /v1/rewrite"
)


def install_elasticsearch(
    session: Session,
    info: EngineInfo,
    schemas: Sequence[Schema],
    documents_url: str,
    api_key: str | None,
    *,
    inference: bool = True,
) -> None:
    """As `install`. Where anything fails, what this call has written is taken back."""
    if info.major_minor < _OLDEST:
        raise EngineError(f"Elasticsearch {info.version} is too old: 8.19 or newer is needed", where=session.engine.url)
    for schema in schemas:
        check_clashes(session, schema)
        check_ours(session, name_of(schema), [INGEST])
    lacking = info.no_inference if inference else "it was asked for"
    endpoints: dict[str, str] = {}
    try:
        # What may be refused comes first: the engine tries each endpoint out.
        for schema in schemas:
            if lacking is None:
                try:
                    endpoints[schema.name] = ensure_endpoint(session, schema, documents_url, api_key)
                except NoLicenceError as error:
                    lacking = str(error)
        for schema in schemas:
            put_template(session, schema)
            if endpoint := endpoints.get(schema.name):
                name = name_of(schema)
                put_pipeline(session, INGEST, name, _definitions.inference_pipeline(schema, endpoint))
        for schema in schemas:
            put_mappings(session, schema)
    except BaseException:
        session.roll_back()
        raise
    for schema in schemas:
        if endpoint := endpoints.get(schema.name):
            remove_others(session, schema, endpoint)
            advise(session, schema)
        else:
            _tell_what_is_left_out(session, schema, str(lacking))
    session.note(_SEARCHES)


def _tell_what_is_left_out(session: Session, schema: Schema, lacking: str) -> None:
    name = name_of(schema)
    session.note(
        f"left out for {schema.name}: inference endpoint and ingest pipeline, as {lacking}; instead {_INSTEAD}"
    )
    if get(session, f"{INGEST}/{name}"):
        session.note(
            f"ingest pipeline {name} is there from before and stays: it marks documents as failed as long as it cannot "
            f"ask the sidecar; take it out of the indices that name it, and `gliner-bridge uninstall {schema.name}`"
        )
