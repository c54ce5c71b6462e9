"""What the sidecar receives from Elasticsearch and what a document then carries, with every text that could break it.

Each test runs against the emulation (tests/engines/inference.py) over a real node, and against a licensed cluster where
one is named: LICENSED_URL (with user and password), and LICENSED_SIDECAR_HOST, this machine's name as the cluster sees
it (default 127.0.0.1).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.engines import ElasticsearchEngine, _definitions
from bridge.engines.install import install, uninstall
from bridge.schema import Schema, parse_schema
from tests.engines.inference import Licensed, Refused, complete, filled, infer
from tests.engines.sidecars import Recorder, block
from tests.engines.test_install_traffic import HOSTILE

pytestmark = pytest.mark.engine

FIELDS, ITEMS = "\u001e", "\u001d"
KEY = "the-sidecars-secret"
SCHEMA = parse_schema("schema: test_contract\nindex: test-es-contract\ntext: [title, body]\nlabels:\n  brand: {}\n")
DOTTED = parse_schema("schema: test_dotted\nindex: test-es-dotted\ntext: [meta.title]\nlabels:\n  brand: {}\n")


@dataclass
class Target:
    """An Elasticsearch with the pipelines installed, and the stand-in sidecar that it asks."""

    engine: ElasticsearchEngine
    sidecar: Recorder

    def run(self, *sources: dict[str, Any], schema: Schema = SCHEMA) -> list[dict[str, Any]]:
        """Documents through the schema's pipeline, as they would be stored."""
        path = f"/_ingest/pipeline/{_definitions.name_of(schema)}/_simulate"
        answer = self.engine.request("POST", path, {"docs": [{"_source": source} for source in sources]})
        return [doc["doc"]["_source"] for doc in answer["docs"]]

    def inputs(self) -> list[str]:
        """What the sidecar has received."""
        return [body["input"] for body in self.sidecar.bodies]


@pytest.fixture(scope="module", params=["emulated", pytest.param("licensed", marks=pytest.mark.licensed)])
def installed(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Both schemas installed, once a target."""
    licensed = None
    if request.param == "licensed":
        if not (url := os.environ.get("LICENSED_URL")):
            pytest.skip("LICENSED_URL names no Elasticsearch with inference endpoints")
        host = os.environ.get("LICENSED_SIDECAR_HOST", "127.0.0.1")
        sidecar = Recorder("127.0.0.1" if host == "127.0.0.1" else "0.0.0.0")
    else:
        licensed = Licensed(request.getfixturevalue("elasticsearch_url")).start()
        url, host, sidecar = licensed.url, "127.0.0.1", Recorder()
    sidecar.documents = answered
    address = f"http://{host}:{sidecar.port}"
    with ElasticsearchEngine(url) as engine:
        assert engine.info().no_inference is None
        report = install(engine, [SCHEMA, DOTTED], address, documents_url=address, api_key=KEY)
        assert "left out" not in " ".join(report.notes)
        yield Target(engine, sidecar)
        uninstall(engine, [SCHEMA.name, DOTTED.name])
    sidecar.close()
    if licensed:
        licensed.stop()


def answered(_: Any) -> Any:
    return {"text": json.dumps(block(brand=["nike"]))}


@pytest.fixture
def target(installed: Target) -> Target:
    installed.sidecar.documents = answered
    installed.sidecar.seen.clear()
    return installed


def expected_input(source: dict[str, Any]) -> str:
    """The joined fields: texts only, `${` with another sign of the same length."""

    def text(value: Any) -> str:
        items = value if isinstance(value, list) else [value]
        return ITEMS.join(item if isinstance(item, str) else "" for item in items)

    return FIELDS.join(text(source.get(name)) for name in ("title", "body")).replace("${", "$(")


MORE = {
    "secret": {"title": "${api_key} ${input} $${input} ${input:-x}", "body": "$ { $"},
    "escape": {"title": "$${x} $$${y} \\${z} ${${input}}"},
    "newline in a placeholder": {"title": "${a\nb} ${"},
    "lone surrogate": {"title": "a \ud83d b"},
    "empty": {"title": "", "body": ""},
    "mixed list": {"title": ["one", None, 2, "four"], "body": ["only"]},
}


@pytest.mark.parametrize("name", [*HOSTILE, *MORE])
def test_the_sidecar_receives_the_texts_as_they_are_and_the_document_keeps_them(target: Target, name: str) -> None:
    source = (HOSTILE | MORE)[name]
    if name == "lone surrogate":
        source = {"title": source["title"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")}
    (stored,) = target.run(source | {"sku": "not for the sidecar"})
    assert target.inputs() == [expected_input(source)]
    path, _, headers = target.sidecar.seen[0]
    assert path == "/elasticsearch/completion/test_contract"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert stored == source | {"sku": "not for the sidecar"} | block(brand=["nike"])


# Half surrogate pairs are no UTF-8 and reach no engine; a separator in a text becomes a space.
@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=3)), max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_keeps_its_length_and_its_field(target: Target, texts: list[tuple[str, str]]) -> None:
    clean = [tuple(text.encode("utf-8", "replace").decode() for text in pair) for pair in texts]
    target.sidecar.seen.clear()
    target.run(*({"title": title, "body": body} for title, body in clean))
    received = [tuple(text.split(FIELDS)) for text in target.inputs()]
    assert sorted(tuple(map(len, parts)) for parts in received) == sorted(tuple(map(len, pair)) for pair in clean)
    assert all("${" not in part for parts in received for part in parts)


def test_separators_in_a_text_cannot_move_it_into_another_field(target: Target) -> None:
    target.run({"title": f"a{FIELDS}b{ITEMS}c", "body": "d"})
    assert target.inputs() == [f"a b c{FIELDS}d"]


@pytest.mark.parametrize(
    "source", [{"meta": {"title": "nested"}}, {"meta.title": "a key"}, {"meta.title": "a key", "meta": {"title": "no"}}]
)
def test_a_dotted_field_is_a_key_or_a_path(target: Target, source: dict[str, Any]) -> None:
    target.run(source, schema=DOTTED)
    assert target.inputs() == [source.get("meta.title") or source["meta"]["title"]]


@pytest.mark.parametrize("source", [{}, {"meta": "no object"}, {"meta": [{"title": "x"}]}, {"meta": {"title": None}}])
def test_a_path_that_leads_nowhere_is_no_text(target: Target, source: dict[str, Any]) -> None:
    (stored,) = target.run(source, schema=DOTTED)
    assert target.inputs() == [""]
    assert stored["entities_meta"]["state"] == "done"


def test_a_document_s_own_model_id_is_left_alone(target: Target) -> None:
    """The processor writes the endpoint's name as `model_id` beside its output."""
    (stored,) = target.run({"title": "Nike", "model_id": "AB-12"})
    assert stored["model_id"] == "AB-12"
    assert not [name for name in stored if name.endswith("_work")]


def test_what_others_write_into_our_fields_does_not_survive(target: Target) -> None:
    stale = {"entities": {"color": ["old"]}, "entities_meta": {"state": "mine"}, "entities_work": {"out": "[]"}}
    (stored,) = target.run({"title": "Nike"} | stale)
    assert stored == {"title": "Nike"} | block(brand=["nike"])


FAILURES: dict[str, Any] = {
    "an error": (500, {}, b'{"error": {"type": "internal"}}'),
    "overload": (429, {"Retry-After": "1"}, b'{"error": {"type": "overloaded"}}'),
    "no JSON": (200, {}, b"<html>"),
    "no text": (200, {}, b'{"text": null}'),
    "another answer": (200, {}, b'{"results": []}'),
    "a text that is no JSON": {"text": "nonsense"},
    "a text that is no object": {"text": "[1]"},
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_sidecar_loses_no_document_and_marks_it(target: Target, name: str) -> None:
    target.sidecar.documents = lambda _: FAILURES[name]
    (stored,) = target.run({"title": "Nike ${x}", "entities": {"brand": ["old"]}})
    assert stored["title"] == "Nike ${x}"
    assert stored["entities_meta"]["state"] == "failed"
    assert stored["entities_meta"]["error"] in ("tagging_failed", "unexpected_answer")
    assert "Nike" not in json.dumps(stored["entities_meta"])
    assert set(stored) == {"title", "entities_meta"}


# -- the emulation itself: what it refuses is what the pipeline must avoid ---------------------------------------------


def test_without_the_replacement_the_service_would_refuse_or_tell_the_secret() -> None:
    template = '{"input": ${input}}'
    # Even one that is not closed: the request's own brace closes it.
    for text in ("a ${x} b", "${x", "$${x}"):
        with pytest.raises(Refused, match="Found placeholder"):
            filled(template, {"input": json.dumps(text)}, "request")
    told = filled(template, {"input": json.dumps("a ${api_key}"), "api_key": KEY}, "request")
    assert KEY in told


def test_at_the_root_the_processor_would_append_to_a_document_s_own_fields(recorder: Recorder) -> None:
    recorder.documents = lambda _: {"text": "tagged"}
    endpoint = _definitions.inference_endpoint(SCHEMA, recorder.url, None)
    assert complete(endpoint, "x") == ["tagged"]
    document = {"in": "x", "model_id": "AB-12"}
    infer({"model_id": "e", "input_output": [{"input_field": "in", "output_field": "out"}]}, {"e": endpoint}, document)
    assert document == {"in": "x", "out": "tagged", "model_id": ["AB-12", "e"]}
