"""Connectors and models of ML Commons. They are found by name: before 3.9 the engine alone chooses their ids."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bridge.engines import _definitions
from bridge.engines._definitions import MARKER
from bridge.engines._record import Record
from bridge.engines._requests import Session, covers, same
from bridge.errors import EngineError

_ML = "/_plugins/_ml"
_WAIT_SECONDS = 60.0
_DELETE_SECONDS = 15.0


def ensure_connector(
    session: Session, record: Record, role: str, sidecar_url: str, documents_url: str, api_key: str | None
) -> str:
    """The id of the connector for `role`, created or brought up to date."""
    wanted = _definitions.connector(role, sidecar_url, documents_url, api_key)
    found = _find(session, "connectors", wanted["name"])
    if found is None:
        return _create_connector(session, wanted)
    connector_id, stored = found
    fields = ("description", "protocol", "version", "parameters", "actions")
    equal = all(same(_lower(stored.get(key)), _lower(wanted[key])) for key in fields)
    # The engine adds its defaults to client_config, and newer versions know more of them.
    if equal and covers(stored.get("client_config"), wanted["client_config"]) and record.has_key(api_key):
        session.keep(f"connector {wanted['name']}")
    else:
        _update_connector(session, connector_id, wanted)
    return connector_id


def ensure_model(session: Session, role: str, connector_id: str) -> str:
    """The id of the deployed remote model for `role`, registered or brought up to date."""
    wanted = _definitions.model(role, connector_id)
    name = wanted["name"]
    found = _find(session, "models", name)
    if found is None:
        group = _find(session, "model_groups", name)
        body = wanted | ({"model_group_id": group[0]} if group else {})
        answer = session.write(
            "POST",
            f"{_ML}/models/_register?deploy=true",
            body,
            why=f"register and deploy model {name}",
            answer={"model_id": f"<id of model {name}>", "task_id": None},
        )
        if not session.dry_run:
            error = _await_task(session, answer["task_id"], f"registering model {name}")
            if error:
                raise EngineError(f"model {name} could not be registered: {error}", where=session.engine.url)
            if not _await_deployed(session, answer["model_id"], name):
                _deploy(session, answer["model_id"], name)
        return str(answer["model_id"])
    model_id, stored = found
    if stored.get("connector_id") != connector_id or stored.get("description") != wanted["description"]:
        _undeploy(session, model_id, name)
        body = {"connector_id": connector_id, "description": wanted["description"]}
        session.write("PUT", f"{_ML}/models/{model_id}", body, why=f"update model {name}")
        _deploy(session, model_id, name)
    elif session.dry_run or _await_deployed(session, model_id, name):
        session.keep(f"model {name}")
    else:
        _deploy(session, model_id, name)
    return model_id


def remove_model(session: Session, role: str) -> None:
    """Undeploy and delete the model for `role`, and its group; nothing where there is none."""
    name = f"{_definitions.NAME}-{role}"
    if found := _find(session, "models", name):
        _delete(
            session,
            f"{_ML}/models/{found[0]}",
            f"delete model {name}",
            # Each time anew: a model that is called, or that a new node finds, deploys itself again.
            before=lambda: _undeploy(session, found[0], name),
        )
    if group := _find(session, "model_groups", name):
        _delete(session, f"{_ML}/model_groups/{group[0]}", f"delete model group {name}")


def remove_connector(session: Session, role: str) -> None:
    """Delete the connector for `role`; nothing where there is none."""
    name = f"{_definitions.NAME}-{role}"
    if found := _find(session, "connectors", name):
        _delete(session, f"{_ML}/connectors/{found[0]}", f"delete connector {name}")


def _delete(session: Session, path: str, why: str, *, before: Callable[[], None] = lambda: None) -> None:
    """Delete an object of ML Commons, which looks for its users by a search that shows them for a while longer.

    What is gone already is as wanted; what is refused for another reason than permission is tried again for a while.
    """
    until = time.monotonic() + _DELETE_SECONDS
    while True:
        written = len(session.requests)
        try:
            before()
            session.write("DELETE", path, why=why)
            return
        except EngineError as error:
            if error.status == 404:
                return
            if error.status in (401, 403) or time.monotonic() > until:
                raise
            del session.requests[written:]  # they changed nothing that lasted
            time.sleep(0.5)


def _find(session: Session, kind: str, name: str) -> tuple[str, dict[str, Any]] | None:
    """Id and source of our object of that name. EngineError when it is not ours, or there are several."""
    body = {
        "size": 10,
        "query": {
            "bool": {"filter": [{"term": {"name.keyword": name}}], "must_not": [{"exists": {"field": "chunk_number"}}]}
        },
    }
    try:
        hits = session.engine.request("POST", f"{_ML}/{kind}/_search", body)["hits"]["hits"]
    except EngineError as error:
        if error.status == 404:  # no object of this kind was ever made in this cluster
            return None
        raise
    if not hits:
        return None
    what = kind.removesuffix("s").replace("_", " ")
    ids = ", ".join(hit["_id"] for hit in hits)
    if len(hits) > 1:
        raise EngineError(
            f"there are {len(hits)} objects of kind {what} named {name} ({ids})",
            where=session.engine.url,
            hint=f"delete those that are not in use: DELETE {_ML}/{kind}/<id>",
        )
    source: dict[str, Any] = hits[0]["_source"]
    if kind != "model_groups":
        # A search may show the state before the last change; a GET shows the present one.
        try:
            source = session.engine.request("GET", f"{_ML}/{kind}/{hits[0]['_id']}")
        except EngineError as error:
            if error.status == 404:  # deleted a moment ago, and still in the search
                return None
            raise
    if not str(source.get("description", "")).startswith(MARKER):
        raise EngineError(
            f"a {what} named {name} exists ({ids}) and was not made by gliner-bridge",
            where=session.engine.url,
            hint="rename or delete it",
        )
    return hits[0]["_id"], source


def _create_connector(session: Session, wanted: dict[str, Any]) -> str:
    """A new cluster makes its encryption key with its first connector; a busy one answers 500 before it is there."""
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            answer = session.write(
                "POST",
                f"{_ML}/connectors/_create",
                wanted,
                why=f"create connector {wanted['name']}",
                answer={"connector_id": f"<id of connector {wanted['name']}>"},
            )
            return str(answer["connector_id"])
        except EngineError as error:
            if "master key" not in error.message or time.monotonic() >= until:
                raise
            session.requests.pop()  # it changed nothing
            time.sleep(1.0)


def _update_connector(session: Session, connector_id: str, wanted: dict[str, Any]) -> None:
    """A connector can only be changed while no model that uses it is deployed.

    The engine looks for such models by a search, which sees an undeployment a second late, and a model that is called
    meanwhile deploys itself again. Hence the tries.
    """
    name = wanted["name"]
    user = _find(session, "models", name)
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        if user:
            _undeploy(session, user[0], name)
        try:
            session.write("PUT", f"{_ML}/connectors/{connector_id}", wanted, why=f"update connector {name}")
            break
        except EngineError as error:
            if "still using this connector" not in error.message or time.monotonic() > until:
                raise
            del session.requests[-2 if user else -1 :]  # they changed nothing
            time.sleep(0.5)
    if user:
        _deploy(session, user[0], name)


def _undeploy(session: Session, model_id: str, name: str) -> None:
    session.write("POST", f"{_ML}/models/{model_id}/_undeploy", why=f"undeploy model {name}")
    if not session.dry_run:
        _await(
            lambda: _state(session, model_id) not in ("DEPLOYED", "DEPLOYING", "PARTIALLY_DEPLOYED"),
            f"undeploying {name}",
        )


def _deploy(session: Session, model_id: str, name: str) -> None:
    """Deploy a model and wait for it.

    A node that has just started deploys by itself what was deployed before, and fails where fetching its encryption key
    takes longer than three seconds. It then takes every later try for a duplicate until the model is undeployed.
    """
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        answer = session.write("POST", f"{_ML}/models/{model_id}/_deploy", why=f"deploy model {name}")
        if session.dry_run:
            return
        error = _await_task(session, answer["task_id"], f"deploying model {name}")
        if _await_deployed(session, model_id, name):
            return
        passing = error is None or "master key" in error or "Duplicate deploy model task" in error
        if not passing or time.monotonic() > until:
            raise EngineError(f"model {name} could not be deployed: {error}", where=session.engine.url)
        time.sleep(1.0)
        _undeploy(session, model_id, name)


def _state(session: Session, model_id: str) -> str:
    return str(session.engine.request("GET", f"{_ML}/models/{model_id}").get("model_state"))


def _await_task(session: Session, task_id: str, what: str) -> str | None:
    """Wait for a task to end; the error where it failed."""
    task: dict[str, Any] = {}

    def ended() -> bool:
        task.update(session.engine.request("GET", f"{_ML}/tasks/{task_id}"))
        return task["state"] in ("COMPLETED", "COMPLETED_WITH_ERROR", "FAILED", "CANCELLED")

    _await(ended, what)
    return str(task.get("error")) if task["state"] in ("FAILED", "CANCELLED") else None


def _await_deployed(session: Session, model_id: str, name: str) -> bool:
    """Wait while a model is being deployed; whether it is in the end."""
    state = ""

    def settled() -> bool:
        nonlocal state
        state = _state(session, model_id)
        return state not in ("DEPLOYING", "REGISTERING", "REGISTERED")

    _await(settled, f"deploying model {name}")
    return state in ("DEPLOYED", "PARTIALLY_DEPLOYED")


def _await(done: Any, what: str) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise EngineError(f"{what} did not finish within {_WAIT_SECONDS:.0f} s")
        time.sleep(0.1)


def _lower(value: Any) -> Any:
    """The engine stores `predict` as `PREDICT`."""
    if isinstance(value, list):
        return [_lower(item) for item in value]
    if isinstance(value, dict):
        return {key: str(item).lower() if key == "action_type" else item for key, item in value.items()}
    return value
