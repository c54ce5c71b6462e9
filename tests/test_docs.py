"""README and docs/ say what is true: commands, options, links and examples.

Fenced blocks are checked by their language:
  console, bash, sh   every `gliner-bridge` command and option, and every `make` target, exists
  python run          is executed
  yaml                is YAML; one that begins with `schema:` (comments aside) is a valid schema
  json                is JSON
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from bridge.schema import parse_schema

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
SHELLS = ("console", "bash", "sh", "shell")


@dataclass(frozen=True)
class Block:
    """One fenced block: page, line of its fence, info string and text."""

    page: Path
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks() -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```([^\n]*)\n(.*?)^```[ ]*$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(page, line, match[1].strip(), match[2]))
    return found


def shell_lines(block: Block) -> list[str]:
    """Commands of a shell block: `$` lines where there are any, with continuation lines joined."""
    lines = re.sub(r"\\\n\s*", " ", block.text).splitlines()
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return prompted or [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def words_of(line: str, program: str) -> list[list[str]]:
    """Arguments of each call of `program` in a command line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        words = list(lexer)
    except ValueError:  # a quoted text that goes on on the next line
        words = line.split()
    calls: list[list[str]] = []
    current: list[str] | None = None
    for word in words:
        if set(word) <= set("|&;<>()"):
            current = None
        elif Path(word).name == program and current is None:
            current = []
            calls.append(current)
        elif current is not None:
            current.append(word)
    return calls


def calls_of(program: str) -> list[tuple[Block, list[str]]]:
    return [
        (block, call)
        for block in blocks()
        if block.info.split(" ")[0] in SHELLS
        for line in shell_lines(block)
        for call in words_of(line, program)
    ]


def of_language(*infos: str) -> list[Block]:
    return [block for block in blocks() if block.info in infos]


@pytest.mark.parametrize(("block", "call"), calls_of("gliner-bridge"), ids=str)
def test_every_command_and_option_that_is_shown_exists(block: Block, call: list[str]) -> None:
    from bridge.cli import app

    command: Any = typer.main.get_command(app)
    rest = list(call)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        assert name in command.commands, f"{block}: gliner-bridge has no command {name!r}"
        command = command.commands[name]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        if word.startswith("-") and not re.fullmatch(r"-\d+", word):
            assert word.split("=")[0] in {*options, "--help"}, f"{block}: {word} is no option of {command.name}"


@pytest.mark.parametrize(("block", "call"), calls_of("make"), ids=str)
def test_every_make_target_that_is_shown_exists(block: Block, call: list[str]) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = [word for word in call if "=" not in word and not word.startswith("-")]
    assert named, f"{block}: make without a target"
    assert set(named) <= targets, f"{block}: make {named}"


@pytest.mark.parametrize("block", of_language("python run"), ids=str)
def test_examples_marked_to_run_run(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(block.text, str(block), "exec"), {"__name__": "__example__"})


@pytest.mark.parametrize("block", of_language("python", "python run"), ids=str)
def test_python_examples_compile(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", of_language("yaml"), ids=str)
def test_yaml_examples_are_yaml_and_schemas_are_valid(block: Block) -> None:
    loaded = yaml.safe_load(block.text)
    if isinstance(loaded, dict) and "schema" in loaded and "labels" in loaded:
        parse_schema(block.text, source=str(block))


@pytest.mark.parametrize("block", of_language("json"), ids=str)
def test_json_examples_are_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_readme_shows_what_it_does_and_how_to_start_on_the_first_screen() -> None:
    screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:45])
    assert "make demo" in screen
    assert "make test" in screen
    assert "between 10 and 25 dollars" in screen
    assert "must match" in screen
