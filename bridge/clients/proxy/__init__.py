"""A reverse proxy before an engine: searches are rewritten by the sidecar, everything else streams through.

serve(ProxyConfig(upstream="http://127.0.0.1:9200"))      # until SIGTERM

For applications that cannot be changed, on either engine. Built on aiohttp; holds no model and no state.
"""

from bridge.clients.proxy._app import OUTCOME_HEADER, PLAN_HEADER, REASON_HEADER, Proxy
from bridge.clients.proxy._config import ProxyConfig
from bridge.clients.proxy._server import running, serve

__all__ = ["OUTCOME_HEADER", "PLAN_HEADER", "REASON_HEADER", "Proxy", "ProxyConfig", "running", "serve"]
