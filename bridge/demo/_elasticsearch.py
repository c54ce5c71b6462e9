"""The demo on Elasticsearch, on any licence: nothing in the engine calls the bridge.

Documents are tagged in this process by `tagged_bulk`, and searches go through a proxy, which asks a sidecar.
"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from bridge.clients import tagged_bulk
from bridge.demo import _engine, _index, _proxy, _show, _sidecar, _state
from bridge.demo._catalogues import Catalogue
from bridge.demo._process import LOOPBACK
from bridge.demo._sides import Answered, Say, hits_of, search_body
from bridge.demo._state import EngineState, ProxyState, SidecarState
from bridge.engines import ElasticsearchEngine
from bridge.engines.install import install
from bridge.enrichment import repair
from bridge.errors import EngineError
from bridge.schema import Schema
from bridge.scorer import Scorer
from bridge.tagging import Tagger

#: The longest deadline that a schema may have: a busy machine must not change what the demo shows.
_PATIENCE_MS = 900


class ElasticsearchSide:
    """As `Side`; `known_sidecar` and `known_proxy` are those of an earlier demo."""

    title = "Elasticsearch"
    serves = "embedded model for documents in this process, sidecar and proxy for queries"
    installs = "component templates; the rest happens before the engine"
    fills = "tagged_bulk, through the official client"
    asks = "through the proxy"
    where: EngineState
    engine: ElasticsearchEngine
    sidecar: SidecarState
    proxy: ProxyState

    def __init__(
        self, catalogues: list[Catalogue], known_sidecar: SidecarState | None, known_proxy: ProxyState | None
    ) -> None:
        self._adapted = {one.schema.name: _adapt(one) for one in catalogues}
        self._known_sidecar, self._known_proxy = known_sidecar, known_proxy
        self._scorers: dict[str, Scorer] = {}

    def start(self, url: str | None, say: Say) -> None:
        self.where = _engine.choose(url, say, "elasticsearch")
        self.engine = ElasticsearchEngine(self.where.url)
        about = self.engine.info()
        say(f"version {about.version}, licence {about.licence}")

    def serve(self, say: Say) -> None:
        for name in {one.schema.model.name for one in self._adapted.values()}:
            self._scorers[name] = Scorer.load(name, offline=True)
            say(f"model {name} is loaded")
        # Only the proxy calls this sidecar, so it need not be within the engine's reach.
        engine = replace(self.where, sidecar_host=LOOPBACK)
        paths = [one.path for one in self._adapted.values()]
        self.sidecar = _sidecar.ensure(engine, paths, self._known_sidecar, say)
        self.proxy = _proxy.ensure(engine, self.sidecar, self._known_proxy, say)

    def install(self, out: Console) -> None:
        schemas = [one.schema for one in self._adapted.values()]
        # Whatever the licence is, the demo shows the way that all licences have.
        report = install(
            self.engine,
            schemas,
            self.sidecar.url,
            documents_url=self.sidecar.documents_url,
            inference=False,
            on_progress=lambda line: _show.say(out, line),
        )
        if not report.changed:
            _show.say(out, "nothing to change")

    def analyzer(self) -> str:
        return _index.analyzer_of(self.engine)

    def fill(self, catalogue: Catalogue, analyzer: str, out: Console) -> None:
        schema = self._adapted[catalogue.schema.name].schema
        catalogue, name = replace(catalogue, schema=schema), schema.index
        tagger = Tagger(schema, self._scorers[schema.model.name])
        _index.ensure_index(self.engine, catalogue, analyzer, pipeline=False)
        expected = sum(1 for _ in catalogue.documents())
        there = _index.count(self.engine, catalogue, tagger.tagging_hash)
        if there.total == there.current == expected:
            _show.say(out, f"{name}: {there.total} documents are already there and tagged by this model and schema")
            return
        documents = ({"_id": id_} | body for id_, body in catalogue.documents())
        # The adapter rather than a client of its own: the official client 9 alone cannot speak to an 8.19.
        result = _index.watch(tagged_bulk(self.engine, documents, schema, tagger), catalogue, out)
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
        _sidecar.ask(self.sidecar, "/v1/refresh", {})

    def ask(self, catalogue: Catalogue, text: str) -> Answered:
        schema = self._adapted[catalogue.schema.name].schema
        body = search_body(schema.text, text)
        wanted = {"schema": schema.name, "body": body, "dialect": "elasticsearch"}
        rewritten = _sidecar.ask(self.sidecar, "/v1/rewrite", wanted)
        after, outcome = _proxy.search(self.proxy, self.where, schema.index, body)
        if rewritten["changed"] and outcome != "rewritten":
            raise EngineError(
                f"the proxy sent the search '{text}' as it was: {outcome}",
                where=self.proxy.log,
                hint="is this machine busy with something else? run `make demo` again",
            )
        return Answered(
            parsed=_sidecar.ask(self.sidecar, "/v1/parse", {"schema": schema.name, "text": text}),
            dropped=frozenset(str(line["clause"]) for line in rewritten["explain"] if line["decision"] == "relaxed"),
            before=hits_of(self.engine.search(schema.index, body)),
            after=hits_of(after),
        )

    def farewell(self) -> list[str]:
        command = shlex.quote(str(Path(sys.executable).with_name("gliner-bridge")))
        first, url = next(iter(self._adapted.values())), self.engine.url
        body = json.dumps(search_body(first.schema.text, "decaf coffee under 30 dollars"))
        return [
            f"Elasticsearch  {url}",
            f"proxy          {self.proxy.url}  (in its place, for applications; also /_gliner_bridge/metrics)",
            f"sidecar        {self.sidecar.url}  (also /metrics and /openapi.json)",
            "",
            "Try next:",
            f"  {command} parse 'organic honey under $15' -s {first.path} --engine-url {url}",
            f"  curl -s '{self.proxy.url}/{first.schema.index}/_search?pretty' "
            f"-H 'content-type: application/json' -d '{body}'",
        ]


@dataclass(frozen=True, slots=True)
class _Adapted:
    """A catalogue's schema for Elasticsearch, and the file that the sidecar reads it from."""

    schema: Schema
    path: Path


def _adapt(catalogue: Catalogue) -> _Adapted:
    """The schema says which engine it is on, and has patience; nothing else of it differs."""
    schema = catalogue.schema.model_copy(update={"engine": "elasticsearch", "deadline_ms": _PATIENCE_MS})
    folder = _state.folder() / "elasticsearch"
    folder.mkdir(exist_ok=True)
    path = folder / f"{schema.name}.yaml"
    # JSON is YAML, too. The synonyms of files are in the schema already, and the files are not beside this one.
    text = schema.model_dump_json(
        by_alias=True, exclude_unset=True, exclude={"labels": {"__all__": {"synonyms_file"}}}, indent=2
    )
    path.write_text(text + "\n", encoding="utf-8")
    return _Adapted(schema, path)
