"""Which engine the demo uses: the one given, Docker's official image, or a local node from Maven Central."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from bridge.demo._state import EngineState
from bridge.engines import Dialect, local
from bridge.errors import EngineUnavailableError, SetupError

Say = Callable[[str], None]
TITLES: dict[Dialect, str] = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}
_VARIABLES: dict[Dialect, str] = {"opensearch": "ENGINE_URL", "elasticsearch": "ELASTICSEARCH_URL"}


def choose(engine_url: str | None, say: Say, dialect: Dialect = "opensearch") -> EngineState:
    """A running OpenSearch with ML Commons, or a running Elasticsearch.

    Args:
        engine_url: a cluster of the user's own; used as it is, and never stopped by the demo.
        say: receives one line of progress at a time.

    Raises:
        EngineUnavailableError: the given cluster does not answer.
        SetupError: none was given, and neither Docker nor Java with Maven is here.
    """
    if engine_url:
        wait_until_up(engine_url, seconds=10)
        say(f"{TITLES[dialect]} at {without_password(engine_url)} (given by you; the demo will not stop it)")
        return EngineState("given", engine_url, dialect=dialect)
    try:
        node = local.start(way="auto", on_progress=say, engine=dialect)
    except SetupError as error:
        # Docker may answer and still not give the image (no network, no disk); a local node may work all the same.
        if error.message.startswith("`docker"):
            say(f"{error.message}; trying a local node instead")
            node = local.start(way="local", on_progress=say, engine=dialect)
        else:
            raise SetupError(
                error.message,
                where=error.where,
                hint=f"{error.hint or 'see the log'}; or start Docker; or use a running {TITLES[dialect]}: "
                f"{_VARIABLES[dialect]}=http://host:9200 make demo",
            ) from error
    return EngineState(node.way, node.url, node.sidecar_host, dialect)


def stop(state: EngineState, say: Say) -> None:
    """Stop an engine that the demo started; one that was given keeps running."""
    if state.kind == "given":
        say(f"{TITLES[state.dialect]} at {without_password(state.url)} was given by you and keeps running")
    elif local.stop(engine=state.dialect):
        say(f"stopped {TITLES[state.dialect]} (its data stay, so that the next demo starts with them)")
    else:
        say(f"{TITLES[state.dialect]} was not running any more")


def without_password(url: str) -> str:
    """The URL as it may be printed."""
    parsed = httpx.URL(url)
    return str(parsed.copy_with(userinfo=b"")) if parsed.userinfo else url


def wait_until_up(url: str, *, seconds: float) -> None:
    """Return once the engine answers its root page.

    Raises:
        EngineUnavailableError: it did not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            # Certificates are checked by the engine adapter, which has options for them; this only waits.
            answer = httpx.get(url, timeout=5, verify=False)
            if answer.status_code < 500:
                return
            reason = f"HTTP {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = type(error).__name__
        if time.monotonic() >= deadline:
            raise EngineUnavailableError(
                f"the search engine does not answer ({reason})",
                where=without_password(url),
                hint="check the URL: http://host:port, or https://user:password@host:port",
            )
        time.sleep(0.5)
