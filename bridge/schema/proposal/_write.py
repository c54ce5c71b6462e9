"""A proposed schema as YAML text, with what is known of each field and what was guessed as comments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from bridge.schema.proposal._survey import FieldSurvey

#: Comments wrap here.
WIDTH = 118


@dataclass(frozen=True, slots=True)
class Entry:
    """One label: its name, keys in the order in which they are written, and comments that stand above it."""

    name: str
    keys: Mapping[str, Any]
    comments: Sequence[str] = ()
    #: Key → what to say beside it.
    beside: Mapping[str, str] = field(default_factory=dict)


def entry_lines(entry: Entry) -> list[str]:
    """A label's lines, indented as a label of a schema."""
    lines = [line for text in entry.comments for line in comment(text, "  ")]
    lines.append(f"  {entry.name}:")
    for key, value in entry.keys.items():
        text = f"    {key}: {_flow(value)}"
        lines.append(f"{text:<40}  # {clean(entry.beside[key])}" if key in entry.beside else text)
    return lines


def comment(text: str, indent: str = "") -> list[str]:
    """A text as comment lines."""
    lines, line = [], f"{indent}#"
    for word in clean(text).split(" "):
        if len(line) + 1 + len(word) > WIDTH and line != f"{indent}#":
            lines.append(line)
            line = f"{indent}#"
        line += f" {word}"
    return [*lines, line]


def clean(text: str) -> str:
    """A text that cannot end a comment: one line, printable characters only."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def about(survey: FieldSurvey, label: str | None = None) -> str:
    """What is known of a field, in one line."""
    parts = [f"{survey.type} field, in {_share(survey.fill)} of the documents"]
    if survey.values:
        shown = ", ".join(f"{_short(value)} ({count:,})" for value, count in survey.values[:5])
        parts.append(f"{survey.distinct:,} values: {shown}{', …' if len(survey.values) > 5 else ''}")
    elif survey.stats is not None:
        low, middle, high = (f"{number:,.6g}" for number in (survey.stats.min, survey.stats.median, survey.stats.max))
        parts.append(f"{low} to {high}, half of them below {middle}")
    return f"{label + ': ' if label else ''}{'; '.join(parts)}"


def text_line(key: str, names: Sequence[str]) -> str:
    return f"{key}: {_flow(list(names))}"


def scalar(value: str) -> str:
    """A string as one YAML scalar, quoted where it must be."""
    return _flow(value)


def _share(share: float) -> str:
    return (
        "all" if share >= 0.9995 else f"{100 * share:.1f} %" if share < 0.1 or share > 0.99 else f"{100 * share:.0f} %"
    )


def _short(value: str) -> str:
    value = clean(value)
    return (value or "(empty)") if len(value) <= 28 else f"{value[:27]}…"


def _flow(value: Any) -> str:
    written: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return re.sub(r"\n(\.\.\.\n)?$", "", written)
