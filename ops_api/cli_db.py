"""``cityops db``: bring the database up to date, and say where it stands."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.db.migrate import Status
    from cityops.settings import Settings
    from ingest.chunks import ChunkWidth

app = group("The database: upgrade it, see where it stands.")


@app.command(
    epilog=examples("CITYOPS_DB__DSN=postgresql://cityops@db.example:5432/cityops cityops db upgrade")
)
def upgrade() -> None:
    """Apply what is new: migrations, the kinds' reading tables, routines. Safe to repeat.

    Where `api.dsn` names a login of the website's own, that is made too, with its password and roles.
    On TimescaleDB also: fit the width of new chunks to the devices that are registered.
    """
    import asyncio

    from cityops.settings import load_settings

    done = asyncio.run(upgrade_database(load_settings()))
    typer.echo("\n".join(f"applied {name}" for name in done) or "the database is up to date")


@app.command(epilog=examples("cityops db status", "cityops db status --json"))
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say which migrations are applied and, on TimescaleDB, how wide chunks are.

    Exit code 1 where something is to be done.
    """
    import asyncio

    from cityops.settings import load_settings

    state, chunks = asyncio.run(database_status(load_settings()))
    typer.echo(_as_json(state, chunks) if as_json else _as_text(state, chunks))
    if not state.current:
        raise typer.Exit(1)


@app.command(
    epilog=examples("cityops db renumber   # after pg_restore by hand, before ingester and rules start")
)
def renumber() -> None:
    """Tell the order of batches in this server's transaction ids, after a logical restore by hand.

    `cityops restore` does it itself. Nothing is read twice or left out; safe to repeat. Stop the services first.
    """
    from cityops.settings import load_settings
    from ops_api.backup.renumber import renumber as tell_anew
    from ops_api.backup.session import open_session

    with open_session(database(load_settings())) as conn:
        waiting = tell_anew(conn)
    typer.echo(
        "the order of batches is this server's already"
        if waiting is None
        else f"{waiting} batches wait for the rules"
    )


async def upgrade_database(settings: Settings, dsn: str | None = None) -> list[str]:
    """Upgrade the database of the settings (or ``dsn``) with its kinds; return what was applied.

    Raises:
        ConfigurationError: without a database, or where its history was edited.
        TransientError: where it does not answer.
    """
    from cityops.db import migrate
    from cityops.db.pool import connect
    from ingest.chunks import fit_chunks
    from ops_api.web_login import make_web_login
    from ops_api.wiring import kinds_of, reading_tables

    kinds = kinds_of(settings)
    async with await connect(dsn or database(settings), application_name="cityops-upgrade") as conn:
        done = await migrate.upgrade(conn, reading_tables(kinds))
        async with migrate.one_at_a_time(conn):  # two that give the same right at once fail
            await conn.execute("select rights_of_the_release_before()")  # each time: it may have ended since
            if settings.api.dsn:
                done += await make_web_login(conn, settings.api.dsn)
        changed = await fit_chunks(conn, kinds)
    return done + [f"chunks of {c.table}: {width(c.wanted)}, were {width(c.width)}" for c in changed]


async def database_status(settings: Settings) -> tuple[Status, list[ChunkWidth]]:
    """Return where the database of the settings stands, and its chunks' widths."""
    from cityops.db import migrate
    from cityops.db.pool import connect
    from ingest.chunks import chunk_state
    from ops_api.wiring import kinds_of

    async with await connect(database(settings), application_name="cityops-status") as conn:
        state = await migrate.status(conn)
        # Without the tables of the devices nothing can be said of them.
        return state, [] if state.pending else await chunk_state(conn, kinds_of(settings))


def width(value: timedelta) -> str:
    """Return a chunk's width for a person: ``10 days``, ``1 hour``."""
    days, hours = value.days, value.seconds // 3600
    number, unit = (days, "day") if hours == 0 else (24 * days + hours, "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def database(settings: Settings) -> str:
    """Return the connection string: the configured one, else of the embedded server that runs (a demo's too).

    Raises:
        ConfigurationError: where there is neither.
    """
    from cityops.errors import ConfigurationError
    from ops_api.own_database import running_database

    found = settings.db.dsn or running_database(settings.data_dir)
    if not found:
        raise ConfigurationError(
            f"no database: set CITYOPS_DB__DSN, or start the embedded one (`cityops demo`); none runs on "
            f"{settings.data_dir}"
        )
    return found


def _as_json(state: Status, chunks: list[ChunkWidth]) -> str:
    return json.dumps(
        {
            "server_version": state.flavour.server_version,
            "timescaledb": state.flavour.timescaledb,
            "applied": state.applied,
            "pending": state.pending,
            "edited": state.edited,
            "chunks": [
                {
                    "table": c.table,
                    "hours": c.width / timedelta(hours=1),
                    "wanted_hours": c.wanted / timedelta(hours=1),
                    "readings_per_day": c.readings_per_day,
                }
                for c in chunks
            ],
        },
        indent=2,
    )


def _as_text(state: Status, chunks: list[ChunkWidth]) -> str:
    lines = [state.flavour.label]
    lines += [f"applied  {name}" for name in state.applied]
    lines += [f"pending  {name}   (cityops db upgrade)" for name in state.pending]
    lines += [f"EDITED   {name}   (restore the file; history is never edited)" for name in state.edited]
    lines += [f"chunks   {c.table}: {_chunks(c)}" for c in chunks]
    return "\n".join(lines)


def _chunks(one: ChunkWidth) -> str:
    words = f"{width(one.width)}, {one.readings_per_day:,.0f} readings a day expected"
    return (
        words if one.width == one.wanted else f"{words}; should be {width(one.wanted)} (cityops db upgrade)"
    )
