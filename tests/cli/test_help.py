"""The command line teaches, and its errors are answers: message, place and hint, exit status 2, no traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup, TyperOption
from typer.testing import CliRunner

import bridge
from bridge.cli import FAILED, app
from bridge.sidecar import SidecarConfig

COMMANDS = {
    "calibrate",
    "demo",
    "demo-down",
    "diff",
    "engine",
    "evaluate",
    "init",
    "install",
    "parse",
    "proxy",
    "repair",
    "replay",
    "schema",
    "serve",
    "tag",
    "test",
    "train",
    "uninstall",
}


def run(*words: str, text: str | None = None) -> tuple[int, str]:
    """Exit status and everything that was printed, on a wide terminal."""
    result = CliRunner().invoke(app, list(words), input=text, env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def leaves() -> list[tuple[str, ...]]:
    """Every command with its words, groups opened."""
    found: list[tuple[str, ...]] = []

    def open_up(command: Any, words: tuple[str, ...]) -> None:
        if isinstance(command, TyperGroup):
            for name, inner in command.commands.items():
                open_up(inner, (*words, name))
        else:
            found.append(words)

    open_up(typer.main.get_command(app), ())
    return found


def command_of(words: tuple[str, ...]) -> Any:
    command: Any = typer.main.get_command(app)
    for word in words:
        assert isinstance(command, TyperGroup)
        command = command.commands[word]
    return command


def test_the_overview_names_every_command() -> None:
    status, output = run("--help")

    assert status == 0
    assert {words[0] for words in leaves()} == COMMANDS
    for name in COMMANDS:
        assert re.search(rf"^\W+{name} ", output, re.MULTILINE), name


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_command_says_what_it_does_and_explains_each_option(words: tuple[str, ...]) -> None:
    status, output = run(*words, "--help")

    assert status == 0
    assert f"{' '.join(words)} " in output
    command = command_of(words)
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, TyperOption):
            assert parameter.help, f"{' '.join(words)} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("name", ["proxy", "serve", "tag"])
def test_help_shows_examples(name: str) -> None:
    assert f"  gliner-bridge {name} " in run(name, "--help")[1]


def test_serve_names_the_variable_of_every_setting() -> None:
    _, output = run("serve", "--help")
    shown = set(re.findall(r"GLINER_BRIDGE_([A-Z_]+)", output.replace("\n", " ")))

    assert shown == {name.upper() for name in SidecarConfig.model_fields} | {"API_KEY"}


def test_serve_has_an_option_for_every_setting_that_is_no_secret() -> None:
    secrets = {"engine_password", "engine_api_key"}
    names = {parameter.name for parameter in command_of(("serve",)).params}

    assert names == set(SidecarConfig.model_fields) - secrets | {"access_log"}


def test_the_version() -> None:
    assert run("--version") == (0, f"gliner-bridge {bridge.__version__}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("serve", "--host", "0.0.0.0"), "refusing to listen on 0.0.0.0 without a key"),
        (("serve", "--schemas", "/no/such/folder"), "/no/such/folder"),
        (("serve", "--keys", "/no/such/file"), "/no/such/file"),
        (("tag", "text"), "give either --labels or --schema"),
        (("tag", "text", "--schema", "/no/such/schema.yaml"), "/no/such/schema.yaml"),
        (("tag", "text", "--labels", " , "), "--labels holds no label"),
        (("tag", "text", "--labels", "a", "--jsonl", "x"), "give either texts or --jsonl"),
        (("tag", "text", "--labels", "a", "--model", "/no/such/model"), "/no/such/model"),
    ],
)
def test_an_error_is_an_answer(words: tuple[str, ...], said: str) -> None:
    status, output = run(*words)

    assert status == FAILED
    assert output.startswith("error: ")
    assert said in output
    assert "Traceback" not in output


def test_a_wrong_schema_is_shown_with_file_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text("schema: shop\nindex: shop\ntext: [name]\nlabels:\n  brand: {colour: red}\n")

    status, output = run("serve", "--schemas", str(path))

    assert status == FAILED
    assert "shop.yaml:5" in output
    assert "colour" in output


def test_a_wrong_option_is_refused() -> None:
    status, output = run("tag", "--zork")

    assert status == 2
    assert "--zork" in output


PROGRAMS = [[sys.executable, "-m", "bridge.cli"], [str(Path(sys.executable).parent / "gliner-bridge")]]


@pytest.mark.parametrize("program", PROGRAMS, ids=["module", "script"])
def test_the_program_itself_prints_errors_to_standard_error(program: list[str]) -> None:
    done = subprocess.run([*program, "serve", "--host", "::"], capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stdout) == (FAILED, "")
    assert done.stderr.startswith("error: GLINER_BRIDGE_HOST")
    assert "hint: " in done.stderr


def test_help_loads_neither_the_model_nor_the_engines_clients() -> None:
    heavy = ("torch", "numpy", "opensearchpy", "elasticsearch", "flask", "pydantic")
    code = f"import sys, bridge.cli; print(*[name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert run.stdout.split() == []
