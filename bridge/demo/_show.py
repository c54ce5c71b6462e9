"""What the demo prints: steps, and per query its entities, its clauses and the hits before and after.

Everything fits 80 columns and stays readable in a log without colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

STEPS = 7
#: Engines add up scores in single precision, each in its own order.
_SCORE_ERROR = 1e-4
MAX_WIDTH = 100
#: How the clauses' roles are told to a person.
ROLES = {
    "filter": "must match",
    "exclude": "must not match",
    "boost": "scores higher",
    "demote": "scores lower",
    "expand": "may match instead",
}


@dataclass(frozen=True, slots=True)
class Hits:
    """The top hits of one search."""

    total: int
    hits: tuple[Mapping[str, Any], ...]


def make_console() -> Console:
    """A console of at most 100 columns, 80 where the output is no terminal."""
    console = Console(highlight=False)
    console.width = min(console.width, MAX_WIDTH) if console.is_terminal else 80
    return console


def step(console: Console, number: int, title: str) -> None:
    """The heading of one of the seven steps."""
    console.print(f"\n[bold cyan]{number}/{STEPS}[/] [bold]{escape(title)}[/]")


def say(console: Console, line: str) -> None:
    """One line of progress under a step."""
    console.print(f"  {escape(line)}", soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Result:
    """What one query gave."""

    text: str
    index: str
    shows: str
    #: Document field that names a document.
    title: str
    #: Answer of `/v1/parse`.
    parsed: Mapping[str, Any]
    #: Names of clauses that relaxation dropped for this search, as otherwise nothing would be found.
    dropped: frozenset[str]
    before: Hits
    after: Hits


def show_query(console: Console, result: Result) -> None:
    """One query: what was understood, what it became, and the hits before and after."""
    console.print()
    console.rule(f"[bold]{escape(result.text)}[/]  [dim]in {escape(result.index)}[/]", align="left", style="dim")
    console.print(f"[dim]{escape(result.shows)}[/]")
    console.print(_entities(result.parsed.get("entities", ())))
    console.print(_clauses(result.parsed.get("clauses", ()), result.dropped))
    console.print(_hits(result))


def show_pair(
    console: Console,
    *,
    text: str,
    index: str,
    title: str,
    parsed: Mapping[str, Any],
    dropped: frozenset[str],
    sides: Mapping[str, Hits],
    equal: bool,
) -> None:
    """One query on two engines: what it became, and the hits of each beside the other's."""
    console.print()
    verdict = "[green]equal[/]" if equal else "[bold red]DIFFERENT[/]"
    console.rule(f"[bold]{escape(text)}[/]  [dim]in {escape(index)}[/]  {verdict}", align="left", style="dim")
    console.print(_clauses(parsed.get("clauses", ()), dropped))
    columns = [(f"{name}: {hits.total} hits", {"ratio": 1}) for name, hits in sides.items()]
    table = _table(("", {"width": 1}), *columns)
    for place in range(max(len(hits.hits) for hits in sides.values())):
        cells = [_hit(side.hits[place], title) if place < len(side.hits) else Text("") for side in sides.values()]
        table.add_row(str(place + 1), *cells)
    console.print(table)


def same_hits(one: Hits, other: Hits) -> bool:
    """Whether two engines found the same: as many, with the same scores, and the same documents in the same places.

    Documents of one score may stand in any order, and of those with the lowest score any may have been cut off.
    """

    def close(a: float, b: float) -> bool:
        return abs(a - b) <= _SCORE_ERROR * max(abs(a), 1.0)

    left, right = ({str(hit["_id"]): _score(hit) for hit in hits.hits} for hits in (one, other))
    if one.total != other.total or not all(map(close, left.values(), right.values())) or len(left) != len(right):
        return False
    if one.total > len(left):
        left, right = (
            {id_: score for id_, score in side.items() if not close(score, min(side.values()))}
            for side in (left, right)
        )
    return left.keys() == right.keys() and all(close(score, right[id_]) for id_, score in left.items())


def _score(hit: Mapping[str, Any]) -> float:
    return float(hit.get("_score") or 0.0)


def _table(*columns: tuple[str, dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for name, options in columns:
        table.add_column(name, overflow="ellipsis", no_wrap=True, **options)
    return table


def _entities(entities: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(
        ("entity", {"ratio": 5}),
        ("text", {"ratio": 6}),
        ("value", {"ratio": 6}),
        ("score", {"justify": "right", "width": 5}),
        ("source", {"width": 10}),
    )
    for entity in entities:
        label = ("not " if entity.get("negated") else "") + str(entity["label"])
        score = f"{float(entity['score']):.2f}"
        table.add_row(
            Text(label), Text(str(entity["text"])), Text(value_text(entity.get("value"))), score, str(entity["source"])
        )
    if not entities:
        table.add_row(Text("none found", style="dim"))
    return table


def value_text(value: object) -> str:
    """A value as a person reads it: an interval as `≥ 10, < 25`."""
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        signs = {"gte": "≥", "gt": ">", "lte": "≤", "lt": "<"}
        return ", ".join(f"{signs[key]} {number_text(value[key])}" for key in signs if value.get(key) is not None)
    return number_text(value)


def number_text(number: object) -> str:
    """`20` rather than `20.0`."""
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def condition_text(condition: Mapping[str, Any]) -> str:
    """The condition of a clause of `/v1/parse` on one line."""
    kind, inner = next(iter(condition.items()))
    if kind == "any_of":
        return " or ".join(condition_text(part) for part in inner)
    if kind == "terms":
        return f"{inner['field']}: {' | '.join(number_text(value) for value in inner['values'])}"
    if kind == "range":
        return f"{inner['field']} {value_text(inner)}"
    return f"{', '.join(inner['fields'])} says “{inner['text']}”"


def _clauses(clauses: Sequence[Mapping[str, Any]], dropped: frozenset[str]) -> Table:
    table = _table(("#", {"width": 2}), ("clause", {"ratio": 6}), ("effect on the search", {"ratio": 3}))
    for number, clause in enumerate(clauses, 1):
        role = str(clause["role"])
        effect = ROLES.get(role, role)
        if role in ("boost", "demote"):
            effect += f" (×{number_text(clause['boost'])})"
        if clause["name"] in dropped:
            effect = "dropped: no hits with it"
        table.add_row(str(number), Text(condition_text(clause["condition"])), Text(effect))
    if not clauses:
        table.add_row("", Text("none: the search runs as it was sent", style="dim"))
    return table


def _hits(result: Result) -> Table:
    before, after = result.before, result.after
    table = _table(
        ("", {"width": 1}),
        (f"before: {before.total} hits", {"ratio": 1}),
        (f"after: {after.total} hits", {"ratio": 1}),
        ("by #", {"width": 5}),
    )
    names = [str(clause["name"]) for clause in result.parsed.get("clauses", ())]
    seen = {hit["_id"] for hit in before.hits}
    for place in range(max(len(before.hits), len(after.hits), 1)):
        left = _hit(before.hits[place], result.title) if place < len(before.hits) else Text("")
        right, matched = Text(""), ""
        if place < len(after.hits):
            hit = after.hits[place]
            right = _hit(hit, result.title)
            if hit["_id"] not in seen:
                right.stylize("bold green")
            matched = ",".join(str(names.index(name) + 1) for name in names if name in hit.get("matched_queries", ()))
        table.add_row(str(place + 1), left, right, matched)
    return table


def _hit(hit: Mapping[str, Any], title: str) -> Text:
    source = hit.get("_source", {})
    price = source.get("price")
    shown = f"${price:.2f} " if isinstance(price, int | float) else ""
    return Text(shown + str(source.get(title, hit["_id"])))
