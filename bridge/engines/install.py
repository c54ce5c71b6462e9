"""Put the bridge into an engine: on OpenSearch settings, connectors, models, mappings and pipelines; on Elasticsearch
mappings, and an inference endpoint and a pipeline where its licence has them.

    report = install(engine, schemas, "http://127.0.0.1:8765")
    report.changed                      # False the second time

Everything is looked up by name, compared, and written only where it differs. Nothing of the cluster's own is replaced:
settings are appended to and their former values recorded (`uninstall` restores them), existing pipelines stay as they
are, and no index gets a default search pipeline unless that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from bridge.engines import _definitions, _ml
from bridge.engines._base import Engine, EngineInfo
from bridge.engines._definitions import ROLES, name_of
from bridge.engines._install_elasticsearch import install_elasticsearch
from bridge.engines._mappings import check_clashes, put_mappings
from bridge.engines._objects import INGEST, SEARCH, advise, check_ours, index_settings, put_pipeline, put_template
from bridge.engines._record import Record, add_settings, get
from bridge.engines._requests import Report, Request, Session
from bridge.engines._uninstall import uninstall
from bridge.errors import EngineError, InputError
from bridge.schema import Schema

__all__ = ["Report", "Request", "install", "plan_install", "uninstall"]

#: The first version with `http_body` inputs, `ext` parameters and the search request processor as used here.
_OLDEST = (2, 19)
_WARNING = (
    "a default search pipeline also rewrites _delete_by_query, _update_by_query, _reindex, _count, _rank_eval, search "
    "templates and searches through aliases of this index; naming search_pipeline= in your application does not"
)


def install(
    engine: Engine,
    schemas: Iterable[Schema],
    sidecar_url: str,
    *,
    documents_url: str | None = None,
    api_key: str | None = None,
    default_search_pipeline: bool = False,
    inference: bool = True,
    dry_run: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> Report:
    """Install the schemas, or bring what is installed up to date.

    Args:
        engine: an OpenSearch 2.19 or newer with ML Commons, or an Elasticsearch 8.19 or newer. What the latter's
            licence lacks is left out, and the report says so and what to take instead.
        schemas: what to install; schemas that are installed already and not named here stay.
        sidecar_url: the sidecar as the engine reaches it, for queries (`http://127.0.0.1:8765`).
        documents_url: the sidecar's listener for documents; default: the same host, the next port.
        api_key: the sidecar's key; kept by the engine, encrypted. It must open every installed schema.
        default_search_pipeline: make the search pipeline the default of existing indices, on OpenSearch. Read the
            report's warning.
        inference: False leaves out the inference endpoint and the pipeline also where Elasticsearch's licence has them.
        dry_run: read everything, write nothing; the report holds the requests. Ids that are not known yet stand as
            `<id of …>`.
        on_progress: called with a few words before each write.

    Raises EngineError where the cluster cannot be used (version, ML Commons, permissions), where an object of the same
    name is not ours, or where an index has fields of its own by the names that the bridge writes. All of this is found
    out before the first write.
    """
    chosen = list(schemas)
    if not chosen:
        raise InputError("no schema to install")
    sidecar_url = _definitions.check_url(sidecar_url)
    documents_url = _definitions.check_url(documents_url or _definitions.documents_url_of(sidecar_url))
    session = Session(engine, dry_run, on_progress or (lambda _: None))
    info = engine.info()
    if info.dialect == "elasticsearch":
        if default_search_pipeline:
            raise InputError("Elasticsearch has no search pipelines", hint="leave out --default-search-pipeline")
        install_elasticsearch(session, info, chosen, documents_url, api_key, inference=inference)
        return session.report()
    _check_opensearch(engine, info)
    for schema in chosen:
        check_clashes(session, schema)
        check_ours(session, name_of(schema), [INGEST, SEARCH])

    record = Record(session)
    add_settings(session, record, _definitions.cluster_settings(sidecar_url, documents_url))
    models = {}
    for role in ROLES:
        connector_id = _ml.ensure_connector(session, record, role, sidecar_url, documents_url, api_key)
        models[role] = _ml.ensure_model(session, role, connector_id)
    if not record.has_key(api_key):
        record.set_key(api_key)
    record.save()
    for schema in chosen:
        put_template(session, schema)
        put_mappings(session, schema)
        put_pipeline(session, INGEST, name_of(schema), _definitions.ingest_pipeline(schema, models["ingest"]))
        put_pipeline(session, SEARCH, name_of(schema), _definitions.search_pipeline(schema, models["search"]))
        if default_search_pipeline:
            _set_search_default(session, record, schema)
        advise(session, schema)
    return session.report()


def plan_install(engine: Engine, schemas: Iterable[Schema], sidecar_url: str, **options: Any) -> list[Request]:
    """The requests that `install` with these arguments would send."""
    return list(install(engine, schemas, sidecar_url, dry_run=True, **options).requests)


def _check_opensearch(engine: Engine, info: EngineInfo) -> None:
    if info.major_minor < _OLDEST:
        raise EngineError(f"OpenSearch {info.version} is too old: 2.19 or newer is needed", where=engine.url)
    if not info.ml_commons:
        raise EngineError(
            "this OpenSearch has no ML Commons, which calls the sidecar",
            where=engine.url,
            hint="install the plugin opensearch-ml, or take the full distribution instead of the minimal one",
        )


def _set_search_default(session: Session, record: Record, schema: Schema) -> None:
    name = name_of(schema)
    session.note(f"warning: {_WARNING}")
    found = index_settings(session, schema.index)
    if not found:
        session.note(
            f"index {schema.index} does not exist yet: put index.search.default_pipeline={name} into its settings"
        )
    for index, settings in found.items():
        former = settings.get("index.search.default_pipeline")
        if former == name:
            session.keep(f"default search pipeline of {index}")
        elif former not in (None, "_none"):
            session.note(_merged_search(session, index, former, name))
        else:
            record.search_defaults.setdefault(index, former)
            record.save()
            body = {"index.search.default_pipeline": name}
            session.write("PUT", f"/{index}/_settings", body, why=f"make {name} the default search pipeline of {index}")


def _merged_search(session: Session, index: str, former: str, name: str) -> str:
    """What to put where an index has a search pipeline of its own: that one, with our processor before the others."""
    theirs = (get(session, f"/_search/pipeline/{former}") or {}).get(former, {})
    ours = (get(session, f"/_search/pipeline/{name}") or {}).get(name, {})
    merged = theirs | {
        "request_processors": [*ours.get("request_processors", []), *theirs.get("request_processors", [])]
    }
    return (
        f"index {index} has the default search pipeline {former}, which stays; to have both, put a pipeline of your "
        f"own with our processor in it: PUT /_search/pipeline/<your name> {json.dumps(merged)}"
    )
