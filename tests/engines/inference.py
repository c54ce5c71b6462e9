"""Inference endpoints in front of a real Elasticsearch that has none: an emulation of what a licence would bring.

`Licensed` is an HTTP server. It answers `_license` and `_inference` itself, stores pipelines with an `inference`
processor for itself, and passes everything else to the real node, which also runs every classic step of a pipeline when
one is simulated. Emulated, after the source of Elasticsearch 9.x (services/custom, InferenceProcessor):

- `custom`, task type completion: `${input}` becomes the first input as a JSON string, secrets are replaced everywhere,
  values are substituted again (StringSubstitutor recurses), `$${` is an escape, and a request in which `${…}` is left
  is refused; the JSON parser takes a string or a list of strings from `$.a.b`; an endpoint is tried when it is made;
- `input_output`: the input must be a text; the result and `model_id` are written beside each other, at the root of the
  document where the output field is not nested, and appended where something is there already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx

Json = dict[str, Any]


class Refused(Exception):
    """What the engine would answer with this status."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"error": {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}]}}


# -- the service `custom` ------------------------------------------------------------------------------------------


def substitute(template: str, values: dict[str, str], depth: int = 0) -> str:
    """`${name}` → value, values included; unknown names stay, and `$${name}` becomes `${name}`."""
    if depth > 10:
        raise Refused(500, "illegal_state_exception", "Infinite loop in property interpolation")

    def replaced(found: re.Match[str]) -> str:
        if found[1] == "$":
            return found[0][1:]
        value = values.get(found[2])
        return found[0] if value is None else substitute(value, values, depth + 1)

    return re.sub(r"(\$?)\$\{([^{}]*)\}", replaced, template)


def filled(template: str, values: dict[str, str], where: str) -> str:
    """The template with its values; refused where a placeholder is left, also one that came in with a value."""
    made = substitute(template, values)
    if left := re.search(r"\$\{.*?\}", made):
        raise Refused(
            400, "illegal_state_exception", f"Found placeholder [{left[0]}] in field [{where}] after replacement call"
        )
    return made


def complete(endpoint: Json, text: str) -> list[str]:
    """What the endpoint gives for one text: the request is made from its settings, sent, and the answer parsed."""
    settings = endpoint["service_settings"]
    secrets: dict[str, str] = settings.get("secret_parameters") or {}
    values = {name: json.dumps(value) for name, value in secrets.items()}
    values["input"] = json.dumps(text, ensure_ascii=False)
    body = filled(settings["request"], values, "request")
    headers = {name: filled(value, secrets, f"header.{name}") for name, value in settings.get("headers", {}).items()}
    try:
        answer = httpx.post(filled(settings["url"], secrets, "url"), content=body.encode(), headers=headers, timeout=30)
    except httpx.HTTPError as error:
        raise Refused(502, "connect_exception", f"Failed to send request: {type(error).__name__}") from error
    if not answer.is_success:
        raise Refused(answer.status_code, "status_exception", f"Received an unsuccessful status {answer.status_code}")
    try:
        found: Any = answer.json()
    except ValueError as error:
        raise Refused(500, "x_content_parse_exception", "Failed to parse the response") from error
    for part in settings["response"]["json_parser"]["completion_result"].removeprefix("$.").split("."):
        found = found[part] if isinstance(found, dict) and part in found else None
    results = found if isinstance(found, list) else [found]
    if not all(isinstance(one, str) for one in results):
        raise Refused(500, "status_exception", "Failed to parse the response")
    return results


def check_endpoint(body: Json) -> None:
    """What is obligatory, and what is unknown, in the settings of `custom`."""
    settings = body.get("service_settings", {})
    known = {
        "secret_parameters",
        "url",
        "headers",
        "query_parameters",
        "request",
        "response",
        "rate_limit",
        "batch_size",
    }
    if body.get("service") != "custom" or set(body) - {"service", "service_settings", "task_settings"}:
        raise Refused(400, "status_exception", "Unknown service or settings")
    for name in ("url", "request"):
        if not isinstance(settings.get(name), str):
            raise Refused(400, "validation_exception", f"[service_settings] does not contain the setting [{name}]")
    if not set(settings) <= known or set(settings.get("response", {})) != {"json_parser"}:
        raise Refused(400, "validation_exception", "unknown settings")


_PROCESSOR_OPTIONS = frozenset(
    {"tag", "description", "if", "on_failure", "ignore_failure", "model_id", "input_output", "ignore_missing"}
)

# -- the processor -------------------------------------------------------------------------------------------------


def value_at(document: Json, path: str) -> Any:
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def set_or_append(document: Json, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        document = document.setdefault(part, {})
    if last in document:
        there = document[last] if isinstance(document[last], list) else [document[last]]
        document[last] = [*there, value]
    else:
        document[last] = value


def infer(processor: Json, endpoints: dict[str, Json], document: Json) -> None:
    """One `inference` processor with `input_output`."""
    (pair,) = processor["input_output"]
    text = value_at(document, pair["input_field"])
    if not isinstance(text, str):
        raise Refused(400, "illegal_argument_exception", f"field [{pair['input_field']}] is no text")
    endpoint = endpoints.get(processor["model_id"])
    if endpoint is None:
        raise Refused(404, "resource_not_found_exception", f"Inference endpoint not found [{processor['model_id']}]")
    results = complete(endpoint, text)
    if len(results) != 1:
        raise Refused(500, "status_exception", "number of results does not match the number of inputs")
    base = pair["output_field"].rpartition(".")[0]
    set_or_append(document, pair["output_field"], results[0])
    set_or_append(document, f"{base}.model_id" if base else "model_id", processor["model_id"])


# -- the server ----------------------------------------------------------------------------------------------------


@dataclass
class Licensed:
    """A real node with a licence and inference endpoints, as far as they are emulated."""

    node: str
    licence: str = "enterprise"
    endpoints: dict[str, Json] = field(default_factory=dict)
    pipelines: dict[str, Json] = field(default_factory=dict)
    #: Called with method and path before anything else; may raise Refused.
    before: Callable[[str, str], None] = lambda _method, _path: None
    #: Method and path of everything that was written.
    writes: list[str] = field(default_factory=list)
    url: str = ""

    def start(self) -> Licensed:
        licensed = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path, _, query = self.path.partition("?")
                try:
                    status, body = licensed.handle(self.command, path, query, content)
                except Refused as refused:
                    status, body = refused.status, refused.body
                sent = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_PUT = do_DELETE = _do

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def handle(self, method: str, path: str, query: str, content: bytes) -> tuple[int, Any]:
        """The answer to one request."""
        self.before(method, path)
        if method in ("PUT", "DELETE"):
            self.writes.append(f"{method} {path}")
        parts = path.strip("/").split("/")
        if parts[0] == "_license":
            return 200, {"license": {"status": "active", "type": self.licence}}
        if parts[0] == "_inference":
            return self._inference(method, parts[1:], content)
        if parts[:2] == ["_ingest", "pipeline"]:
            if method == "POST" and parts[-1] == "_simulate":
                return 200, {"docs": [self.run(parts[2], doc["_source"]) for doc in json.loads(content)["docs"]]}
            if method == "PUT" and b'"inference"' in content:
                return self._put_pipeline(parts[2], json.loads(content))
            if method == "GET" and (named := self._named(parts[2] if len(parts) > 2 else "*")):
                there = self._forward(method, path, query, content)
                return 200, (there[1] if there[0] == 200 else {}) | named
            if method == "DELETE":
                self.pipelines.pop(parts[2], None)
        return self._forward(method, path, query, content)

    def run(self, name: str, source: Json) -> Json:
        """One document through a stored pipeline: classic steps on the real node, inference here."""
        pipeline = self.pipelines[name]
        document = source
        try:
            for processor in pipeline["processors"]:
                document = self._step(processor, document)
        except Refused as refused:
            if "on_failure" not in pipeline:
                return refused.body
            document = self._simulate(pipeline["on_failure"], document)
        return {"doc": {"_source": document}}

    def _step(self, processor: Json, document: Json) -> Json:
        if "inference" not in processor:
            return self._simulate([processor], document)
        try:
            changed: Json = json.loads(json.dumps(document))
            infer(processor["inference"], self.endpoints, changed)
        except Refused:
            if "on_failure" not in processor["inference"]:
                raise
            return self._simulate(processor["inference"]["on_failure"], document)
        return changed

    def _simulate(self, processors: list[Json], document: Json) -> Json:
        body = {"pipeline": {"processors": processors}, "docs": [{"_source": document}]}
        (done,) = httpx.post(f"{self.node}/_ingest/pipeline/_simulate", json=body, timeout=60).json()["docs"]
        if "doc" not in done:
            raise Refused(400, done["error"]["type"], done["error"]["reason"])
        result: Json = done["doc"]["_source"]
        return result

    def _put_pipeline(self, name: str, body: Json) -> tuple[int, Any]:
        """The real node checks every step but inference; a pipeline without these holds the name there."""
        for processor in body["processors"]:
            if set(processor.get("inference", ())) - _PROCESSOR_OPTIONS:
                raise Refused(400, "parse_exception", "processor [inference] doesn't support one or more parameters")
        classic = body | {"processors": [one for one in body["processors"] if "inference" not in one]}
        status, answer = self._forward("PUT", f"/_ingest/pipeline/{name}", "", json.dumps(classic).encode())
        if status == 200:
            self.pipelines[name] = body
        return status, answer

    def _named(self, pattern: str) -> dict[str, Json]:
        regex = re.escape(pattern).replace(r"\*", ".*")
        return {name: body for name, body in self.pipelines.items() if re.fullmatch(regex, name)}

    def _inference(self, method: str, parts: list[str], content: bytes) -> tuple[int, Any]:
        if method == "GET":
            listed = [
                {"inference_id": name, "task_type": "completion", "service": one["service"]}
                for name, one in self.endpoints.items()
            ]
            return 200, {"endpoints": listed}
        task, name = parts
        if self.licence not in ("enterprise", "trial"):
            raise Refused(403, "security_exception", "current license is non-compliant for [inference]")
        if method == "DELETE":
            if name not in self.endpoints:
                raise Refused(404, "resource_not_found_exception", f"Inference endpoint not found [{name}]")
            if any(name in json.dumps(pipeline) for pipeline in self.pipelines.values()):
                raise Refused(409, "status_exception", f"Inference endpoint {name} is referenced by pipelines")
            del self.endpoints[name]
            return 200, {"acknowledged": True}
        if task != "completion" or name in self.endpoints:
            raise Refused(400, "status_exception", f"Inference endpoint [{name}] already exists")
        body = json.loads(content)
        check_endpoint(body)
        try:
            complete(body, "how big")
        except Refused as refused:
            raise Refused(
                400, "status_exception", f"validation call to service threw an exception: {refused}"
            ) from None
        self.endpoints[name] = body
        return 200, {"inference_id": name}

    def _forward(self, method: str, path: str, query: str, content: bytes) -> tuple[int, Any]:
        url = f"{self.node}{path}" + (f"?{query}" if query else "")
        kind = "application/x-ndjson" if path.endswith("_bulk") else "application/json"
        answer = httpx.request(
            method, url, content=content, headers={"content-type": kind} if content else {}, timeout=60
        )
        return answer.status_code, answer.json()
