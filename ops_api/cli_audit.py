"""``cityops audit``: whether the audit is as it was written, and its head, to be kept elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.audit.core.chain import Fault

app = group("Who saw or changed what: check the audit, print its head.")
SHOWN = 20


@app.command(
    epilog=examples(
        "cityops audit verify", "cityops audit verify --head heads.txt   # with heads that were kept on another host"
    )
)  # fmt: skip
def verify(
    head: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Lines that `cityops audit head` printed before.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say whether a line was changed, taken out or put in. Exit code 1 where one was.

    That the newest lines were cut off, or all was made anew, is found only with heads that were kept elsewhere.
    """
    base, last, found = _checked(_heads(head))
    if as_json:
        faults = [{"line": f.number, "what": f.what} for f in found]
        typer.echo(json.dumps({"after": base, "last": last, "faults": faults}, indent=2))
    else:
        typer.echo(_words(base, last, found))
    if found:
        raise typer.Exit(1)


@app.command("head", epilog=examples("cityops audit head >> /mnt/elsewhere/heads.txt"))
def print_head() -> None:
    """Print the newest line's number and link: keep it where nobody who runs the database writes."""
    import asyncio

    number, link = asyncio.run(_head())
    typer.echo(f"{number} {link}")


def _heads(file: Path | None) -> dict[int, bytes]:
    from cityops.errors import ConfigurationError
    from ops_api.audit.reading import heads_in

    if file is None:
        return {}
    try:
        return heads_in(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--head {file}: {error}") from error


def _checked(heads: dict[int, bytes]) -> tuple[int, int, list[Fault]]:
    import psycopg

    from cityops.errors import TransientError
    from cityops.settings import load_settings
    from ops_api.audit.reading import checked
    from ops_api.cli_db import database

    try:
        return checked(database(load_settings()), heads)
    except psycopg.Error as error:
        raise TransientError(f"the audit cannot be read: {error}") from error


async def _head() -> tuple[int, str]:
    from cityops.db.pool import connect
    from cityops.settings import load_settings
    from ops_api.cli_db import database
    from ops_api.queries import Db, OneConnection

    async with await connect(
        database(load_settings()), application_name="cityops-audit", autocommit=False
    ) as conn:
        row = await Db(OneConnection(conn)).one("audit_head")
    return row["entry_id"], bytes(row["link"]).hex()


def _words(base: int, last: int, found: list[Fault]) -> str:
    kept = f"{last - base} lines, {base + 1} to {last}" if last > base else "no lines"
    cut = f"; lines up to {base} were cut off when their time was over" if base else ""
    if not found:
        return f"The audit is as it was written: {kept}{cut}."
    told = [f"  line {f.number} {f.what}" for f in found[:SHOWN]]
    more = [f"  and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join([f"The audit is not as it was written ({kept}{cut}):", *told, *more])
