"""`gliner-bridge serve`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated, Any

import typer

_LISTEN = "Where it listens"
_MODEL = "Model and batching"
_VALUES = "Values of the index"
_LIMITS = "Limits"


def _option(name: str, text: str, panel: str, variable: str | None = None) -> Any:
    """An option whose help names its environment variable; `from_environment` reads it, with the same checks."""
    variable = variable or name.split("/")[0].lstrip("-").replace("-", "_").upper()
    return typer.Option(name, help=f"{text} (env: GLINER_BRIDGE_{variable})", rich_help_panel=panel)


def serve(
    schemas: Annotated[
        list[Path] | None,
        _option("--schemas", "Schema file, or folder of *.yaml; give it more than once for several.", _LISTEN),
    ] = None,
    host: Annotated[
        str | None, _option("--host", "Address. Default 127.0.0.1; any other needs a key.", _LISTEN)
    ] = None,
    port: Annotated[
        int | None, _option("--port", "Port for queries and everything else. Default 8765; 0: any.", _LISTEN)
    ] = None,
    documents_port: Annotated[
        int | None, _option("--documents-port", "Port for documents. Default 8766; 0: any.", _LISTEN)
    ] = None,
    threads: Annotated[int | None, _option("--threads", "Queries in progress at once. Default 32.", _LISTEN)] = None,
    documents_threads: Annotated[
        int | None, _option("--documents-threads", "Documents in progress at once. Default 64.", _LISTEN)
    ] = None,
    keys: Annotated[
        Path | None,
        _option("--keys", "YAML list of {key, schemas}: who may use what. One key for all: env API_KEY.", _LISTEN),
    ] = None,
    model: Annotated[str | None, _option("--model", "Checkpoint: `default`, a folder, or a hub id.", _MODEL)] = None,
    offline: Annotated[
        bool | None, _option("--offline/--online", "Never ask the network for a checkpoint.", _MODEL)
    ] = None,
    model_threads: Annotated[
        int | None, _option("--model-threads", "Processor threads of one batch. Default: torch's choice.", _MODEL)
    ] = None,
    batch_words: Annotated[
        int | None, _option("--batch-words", "Words in one batch of queries. Default 2048.", _MODEL)
    ] = None,
    document_batch_ms: Annotated[
        float | None, _option("--document-batch-ms", "How long a batch of documents may take. Default 60.", _MODEL)
    ] = None,
    gather_ms: Annotated[
        float | None, _option("--gather-ms", "How long an idle model waits for company. Default 0.", _MODEL)
    ] = None,
    queue_words: Annotated[
        int | None, _option("--queue-words", "Words that may wait before requests get 429. Default 200000.", _MODEL)
    ] = None,
    engine_url: Annotated[
        str | None, _option("--engine-url", "Engine whose values and counts are read. Default: none.", _VALUES)
    ] = None,
    engine_username: Annotated[
        str | None,
        _option("--engine-username", "User; the password only by env ENGINE_PASSWORD, or ENGINE_API_KEY.", _VALUES),
    ] = None,
    engine_ca_certs: Annotated[
        Path | None, _option("--engine-ca-certs", "PEM file of the engine's authority.", _VALUES)
    ] = None,
    engine_verify: Annotated[
        bool | None, _option("--engine-verify/--no-engine-verify", "Check the engine's certificate.", _VALUES)
    ] = None,
    refresh_seconds: Annotated[
        float | None, _option("--refresh-seconds", "Seconds between two readings. Default 300.", _VALUES)
    ] = None,
    snapshots: Annotated[
        Path | None, _option("--snapshots", "Folder for the last values read, for an offline start.", _VALUES)
    ] = None,
    pinned: Annotated[
        Path | None, _option("--pinned", "Folder of snapshots that documents are tagged with.", _VALUES)
    ] = None,
    max_body_bytes: Annotated[
        int | None, _option("--max-body-bytes", "Largest request. Default 16 MiB.", _LIMITS)
    ] = None,
    max_texts: Annotated[
        int | None, _option("--max-texts", "Most texts in one /v1/tag request. Default 1000.", _LIMITS)
    ] = None,
    max_labels: Annotated[
        int | None, _option("--max-labels", "Most labels in one /v1/tag request. Default 200.", _LIMITS)
    ] = None,
    max_query_chars: Annotated[
        int | None, _option("--max-query-chars", "A longer text is no query. Default 1000.", _LIMITS)
    ] = None,
    grace_seconds: Annotated[
        float | None, _option("--grace-seconds", "Time for requests in progress at the end. Default 8.", _LIMITS)
    ] = None,
    access_log: Annotated[
        bool, typer.Option("--access-log/--no-access-log", help="One line a request, never with texts.")
    ] = False,
) -> None:
    """Run the sidecar: the HTTP service that the engine's pipelines and your applications call.

    It answers at once, and is ready (GET /readyz) when the model is warm. Stop it with Ctrl-C or SIGTERM: requests in
    progress finish first. Each option can be given as an environment variable instead; secrets only so:
    GLINER_BRIDGE_API_KEY (one key for all schemas), GLINER_BRIDGE_ENGINE_PASSWORD, GLINER_BRIDGE_ENGINE_API_KEY.

    Examples:

      gliner-bridge serve --schemas examples/grocery --engine-url http://127.0.0.1:9200

      GLINER_BRIDGE_API_KEY=... gliner-bridge serve --schemas /schemas --host 0.0.0.0
    """
    settings = dict(locals())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("bridge.sidecar.access").setLevel(logging.INFO if access_log else logging.WARNING)
    # A queue in front of busy threads is what the lanes are for, no reason to warn; clients' own log lines name URLs.
    for noisy in ("waitress.queue", "opensearch", "elastic_transport", "httpx", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.ERROR)

    # Read when torch loads its OpenMP (libgomp). Its threads wait awake for milliseconds after each batch; where an
    # engine shares the cores, that is time in which it cannot run the query (benchmarks/README.md).
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")

    from bridge.sidecar import from_environment, load_keys, serve

    settings.pop("access_log")
    settings["schemas"] = tuple(schemas) if schemas else None
    settings["keys"] = load_keys(keys) if keys is not None else None
    serve(from_environment(**settings))
