"""`gliner-bridge demo` and `gliner-bridge demo-down`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class _Which(StrEnum):
    opensearch = "opensearch"
    elasticsearch = "elasticsearch"
    both = "both"


def demo(
    engine: Annotated[
        _Which, typer.Option(envvar="ENGINE", help="On which engine; `both` compares them query by query.")
    ] = _Which.opensearch,
    engine_url: Annotated[
        str | None,
        typer.Option(
            envvar="ENGINE_URL",
            help="An OpenSearch with ML Commons to use, https://user:password@host:port. Default: one is started.",
        ),
    ] = None,
    elasticsearch_url: Annotated[
        str | None,
        typer.Option(envvar="ELASTICSEARCH_URL", help="An Elasticsearch to use. Default: one is started."),
    ] = None,
) -> None:
    """Tag two product catalogues in a real engine and search them, plain and through filters and boosts.

    Starts what is missing (OpenSearch in Docker or from Maven Central, the sidecar), registers the pipelines, indexes
    with plain _bulk, and shows for each query what was understood and the hits before and after. What was started
    keeps running; run it again and it is reused.

    On Elasticsearch no pipeline is needed: this process tags the documents as an application does, and the searches go
    through a proxy, which is started beside the sidecar.
    """
    from bridge.demo import run

    run(engine_url, engine=engine.value, elasticsearch_url=elasticsearch_url)


def demo_down() -> None:
    """Stop the proxy, sidecars and engines that the demo started; an engine given by URL keeps running."""
    from bridge.demo import stop

    stop()
