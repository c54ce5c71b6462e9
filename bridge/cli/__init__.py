"""The command line `gliner-bridge`: one private module a command, no logic of its own."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

import bridge
from bridge.errors import BridgeError

#: Exit status of a command that failed with a message of ours.
FAILED = 2


class _Group(TyperGroup):
    """Errors of the bridge are answers, not crashes: message, place and hint, exit status 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BridgeError as error:
            show_error(error)
            raise typer.Exit(FAILED) from None


app = typer.Typer(
    name="gliner-bridge",
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Entity search for OpenSearch and Elasticsearch: one schema tags documents at ingest and turns queries into "
        "filters and boosts.\n\n"
        "Try it: `gliner-bridge demo`. With an engine of your own: write a schema (`gliner-bridge schema --help`), "
        "`gliner-bridge serve`, `gliner-bridge install`."
    ),
)


def show_error(error: BridgeError) -> None:
    """Print an error of the bridge to standard error."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    where = f"{error.where}: " if error.where else ""
    console.print(Text.assemble(("error: ", "bold red"), f"{where}{error.message}"))
    if error.hint:
        console.print(Text.assemble(("hint: ", "bold"), error.hint))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gliner-bridge {bridge.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


_COMMANDS: list[tuple[str, str, str, str]] = [
    ("_demo", "demo", "demo", "Start here"),
    ("_demo", "demo_down", "demo-down", "Start here"),
    ("_parse", "parse", "parse", "Look at what it understands"),
    ("_tag", "tag", "tag", "Look at what it understands"),
    ("_schema", "app", "schema", "Look at what it understands"),
    ("_serve", "serve", "serve", "Run it"),
    ("_install", "install", "install", "Run it"),
    ("_install", "uninstall", "uninstall", "Run it"),
    ("_repair", "repair", "repair", "Run it"),
    ("_engine", "app", "engine", "Run it"),
    ("_train", "train", "train", "Train and measure"),
    ("_evaluate", "app", "evaluate", "Train and measure"),
]
for _module, _attribute, _name, _panel in _COMMANDS:
    try:
        _command = getattr(importlib.import_module(f"bridge.cli.{_module}"), _attribute)
    except ImportError:
        continue
    if isinstance(_command, typer.Typer):
        app.add_typer(_command, name=_name, rich_help_panel=_panel)
    else:
        app.command(_name, rich_help_panel=_panel)(_command)


def main() -> None:
    """Entry point of `gliner-bridge`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


__all__ = ["app", "main", "show_error"]
