"""The demo on Elasticsearch: all in this process, as an application does it on any licence.

Documents are tagged by `tagged_bulk`, and searches are rewritten by `RewritingClient`.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from rich.console import Console

from bridge.clients import RewritingClient, tagged_bulk
from bridge.demo import _engine, _index, _show
from bridge.demo._catalogues import Catalogue
from bridge.demo._sides import Answered, Say, hits_of, search_body
from bridge.demo._state import EngineState
from bridge.engines import ElasticsearchEngine
from bridge.engines.install import install
from bridge.enrichment import repair
from bridge.errors import EngineError
from bridge.query import QueryParser, StaticValues, plan_to_json
from bridge.scorer import Scorer
from bridge.tagging import Tagger

#: Nothing is installed that would call it.
_NO_SIDECAR = "http://127.0.0.1:8765"
#: The longest deadline that a schema may have: a busy machine must not change what the demo shows.
_PATIENCE_MS = 900


class ElasticsearchSide:
    """As `Side`."""

    title = "Elasticsearch"
    serves = "embedded model in this process"
    installs = "component templates; the rest is done on the client's side"
    fills = "tagged_bulk, through the official client"
    asks = "through RewritingClient"
    where: EngineState
    engine: ElasticsearchEngine

    def __init__(self, catalogues: list[Catalogue]) -> None:
        self._catalogues = [for_elasticsearch(one) for one in catalogues]
        self._scorers: dict[str, Scorer] = {}
        self._searching: dict[str, tuple[QueryParser, RewritingClient]] = {}

    def start(self, url: str | None, say: Say) -> None:
        self.where = _engine.choose(url, say, "elasticsearch")
        self.engine = ElasticsearchEngine(self.where.url)
        about = self.engine.info()
        say(f"version {about.version}, licence {about.licence}")

    def serve(self, say: Say) -> None:
        for name in {one.schema.model.name for one in self._catalogues}:
            self._scorers[name] = Scorer.load(name, offline=True)
            say(f"model {name} is loaded")

    def install(self, out: Console) -> None:
        schemas = [one.schema for one in self._catalogues]
        # No sidecar need run, so whatever the licence is, nothing is installed that would call one.
        report = install(
            self.engine, schemas, _NO_SIDECAR, inference=False, on_progress=lambda line: _show.say(out, line)
        )
        if not report.changed:
            _show.say(out, "nothing to change")

    def analyzer(self) -> str:
        return _index.analyzer_of(self.engine)

    def fill(self, catalogue: Catalogue, analyzer: str, out: Console) -> None:
        catalogue = for_elasticsearch(catalogue)
        schema, name = catalogue.schema, catalogue.schema.index
        tagger = Tagger(schema, self._scorers[schema.model.name])
        _index.ensure_index(self.engine, catalogue, analyzer, pipeline=False)
        expected = sum(1 for _ in catalogue.documents())
        there = _index.count(self.engine, catalogue, tagger.tagging_hash)
        if there.total == there.current == expected:
            _show.say(out, f"{name}: {there.total} documents are already there and tagged by this model and schema")
            return
        documents = ({"_id": id_} | body for id_, body in catalogue.documents())
        with Elasticsearch(self.where.url, request_timeout=60) as client:
            result = _index.watch(tagged_bulk(client, documents, schema, tagger), catalogue, out)
        _show.say(
            out,
            f"{name}: {result.documents} documents in {result.seconds:.1f} s ({result.rate:.1f} docs/s), "
            f"{result.failed} refused",
        )
        if result.failed:
            raise EngineError(
                f"the engine refused {result.failed} documents; the first: {result.first_error}",
                where=f"{self.engine.url}/{name}",
            )
        if _index.count(self.engine, catalogue).done < expected:
            _show.say(out, f"{name}: {repair(self.engine, schema, tagger)}")

    def ready(self) -> None:
        """Read the values that the indices hold now."""
        for catalogue in self._catalogues:
            schema = catalogue.schema
            scorer = self._scorers[schema.model.name]
            facts = self.engine.facts(schema)
            values = StaticValues.of(schema, self.engine.values(schema), facts.fill_rates, facts.stats)
            parser = QueryParser(schema, scorer, values.with_meanings(schema, scorer))
            parser.parse("coffee")  # what loads on first use is loaded before a query's budget begins
            official: Any = Elasticsearch(self.where.url)
            self._searching[schema.name] = (parser, RewritingClient(official, schema, parser, self.engine))

    def ask(self, catalogue: Catalogue, text: str) -> Answered:
        schema = catalogue.schema
        parser, client = self._searching[schema.name]
        body = search_body(schema.text, text)
        after = client.search(index=schema.index, body=body)
        explain = () if after.plan is None else after.plan.explain
        return Answered(
            parsed=plan_to_json(parser.parse(text)),
            dropped=frozenset(str(line.clause) for line in explain if line.decision == "relaxed"),
            before=hits_of(self.engine.search(schema.index, body)),
            after=hits_of(after.raw),
        )

    def farewell(self) -> list[str]:
        command = shlex.quote(str(Path(sys.executable).with_name("gliner-bridge")))
        path, url = self._catalogues[0].schema_path, self.engine.url
        return [
            f"Elasticsearch  {url}",
            "",
            "Try next:",
            f"  {command} parse 'organic honey under $15' -s {path} --engine-url {url}",
        ]


def for_elasticsearch(catalogue: Catalogue) -> Catalogue:
    """The catalogue with a schema that says which engine it is on; nothing else of it differs."""
    schema = catalogue.schema.model_copy(update={"engine": "elasticsearch", "deadline_ms": _PATIENCE_MS})
    return replace(catalogue, schema=schema)
