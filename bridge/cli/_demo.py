"""`gliner-bridge demo` and `gliner-bridge demo-down`."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    engine_url: Annotated[
        str | None,
        typer.Option(
            envvar="ENGINE_URL",
            help="An OpenSearch with ML Commons to use, https://user:password@host:port. Default: one is started.",
        ),
    ] = None,
) -> None:
    """Tag two product catalogues in a real OpenSearch and search them, plain and through filters and boosts.

    Starts what is missing (OpenSearch in Docker or from Maven Central, the sidecar), registers the pipelines, indexes
    with plain _bulk, and shows for each query what was understood and the hits before and after. What was started
    keeps running; run it again and it is reused.
    """
    from bridge.demo import run

    run(engine_url)


def demo_down() -> None:
    """Stop the sidecar and the engine that the demo started; an engine given by URL keeps running."""
    from bridge.demo import stop

    stop()
