"""``cityops work``: devices that need a look."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from datetime import datetime

    from ops_api.queries import Db, Row

app = group("Devices that need a look: list them, take one, write down, done.")

STATES = ("open", "done", "all")
WorkId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, metavar="ID", help="From `cityops work list`.")]
By = Annotated[
    str | None,
    typer.Option(
        help="Your name; else that in CITYOPS_OPERATOR, else your login's.", envvar="CITYOPS_OPERATOR"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command(
    "list",
    epilog=examples(
        "cityops work list",
        "cityops work list --mine kim",
        "cityops work list --rule quality.battery --json",
    ),
)
def list_items(
    state: Annotated[str, typer.Option(help="open, done or all.")] = "open",
    mine: Annotated[str | None, typer.Option("--mine", help="Only what this person has.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only of this rule, e.g. quality.battery.")] = None,
    device: Annotated[str | None, typer.Option(help="Only of this device.")] = None,
    as_json: AsJson = False,
) -> None:
    """List items, those that are due first."""
    if state not in STATES:
        raise ConfigurationError(f"--state {state!r} is unknown; states: {', '.join(STATES)}")

    async def look(db: Db, _: datetime) -> list[Row]:
        from ops_api.queries.work import work_items

        return await work_items(db, state, assignee=mine, rule_id=rule, device=device)  # type: ignore[arg-type]

    rows = _with_db(look)
    if as_json:
        typer.echo(_json(rows))
        return
    typer.echo("\n".join(_line(r) for r in rows) or "Nothing to do.")


@app.command(epilog=examples("cityops work show 12", "cityops work show 12 --json"))
def show(work_item_id: WorkId, as_json: AsJson = False) -> None:
    """Print one item and what happened to it."""

    async def look(db: Db, _: datetime) -> Row:
        from ops_api.queries.work import work_item

        return await work_item(db, work_item_id)

    _say(_with_db(look), as_json)


@app.command(
    epilog=examples("cityops work assign 12 --to kim", "cityops work assign 12 --to ''   # give it back")
)
def assign(
    work_item_id: WorkId,
    to: Annotated[str, typer.Option(help="Who does it; empty gives it back.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Say who does it."""

    async def change(db: Db, at: datetime) -> Row:
        from ops_api.queries import work

        return await work.assign(db, work_item_id, to, by=_who(by), via="cli", at=at)

    _say(_with_db(change), as_json)


@app.command(epilog=examples("cityops work note 12 'Ladder needed'"))
def note(
    work_item_id: WorkId,
    text: Annotated[str, typer.Argument(help="What to write down.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write something down."""
    if not text.strip():
        raise ConfigurationError("there is nothing to write down")

    async def change(db: Db, at: datetime) -> Row:
        from ops_api.queries import work

        return await work.add_note(db, work_item_id, text, by=_who(by), via="cli", at=at)

    _say(_with_db(change), as_json)


@app.command(epilog=examples("cityops work done 12 --note 'New battery'"))
def done(
    work_item_id: WorkId,
    note: Annotated[str, typer.Option(help="What was done.")] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Mark an item as done. Where its cause stays, another one is opened after two days."""

    async def change(db: Db, at: datetime) -> Row:
        from ops_api.queries import work

        return await work.finish(db, work_item_id, by=_who(by), note=note, via="cli", at=at)

    _say(_with_db(change), as_json)


def _with_db(work: Callable[[Db, datetime], Awaitable[Any]]) -> Any:
    import asyncio

    return asyncio.run(_run(work))


async def _run(work: Callable[[Db, datetime], Awaitable[Any]]) -> Any:
    from cityops.clock import SystemClock
    from cityops.db.pool import connect
    from cityops.settings import load_settings
    from ops_api.cli_db import database
    from ops_api.queries import Db, OneConnection
    from ops_api.queries.town import town_now
    from ops_api.queries.work import NoWorkItemError, WorkDoneError

    settings = load_settings()
    async with await connect(database(settings), application_name="cityops-work", autocommit=False) as conn:
        db = Db(OneConnection(conn))
        try:
            return await work(db, await town_now(db, SystemClock().now()))
        except (NoWorkItemError, WorkDoneError) as e:
            raise ConfigurationError(str(e).rstrip(".")) from e


def _who(by: str | None) -> str:
    from getpass import getuser

    name = (by if by is not None else getuser()).strip()
    if not name:
        raise ConfigurationError("say who you are: --by NAME or CITYOPS_OPERATOR")
    return name


def _line(r: Row) -> str:
    due = "" if r["due_at"] is None else f"  due {r['due_at']:%Y-%m-%d}"
    who = "" if r["assignee"] is None else f"  with {r['assignee']}"
    gone = "" if r["gone_at"] is None else "  (no longer so)"
    end = f"  done by {r['done_by']}" if r["done_at"] is not None else f"{due}{who}{gone}"
    return f"{r['work_item_id']:>6}  {r['opened_at']:%Y-%m-%d}  {r['title']}{end}"


def _say(row: Row, as_json: bool) -> None:
    if as_json:
        typer.echo(_json(row))
        return
    lines = [_line(row), f"        {row['reason']}"]
    for e in row["log"]:
        more = e["detail"].get("text") or e["detail"].get("to") or ""
        lines.append(
            f"        {e['at']:%Y-%m-%d %H:%M}  {e['what']} by {e['by']}" + (f": {more}" if more else "")
        )
    typer.echo("\n".join(lines))


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)
