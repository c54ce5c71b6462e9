"""How both adapters reach an engine: credentials, TLS, several nodes, cloud id, retries, and what they say of it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.engines import ElasticsearchEngine, OpenSearchEngine, connect
from bridge.errors import EngineError, EngineUnavailableError, InputError
from tests.engines.standin import ROOTS, StandIn

ADAPTERS: dict[str, Any] = {"opensearch": OpenSearchEngine, "elasticsearch": ElasticsearchEngine}
Start = Callable[..., StandIn]


@pytest.fixture(params=sorted(ADAPTERS))
def dialect(request: pytest.FixtureRequest) -> str:
    """Every test here is for both adapters."""
    return str(request.param)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start stand-ins; they end with the test."""
    started: list[StandIn] = []

    def start(dialect: str, folder: Path | None = None, **options: Any) -> StandIn:
        started.append(StandIn(dialect, **options).start(folder))
        return started[-1]

    yield start
    for standin in started:
        standin.stop()


@pytest.mark.parametrize(
    ("options", "userinfo", "header"),
    [
        ({"username": "ada", "password": "lovelace"}, "", "Basic YWRhOmxvdmVsYWNl"),
        ({}, "ada:lovelace@", "Basic YWRhOmxvdmVsYWNl"),
        ({}, "ada:love%40lace@", "Basic YWRhOmxvdmVAbGFjZQ=="),
        ({"api_key": "k3y"}, "", "ApiKey k3y"),
    ],
)
def test_credentials_reach_the_engine_and_never_the_address(
    start: Start, dialect: str, options: dict[str, Any], userinfo: str, header: str
) -> None:
    standin = start(dialect)
    engine = ADAPTERS[dialect](f"http://{userinfo}127.0.0.1:{standin.port}", **options)
    engine.request("GET", "/")
    assert [seen.headers.get("Authorization") or seen.headers.get("authorization") for seen in standin.seen] == [header]
    assert engine.url == standin.url
    assert "love" not in repr(engine)


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "user name, password or API key"), (403, "lacks a permission"), (429, "overloaded"), (413, "larger than")],
)
def test_a_refusal_says_what_to_do(start: Start, dialect: str, status: int, hint: str) -> None:
    standin = start(dialect, answer=lambda _: (status, {"error": {"type": "t", "reason": "because"}}))
    with pytest.raises(EngineError, match=hint) as caught:
        ADAPTERS[dialect](standin.url).request("GET", "/")
    assert caught.value.status == status
    assert "because" in str(caught.value)


def test_tls_with_an_authority_of_its_own(start: Start, dialect: str, tmp_path: Path) -> None:
    standin = start(dialect, tmp_path)
    with ADAPTERS[dialect](standin.url, ca_certs=standin.authority) as engine:
        assert engine.request("GET", "/") == ROOTS[dialect]
    with pytest.raises(EngineUnavailableError, match="certificate"):
        ADAPTERS[dialect](standin.url).request("GET", "/")
    with ADAPTERS[dialect](standin.url, verify=False) as engine:
        assert engine.request("GET", "/") == ROOTS[dialect]


@pytest.mark.parametrize("together", [True, False], ids=["one text", "a list"])
def test_of_several_nodes_one_that_answers_is_enough(start: Start, dialect: str, together: bool) -> None:
    first, second = start(dialect), start(dialect)
    first.stop()
    urls: Any = ["http://ada:lovelace@127.0.0.1:9", first.url, second.url]
    engine = ADAPTERS[dialect](", ".join(urls) if together else urls)
    for _ in range(4):
        assert engine.request("GET", "/") == ROOTS[dialect]
    assert len(second.seen) == 4
    assert "lovelace" not in engine.url


def test_a_node_that_is_busy_restarting_is_asked_again(start: Start, dialect: str) -> None:
    answers = iter([(503, {}), (502, b"<html>bad gateway"), (200, ROOTS[dialect])])
    standin = start(dialect, answer=lambda _: next(answers))
    assert ADAPTERS[dialect](standin.url).request("GET", "/") == ROOTS[dialect]
    assert len(standin.seen) == 3


def test_an_engine_that_stays_down_is_told_after_a_few_tries(start: Start, dialect: str) -> None:
    standin = start(dialect, answer=lambda _: (503, {"error": "no master"}))
    with pytest.raises(EngineError) as caught:
        ADAPTERS[dialect](standin.url).request("GET", "/")
    assert caught.value.status == 503
    assert len(standin.seen) == 4


def test_an_engine_that_is_down_is_unavailable(dialect: str) -> None:
    with pytest.raises(EngineUnavailableError, match="does not answer"):
        ADAPTERS[dialect]("http://127.0.0.1:9", timeout=2).info()


def test_garbage_is_told_as_such(start: Start, dialect: str) -> None:
    standin = start(dialect, answer=lambda _: (200, b'{"version": {'))
    with pytest.raises(EngineError, match="not JSON"):
        ADAPTERS[dialect](standin.url).request("GET", "/")


def test_an_answer_that_breaks_off_is_no_answer(start: Start, dialect: str) -> None:
    standin = start(dialect, cut=10)
    engine = ADAPTERS[dialect](standin.url, timeout=5)
    with pytest.raises(EngineError):
        engine.request("GET", "/")


def test_no_address_is_refused(dialect: str) -> None:
    with pytest.raises(InputError, match="no address"):
        ADAPTERS[dialect](" , ")


def test_what_answers_decides_the_adapter(start: Start, dialect: str) -> None:
    with connect(start(dialect).url) as engine:
        assert type(engine) is ADAPTERS[dialect]


def test_the_other_engine_is_told(start: Start) -> None:
    with pytest.raises(EngineError, match="not an Elasticsearch"):
        ElasticsearchEngine(start("opensearch").url).info()
    with pytest.raises(EngineError, match="not an OpenSearch"):
        OpenSearchEngine(start("elasticsearch").url).info()


def cloud_id(port: int) -> str:
    """A cloud id leads to https://<cluster>.<domain>:<port>; this one to 127.0.0.1."""
    return "shop:" + base64.b64encode(f"0.0.1:{port}$127$kibana".encode()).decode()


def test_a_cloud_id_leads_to_its_deployment(start: Start, tmp_path: Path) -> None:
    standin = start("elasticsearch", tmp_path)
    with connect(f"cloud:{cloud_id(standin.port)}", api_key="k3y", ca_certs=standin.authority) as engine:
        assert engine.request("GET", "/") == ROOTS["elasticsearch"]
        assert engine.url == "cloud id shop"
    assert standin.seen[0].headers.get("Authorization", standin.seen[0].headers.get("authorization")) == "ApiKey k3y"


def test_a_cloud_id_that_is_none_is_told() -> None:
    with pytest.raises(InputError, match="Cloud ID"):
        ElasticsearchEngine(cloud_id="shop:nonsense")
    with pytest.raises(InputError, match="not both"):
        ElasticsearchEngine("http://127.0.0.1:9200", cloud_id="shop:x")


def test_elasticsearch_is_spoken_to_in_version_8_which_8_and_9_know(start: Start) -> None:
    """The installed client 9 on its own is refused by every 8.x server."""
    standin = start("elasticsearch", answer=lambda _: (200, {"responses": [], "hits": {"hits": []}}))
    engine = ElasticsearchEngine(standin.url)
    engine.request("GET", "/")
    engine.search("shop", {})
    engine.counts("shop", [{}])
    spoken = {seen.headers[name] for seen in standin.seen for name in seen.headers if name.lower() == "accept"}
    assert spoken
    assert all("compatible-with=8" in accept for accept in spoken)


def licence(kind: str, status: str = "active") -> tuple[int, Any]:
    """What `_license` answers."""
    return 200, {"license": {"status": status, "type": kind}}


@pytest.mark.parametrize(
    ("answers", "found", "reason"),
    [
        ({}, "enterprise", None),
        ({"/_license": licence("trial")}, "trial", None),
        ({"/_license": licence("basic")}, "basic", "the licence is basic"),
        ({"/_license": licence("platinum")}, "platinum", "the licence is platinum"),
        ({"/_license": licence("enterprise", "expired")}, "expired enterprise", "the licence is expired"),
        ({"/_inference": (400, {"error": "no handler found"})}, "enterprise", "has no inference API"),
        ({"/_inference": (405, {"error": "Incorrect HTTP method"})}, "enterprise", "has no inference API"),
        ({"/_inference": (403, {"error": "unauthorized"})}, "enterprise", "this user may not see"),
        ({"/_license": (403, {"error": "unauthorized"})}, None, None),
        (
            {
                "/_license": (410, {"error": "not available on serverless"}),
                "/": (200, {"version": {"number": "9.5.3", "build_flavor": "serverless"}}),
            },
            "serverless",
            None,
        ),
    ],
)
def test_licence_and_inference_api_are_detected(
    start: Start, answers: dict[str, tuple[int, Any]], found: str | None, reason: str | None
) -> None:
    usual: dict[str, tuple[int, Any]] = {
        "/": (200, ROOTS["elasticsearch"]),
        "/_license": licence("enterprise"),
        "/_inference": (200, {"endpoints": []}),
    }
    answers = usual | answers

    standin = start("elasticsearch", answer=lambda seen: answers[seen.path.replace("/_all", "")])
    info = ElasticsearchEngine(standin.url).info()
    assert info.licence == found
    if reason is None:
        assert info.no_inference is None
    else:
        assert reason in (info.no_inference or "")


@pytest.mark.engine
def test_the_licence_of_a_real_node_is_read(elasticsearch_url: str) -> None:
    info = ElasticsearchEngine(elasticsearch_url).info()
    assert info.licence in {"basic", "trial", "standard", "gold", "platinum", "enterprise"}
    assert info.major_minor >= (8, 19)
    with pytest.raises(InputError, match="no search pipelines"):
        ElasticsearchEngine(elasticsearch_url).search("shop", {}, pipeline="rewrite")
