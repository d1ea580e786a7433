"""A home for who lives there: state, readings, diary. To everybody else it is not there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Response

from ops_api.households.model import Member
from ops_api.queries import Row, readings
from ops_api.routers import content
from ops_api.routers.catalogue import From, Limit, To, asked_span
from ops_api.routers.context import Context, Ctx
from ops_api.routers.resident import Who
from ops_api.routers.schemas import Activity, DiaryDocument, DiaryPost, HomeDocument, Room, Series

router = APIRouter(prefix="/api/v1/homes", tags=["homes"])

Code = Annotated[str, Path(min_length=1, max_length=64)]
BACKDATED = timedelta(days=7)


async def home_document(ctx: Context, who: Member | None, code: str) -> HomeDocument:
    """Return a home; 404 for who does not live there."""
    who = content.check_lives_in(who, code)
    row = await content.home_row(who, code)
    state = await who.db.row("home_state", code=code)
    rooms = await content.home_rooms(ctx, who, row["home_id"])
    return HomeDocument(
        label=row["label"],
        at=None if state is None else state["at"],
        state=None if state is None else state["state"],
        rooms=[
            Room(device=r["name"], **{k: r[k] for k in Room.model_fields if k != "device"}) for r in rooms
        ],
    )


@router.get("/{code}")
async def get_home(code: Code, ctx: Ctx, who: Who) -> HomeDocument:
    """Return the home's risk and the newest reading of each room."""
    return await home_document(ctx, who, code)


@router.get("/{code}/series")
async def get_home_series(
    code: Code,
    ctx: Ctx,
    who: Who,
    device: Annotated[str, Query(description="A device of the home")],
    start: From = None,
    end: To = None,
    bucket: Literal["raw", "hour", "day"] = "raw",
    limit: Limit = 1000,
) -> Series:
    """Return readings of one of the home's devices in time order."""
    who = content.check_lives_in(who, code)
    row = await content.home_row(who, code)
    rooms: dict[str, Row] = {r["name"]: r for r in await content.home_rooms(ctx, who, row["home_id"])}
    if device not in rooms:
        raise HTTPException(404, f"This home has no device {device!r}.")
    since, until = asked_span(start, end, ctx.clock.now())
    rows = await readings.series(
        who.db,
        ctx.kind("frog"),
        rooms[device]["device_id"],
        start=since,
        end=until,
        bucket=bucket,
        limit=limit + 1,
    )
    return Series(device=device, kind="frog", bucket=bucket, truncated=len(rows) > limit, rows=rows[:limit])


async def add_entry(ctx: Context, who: Member | None, code: str, post: DiaryPost) -> Row:
    """Store a diary entry of now or of the last days; see :func:`store_entry`."""
    who = content.check_lives_in(who, code)
    home = await content.home_row(who, code)
    now = ctx.clock.now()
    at = post.at or now
    if not now - BACKDATED <= at <= now + timedelta(minutes=5):
        raise HTTPException(422, "at must lie within the last 7 days.")
    return await store_entry(ctx, who, home, at, post)


async def store_entry(ctx: Context, who: Member, home: Row, at: datetime, post: DiaryPost) -> Row:
    """Store a diary entry as of ``at`` and return it; the same activity within a minute is the same entry."""
    same = await who.db.row("diary_recent_same", home_id=home["home_id"], activity=post.activity, at=at)
    if same is not None:
        return same
    row = await who.db.one(
        "diary_add", home_id=home["home_id"], at=at, activity=post.activity, note=post.note
    )
    ctx.hub.touch()
    return row


async def remove_entry(ctx: Context, who: Member | None, code: str, entry_id: int) -> None:
    """Delete a diary entry of this home; 404 where it has none such."""
    who = content.check_lives_in(who, code)
    home = await content.home_row(who, code)
    if not await who.db.rows("diary_remove", home_id=home["home_id"], diary_entry_id=entry_id):
        raise HTTPException(404, "This diary has no such entry.")
    ctx.hub.touch()


@router.get("/{code}/diary")
async def list_diary(
    code: Code,
    ctx: Ctx,
    who: Who,
    start: From = None,
    activity: Activity | None = None,
) -> list[DiaryDocument]:
    """Return diary entries, newest first; of the last week unless ``from`` says otherwise."""
    who = content.check_lives_in(who, code)
    home = await content.home_row(who, code)
    rows = await content.diary_since(who, home["home_id"], start or ctx.clock.now() - BACKDATED)
    return [DiaryDocument(**r) for r in rows if activity in (None, r["activity"])]


@router.post("/{code}/diary", status_code=201)
async def post_diary(code: Code, post: DiaryPost, ctx: Ctx, who: Who) -> DiaryDocument:
    """Add a diary entry; repeating it within a minute returns the first one."""
    return DiaryDocument(**await add_entry(ctx, who, code, post))


@router.delete("/{code}/diary/{entry_id}", status_code=204)
async def delete_diary(code: Code, entry_id: int, ctx: Ctx, who: Who) -> Response:
    """Remove a diary entry."""
    await remove_entry(ctx, who, code, entry_id)
    return Response(status_code=204)
