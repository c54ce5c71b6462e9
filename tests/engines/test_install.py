"""Install and uninstall against a real OpenSearch: what they change, what they leave alone, what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.engines import OpenSearchEngine
from bridge.engines.install import install, plan_install, uninstall
from bridge.errors import EngineError, InputError
from bridge.schema import Schema, parse_schema
from tests.engines.sidecars import Recorder

pytestmark = pytest.mark.engine

SIDECAR = "http://127.0.0.1:8765"
KEY = "a-secret-of-the-sidecar"
TRUSTED = "plugins.ml_commons.trusted_connector_endpoints_regex"
PRIVATE = "plugins.ml_commons.connector.private_ip_enabled"
OURS = [r"^http://127\.0\.0\.1:8765/opensearch/search/.*$", r"^http://127\.0\.0\.1:8766/opensearch/ingest/.*$"]


def schema_for(name: str, index: str, labels: str = "  brand: {}\n") -> Schema:
    return parse_schema(f"schema: {name}\nindex: {index}\ntext: [title, body]\nlabels:\n{labels}")


SHOP = schema_for("test_shop", "test-shop")


def settings(engine: OpenSearchEngine) -> dict[str, Any]:
    """The settings that somebody set, by scope."""
    found: dict[str, Any] = engine.request("GET", "/_cluster/settings", params={"flat_settings": "true"})
    return found


def set_persistent(engine: OpenSearchEngine, **values: Any) -> None:
    names = {"trusted": TRUSTED, "private": PRIVATE}
    body = {"persistent": {names[name]: value for name, value in values.items()}}
    engine.request("PUT", "/_cluster/settings", body)


def ml_objects(engine: OpenSearchEngine) -> dict[str, dict[str, Any]]:
    """Connectors, models and model groups by kind and name."""
    found: dict[str, dict[str, Any]] = {}
    for kind in ("connectors", "models", "model_groups"):
        hits = engine.request("POST", f"/_plugins/_ml/{kind}/_search", {"query": {"match_all": {}}, "size": 100})
        found[kind] = {hit["_source"]["name"]: hit["_id"] for hit in hits["hits"]["hits"]}
    return found


def optional(engine: OpenSearchEngine, path: str) -> Any:
    try:
        return engine.request("GET", path)
    except EngineError as error:
        if error.status != 404:
            raise
        return {}


def everything(engine: OpenSearchEngine) -> dict[str, Any]:
    """All that install may touch in a cluster."""
    paths = ("/_ingest/pipeline", "/_search/pipeline", "/_component_template", "/_index_template")
    return {
        "settings": settings(engine),
        "ml": ml_objects(engine),
        "indices": optional(engine, "/test-*"),
        **{path: optional(engine, path) for path in paths},
    }


@pytest.fixture(autouse=True)
def clean(engine: OpenSearchEngine) -> Iterator[None]:
    """Every test begins and ends with a cluster without the bridge."""
    if optional(engine, "/_component_template/gliner-bridge"):
        pytest.skip("the bridge is installed in this cluster, and these tests would uninstall it")
    before = settings(engine)
    yield
    engine.request("DELETE", "/test-*")
    uninstall(engine)
    now = settings(engine)
    for scope in ("persistent", "transient"):
        cleared = {name: None for name in now[scope] if name not in before[scope]}
        if cleared or before[scope]:
            engine.request("PUT", "/_cluster/settings", {scope: cleared | before[scope]})


def test_the_second_time_nothing_changes_and_the_report_says_so(engine: OpenSearchEngine) -> None:
    first = install(engine, [SHOP], SIDECAR, api_key=KEY)
    before = everything(engine)
    second = install(engine, [SHOP], SIDECAR, api_key=KEY)
    assert first.changed
    assert not second.changed
    assert {
        "connector gliner-bridge-search",
        "model gliner-bridge-ingest",
        "ingest pipeline gliner-bridge-test_shop",
        f"cluster setting {TRUSTED}",
    } <= set(second.unchanged)
    assert everything(engine) == before


def test_models_are_deployed_when_install_returns(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    for model_id in ml_objects(engine)["models"].values():
        assert engine.request("GET", f"/_plugins/_ml/models/{model_id}")["model_state"] == "DEPLOYED"


def test_a_dry_run_sends_nothing_and_names_what_install_then_sends(engine: OpenSearchEngine) -> None:
    before = everything(engine)
    planned = plan_install(engine, [SHOP], SIDECAR, api_key=KEY)
    assert everything(engine) == before

    sent = install(engine, [SHOP], SIDECAR, api_key=KEY).requests
    assert [(request.method, request.path) for request in planned] == [
        (request.method, request.path) for request in sent
    ]
    assert "<id of model gliner-bridge-search>" in str(planned[-1])


def test_a_dry_run_on_an_installed_cluster_has_nothing_to_send(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    assert plan_install(engine, [SHOP], SIDECAR) == []


def test_the_sidecars_key_is_shown_nowhere(engine: OpenSearchEngine) -> None:
    report = install(engine, [SHOP], SIDECAR, api_key=KEY)
    assert any(KEY in json.dumps(request.body) for request in report.requests), "the connectors get the key"
    shown = [json.dumps(request.shown()) + str(request) + repr(request) for request in report.requests]
    assert KEY not in "".join(shown) + repr(report)
    assert KEY not in json.dumps(everything(engine))


def test_uninstall_leaves_the_cluster_as_it_was(engine: OpenSearchEngine) -> None:
    engine.request("PUT", "/test-shop", {"mappings": {"properties": {"title": {"type": "text"}}}})
    engine.request("PUT", "/_ingest/pipeline/test-theirs", {"processors": [{"set": {"field": "a", "value": 1}}]})
    before = everything(engine)
    try:
        install(engine, [SHOP, schema_for("test_more", "test-more")], SIDECAR, default_search_pipeline=True)
        report = uninstall(engine)
        after = everything(engine)
        assert any("keep the entity fields" in note for note in report.notes)
        # A mapping cannot shrink.
        for state in (before, after):
            del state["indices"]["test-shop"]["mappings"]
        assert after == before
        assert not uninstall(engine).changed
    finally:
        engine.request("DELETE", "/_ingest/pipeline/test-theirs")


def test_settings_that_nobody_had_set_return_to_their_defaults(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    trusted = settings(engine)["persistent"][TRUSTED]
    assert trusted[-2:] == OURS
    assert any("sagemaker" in item for item in trusted), "the engine's defaults stay in force"
    uninstall(engine)
    assert TRUSTED not in settings(engine)["persistent"]
    assert PRIVATE not in settings(engine)["persistent"]


def test_settings_of_the_user_survive_install_and_uninstall(engine: OpenSearchEngine) -> None:
    set_persistent(engine, trusted=["^https://mine/.*$"], private="false")
    install(engine, [SHOP], SIDECAR)
    now = settings(engine)["persistent"]
    assert now[TRUSTED] == ["^https://mine/.*$", *OURS]
    assert now[PRIVATE] == "true"
    uninstall(engine)
    now = settings(engine)["persistent"]
    assert now[TRUSTED] == ["^https://mine/.*$"]
    assert now[PRIVATE] == "false"


def test_what_the_user_adds_after_install_survives_uninstall(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    defaults = settings(engine)["persistent"][TRUSTED][:-2]
    set_persistent(engine, trusted=[*defaults, *OURS, "^https://later/.*$"], private="false")
    uninstall(engine)
    now = settings(engine)["persistent"]
    assert now[TRUSTED] == [*defaults, "^https://later/.*$"]
    assert now[PRIVATE] == "false", "changed by the user since, so it is theirs"


def test_a_transient_setting_that_hides_the_persistent_one_is_appended_to(engine: OpenSearchEngine) -> None:
    engine.request("PUT", "/_cluster/settings", {"transient": {TRUSTED: ["^https://now/.*$"]}})
    install(engine, [SHOP], SIDECAR)
    assert settings(engine)["transient"][TRUSTED] == ["^https://now/.*$", *OURS]
    uninstall(engine)
    assert settings(engine)["transient"] == {TRUSTED: ["^https://now/.*$"]}


def test_settings_that_suffice_are_not_touched_by_either(engine: OpenSearchEngine) -> None:
    set_persistent(engine, trusted=OURS, private="true")
    install(engine, [SHOP], SIDECAR)
    uninstall(engine)
    now = settings(engine)["persistent"]
    assert (now[TRUSTED], now[PRIVATE]) == (OURS, "true")


def test_a_public_sidecar_needs_no_private_addresses(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], "https://1.1.1.1:8765")
    assert PRIVATE not in settings(engine)["persistent"]


def test_an_interrupted_install_can_be_undone(engine: OpenSearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(engine)
    request = engine.request

    def failing(method: str, path: str, *args: Any, **options: Any) -> Any:
        if "_register" in path:
            raise EngineError("the network went away")
        return request(method, path, *args, **options)

    monkeypatch.setattr(engine, "request", failing)
    with pytest.raises(EngineError, match="went away"):
        install(engine, [SHOP], SIDECAR)
    monkeypatch.undo()
    assert settings(engine)["persistent"][TRUSTED][-2:] == OURS
    uninstall(engine)
    assert everything(engine) == before


def test_an_interrupted_install_can_be_finished(engine: OpenSearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    request = engine.request

    def failing(method: str, path: str, *args: Any, **options: Any) -> Any:
        if path.startswith("/_search/pipeline") and method == "PUT":
            raise EngineError("the network went away")
        return request(method, path, *args, **options)

    monkeypatch.setattr(engine, "request", failing)
    with pytest.raises(EngineError, match="went away"):
        install(engine, [SHOP], SIDECAR)
    monkeypatch.undo()
    report = install(engine, [SHOP], SIDECAR)
    assert [request.path for request in report.requests] == ["/_search/pipeline/gliner-bridge-test_shop"]


def test_a_moved_sidecar_keeps_the_ids_that_pipelines_name(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    before = ml_objects(engine)
    install(engine, [SHOP], "http://127.0.0.1:9765")
    assert ml_objects(engine) == before
    connector = engine.request("GET", f"/_plugins/_ml/connectors/{before['connectors']['gliner-bridge-search']}")
    assert connector["actions"][0]["url"].startswith("http://127.0.0.1:9765/")
    trusted = settings(engine)["persistent"][TRUSTED]
    assert not set(OURS) & set(trusted), "the old address is trusted no longer"
    assert not install(engine, [SHOP], "http://127.0.0.1:9765").changed
    uninstall(engine)
    assert TRUSTED not in settings(engine)["persistent"]


def test_a_changed_key_reaches_the_sidecar(engine: OpenSearchEngine, recorder: Recorder) -> None:
    for key in ("first-key-of-sixteen", "second-key-of-sixteen", None):
        install(engine, [SHOP], recorder.url, documents_url=recorder.url, api_key=key)
        engine.request("POST", "/test-shop/_doc", {"title": "x"})
        body = {"docs": [{"_source": {"title": "x"}}]}
        engine.request("POST", "/_ingest/pipeline/gliner-bridge-test_shop/_simulate", body)
        expected = f"Bearer {key}" if key else None
        assert recorder.seen[-1][2].get("Authorization") == expected


def test_only_a_changed_pipeline_is_written(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    changed = SHOP.model_copy(update={"text": ["title", "body", "tags"]})
    report = install(engine, [changed], SIDECAR)
    assert [request.path for request in report.requests] == ["/_ingest/pipeline/gliner-bridge-test_shop"]
    assert "$['title','body','tags']" in str(report.requests[0])


def test_connectors_have_limits_that_fit_their_work(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    ids = ml_objects(engine)["connectors"]
    ingest, search = (
        engine.request("GET", f"/_plugins/_ml/connectors/{ids[f'gliner-bridge-{role}']}")
        for role in ("ingest", "search")
    )
    assert ingest["client_config"] | {"max_connection": 64, "read_timeout": 120} == ingest["client_config"]
    assert ingest["client_config"]["max_retry_times"] > 0
    wanted = {"max_connection": 512, "read_timeout": 1, "connection_timeout": 1, "max_retry_times": 0}
    assert search["client_config"] | wanted == search["client_config"]
    for connector in (ingest, search):
        assert "request_body" not in connector["actions"][0]


def test_no_index_gets_a_default_search_pipeline_unasked(engine: OpenSearchEngine) -> None:
    engine.request("PUT", "/test-shop")
    report = install(engine, [SHOP], SIDECAR)
    assert "index.search.default_pipeline" not in json.dumps(engine.request("GET", "/test-shop/_settings"))
    assert not any("warning" in note for note in report.notes)


def index_setting(engine: OpenSearchEngine, index: str, name: str) -> Any:
    found = engine.request("GET", f"/{index}/_settings", params={"flat_settings": "true"})
    return found[index]["settings"].get(name)


def test_a_default_search_pipeline_is_set_when_asked_with_a_warning_and_undone(engine: OpenSearchEngine) -> None:
    engine.request("PUT", "/test-shop")
    report = install(engine, [SHOP], SIDECAR, default_search_pipeline=True)
    assert any("_delete_by_query" in note for note in report.notes)
    assert index_setting(engine, "test-shop", "index.search.default_pipeline") == "gliner-bridge-test_shop"
    assert not install(engine, [SHOP], SIDECAR, default_search_pipeline=True).changed
    uninstall(engine)
    assert index_setting(engine, "test-shop", "index.search.default_pipeline") is None


def test_a_default_search_pipeline_of_the_user_stays(engine: OpenSearchEngine) -> None:
    engine.request("PUT", "/_search/pipeline/test-theirs", {"description": "theirs", "request_processors": []})
    engine.request("PUT", "/test-shop", {"settings": {"index.search.default_pipeline": "test-theirs"}})
    try:
        report = install(engine, [SHOP], SIDECAR, default_search_pipeline=True)
        assert index_setting(engine, "test-shop", "index.search.default_pipeline") == "test-theirs"
        assert any("test-theirs, which stays" in note and "ml_inference" in note for note in report.notes)
    finally:
        engine.request("DELETE", "/test-shop")
        engine.request("DELETE", "/_search/pipeline/test-theirs")


def test_an_existing_index_is_told_how_its_documents_get_tagged(engine: OpenSearchEngine) -> None:
    engine.request("PUT", "/_ingest/pipeline/test-theirs", {"processors": []})
    engine.request("PUT", "/test-shop-a")
    engine.request("PUT", "/test-shop-b", {"settings": {"index.default_pipeline": "test-theirs"}})
    try:
        notes = install(engine, [schema_for("test_shop", "test-shop-*")], SIDECAR).notes
    finally:
        engine.request("DELETE", "/test-shop-b")
        engine.request("DELETE", "/_ingest/pipeline/test-theirs")
    assert any("PUT /test-shop-a/_settings" in note for note in notes)
    assert any(
        "test-theirs, which stays" in note and '{"pipeline": {"name": "gliner-bridge-test_shop"}}' in note
        for note in notes
    )


def test_existing_indices_get_the_fields_and_keep_theirs(engine: OpenSearchEngine) -> None:
    labels = (
        "  brand: {}\n  size: {kind: number, unit: inch}\n  ages: {kind: range}\n  made: {kind: date}\n"
        "  price: {kind: number, field: price, unit: USD}\n"
    )
    engine.request("PUT", "/test-shop", {"mappings": {"properties": {"price": {"type": "double"}}}})
    install(engine, [schema_for("test_shop", "test-shop", labels)], SIDECAR)
    found = engine.request("GET", "/test-shop/_mapping")["test-shop"]["mappings"]["properties"]
    flat = found["entities"]["properties"]
    assert {label: field["type"] for label, field in flat.items()} == {
        "brand": "keyword",
        "size": "double",
        "ages": "double_range",
        "made": "date",
    }
    assert found["entities_detail"] == {"type": "object", "enabled": False}
    assert found["price"] == {"type": "double"}
    assert not install(engine, [schema_for("test_shop", "test-shop", labels)], SIDECAR).changed


def test_new_indices_get_the_fields_from_the_component_template(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    template = {"index_patterns": ["test-new*"], "composed_of": ["gliner-bridge-test_shop"]}
    engine.request("PUT", "/_index_template/test-new", template)
    try:
        engine.request("PUT", "/test-new-1")
        found = engine.request("GET", "/test-new-1/_mapping")["test-new-1"]["mappings"]["properties"]
        assert found["entities"]["properties"]["brand"]["type"] == "keyword"
        with pytest.raises(EngineError, match="index template test-new"):
            uninstall(engine)
    finally:
        engine.request("DELETE", "/_index_template/test-new")


def test_a_field_of_the_users_by_our_name_is_refused_before_anything_is_written(engine: OpenSearchEngine) -> None:
    engine.request(
        "PUT", "/test-shop", {"mappings": {"properties": {"entities": {"properties": {"people": {"type": "text"}}}}}}
    )
    before = everything(engine)
    with pytest.raises(EngineError, match=r"field entities of index test-shop(.|\n)*prefix"):
        install(engine, [SHOP], SIDECAR)
    assert everything(engine) == before
    other = SHOP.model_copy(update={"entities": "bridge"})
    install(engine, [other], SIDECAR)
    assert "bridge_meta" in json.dumps(engine.request("GET", "/test-shop/_mapping"))


def test_a_label_that_changes_its_type_is_refused(engine: OpenSearchEngine) -> None:
    engine.request("PUT", "/test-shop")
    install(engine, [SHOP], SIDECAR)
    with pytest.raises(EngineError, match="of type keyword and the schema makes it double"):
        install(engine, [schema_for("test_shop", "test-shop", "  brand: {kind: number, unit: inch}\n")], SIDECAR)


@pytest.mark.parametrize("path", ["/_ingest/pipeline", "/_search/pipeline", "/_component_template"])
def test_an_object_of_someone_else_by_our_name_is_refused_and_never_deleted(
    engine: OpenSearchEngine, path: str
) -> None:
    body: dict[str, Any] = {"template": {}} if "template" in path else {"description": "not yours"}
    if "ingest" in path:
        body["processors"] = []
    engine.request("PUT", f"{path}/gliner-bridge-test_shop", body)
    try:
        before = everything(engine)
        with pytest.raises(EngineError, match="was not made by gliner-bridge"):
            install(engine, [SHOP], SIDECAR)
        uninstall(engine)
        assert everything(engine) == before
    finally:
        engine.request("DELETE", f"{path}/gliner-bridge-test_shop")


def test_uninstall_of_one_schema_leaves_the_others_working(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP, schema_for("test_more", "test-more")], SIDECAR)
    uninstall(engine, ["test_more"])
    assert optional(engine, "/_search/pipeline/gliner-bridge-test_more") == {}
    assert not install(engine, [SHOP], SIDECAR).changed
    report = uninstall(engine, ["no_such"])
    assert report.notes == ("gliner-bridge-no_such is not installed",)
    assert not report.changed


def test_a_pipeline_in_use_is_not_removed_from_under_its_index(engine: OpenSearchEngine) -> None:
    """An index whose default pipeline is gone refuses every document."""
    install(engine, [SHOP], SIDECAR)
    engine.request("PUT", "/test-shop", {"settings": {"index.default_pipeline": "gliner-bridge-test_shop"}})
    before = everything(engine)
    with pytest.raises(EngineError, match=r"index test-shop \(index.default_pipeline\)(.|\n)*--detach"):
        uninstall(engine)
    assert everything(engine) == before
    uninstall(engine, detach=True)
    assert index_setting(engine, "test-shop", "index.default_pipeline") is None


def test_a_pipeline_that_another_pipeline_calls_is_not_removed(engine: OpenSearchEngine) -> None:
    install(engine, [SHOP], SIDECAR)
    theirs = {"processors": [{"pipeline": {"name": "gliner-bridge-test_shop"}}]}
    engine.request("PUT", "/_ingest/pipeline/test-theirs", theirs)
    try:
        with pytest.raises(EngineError, match="ingest pipeline test-theirs"):
            uninstall(engine)
    finally:
        engine.request("DELETE", "/_ingest/pipeline/test-theirs")


@pytest.mark.parametrize("url", ["127.0.0.1:8765", "ftp://host:1", "http://user:secret@host:1"])
def test_an_address_that_the_engine_cannot_call_is_refused(engine: OpenSearchEngine, url: str) -> None:
    with pytest.raises(InputError) as caught:
        install(engine, [SHOP], url)
    assert "secret" not in str(caught.value)
