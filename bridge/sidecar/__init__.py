"""The sidecar: the HTTP service that engines, applications and people ask for entities, plans and rewritten searches.

serve(from_environment(schemas=("examples/grocery",)))     # blocks until SIGTERM
with Sidecar(create_app(config), config) as sidecar: …     # in a test: real HTTP on sidecar.queries.port
"""

from bridge.sidecar._app import create_app, serve
from bridge.sidecar._config import Key, SidecarConfig, from_environment, load_keys
from bridge.sidecar._server import Sidecar

__all__ = ["Key", "Sidecar", "SidecarConfig", "create_app", "from_environment", "load_keys", "serve"]
