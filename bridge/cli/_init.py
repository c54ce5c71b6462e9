"""`gliner-bridge init`: a schema proposed from an index."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli._install import ApiKey, CaCerts, EngineUrl, Password, Username, Verify, open_engine
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.schema.proposal import FoundLabel, IndexSurvey


def init(
    index: Annotated[str, typer.Option("--index", "-i", help="Index, alias or pattern to look at.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File for the schema. It is written only with --write.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write --out, also where there is such a file already.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the schema. Default: made from the index's.")
    ] = None,
    engine_url: EngineUrl = "http://127.0.0.1:9200",
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            envvar="GLINER_BRIDGE_MODEL",
            help="Checkpoint that looks at the texts, or `none`. Default: ours.",
        ),
    ] = None,
    documents: Annotated[int, typer.Option("--documents", min=1, max=10_000, help="Documents that are read.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Of their choice.")] = 0,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
) -> None:
    """Propose a schema for an index: which fields are text and which are labels, and what else the texts name.

    Reads mapping, values, numbers and some documents, and prints YAML with what it saw and what it guessed as comments.
    The index is not changed, and no file without --write.

    Example: gliner-bridge init --index products --engine-url http://localhost:9200

    Example: gliner-bridge init --index products --out products.yaml --write
    """
    from bridge.engines import survey_index
    from bridge.schema import parse_schema
    from bridge.schema.proposal import propose, text_fields

    if write and out is None:
        raise InputError("--write writes which file?", hint="name it with --out")
    chosen = name or _name(index)
    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        survey = survey_index(engine, index, documents=documents, seed=seed)
    proposed = propose(survey, chosen, _found(survey, text_fields(survey)[0], model))
    parse_schema(proposed, source="the proposed schema")
    if out is None:
        typer.echo(proposed, nl=False)
    elif write:
        out.write_text(proposed, "utf-8")
        typer.echo(f"written: {out}", err=True)
    else:
        typer.echo(proposed, nl=False)
        what = "would replace what is in" if out.exists() else "would be written to"
        typer.echo(f"note: this {what} {out}; add --write", err=True)


def _name(index: str) -> str:
    """The name of a schema for an index: `products-2024*` becomes `products_2024`."""
    name = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", index.lower())).strip("_")[:64]
    return name if re.match(r"[a-z]", name) else f"index_{name}".strip("_")[:64]


def _found(survey: IndexSurvey, title: str, model: str | None) -> list[FoundLabel]:
    if model == "none":
        return []
    from bridge.evaluation import labels_in_texts
    from bridge.schema.proposal import strings
    from bridge.scorer import Scorer

    titles = [text for document in survey.sampled for text in strings(document, title)[:1]]
    return labels_in_texts(Scorer.load(model or "default"), titles)
