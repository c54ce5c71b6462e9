"""Take the bridge out of an engine: what `install` made, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from bridge.engines import _inference, _ml
from bridge.engines._base import Engine
from bridge.engines._definitions import MARKER, NAME, ROLES
from bridge.engines._objects import INGEST, KINDS, SEARCH
from bridge.engines._record import Record, component_templates, get, restore_settings
from bridge.engines._requests import Report, Session
from bridge.errors import EngineError

_KINDS = KINDS | {_inference.PATH: "inference endpoint"}
_PIPELINE_SETTINGS = ("index.default_pipeline", "index.final_pipeline", "index.search.default_pipeline")


def uninstall(
    engine: Engine,
    schemas: Iterable[str] | None = None,
    *,
    detach: bool = False,
    dry_run: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> Report:
    """Remove the pipelines and component templates of the named schemas (None: of all).

    With the last schema go models, connectors and the record, and the cluster's settings return to their recorded
    values. Tagged documents keep their fields, and mappings of existing indices cannot shrink: both stay.

    Raises EngineError before the first write where something still uses our pipelines or templates: an index that
    names a pipeline which is gone refuses every document. `detach` takes them out of index settings instead.
    """
    session = Session(engine, dry_run, on_progress or (lambda _: None))
    record = Record(session)
    installed = _installed(session)
    wanted = None if schemas is None else {f"{NAME}-{schema}" for schema in schemas}
    names = sorted(name for name in installed if wanted is None or name in wanted)
    for missing in sorted((wanted or set()) - installed.keys()):
        session.note(f"{missing} is not installed")

    _release_indices(session, record, set(names), detach=detach)
    for name in names:
        for path in installed[name]:
            session.write("DELETE", path, why=f"delete {_KINDS[path.rsplit('/', 1)[0]]} {name}")
    if engine.dialect == "opensearch" and installed.keys() <= set(names):
        for role in ROLES:
            _ml.remove_model(session, role)
        for role in ROLES:
            _ml.remove_connector(session, role)
        restore_settings(session, record)
        record.remove()
    elif record.search_defaults:
        record.save()
    if names:
        session.note("documents keep their tags, and the mappings of existing indices keep the entity fields")
    return session.report()


def _installed(session: Session) -> dict[str, list[str]]:
    """Our name of a schema → paths of what is installed for it, in the order in which it can be deleted."""
    found: dict[str, list[str]] = {}
    opensearch = session.engine.dialect == "opensearch"
    for base in (SEARCH, INGEST) if opensearch else (INGEST,):
        for name, body in (get(session, f"{base}/{NAME}-*") or {}).items():
            if str(body.get("description", "")).startswith(MARKER):
                found.setdefault(name, []).append(f"{base}/{name}")
    for name, template in component_templates(session, f"{NAME}-*").items():
        if template.get("_meta", {}).get("by") == NAME:
            found.setdefault(name, []).append(f"/_component_template/{name}")
    # After the pipeline that names it.
    for endpoint, name in ({} if opensearch else _inference.endpoints(session)).items():
        found.setdefault(name, []).append(f"{_inference.PATH}/{endpoint}")
    return found


def _release_indices(session: Session, record: Record, names: set[str], *, detach: bool) -> None:
    """Restore the default search pipelines that install changed; refuse, or detach, where others use what goes."""
    every = get(
        session,
        f"/*,-.plugins-ml-*/_settings/{','.join(_PIPELINE_SETTINGS)}",
        flat_settings="true",
        expand_wildcards="all",
    )
    changes: dict[str, dict[str, Any]] = {}
    users: list[str] = []
    for index, about in sorted((every or {}).items()):
        for setting, value in about["settings"].items():
            if value not in names:
                continue
            if setting == "index.search.default_pipeline" and index in record.search_defaults:
                changes.setdefault(index, {})[setting] = record.search_defaults[index]
            elif detach:
                changes.setdefault(index, {})[setting] = None
            else:
                users.append(f"index {index} ({setting})")
    users += _templates_and_pipelines(session, names)
    if users:
        raise EngineError(
            f"still in use by {'; '.join(users)}",
            where=session.engine.url,
            hint="take it out there first; for settings of existing indices --detach does it",
        )
    for index, settings in changes.items():
        session.write("PUT", f"/{index}/_settings", settings, why=f"restore the pipelines of index {index}")
        record.search_defaults.pop(index, None)


def _templates_and_pipelines(session: Session, names: set[str]) -> list[str]:
    """Index templates and other pipelines that name what is about to go."""
    users = []
    for entry in (get(session, "/_index_template") or {"index_templates": []})["index_templates"]:
        template = entry["index_template"]
        settings = template.get("template", {}).get("settings", {})
        if names & {*template.get("composed_of", []), *_strings(settings)}:
            users.append(f"index template {entry['name']}")
    for name, body in (get(session, "/_ingest/pipeline") or {}).items():
        if name not in names and any(json.dumps({"name": ours})[1:-1] in json.dumps(body) for ours in names):
            users.append(f"ingest pipeline {name}")
    return users


def _strings(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_strings(item) for item in value.values())) if value else set()
    return {value} if isinstance(value, str) else set()
