"""``cityops backup``: make, list, check and thin out back-ups; ``cityops restore``: bring one back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.settings import Settings
    from ops_api.backup.restore import Outcome
    from ops_api.backup.retention import Keep

app = group("Back-ups: make one, see which there are, check that one restores, thin them out.")
RESTORE_EXAMPLES = examples(
    "cityops restore latest --into-new cityops_2   # beside what is there",
    "CITYOPS_DB__DSN=postgresql://postgres@db/cityops cityops restore /mnt/backups/cityops-20261127T023000Z",
)
As_json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Folder = Annotated[Path | None, typer.Option(help="Instead of the setting CITYOPS_BACKUP__FOLDER.")]
Jobs = Annotated[int | None, typer.Option(min=1, max=64, help="Tables at the same time.")]


@app.command(
    epilog=examples("cityops backup create", "cityops backup create --prune   # for cron or a timer")
)
def create(
    folder: Folder = None,
    jobs: Jobs = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Then thin out, as `cityops backup prune` does.")
    ] = False,
    as_json: As_json = False,
) -> None:
    """Make a back-up of the database and of the keys beside it; services may go on.

    Database and counts are of one moment. The folder is closed to other users. What is not in it is named.
    """
    from cityops.settings import load_settings
    from ops_api.backup import shelf, text
    from ops_api.backup.commands import make
    from ops_api.cli_db import database

    settings = load_settings()
    place = folder or shelf.folder_of(settings)
    manifest, problem = make(settings, database(settings), place, jobs)
    typer.echo(
        json.dumps(text.document(manifest), indent=2)
        if as_json
        else text.made(manifest, str(place / manifest.name))
    )
    if problem:
        typer.echo(problem, err=True)
    if prune:
        for name in shelf.prune(place, keep_of(settings), dry_run=False):
            typer.echo(f"removed {name}", err=as_json)


@app.command(
    "list", epilog=examples("cityops backup list", "cityops backup list --json | jq '.[-1].started_at'")
)
def list_(folder: Folder = None, as_json: As_json = False) -> None:
    """Say which back-ups there are, the oldest first."""
    from datetime import UTC, datetime

    from cityops.settings import load_settings
    from ops_api.backup import shelf, text

    found = shelf.manifests(folder or shelf.folder_of(load_settings()))
    typer.echo(
        json.dumps([text.document(m) for m in found], indent=2)
        if as_json
        else text.listed(found, datetime.now(UTC))
    )


@app.command(
    epilog=examples("cityops backup verify", "cityops backup verify latest --restore   # once a week")
)
def verify(
    what: Annotated[str, typer.Argument(help="latest, a name, or a folder.")] = "latest",
    restore: Annotated[
        bool, typer.Option("--restore", help="Restore it into a database of its own, compare, and drop that.")
    ] = False,
    folder: Folder = None,
    jobs: Jobs = None,
) -> None:
    """Check that a back-up's files are as they were made; with --restore, that the database comes back from them.

    Exit code 1 where something is not as it should be.
    """
    from cityops.settings import load_settings
    from ops_api.backup import shelf
    from ops_api.backup.commands import try_out
    from ops_api.backup.manifest import damage
    from ops_api.backup.restore import read_manifest
    from ops_api.backup.text import compared
    from ops_api.cli_db import database

    settings = load_settings()
    source = shelf.find(folder or shelf.folder_of(settings), what)
    manifest = read_manifest(source)
    damaged = damage(source, manifest)
    if damaged:
        typer.echo("\n".join([f"{source} is DAMAGED", *(f"  {line}" for line in damaged)]))
        raise typer.Exit(1)
    typer.echo(f"{manifest.name}: {len(manifest.files)} files are as they were made")
    if restore:
        outcome = try_out(settings, database(settings), source, jobs)
        typer.echo(compared(outcome))
        _end(outcome, [])


@app.command(epilog=examples("cityops backup prune --dry-run"))
def prune(
    folder: Folder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
) -> None:
    """Remove back-ups that need not be kept: the newest of each of the last days, weeks and months stays."""
    from cityops.settings import load_settings
    from ops_api.backup import shelf

    settings = load_settings()
    gone = shelf.prune(folder or shelf.folder_of(settings), keep_of(settings), dry_run=dry_run)
    verb = "would go" if dry_run else "removed"
    typer.echo("\n".join(f"{verb}: {name}" for name in gone) or "nothing to remove")


@app.command(
    epilog=examples("cityops backup again latest   # after `cityops db upgrade` of a restored older version")
)
def again(
    what: Annotated[
        str, typer.Argument(help="The back-up that was restored: latest, a name, or a folder.")
    ] = "latest",
    folder: Folder = None,
) -> None:
    """Let go and delete again who moved out or deleted something since a back-up was made. `restore` does it itself.

    Only before the services start: what is in the database since would go, too.
    """
    from cityops.settings import load_settings
    from ops_api.backup import shelf
    from ops_api.backup.again import again_in
    from ops_api.backup.restore import read_manifest
    from ops_api.cli_db import database
    from ops_api.wiring import kinds_of

    settings = load_settings()
    manifest = read_manifest(shelf.find(folder or shelf.folder_of(settings), what))
    typer.echo(again_in(settings, database(settings), kinds_of(settings), manifest.started_at))


def restore(
    what: Annotated[str, typer.Argument(metavar="BACKUP", help="latest, a name, or a folder.")],
    into_new: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make a database of this name on the same server.")
    ] = None,
    folder: Folder = None,
    jobs: Jobs = None,
) -> None:
    """Restore a back-up into an empty database, compare it with what was there, and try the pages on it.

    Nothing is restored over anything. On TimescaleDB a superuser's connection string is needed. Exit code 1 where
    something is not as it was. Stop the services that use the database first.
    """
    import asyncio

    from cityops.logs import configure
    from cityops.settings import LogSettings, load_settings
    from ops_api.backup import shelf, text
    from ops_api.backup.commands import bring_back
    from ops_api.backup.session import of_database
    from ops_api.cli_db import database
    from ops_api.wiring_pages_open import pages_open

    settings = load_settings()
    configure(LogSettings(level="warning"))  # the web server that is tried tells where it listens
    source = shelf.find(folder or shelf.folder_of(settings), what)
    outcome = bring_back(settings, database(settings), source, jobs, into_new)
    typer.echo(text.restored(outcome))
    dsn = of_database(database(settings), outcome.database)
    wrong, done = asyncio.run(pages_open(settings, dsn))
    typer.echo("\n".join([done, *(f"  {line}" for line in wrong), text.NEXT]))
    _end(outcome, wrong)


def keep_of(settings: Settings) -> Keep:
    """Return how many back-ups stay."""
    from ops_api.backup.retention import Keep

    backup = settings.backup
    return Keep(backup.keep_daily, backup.keep_weekly, backup.keep_monthly)


def _end(outcome: Outcome, wrong: list[str]) -> None:
    if outcome.different or wrong:
        raise typer.Exit(1)
