"""What the demo asks of an engine, whichever it is and whoever does the bridge's work there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rich.console import Console

from bridge.demo._catalogues import Catalogue
from bridge.demo._show import Hits
from bridge.demo._state import EngineState

Say = Callable[[str], None]
TOP = 3


@dataclass(frozen=True, slots=True)
class Answered:
    """One query: as it was understood, and its hits before and after. `dropped` names clauses that were given up."""

    parsed: Mapping[str, Any]
    dropped: frozenset[str]
    before: Hits
    after: Hits


class Side(Protocol):
    """One engine of the demo; the methods are called in this order."""

    title: str
    #: Headings of what `serve`, `install` and `fill` do.
    serves: str
    installs: str
    fills: str
    asks: str
    where: EngineState

    def start(self, url: str | None, say: Say) -> None:
        """Find or start the engine."""

    def serve(self, say: Say) -> None:
        """Have the model ready."""

    def install(self, out: Console) -> None: ...

    def analyzer(self) -> str:
        """The best analyzer for English that the engine has."""

    def fill(self, catalogue: Catalogue, analyzer: str, out: Console) -> None:
        """Index a catalogue, unless all its documents are there and tagged as they would be now."""

    def ready(self) -> None:
        """Everything is indexed; queries follow."""

    def ask(self, catalogue: Catalogue, text: str) -> Answered: ...

    def farewell(self) -> list[str]:
        """Where everything runs, and what to try next."""


def search_body(fields: list[str], text: str) -> dict[str, Any]:
    """An ordinary shop search; the first field, which names the document, counts three times."""
    weighted = [f"{fields[0]}^3", *fields[1:]]
    return {
        "size": TOP,
        "track_total_hits": True,
        "query": {"multi_match": {"query": text, "fields": weighted}},
        "_source": [fields[0], "price"],
    }


def hits_of(answer: Mapping[str, Any]) -> Hits:
    """Number and top of the hits in an engine's answer."""
    return Hits(int(answer["hits"]["total"]["value"]), tuple(answer["hits"]["hits"]))
