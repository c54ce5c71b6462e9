"""The command line `gliner-bridge`: one private module a command, no logic of its own."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

import bridge
from bridge.cli._calibrate import calibrate
from bridge.cli._demo import demo, demo_down
from bridge.cli._diff import diff
from bridge.cli._engine import app as engine
from bridge.cli._evaluate import app as evaluate
from bridge.cli._init import init
from bridge.cli._install import install, uninstall
from bridge.cli._parse import parse
from bridge.cli._proxy import proxy
from bridge.cli._repair import repair
from bridge.cli._replay import replay
from bridge.cli._schema import app as schema
from bridge.cli._serve import serve
from bridge.cli._tag import tag
from bridge.cli._test import check_cases
from bridge.cli._train import train
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


_START, _LOOK, _PROVE = "Start here", "Look at what it understands", "See what a change does"
_RUN, _TRAIN = "Run it", "Train and measure"
app.command("demo", rich_help_panel=_START)(demo)
app.command("demo-down", rich_help_panel=_START)(demo_down)
app.command("init", rich_help_panel=_START)(init)
app.command("parse", rich_help_panel=_LOOK)(parse)
app.command("tag", rich_help_panel=_LOOK)(tag)
app.add_typer(schema, name="schema", rich_help_panel=_LOOK)
app.command("test", rich_help_panel=_PROVE)(check_cases)
app.command("diff", rich_help_panel=_PROVE)(diff)
app.command("replay", rich_help_panel=_PROVE)(replay)
app.command("serve", rich_help_panel=_RUN)(serve)
app.command("proxy", rich_help_panel=_RUN)(proxy)
app.command("install", rich_help_panel=_RUN)(install)
app.command("uninstall", rich_help_panel=_RUN)(uninstall)
app.command("repair", rich_help_panel=_RUN)(repair)
app.add_typer(engine, name="engine", rich_help_panel=_RUN)
app.command("train", rich_help_panel=_TRAIN)(train)
app.command("calibrate", rich_help_panel=_TRAIN)(calibrate)
app.add_typer(evaluate, name="evaluate", rich_help_panel=_TRAIN)


def main() -> None:
    """Entry point of `gliner-bridge`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


__all__ = ["app", "main", "show_error"]
