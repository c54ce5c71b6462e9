"""`make demo`: the main job on real input, from an empty machine to queries that become filters and boosts."""

from bridge.demo._run import run, stop

__all__ = ["run", "stop"]
