"""``cityops grafana``: build boards and alert rules, check them, push them to a running Grafana."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ops_api.cli_desk import AsJson, end_with
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.settings import Settings
    from dashboards.push import Done, Wanted
    from dashboards.push_wire import Wire

app = group("Grafana's boards and alert rules: build, check, push (docs/grafana.md).")

Folder = Annotated[Path | None, typer.Option(help="Folder of boards instead of dashboards/generated.")]


@app.command(epilog=examples("cityops grafana build", "cityops grafana build --check    # what CI runs"))
def build(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where files differ.")] = False,
) -> None:
    """Write boards and alert rules from the code: the same bytes every time."""
    from cityops.errors import ConfigurationError

    try:
        from dashboards import alerts_files
        from dashboards.build import build as build_boards
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"building needs the library {error.name}: install cityops[dashboards]"
        ) from error
    drift = build_boards(check=check) + alerts_files.build(check=check)
    typer.echo("\n".join(drift) or "boards and alert rules are up to date")
    if check and drift:
        typer.echo("run `cityops grafana build` and commit what it writes")
        raise typer.Exit(1)


@app.command(
    epilog=examples(
        "cityops grafana check                                            # on the configured database",
        "cityops grafana check --no-sql                                   # files only, a second",
        "PGPASSWORD=… cityops grafana check --dsn postgresql://grafana@db/cityops --require-rows",
        "cityops grafana check --json | jq '.queries[] | select(.took_ms > 200)'",
    )
)
def check(
    dsn: Annotated[
        str | None, typer.Option(metavar="DSN", help="Database; the configured one otherwise.")
    ] = None,
    sql: Annotated[bool, typer.Option("--sql/--no-sql", help="Run every query.")] = True,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds a query may take.")] = 10.0,
    hours: Annotated[float | None, typer.Option(min=0.1, help="Period; each board's own otherwise.")] = None,
    require_rows: Annotated[bool, typer.Option("--require-rows", help="No row is a failure.")] = False,
    role: Annotated[str, typer.Option(help='Role to act as; "" for the login itself.')] = "cityops_reader",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong with boards and alert rules; exit 1 where something is.

    Without a Grafana: its own JSON schemas, the grid, ids, data sources, variables, links. Then
    every query of panels, variables, annotations and alert rules runs as Grafana would run it, in
    a transaction that can only read, as the dashboards' role, with a time limit. Without a
    database that part is left out, and said so.
    """
    import asyncio

    from ops_api.grafana_check import Asked, check_all
    from ops_api.grafana_text import check_document, check_text

    asked = Asked(
        dsn=dsn,
        sql=sql,
        timeout_s=timeout_s,
        hours=hours,
        require_rows=require_rows,
        role=role,
        folder=folder,
    )
    report = asyncio.run(check_all(asked))
    text = json.dumps(check_document(report), indent=2, ensure_ascii=False) if as_json else check_text(report)
    typer.echo(text)
    end_with(0 if report.good else 1)


@app.command(
    epilog=examples(
        "CITYOPS_GRAFANA__URL=https://grafana.example cityops grafana push --dry-run",
        "cityops grafana push                              # token: /run/secrets/cityops_grafana__token",
        "cityops grafana push --datasource timescaledb     # with CITYOPS_GRAFANA__DB_DSN",
        "cityops grafana push --prune                      # take away what is no longer built",
    )
)
def push(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is ours and no longer built.")] = False,
    alerts: Annotated[bool, typer.Option("--alerts/--no-alerts", help="The platform's alarms too.")] = True,
    datasource: Annotated[
        Literal["timescaledb", "postgresql"] | None,
        typer.Option(help="Write the data source too, for this kind of database."),
    ] = None,
    new_secrets: Annotated[
        bool,
        typer.Option(
            "--new-secrets", "--new-password", help="Send the data source's password and the webhook again."
        ),
    ] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Write folder, boards, alert rules and contact point into a running Grafana; safe to repeat.

    Address, token and who is told are settings (CITYOPS_GRAFANA__…) or files in /run/secrets, never
    arguments. Nothing outside the folder `cityops` is touched, notification policies never. Exit 1
    where Grafana refuses or does not answer; what was done until then is said.
    """
    from cityops.settings import load_settings
    from ops_api.grafana_push import wanted_of, wire_of

    settings = load_settings()
    wanted = wanted_of(settings, alerts=alerts, datasource=datasource, folder=folder)
    wire = wire_of(settings)
    _push(settings, wire, wanted, dry_run=dry_run, prune=prune, new_secrets=new_secrets, as_json=as_json)


def _push(
    settings: Settings,
    wire: Wire,
    wanted: Wanted,
    *,
    dry_run: bool,
    prune: bool,
    new_secrets: bool,
    as_json: bool,
) -> None:
    from dashboards.push import push as push_to
    from dashboards.push_port import PushError
    from ops_api.grafana_text import push_document, push_line, push_summary

    done: list[Done] = []
    error, where = None, settings.grafana.url
    try:
        where = f"Grafana {wire.version()} at {settings.grafana.url}"
        typer.echo(where, err=as_json)
        for one in push_to(wire, wanted, dry_run=dry_run, prune=prune, new_secrets=new_secrets):
            done.append(one)
            typer.echo(push_line(one, dry_run=dry_run), err=as_json)
    except PushError as refusal:
        error = str(refusal)
    if as_json:
        typer.echo(json.dumps(push_document(done, grafana=where, dry_run=dry_run, error=error), indent=2))
    elif error is None:
        typer.echo(push_summary(done, dry_run=dry_run))
    if error is not None:
        typer.echo(f"cityops: {error}", err=True)
        raise typer.Exit(1)
