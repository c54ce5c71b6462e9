"""The demo on OpenSearch: its own pipelines call the sidecar for documents and for queries."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import httpx
from rich.console import Console

from bridge.demo import _engine, _index, _show, _sidecar
from bridge.demo._catalogues import Catalogue
from bridge.demo._sides import Answered, Say, hits_of, search_body
from bridge.demo._state import EngineState, SidecarState
from bridge.engines import Engine, connect
from bridge.engines.install import install
from bridge.errors import EngineError, SetupError


class OpenSearchSide:
    """As `Side`; `known` is the sidecar of an earlier demo."""

    title = "OpenSearch"
    serves = "sidecar with the embedded model"
    installs = "settings, connectors, models, pipelines, component templates"
    fills = "plain _bulk; the pipeline tags each document"
    asks = "through the search pipeline"
    where: EngineState
    engine: Engine
    sidecar: SidecarState

    def __init__(self, catalogues: list[Catalogue], known: SidecarState | None) -> None:
        self._catalogues = catalogues
        self._known = known

    def start(self, url: str | None, say: Say) -> None:
        self.where = _engine.choose(url, say)
        self.engine = connect(self.where.url, dialect="opensearch")
        about = self.engine.info()
        if not about.ml_commons:
            raise SetupError(
                "this OpenSearch has no ML Commons, which calls the sidecar",
                where=self.engine.url,
                hint="install opensearch-ml",
            )
        say(f"version {about.version}, cluster {about.cluster}")

    def serve(self, say: Say) -> None:
        self.sidecar = _sidecar.ensure(self.where, [one.schema_path for one in self._catalogues], self._known, say)

    def install(self, out: Console) -> None:
        """Register the schemas; says what was written and what stood there already."""

        def as_seen_by_engine(url: str) -> str:
            return str(httpx.URL(url).copy_with(host=self.where.sidecar_host))

        report = install(
            self.engine,
            [catalogue.schema for catalogue in self._catalogues],
            as_seen_by_engine(self.sidecar.url),
            documents_url=as_seen_by_engine(self.sidecar.documents_url),
            api_key=self.sidecar.key,
            on_progress=lambda line: _show.say(out, line),
        )
        kept = len(report.unchanged)
        _show.say(
            out, f"{len(report.requests)} written, {kept} as they should be" if report.changed else "nothing to change"
        )

    def analyzer(self) -> str:
        return _index.analyzer_of(self.engine)

    def fill(self, catalogue: Catalogue, analyzer: str, out: Console) -> None:
        name = catalogue.schema.index
        _index.ensure_index(self.engine, catalogue, analyzer)
        expected = sum(1 for _ in catalogue.documents())
        there = _index.count(self.engine, catalogue, self._tagging_hash(catalogue))
        if there.total == there.current == expected:
            _show.say(out, f"{name}: {there.total} documents are already there and tagged by this model and schema")
            return
        if there.total < expected or there.current < there.done:
            if there.total:
                _show.say(out, f"{name}: {there.current} of {expected} documents are tagged by this model and schema")
            self._load(catalogue, out)
        there = _index.count(self.engine, catalogue)
        if there.done < there.total:
            self._repair(catalogue, there.total - there.done, out)
            there = _index.count(self.engine, catalogue)
        if not there.total == there.done == expected:
            raise EngineError(
                f"'{name}' has {there.total} documents and {there.done} of them are tagged, and there should be "
                f"{expected}",
                hint=f"run `make demo` again; the sidecar's log is {self.sidecar.log}",
            )
        _show.say(out, f"{name}: none of {there.total} is left untagged")

    def _load(self, catalogue: Catalogue, out: Console) -> None:
        result = _index.load(self.engine, catalogue, out)
        _show.say(
            out,
            f"{catalogue.schema.index}: {result.documents} documents in {result.seconds:.1f} s "
            f"({result.rate:.1f} docs/s), {result.failed} refused",
        )
        if result.failed:
            raise EngineError(
                f"the engine refused {result.failed} documents; the first: {result.first_error}",
                where=f"{self.engine.url}/{catalogue.schema.index}",
                hint=f"the sidecar's log is {self.sidecar.log}",
            )

    def _repair(self, catalogue: Catalogue, untagged: int, out: Console) -> None:
        """Tag what the pipeline could not, in this process, as `gliner-bridge repair` does."""
        _show.say(out, f"{catalogue.schema.index}: {untagged} were not tagged in time; repairing")
        # Only a demo that has to repair pays for loading the model in this process.
        from bridge.enrichment import repair
        from bridge.scorer import Scorer
        from bridge.tagging import Tagger

        tagger = Tagger(catalogue.schema, Scorer.load(catalogue.schema.model.name, offline=True))
        _show.say(out, f"{catalogue.schema.index}: {repair(self.engine, catalogue.schema, tagger)}")

    def _tagging_hash(self, catalogue: Catalogue) -> str:
        """By what the running sidecar tags, as it says itself on a document of one word."""
        body = {catalogue.schema.text[0]: "coffee"}
        block = _sidecar.ask(self.sidecar, f"/opensearch/ingest/{catalogue.schema.name}", body)
        return str(block[f"{catalogue.schema.entities}_meta"]["tagging_hash"])

    def ready(self) -> None:
        _sidecar.ask(self.sidecar, "/v1/refresh", {})

    def ask(self, catalogue: Catalogue, text: str) -> Answered:
        schema = catalogue.schema
        body = search_body(schema.text, text)
        rewritten = _sidecar.ask(self.sidecar, "/v1/rewrite", {"schema": schema.name, "body": body})
        return Answered(
            parsed=_sidecar.ask(self.sidecar, "/v1/parse", {"schema": schema.name, "text": text}),
            dropped=frozenset(str(line["clause"]) for line in rewritten["explain"] if line["decision"] == "relaxed"),
            before=hits_of(self.engine.search(schema.index, body)),
            after=hits_of(self.engine.search(schema.index, body, pipeline=f"gliner-bridge-{schema.name}")),
        )

    def farewell(self) -> list[str]:
        command = shlex.quote(str(Path(sys.executable).with_name("gliner-bridge")))
        catalogue = self._catalogues[0]
        schema, url = catalogue.schema, self.engine.url
        search = f"{url}/{schema.index}/_search?pretty&search_pipeline=gliner-bridge-{schema.name}"
        body = json.dumps(search_body(schema.text, "decaf coffee under 30 dollars"))
        return [
            f"OpenSearch  {url}",
            f"sidecar     {self.sidecar.url}  (also /metrics and /openapi.json)",
            "",
            "Try next:",
            f"  {command} parse 'organic honey under $15' -s {catalogue.schema_path} --engine-url {url}",
            f"  curl -s '{search}' -H 'content-type: application/json' -d '{body}'",
        ]
