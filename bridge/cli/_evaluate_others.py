"""`gliner-bridge evaluate ner --with …`: the same texts through a fixed-type NER and a large language model."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.evaluation import Example, Finder, FinderReport


class Other(StrEnum):
    spacy = "spacy"
    llm = "llm"


@dataclass(frozen=True, slots=True)
class Others:
    """What the options say of the other ways."""

    ways: Sequence[Other]
    pipeline: str
    types: Path | None
    llm_url: str
    llm_model: str | None
    llm_key_env: str
    llm_price: tuple[float, float] | None


@contextmanager
def opened(others: Others) -> Iterator[list[Finder]]:
    """The ways, ready to be asked."""
    from bridge.evaluation import LlmFinder, load_spacy

    found: list[Finder] = []
    llm = None
    if Other.spacy in others.ways:
        found.append(load_spacy(others.pipeline, names_of(others.types, example="ORG: brand")))
    if Other.llm in others.ways:
        if others.llm_model is None:
            raise InputError("which language model?", hint="name it as the endpoint does: --llm-model NAME")
        key = os.environ.get(others.llm_key_env)
        if key is None and "//127.0.0.1" not in others.llm_url and "//localhost" not in others.llm_url:
            raise InputError(
                f"there is no key in the environment variable {others.llm_key_env}",
                hint="set it, or name another one with --llm-key-env",
            )
        llm = LlmFinder(others.llm_url, others.llm_model, key=key)
        found.append(llm)
    try:
        yield found
    finally:
        if llm is not None:
            llm.close()


def measure(
    finder: Finder, sets: Mapping[str, Sequence[Example]], labels: Sequence[str] | None, others: Others
) -> dict[str, FinderReport]:
    """One way on every set."""
    from bridge.evaluation import evaluate_finder

    reports = {}
    prices = others.llm_price if finder.name.startswith("LLM") else (0.0, 0.0)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        for name, examples in sets.items():
            task = bar.add_task(f"{finder.name}, {name}", total=len(examples))
            reports[name] = evaluate_finder(
                finder,
                examples,
                labels=labels,
                prices=prices,
                progress=lambda done, task=task: bar.update(task, completed=done),  # type: ignore[misc]
            )
    return reports


def table(name: str, rows: Sequence[FinderReport]) -> Table:
    """All ways on one set, side by side."""
    shown = Table(title=f"{name}: the same {rows[0].texts} texts", title_justify="left")
    shown.add_column("")
    for column in (
        "precision",
        "recall",
        "F1",
        "its labels",
        "F1 on them",
        "ms a text",
        "95 of 100",
        "tokens in / out",
    ):
        shown.add_column(column, justify="right")
    shown.add_column("cost of 1,000", justify="right")
    for row in rows:
        micro = row.score.micro
        tokens = f"{row.tokens_in:.0f} / {row.tokens_out:.0f}" if row.tokens_in else "–"
        cost = "?" if row.cost is None else "–" if not row.tokens_in else f"{row.cost:.3f}"
        failed = f" ({row.failed} without an answer)" if row.failed else ""
        shown.add_row(
            f"{row.name}{failed}",
            *(f"{100 * share:.1f}" for share in (micro.precision, micro.recall, micro.f1)),
            f"{len(row.findable)} of {row.labels}",
            f"{100 * row.own.f1:.1f}",
            f"{row.latency_ms:.1f}",
            f"{row.latency_p95_ms:.1f}",
            tokens,
            cost,
        )
    return shown


def names_of(file: Path | None, *, example: str) -> dict[str, str]:
    """A YAML file of names and what they are called instead; none without a file."""
    if file is None:
        return {}
    from bridge.schema import read_yaml

    hint = f"write lines such as `{example}`"
    try:
        data = read_yaml(file.read_text("utf-8"), str(file)).data
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read", where=str(file), hint=hint) from error
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise InputError("is no mapping of names to names", where=str(file), hint=hint)
    return data
