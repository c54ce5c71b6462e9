"""`gliner-bridge install` and `uninstall`: the engine's side of the bridge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.engines import ElasticsearchEngine, OpenSearchEngine
    from bridge.engines.install import Report

EngineUrl = Annotated[
    str,
    typer.Option(
        "--engine-url",
        envvar="ENGINE_URL",
        help="The search engine, http://host:9200; several nodes with commas between them; or cloud:<cloud id>.",
    ),
]
Username = Annotated[
    str | None, typer.Option("--engine-username", envvar="GLINER_BRIDGE_ENGINE_USERNAME", help="Basic authentication.")
]
Password = Annotated[
    str | None, typer.Option("--engine-password", envvar="GLINER_BRIDGE_ENGINE_PASSWORD", help="Basic authentication.")
]
ApiKey = Annotated[
    str | None,
    typer.Option("--engine-api-key", envvar="GLINER_BRIDGE_ENGINE_API_KEY", help="Sent as `Authorization: ApiKey …`."),
]
CaCerts = Annotated[
    Path | None,
    typer.Option("--engine-ca-certs", envvar="GLINER_BRIDGE_ENGINE_CA_CERTS", help="PEM file of the authority."),
]
Verify = Annotated[
    bool,
    typer.Option(
        "--engine-verify/--no-engine-verify",
        envvar="GLINER_BRIDGE_ENGINE_VERIFY",
        help="Check the engine's certificate.",
    ),
]
Schemas = Annotated[
    list[Path],
    typer.Argument(exists=True, help="Schema files, or folders that are searched for *.yaml.", show_default=False),
]
_Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


def install(
    schemas: Schemas,
    engine_url: EngineUrl = "http://127.0.0.1:9200",
    sidecar_url: Annotated[
        str,
        typer.Option(envvar="GLINER_BRIDGE_SIDECAR_URL", help="The sidecar's queries, as the engine reaches it."),
    ] = "http://127.0.0.1:8765",
    documents_url: Annotated[
        str | None, typer.Option(help="The sidecar's documents. Default: same host, next port.")
    ] = None,
    sidecar_api_key: Annotated[
        str | None,
        typer.Option(envvar="GLINER_BRIDGE_API_KEY", help="The sidecar's key; it must open every installed schema."),
    ] = None,
    default_search_pipeline: Annotated[
        bool,
        typer.Option(
            "--default-search-pipeline",
            help="Make rewriting the default of existing indices. Careful: _delete_by_query, _update_by_query, "
            "_reindex, _count, templates and alias searches of these indices are rewritten too.",
        ),
    ] = False,
    inference: Annotated[
        bool,
        typer.Option(
            "--inference/--no-inference",
            help="Elasticsearch: tag documents in an ingest pipeline, where the licence has inference endpoints.",
        ),
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print every request and send none.")] = False,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
    as_json: _Json = False,
) -> None:
    """Put settings, connectors, models, mappings and pipelines into OpenSearch, or into Elasticsearch what it allows.

    Running it again changes nothing where nothing differs, and says so. Settings are appended to, never replaced, and
    `uninstall` restores them. Searches are rewritten only where they name search_pipeline=gliner-bridge-<schema>.

    Elasticsearch gets the mapping, and an inference endpoint and a pipeline where its licence has them; where not, the
    output says what was left out, why, and what to use instead.
    """
    from bridge.engines.install import install as install_into
    from bridge.schema import load_schemas

    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        report = install_into(
            engine,
            load_schemas(schemas).values(),
            sidecar_url,
            documents_url=documents_url,
            api_key=sidecar_api_key,
            default_search_pipeline=default_search_pipeline,
            inference=inference,
            dry_run=dry_run,
            on_progress=None if dry_run or as_json else typer.echo,
        )
    _print(report, as_json)


def uninstall(
    schemas: Annotated[
        list[str] | None, typer.Argument(help="Names of schemas; none means all.", show_default=False)
    ] = None,
    engine_url: EngineUrl = "http://127.0.0.1:9200",
    detach: Annotated[
        bool, typer.Option("--detach", help="Also take our pipelines out of the settings of indices that name them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print every request and send none.")] = False,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
    as_json: _Json = False,
) -> None:
    """Remove what install added, and restore the cluster's settings with the last schema.

    Refuses where an index, template or pipeline still uses ours. Documents keep their tags.
    """
    from bridge.engines.install import uninstall as uninstall_from

    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        report = uninstall_from(
            engine,
            schemas or None,
            detach=detach,
            dry_run=dry_run,
            on_progress=None if dry_run or as_json else typer.echo,
        )
    _print(report, as_json)


def open_engine(
    url: str, username: str | None, password: str | None, api_key: str | None, ca_certs: Path | None, verify: bool
) -> OpenSearchEngine | ElasticsearchEngine:
    """The adapter for the engine that the options name."""
    from bridge.engines import connect

    return connect(
        url,
        username=username,
        password=password,
        api_key=api_key,
        ca_certs=str(ca_certs) if ca_certs else None,
        verify=verify,
    )


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "dry_run": report.dry_run,
                    "changed": report.changed,
                    "requests": [request.shown() for request in report.requests],
                    "unchanged": report.unchanged,
                    "notes": report.notes,
                },
                ensure_ascii=False,
            )
        )
        return
    if report.dry_run:
        for request in report.requests:
            typer.echo(f"# {request.why}\n{request}\n")
    for line in report.unchanged:
        typer.echo(f"unchanged: {line}")
    if not report.changed:
        typer.echo("nothing to change")
    elif report.dry_run:
        typer.echo(f"dry run: {len(report.requests)} requests, none sent")
    else:
        typer.echo(f"done: {len(report.requests)} requests")
    for line in report.notes:
        typer.echo(f"note: {line}", err=True)
