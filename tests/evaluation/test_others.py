"""The same texts through spaCy and through a language model: adapters, and the table side by side."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from bridge.errors import InputError, SetupError
from bridge.evaluation import LlmFinder, evaluate_finder, from_tokens, load_spacy
from bridge.evaluation._llm import located

EXAMPLES = [
    from_tokens(["red", "nike", "shoes"], [(0, 0, "color"), (1, 1, "brand")]),
    from_tokens(["puma", "socks"], [(0, 0, "brand")]),
]
LINES = [
    {"tokens": ["red", "nike", "shoes"], "spans": [[0, 0, "color"], [1, 1, "brand"]]},
    {"tokens": ["puma", "socks"], "spans": [[0, 0, "brand"]]},
]
KEY = "sk-a-key-that-nobody-may-see"
Reply = Callable[[dict[str, Any], int], tuple[int, Any]]


class Endpoint:
    """A local server that speaks chat completions; `reply` makes an answer from a request and its number."""

    def __init__(self, reply: Reply) -> None:
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                endpoint.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status, content = reply(body, len(endpoint.requests))
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status if self.path == "/v1/chat/completions" else 404)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Callable[[Reply], Endpoint]]:
    made: list[Endpoint] = []

    def make(reply: Reply) -> Endpoint:
        made.append(Endpoint(reply))
        return made[-1]

    yield make
    for one in made:
        one.close()


def chat(*entities: tuple[str, str]) -> dict[str, Any]:
    content = json.dumps({"entities": [{"text": text, "label": label} for text, label in entities]})
    return {"choices": [{"message": {"content": content}}], "usage": {"prompt_tokens": 200, "completion_tokens": 20}}


def knowing(body: dict[str, Any], _: int) -> tuple[int, Any]:
    """Knows nike, and says that every text is green."""
    text = body["messages"][1]["content"]
    return 200, chat(*([("Nike", "brand")] if "nike" in text else []), ("green", "color"))


def test_quotes_are_found_in_the_text_whole_words_first() -> None:
    quotes = [("a", "x"), ("Cat", "x"), ("cat", "x"), ("dog", "x"), ("", "x")]
    assert located("Catalog a cat", quotes) == ((8, 9, "x"), (10, 13, "x"), (0, 3, "x"), (-4, -4, "x"), (-5, -5, "x"))


def test_a_language_model_is_asked_with_a_schema_and_its_answers_are_counted(
    endpoint: Callable[[Reply], Endpoint],
) -> None:
    server = endpoint(knowing)
    report = evaluate_finder(LlmFinder(server.url, "big", key=KEY), EXAMPLES, prices=(1.0, 10.0))
    counts = report.score.by_label
    assert (counts["brand"].right, counts["brand"].annotated, counts["color"].found) == (1, 2, 2)
    assert counts["color"].right == 0, "what the text does not hold is found and wrong"
    assert (report.tokens_in, report.tokens_out, report.cost) == (200, 20, pytest.approx(0.4))
    headers, body = server.requests[0]
    assert headers["authorization"] == f"Bearer {KEY}"
    assert (body["model"], body["temperature"]) == ("big", 0)
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["entities"]["items"]["properties"]["label"]["enum"] == ["brand", "color"]


def test_a_busy_endpoint_is_asked_again_and_a_broken_answer_counts_as_none(
    endpoint: Callable[[Reply], Endpoint],
) -> None:
    def reply(body: dict[str, Any], number: int) -> tuple[int, Any]:
        if number == 1:
            return 429, {}
        return 200, chat() if "nike" in body["messages"][1]["content"] else {"choices": [{"message": {"content": "{"}}]}

    server = endpoint(reply)
    report = evaluate_finder(LlmFinder(server.url, "big", pause=0.01), EXAMPLES)
    assert (report.failed, len(server.requests)) == (1, 4)
    with pytest.raises(InputError, match="no usable answer to any"):
        evaluate_finder(LlmFinder(endpoint(lambda *_: (200, b"no JSON")).url, "big"), EXAMPLES)


@pytest.mark.parametrize(("status", "said"), [(401, "refuses the key"), (404, "answers HTTP 404")])
def test_a_refusal_is_told_without_the_key(endpoint: Callable[[Reply], Endpoint], status: int, said: str) -> None:
    finder = LlmFinder(endpoint(lambda *_: (status, {"error": KEY})).url, "big", key=KEY)
    with pytest.raises(SetupError, match=said) as caught:
        finder.find("nike", ["brand"])
    assert KEY not in f"{caught.value!s}{finder!r}"


def test_an_endpoint_that_is_not_there_is_named() -> None:
    with pytest.raises(SetupError, match="does not answer"):
        LlmFinder("http://127.0.0.1:1/v1", "big", pause=0.01).find("nike", ["brand"])


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A small pipeline on disk that knows organisations and colours."""
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "ORG", "pattern": word} for word in ("nike", "puma")])
    ruler.add_patterns([{"label": "COLOR", "pattern": "red"}, {"label": "GPE", "pattern": "socks"}])
    nlp.to_disk(tmp_path / "small")
    return tmp_path / "small"


def test_types_of_spacy_stand_for_labels_by_the_mapping_or_by_their_name(pipeline: Path) -> None:
    report = evaluate_finder(load_spacy(str(pipeline), {"ORG": "brand"}), EXAMPLES)
    assert (report.score.micro.precision, report.score.micro.recall) == (1.0, 1.0)
    unmapped = evaluate_finder(load_spacy(str(pipeline)), EXAMPLES)
    assert (unmapped.findable, unmapped.score.micro.recall, unmapped.own.recall) == (("color",), 1 / 3, 1.0)
    with pytest.raises(InputError, match="has a type for none of the labels"):
        evaluate_finder(load_spacy(str(pipeline)), EXAMPLES, labels=["brand"])


def test_a_pipeline_that_is_not_installed_says_how_to_get_one() -> None:
    pytest.importorskip("spacy")
    with pytest.raises(SetupError, match='no pipeline "nowhere_sm"') as caught:
        load_spacy("nowhere_sm")
    assert "installed are:" in (caught.value.hint or "")


def run(folder: Path, *options: str) -> Result:
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, LINES)))
    words = ["evaluate", "ner", str(folder / "queries.jsonl"), *options]
    result = CliRunner().invoke(app, words, env={"COLUMNS": "220", "TERM": "dumb", "THE_KEY": KEY, "NO_KEY": None})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_all_ways_stand_side_by_side(pipeline: Path, tmp_path: Path, endpoint: Callable[[Reply], Endpoint]) -> None:
    (tmp_path / "types.yaml").write_text("ORG: brand\n")
    spacy = ["--with", "spacy", "--pipeline", str(pipeline), "--types", str(tmp_path / "types.yaml")]
    server = endpoint(knowing)
    llm = ["--with", "llm", "--llm-url", server.url, "--llm-model", "big", "--llm-key-env", "THE_KEY"]
    result = run(tmp_path, *spacy, *llm, "--llm-price", "1", "10")
    assert result.exit_code == 0, result.output
    for name in ("GLiNER default", "spaCy small", "LLM big"):
        assert name in result.stdout
    assert "200 / 20" in result.stdout
    assert "0.400" in result.stdout
    assert KEY not in result.output
    [one] = json.loads(run(tmp_path, *spacy, "--json").stdout)["sets"]
    assert [(way["name"], way["f1"]) for way in one["others"]] == [("spaCy small", 1.0)]


def test_what_is_missing_for_a_language_model_is_said(tmp_path: Path) -> None:
    assert "which language model?" in run(tmp_path, "--with", "llm").output
    far = ["--with", "llm", "--llm-model", "big", "--llm-url", "https://llm.invalid/v1", "--llm-key-env", "NO_KEY"]
    result = run(tmp_path, *far)
    assert (result.exit_code, "there is no key in the environment variable NO_KEY" in result.output) == (2, True)
