"""Searches of an application, rewritten on their way to the engine: over both official clients, sync and async."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import elasticsearch
import opensearchpy

from bridge.clients._arguments import Item, body_of, items_of, read
from bridge.clients._rewriter import Answer, Rewriter, refused, remaining
from bridge.clients._rewriting import Rewriting
from bridge.engines import Engine
from bridge.errors import InputError
from bridge.query import Options, QueryParser
from bridge.schema import Schema

log = logging.getLogger("bridge.clients")

#: What both clients raise for HTTP 400.
_BAD_REQUEST = (opensearchpy.RequestError, elasticsearch.BadRequestError)


@dataclass(frozen=True, slots=True)
class MultiAnswer:
    """The engine's answer to an `msearch`: `answers` in the order of the searches, `raw` as the client gave it."""

    raw: Any
    answers: tuple[Answer, ...]


class _Client:
    """What both forms share: everything but waiting."""

    def __init__(
        self,
        client: Any,
        schema: Schema,
        parser: QueryParser,
        engine: Engine | None = None,
        *,
        indices: Sequence[str] = (),
        seconds: float | None = None,
    ) -> None:
        self._client = client
        self._elastic = isinstance(client, elasticsearch.Elasticsearch | elasticsearch.AsyncElasticsearch)
        self._indices = (*schema.index.split(","), *indices)
        self._rewriter = Rewriter(schema, parser, engine, strip=self._elastic, seconds=seconds)

    def __getattr__(self, name: str) -> Any:
        # Everything that is no search, templates among it, is the official client's own.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._client, name)

    @property
    def outcomes(self) -> dict[str, int]:
        """Searches so far by what became of them: `{"rewritten": 12, "nothing_found": 3, "deadline": 1}`."""
        return self._rewriter.outcomes

    @property
    def parser(self) -> QueryParser:
        """The query parser; set another one when the values of the index have been read again."""
        return self._rewriter.parser

    @parser.setter
    def parser(self, parser: QueryParser) -> None:
        self._rewriter.parser = parser

    def _deadline(self) -> float:
        return time.monotonic() + self._rewriter.seconds

    def _taken_apart(
        self, body: Any, arguments: dict[str, Any]
    ) -> tuple[Mapping[str, Any], dict[str, Any]] | InputError:
        """The body and the arguments beside it; the error where the client must see for itself what is wrong."""
        try:
            return body_of(body, arguments) if self._elastic else (read(body), arguments)
        except InputError as error:
            return error

    def _unread(self, raw: Any, error: InputError) -> Answer:
        return Answer(raw, self._rewriter.done(Rewriting({}, "no_text", error.message)))

    def _items(self, searches: Any) -> list[Item] | InputError:
        try:
            return items_of(searches, self._indices)
        except InputError as error:
            return error

    def _left(self, item: Item) -> Rewriting:
        body = self._rewriter.own(item.body)
        return self._rewriter.done(Rewriting(body, "no_schema", "the search is for another index"))

    def _lines(self, items: Sequence[Item], bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        lines = [line for item, body in zip(items, bodies, strict=True) for line in (item.header, dict(body))]
        return {"searches" if self._elastic else "body": lines}

    def _own(self, items: Sequence[Item]) -> dict[str, Any]:
        return self._lines(items, [self._rewriter.own(item.body) for item in items])

    def _refused(self, body: Mapping[str, Any], rewriting: Rewriting) -> Rewriting:
        log.warning("the engine refused a rewritten search; it was sent as it was")
        self._rewriter.count("refused")
        return refused(rewriting, self._rewriter.own(body))

    def _any_refused(self, raw: Any, rewritings: Sequence[Rewriting]) -> bool:
        return any(
            one.changed and response.get("status") == 400
            for one, response in zip(rewritings, _responses(raw), strict=False)
        )

    def _together(self, raw: Any, rewritings: Sequence[Rewriting]) -> MultiAnswer:
        return MultiAnswer(raw, tuple(Answer(*pair) for pair in zip(_responses(raw), rewritings, strict=False)))


def _responses(raw: Any) -> Sequence[Any]:
    """The answers to an `msearch` one by one; none where `filter_path` left them out."""
    return raw["responses"] if "responses" in raw else ()  # noqa: SIM401 (the client's answer is no dict)


class RewritingClient(_Client):
    """An official client whose `search` and `msearch` read the user's text first.

    Works with `opensearchpy.OpenSearch` and `elasticsearch.Elasticsearch`; every other method (templates, documents,
    indices) is the client's own. A search never fails because of the bridge: on any error, when its time is over, and
    when the engine refuses what was written, it goes out as the caller wrote it.

    Args:
        client: the official client that sends the search; it stays the caller's.
        schema: the schema that describes the index.
        parser: the query parser; it holds the model and the values of the index.
        engine: counts hits for relaxation (`relax: counts`); None: filters order the results instead.
        indices: names of the schema's index beside its `index`, such as aliases, for `msearch`.
        seconds: what rewriting one call may take; None: the schema's `deadline_ms`.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rewriter.close()

    def rewrite(self, body: Mapping[str, Any], options: Options | None = None) -> Rewriting:
        """The body to send and how it came about."""
        return self._rewrite([body], options)[0]

    def search(
        self, *, index: Any = None, body: Any = None, options: Options | None = None, **arguments: Any
    ) -> Answer:
        """Search with the rewritten body.

        As the official client's `search`, with the body as `body=` or, for Elasticsearch, in its keyword form
        (`query=`, `retriever=`, `size=`). `options` is what one request may ask; None: the flags in
        `ext.ml_inference.params.bridge` of the body.
        """
        taken = self._taken_apart(body, arguments)
        if isinstance(taken, InputError):
            sent = arguments if body is None else {"body": body, **arguments}
            return self._unread(self._client.search(index=index, **sent), taken)
        whole, rest = taken
        rewriting = self.rewrite(whole, options)
        try:
            raw = self._client.search(index=index, body=dict(rewriting.body), **rest)
        except _BAD_REQUEST:
            if not rewriting.changed:
                raise
            rewriting = self._refused(whole, rewriting)
            raw = self._client.search(index=index, body=dict(rewriting.body), **rest)
        return Answer(raw, rewriting)

    def msearch(
        self, searches: Any = None, *, body: Any = None, options: Options | None = None, **arguments: Any
    ) -> MultiAnswer:
        """Several searches in one request, each rewritten; they share the time of one.

        `searches` (or `body`) is the official clients' list of first line and body in turn, or the lines as text. A
        search whose first line names another index than the schema's goes out as it is.
        """
        given = body if searches is None else searches
        items = self._items(given)
        if isinstance(items, InputError):
            raw = self._client.msearch(**{"searches" if self._elastic else "body": given}, **arguments)
            return MultiAnswer(raw, tuple(self._unread(response, items) for response in _responses(raw)))
        done = iter(self._rewrite([item.body for item in items if item.ours], options))
        rewritings = [next(done) if item.ours else self._left(item) for item in items]
        try:
            raw = self._client.msearch(**self._lines(items, [one.body for one in rewritings]), **arguments)
            any_refused = self._any_refused(raw, rewritings)
        except _BAD_REQUEST:
            # Elasticsearch refuses all of them where it cannot parse one.
            if not any(one.changed for one in rewritings):
                raise
            any_refused = True
        if any_refused:
            pairs = zip(items, rewritings, strict=True)
            rewritings = [self._refused(item.body, one) if one.changed else one for item, one in pairs]
            raw = self._client.msearch(**self._own(items), **arguments)
        return self._together(raw, rewritings)

    def _rewrite(self, bodies: Sequence[Mapping[str, Any]], options: Options | None) -> list[Rewriting]:
        deadline = self._deadline()
        started = [self._rewriter.submit(body, options, deadline) for body in bodies]
        done = []
        for body, future in zip(bodies, started, strict=True):
            try:
                done.append(self._rewriter.done(future.result(remaining(deadline))))
            except Exception as error:
                future.cancel()
                done.append(self._rewriter.settled(body, error))
        return done


class AsyncRewritingClient(_Client):
    """`RewritingClient` for `opensearchpy.AsyncOpenSearch` and `elasticsearch.AsyncElasticsearch`.

    The same arguments and the same answers; query understanding runs in threads, so the event loop goes on meanwhile.
    `engine` is one of the bridge's own adapters (`bridge.engines.connect`), which is not asynchronous.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._rewriter.close()

    async def rewrite(self, body: Mapping[str, Any], options: Options | None = None) -> Rewriting:
        """As `RewritingClient.rewrite`."""
        return (await self._rewrite([body], options))[0]

    async def search(
        self, *, index: Any = None, body: Any = None, options: Options | None = None, **arguments: Any
    ) -> Answer:
        """As `RewritingClient.search`."""
        taken = self._taken_apart(body, arguments)
        if isinstance(taken, InputError):
            sent = arguments if body is None else {"body": body, **arguments}
            return self._unread(await self._client.search(index=index, **sent), taken)
        whole, rest = taken
        rewriting = await self.rewrite(whole, options)
        try:
            raw = await self._client.search(index=index, body=dict(rewriting.body), **rest)
        except _BAD_REQUEST:
            if not rewriting.changed:
                raise
            rewriting = self._refused(whole, rewriting)
            raw = await self._client.search(index=index, body=dict(rewriting.body), **rest)
        return Answer(raw, rewriting)

    async def msearch(
        self, searches: Any = None, *, body: Any = None, options: Options | None = None, **arguments: Any
    ) -> MultiAnswer:
        """As `RewritingClient.msearch`."""
        given = body if searches is None else searches
        items = self._items(given)
        if isinstance(items, InputError):
            raw = await self._client.msearch(**{"searches" if self._elastic else "body": given}, **arguments)
            return MultiAnswer(raw, tuple(self._unread(response, items) for response in _responses(raw)))
        done = iter(await self._rewrite([item.body for item in items if item.ours], options))
        rewritings = [next(done) if item.ours else self._left(item) for item in items]
        try:
            raw = await self._client.msearch(**self._lines(items, [one.body for one in rewritings]), **arguments)
            any_refused = self._any_refused(raw, rewritings)
        except _BAD_REQUEST:
            # Elasticsearch refuses all of them where it cannot parse one.
            if not any(one.changed for one in rewritings):
                raise
            any_refused = True
        if any_refused:
            pairs = zip(items, rewritings, strict=True)
            rewritings = [self._refused(item.body, one) if one.changed else one for item, one in pairs]
            raw = await self._client.msearch(**self._own(items), **arguments)
        return self._together(raw, rewritings)

    async def _rewrite(self, bodies: Sequence[Mapping[str, Any]], options: Options | None) -> list[Rewriting]:
        deadline = self._deadline()
        started = [self._rewriter.submit(body, options, deadline) for body in bodies]
        done = []
        for body, future in zip(bodies, started, strict=True):
            try:
                rewriting = await asyncio.wait_for(asyncio.wrap_future(future), remaining(deadline))
                done.append(self._rewriter.done(rewriting))
            except Exception as error:
                done.append(self._rewriter.settled(body, error))
        return done
