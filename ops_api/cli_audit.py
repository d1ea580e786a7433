"""``cityops audit``: whether the audit is as it was written, and its head, to be kept elsewhere."""

from __future__ import annotations

import json
import time
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, Any

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


@app.command(
    "list",
    epilog=examples(
        "cityops audit list --actor failed            # sign-ins that failed",
        "cityops audit list --object home:12 --limit 500",
    ),
)
def print_lines(
    actor: Annotated[
        str | None,
        typer.Option(metavar="ID", help="An account's number, a key, a resident, a team, or `failed`."),
    ] = None,
    about: Annotated[str | None, typer.Option("--object", metavar="WHAT", help="As home:12.")] = None,
    before: Annotated[int | None, typer.Option(min=1, help="Only lines with a smaller number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Print who saw or changed what, newest first. That it was read is a line as well."""
    import asyncio

    rows = asyncio.run(_lines(actor, about, before, limit))
    if as_json:
        typer.echo(json.dumps([row | {"at": row["at"].isoformat()} for row in rows], indent=2))
        return
    for row in rows:
        typer.echo(_line(row))


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


async def _lines(
    actor: str | None, about: str | None, before: int | None, limit: int
) -> list[dict[str, Any]]:
    from cityops.db.pool import connect
    from cityops.settings import load_settings
    from ops_api.audit.by_command import login
    from ops_api.cli_db import database
    from ops_api.queries import Db, OneConnection

    wanted = {"actor": actor, "about": about, "before": before, "limit": limit}
    async with await connect(
        database(load_settings()), application_name="cityops-audit", autocommit=False
    ) as conn:
        return await Db(OneConnection(conn)).rows(
            "audit_read", at_us=time.time_ns() // 1000, actor_kind="cli", actor_id=login(), roles="", via="cli", source="",
            request_id=token_hex(8), **wanted,
        )  # fmt: skip


def _line(row: dict[str, Any]) -> str:
    who = f"{row['actor_kind']} {row['actor_id']}".strip()
    why = f"({row['reason']})" if row["reason"] else ""
    parts = (
        f"{row['entry_id']}",
        f"{row['at']:%Y-%m-%d %H:%M:%S}",
        f"{who}:",
        row["action"],
        row["object"],
        why,
        row["outcome"],
    )
    return " ".join(part for part in parts if part)


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
