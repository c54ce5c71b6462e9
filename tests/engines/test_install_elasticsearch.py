"""Install and uninstall on Elasticsearch: on a real node as it is, and with a licence that is emulated before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import ElasticsearchEngine
from bridge.engines.install import Report, install, plan_install, uninstall
from bridge.errors import EngineError, InputError
from bridge.schema import Schema, parse_schema
from tests.engines.inference import Licensed, Refused
from tests.engines.sidecars import Recorder, block
from tests.engines.standin import StandIn

pytestmark = pytest.mark.engine

KEY = "a-secret-of-the-sidecar"
SIDECAR = "http://127.0.0.1:8765"
NAME = "gliner-bridge-test_shop"


def schema_for(name: str = "test_shop", index: str = "test-es-shop", labels: str = "  brand: {}\n") -> Schema:
    return parse_schema(f"schema: {name}\nindex: {index}\ntext: [title, body]\nlabels:\n{labels}")


SHOP = schema_for()


def optional(engine: ElasticsearchEngine, path: str) -> Any:
    try:
        return engine.request("GET", path)
    except EngineError as error:
        if error.status not in (400, 404, 405):
            raise
        return {}


def everything(engine: ElasticsearchEngine) -> dict[str, Any]:
    """All that install may touch in a cluster, but for the mappings of indices and the times of changes."""
    paths = ("/_ingest/pipeline", "/_component_template", "/_inference/_all", "/_cluster/settings")
    return {path: timeless(optional(engine, path)) for path in paths}


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if not key.endswith("_date_millis")}
    return [timeless(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def plain(elasticsearch_url: str) -> Iterator[ElasticsearchEngine]:
    """The real node, which has no inference API."""
    with ElasticsearchEngine(elasticsearch_url) as engine:
        if engine.info().no_inference is None:
            pytest.skip("this Elasticsearch has inference endpoints: the contract tests use it")
        before = everything(engine)
        yield engine
        for index in optional(engine, "/test-es-*"):
            engine.request("DELETE", f"/{index}")
        uninstall(engine, detach=True)
        assert everything(engine) == before


@pytest.fixture
def licensed(plain: ElasticsearchEngine) -> Iterator[Licensed]:
    """The real node behind the emulation of a licence."""
    licensed = Licensed(plain.url).start()
    yield licensed
    licensed.before = lambda _method, _path: None
    with ElasticsearchEngine(licensed.url) as engine:
        uninstall(engine, detach=True)
    licensed.stop()


@pytest.fixture
def engine(licensed: Licensed) -> Iterator[ElasticsearchEngine]:
    with ElasticsearchEngine(licensed.url) as engine:
        yield engine


@pytest.fixture
def sidecar(recorder: Recorder) -> Recorder:
    """The stand-in sidecar, answering as `/elasticsearch/completion` does."""
    recorder.documents = lambda _: {"text": json.dumps(block(brand=["nike"]))}
    return recorder


def put_in(engine: ElasticsearchEngine, sidecar: Recorder, *schemas: Schema, **options: Any) -> Report:
    return install(engine, schemas or [SHOP], SIDECAR, documents_url=sidecar.url, **options)


def index_for(engine: ElasticsearchEngine, name: str = "test-es-shop", **properties: Any) -> None:
    engine.request("PUT", f"/{name}", {"mappings": {"properties": {"title": {"type": "text"}} | properties}})


# -- without inference endpoints -----------------------------------------------------------------------------------


def test_without_inference_the_mapping_is_put_and_the_rest_is_told(plain: ElasticsearchEngine) -> None:
    index_for(plain)
    report = install(plain, [SHOP], SIDECAR)
    assert [f"{one.method} {one.path}" for one in report.requests] == [
        f"PUT /_component_template/{NAME}",
        "PUT /test-es-shop/_mapping",
    ]
    left_out, searches = report.notes
    assert "left out for test_shop: inference endpoint and ingest pipeline" in left_out
    assert "has no inference API" in left_out
    for instead in ("tagged_bulk", "Logstash", "repair"):
        assert instead in left_out
    for instead in ("RewritingClient", "`gliner-bridge proxy`", "/v1/rewrite"):
        assert instead in searches
    mapping = plain.request("GET", "/test-es-shop/_mapping")["test-es-shop"]["mappings"]["properties"]
    assert mapping["entities"]["properties"]["brand"]["type"] == "keyword"


@pytest.mark.usefixtures("sidecar")
@pytest.mark.parametrize("licence", ["basic", "platinum"])
def test_a_licence_without_inference_is_a_sentence(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder, licence: str
) -> None:
    licensed.licence = licence
    report = put_in(engine, sidecar)
    assert f"as the licence is {licence}, and inference endpoints need enterprise" in report.notes[0]
    assert licensed.writes == [f"PUT /_component_template/{NAME}"]
    assert sidecar.seen == []


def test_a_licence_that_turns_out_too_small_is_a_sentence_too(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    """Seen only when the endpoint is made, as where the user may not read the licence."""

    def before(method: str, path: str) -> None:
        if method == "PUT" and path.startswith("/_inference"):
            raise Refused(403, "security_exception", "current license is non-compliant for [inference]")

    licensed.before = before
    report = put_in(engine, sidecar)
    assert "as the licence has no inference endpoints" in report.notes[0]
    assert [one.path for one in report.requests] == [f"/_component_template/{NAME}"]


def test_inference_can_be_left_out_though_the_licence_has_it(engine: ElasticsearchEngine, sidecar: Recorder) -> None:
    report = put_in(engine, sidecar, inference=False)
    assert [one.path for one in report.requests] == [f"/_component_template/{NAME}"]
    assert "as it was asked for" in report.notes[0]


def test_a_pipeline_from_before_the_licence_ended_is_told(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    put_in(engine, sidecar)
    licensed.licence = "basic"
    assert "is there from before" in " ".join(put_in(engine, sidecar).notes)
    licensed.licence = "enterprise"


def test_the_second_time_nothing_changes_without_inference(plain: ElasticsearchEngine) -> None:
    index_for(plain)
    install(plain, [SHOP], SIDECAR)
    again = install(plain, [SHOP], SIDECAR)
    assert not again.changed
    assert again.unchanged == (f"component template {NAME}", "mapping of test-es-shop")


# -- with them -----------------------------------------------------------------------------------------------------


def test_with_inference_there_are_endpoint_template_and_pipeline(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    report = put_in(engine, sidecar, api_key=KEY)
    (endpoint,) = licensed.endpoints
    assert [one.path for one in report.requests] == [
        f"/_inference/completion/{endpoint}",
        f"/_component_template/{NAME}",
        f"/_ingest/pipeline/{NAME}",
    ]
    (seen,) = sidecar.seen
    assert seen[0] == "/elasticsearch/completion/test_shop"
    assert seen[2]["Authorization"] == f"Bearer {KEY}"


def test_the_second_time_nothing_changes_and_the_report_says_so(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    index_for(engine)
    put_in(engine, sidecar, api_key=KEY)
    written = list(licensed.writes)
    again = put_in(engine, sidecar, api_key=KEY)
    assert not again.changed
    assert len(again.unchanged) == 4
    assert licensed.writes == written
    assert put_in(engine, sidecar, api_key=KEY, dry_run=True).requests == ()


def test_a_dry_run_sends_nothing_and_names_what_install_then_sends(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    index_for(engine)
    licensed.writes.clear()
    planned = plan_install(engine, [SHOP], SIDECAR, documents_url=sidecar.url, api_key=KEY)
    assert licensed.writes == []
    assert sidecar.seen == []
    assert planned == list(put_in(engine, sidecar, api_key=KEY).requests)


def test_the_sidecars_key_is_shown_nowhere(engine: ElasticsearchEngine, sidecar: Recorder) -> None:
    report = put_in(engine, sidecar, api_key=KEY)
    shown = "".join(str(one) + json.dumps(one.shown()) + repr(one) for one in report.requests) + repr(report)
    assert "secret_parameters" in shown
    assert KEY not in shown


@pytest.mark.parametrize("change", [{"api_key": "another"}, {"moved": True}], ids=["key", "address"])
def test_a_changed_endpoint_takes_the_place_of_the_old_one(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder, change: dict[str, Any]
) -> None:
    put_in(engine, sidecar, api_key=KEY)
    (old,) = licensed.endpoints
    other = Recorder()
    other.documents = sidecar.documents
    report = put_in(engine, other if change.pop("moved", False) else sidecar, **({"api_key": KEY} | change))
    other.close()
    (new,) = licensed.endpoints
    assert new != old
    assert new in json.dumps(licensed.pipelines[NAME])
    assert [one.method for one in report.requests] == ["PUT", "PUT", "DELETE"]


def test_uninstall_leaves_the_cluster_as_it_was(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    before = everything(engine)
    put_in(engine, sidecar, SHOP, schema_for("test_shop_eu", "test-es-eu"))
    assert len(licensed.endpoints) == 2
    planned = uninstall(engine, dry_run=True)
    assert len(licensed.endpoints) == 2
    assert uninstall(engine).requests == planned.requests
    assert everything(engine) == before
    assert not uninstall(engine).changed


def test_uninstall_of_one_schema_leaves_the_other(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    """`test_shop` begins the other's name, too."""
    put_in(engine, sidecar, SHOP, schema_for("test_shop_eu", "test-es-eu"))
    uninstall(engine, ["test_shop"])
    (left,) = licensed.endpoints
    assert left.startswith("gliner-bridge-test_shop_eu-")
    assert set(licensed.pipelines) == {"gliner-bridge-test_shop_eu"}


def test_a_pipeline_in_use_is_not_removed_from_under_its_index(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    put_in(engine, sidecar)
    engine.request("PUT", "/test-es-shop", {"settings": {"index.default_pipeline": NAME}})
    with pytest.raises(EngineError, match="still in use by index test-es-shop"):
        uninstall(engine)
    assert licensed.endpoints
    uninstall(engine, detach=True)
    assert not licensed.endpoints


# -- what goes wrong -----------------------------------------------------------------------------------------------


def test_a_sidecar_that_is_down_leaves_nothing_and_is_named(engine: ElasticsearchEngine, sidecar: Recorder) -> None:
    before = everything(engine)
    sidecar.close()
    with pytest.raises(EngineError, match="is the sidecar up") as caught:
        put_in(engine, sidecar)
    assert sidecar.url in str(caught.value)
    assert everything(engine) == before


@pytest.mark.parametrize("at", ["/_component_template", "/_ingest/pipeline", "/test-es-shop/_mapping"])
def test_what_was_written_before_a_failure_is_taken_back(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder, at: str
) -> None:
    index_for(engine)
    before = everything(engine)

    def fail(method: str, path: str) -> None:
        if method == "PUT" and path.startswith(at):
            raise Refused(400, "illegal_argument_exception", "no")

    licensed.before = fail
    with pytest.raises(EngineError, match="no"):
        put_in(engine, sidecar)
    assert everything(engine) == before


def test_a_failing_update_leaves_what_was_installed(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder
) -> None:
    index_for(engine)
    put_in(engine, sidecar)
    before, pipelines = everything(engine), dict(licensed.pipelines)

    def fail(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("_mapping"):
            raise Refused(400, "illegal_argument_exception", "Limit of total fields has been exceeded")

    licensed.before = fail
    changed = parse_schema(
        "schema: test_shop\nindex: test-es-shop\ntext: [title, body, more]\nlabels:\n  brand: {}\n  color: {}\n"
    )
    with pytest.raises(EngineError, match="Limit of total fields"):
        put_in(engine, sidecar, changed)
    assert everything(engine) == before
    assert licensed.pipelines == pipelines


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/_ingest/pipeline/{NAME}", {"description": "mine", "processors": []}),
        (f"/_component_template/{NAME}", {"template": {}}),
    ],
)
def test_an_object_of_someone_else_by_our_name_is_refused_and_never_deleted(
    engine: ElasticsearchEngine, sidecar: Recorder, path: str, body: dict[str, Any]
) -> None:
    engine.request("PUT", path, body)
    try:
        with pytest.raises(EngineError, match="was not made by gliner-bridge"):
            put_in(engine, sidecar)
        uninstall(engine)
        assert engine.request("GET", path)
    finally:
        engine.request("DELETE", path)


@pytest.mark.parametrize("field", ["entities", "entities_work"])
def test_a_field_of_the_users_by_our_name_is_refused_before_anything_is_written(
    engine: ElasticsearchEngine, licensed: Licensed, sidecar: Recorder, field: str
) -> None:
    index_for(engine, **{field: {"type": "keyword"}})
    licensed.writes.clear()
    with pytest.raises(EngineError, match=f"field {field} of index test-es-shop"):
        put_in(engine, sidecar)
    assert licensed.writes == []


def test_search_pipelines_are_not_promised(plain: ElasticsearchEngine) -> None:
    with pytest.raises(InputError, match="no search pipelines"):
        install(plain, [SHOP], SIDECAR, default_search_pipeline=True)


def test_an_old_version_is_refused() -> None:
    standin = StandIn("elasticsearch")
    standin.answer = lambda seen: (
        (200, {"license": {"status": "active", "type": "basic"}})
        if "license" in seen.path
        else (200, {"version": {"number": "8.11.4"}, "endpoints": []})
    )
    standin.start()
    with pytest.raises(EngineError, match=r"8\.11\.4 is too old: 8\.19 or newer"):
        install(ElasticsearchEngine(standin.url), [SHOP], SIDECAR)
    assert {seen.method for seen in standin.seen} == {"GET"}
    standin.stop()


def test_the_command_says_what_it_left_out(plain: ElasticsearchEngine, tmp_path: Path) -> None:
    file = tmp_path / "test_shop.yaml"
    file.write_text("schema: test_shop\nindex: test-es-shop\ntext: [title]\nlabels:\n  brand: {}\n", encoding="utf-8")
    cli = CliRunner()
    environment = {"ENGINE_URL": plain.url}
    done = cli.invoke(app, ["install", str(file)], env=environment)
    assert done.exit_code == 0, done.output
    assert "note: left out for test_shop" in done.output
    again = json.loads(cli.invoke(app, ["install", str(file), "--json"], env=environment).stdout)
    assert again["changed"] is False
    gone = cli.invoke(app, ["uninstall"], env=environment)
    assert f"delete component template {NAME}" in gone.output
