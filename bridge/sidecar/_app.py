"""The Flask application: routes over one `Runtime`."""

from __future__ import annotations

import logging

from flask import Flask

from bridge.sidecar import _http, _routes_engines, _routes_meta, _routes_v1
from bridge.sidecar._config import SidecarConfig
from bridge.sidecar._malloc import keep_freed_memory
from bridge.sidecar._runtime import Runtime
from bridge.sidecar._server import Sidecar, run_until_signal

log = logging.getLogger("bridge.sidecar")


def create_app(config: SidecarConfig, *, warm: bool = True) -> Flask:
    """The application. The model loads and warms in the background; `/readyz` says when that is done.

    With `warm=False` loading begins with `app.extensions["bridge"].start()`.

    Raises SchemaError for a wrong schema and SetupError for settings that are not safe.
    """
    config.check()
    app = Flask("bridge.sidecar", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    state = Runtime(config)
    app.extensions["bridge"] = state
    _http.install(app)
    for module in (_routes_v1, _routes_engines, _routes_meta):
        app.register_blueprint(module.blueprint)
    if warm:
        state.start()
    return app


def serve(config: SidecarConfig) -> None:
    """Serve on two listeners until SIGTERM or SIGINT; requests in progress finish first.

    Raises SetupError where an address is taken or not safe, SchemaError for a wrong schema.
    """
    keep_freed_memory()
    app = create_app(config, warm=False)
    # The addresses first: where one is taken, the error should not come in the middle of loading a model.
    sidecar = Sidecar(app, config)
    app.extensions["bridge"].start()
    if not config.schemas:
        log.warning("no schema is loaded: only /v1/tag with labels works; name schemas with --schemas")
    log.info(
        "listening on http://%s:%d (queries and everything) and http://%s:%d (documents)",
        config.host,
        sidecar.queries.port,
        config.host,
        sidecar.documents.port,
    )
    run_until_signal(sidecar)
