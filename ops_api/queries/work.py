"""Work items: list, look at, assign, note, done. For pages, REST and commands alike."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal

from ops_api.queries import Db, Row, Transaction

State = Literal["open", "done", "all"]
_DONE: dict[str, bool | None] = {"open": False, "done": True, "all": None}


class NoWorkItemError(LookupError):
    """There is no such item."""


class WorkDoneError(ValueError):
    """Somebody has marked it as done already; the text says who."""


async def work_items(
    db: Db,
    state: State = "open",
    *,
    assignee: str | None = None,
    rule_id: str | None = None,
    device: str | None = None,
    limit: int = 200,
) -> list[Row]:
    """Return items: open ones first, by when they are due, then the newest."""
    return await db.rows(
        "work_items",
        work_item_id=None,
        done=_DONE[state],
        assignee=assignee,
        rule_id=rule_id,
        device=device,
        limit=limit,
    )


async def work_item(db: Db, work_item_id: int) -> Row:
    """Return one item with its log.

    Raises:
        NoWorkItemError: there is none.
    """
    row = await db.row(
        "work_items",
        work_item_id=work_item_id,
        done=None,
        assignee=None,
        rule_id=None,
        device=None,
        limit=1,
    )
    if row is None:
        raise NoWorkItemError(f"There is no work item {work_item_id}.")
    return {**row, "log": await db.rows("work_log", work_item_id=work_item_id)}


async def assign(db: Db, work_item_id: int, to: str, *, by: str, via: str, at: datetime) -> Row:
    """Say who does it; an empty name gives it back. Raises as :func:`finish`."""
    name = to.strip()
    async with db.transaction() as t:
        await _open(t, work_item_id)
        await t.rows("work_assign", work_item_id=work_item_id, assignee=name or None)
        await _log(t, work_item_id, "assigned" if name else "given back", {"to": name}, by, via, at)
    return await work_item(db, work_item_id)


async def add_note(db: Db, work_item_id: int, text: str, *, by: str, via: str, at: datetime) -> Row:
    """Write something down, also on one that is done.

    Raises:
        NoWorkItemError: there is none.
    """
    async with db.transaction() as t:
        await _found(t, work_item_id)
        await _log(t, work_item_id, "note", {"text": text.strip()}, by, via, at)
    return await work_item(db, work_item_id)


async def finish(db: Db, work_item_id: int, *, by: str, note: str, via: str, at: datetime) -> Row:
    """Mark it as done.

    Raises:
        NoWorkItemError: there is none.
        WorkDoneError: it is done already.
    """
    async with db.transaction() as t:
        await _open(t, work_item_id)
        await t.rows("work_done", work_item_id=work_item_id, at=at, by=by.strip())
        await _log(t, work_item_id, "done", {"text": note.strip()}, by, via, at)
    return await work_item(db, work_item_id)


async def _found(t: Transaction, work_item_id: int) -> Row:
    row = await t.row("work_lock", work_item_id=work_item_id)
    if row is None:
        raise NoWorkItemError(f"There is no work item {work_item_id}.")
    return row


async def _open(t: Transaction, work_item_id: int) -> None:
    row = await _found(t, work_item_id)
    if row["done_at"] is not None:
        raise WorkDoneError(f"{row['done_by']} has already marked work item {work_item_id} as done.")


async def _log(
    t: Transaction, work_item_id: int, what: str, detail: dict[str, str], by: str, via: str, at: datetime
) -> None:
    kept = {k: v for k, v in detail.items() if v}
    await t.rows(
        "work_note",
        work_item_id=work_item_id,
        at=at,
        by=by.strip(),
        via=via,
        what=what,
        detail=json.dumps(kept, ensure_ascii=False),
    )
