"""Work items: devices that need a look. For maintenance, by REST and on a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from ops_api.queries import Row
from ops_api.queries import work as items
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from ops_api.routers.staff_pass import acting, may
from ops_api.web import work_view

NAME_MOST = 100
Name = Annotated[str, Field(min_length=1, max_length=NAME_MOST, pattern=r"\S")]

router = APIRouter(prefix="/api/v1/work-items", tags=["work items"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class WorkItem(Document):
    """A device that needs a look. ``gone_at``: what it was opened for is no longer so."""

    work_item_id: int
    rule_id: str
    rule_version: int
    device: str
    kind: str | None
    label: str
    opened_at: datetime
    gone_at: datetime | None
    done_at: datetime | None
    done_by: str | None
    assignee: str | None
    due_at: datetime | None
    title: str
    reason: str
    inputs: dict[str, Any] = Field(description="What the rule saw; empty for a device in a home")


class WorkEntry(Document):
    """What happened to an item."""

    at: datetime
    by: str
    via: str
    what: str
    detail: dict[str, Any]


class WorkItemDetail(WorkItem):
    """An item with its log, oldest first."""

    log: list[WorkEntry]


class Assign(BaseModel):
    """Who does it: an empty ``to`` gives it back."""

    model_config = ConfigDict(extra="forbid")
    by: Name
    to: str = Field(max_length=NAME_MOST)


class Note(BaseModel):
    """Something to write down."""

    model_config = ConfigDict(extra="forbid")
    by: Name
    text: str = Field(min_length=1, max_length=1000, pattern=r"\S")


class Done(BaseModel):
    """Who did it, and what."""

    model_config = ConfigDict(extra="forbid")
    by: Name
    note: str = Field("", max_length=1000)


async def _answered(work: Awaitable[Row]) -> Row:
    """Return what a command returns; 404 and 409 in its words."""
    try:
        return await work
    except items.NoWorkItemError as e:
        raise HTTPException(404, str(e)) from e
    except items.WorkDoneError as e:
        raise HTTPException(409, str(e)) from e


async def _changed(ctx: Context, command: Callable[..., Awaitable[Row]], *args: Any, **values: Any) -> Row:
    row = await _answered(command(ctx.db, *args, **values, at=await ctx.town_now()))
    ctx.hub.touch()
    return row


@router.get("")
async def list_work_items(
    ctx: Ctx,
    state: items.State = "open",
    assignee: str | None = None,
    rule: str | None = None,
    device: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[WorkItem]:
    """Return work items: open ones first, by when they are due, then the newest."""
    rows = await items.work_items(ctx.db, state, assignee=assignee, rule_id=rule, device=device, limit=limit)
    return [WorkItem(**r) for r in rows]


@router.get("/{work_item_id}")
async def get_work_item(work_item_id: int, ctx: Ctx) -> WorkItemDetail:
    """Return one work item with its log."""
    return WorkItemDetail(**await _answered(items.work_item(ctx.db, work_item_id)))


@router.post("/{work_item_id}/assign")
async def post_assign(work_item_id: int, body: Assign, ctx: Ctx, request: Request) -> WorkItemDetail:
    """Say who does it."""
    row = await _changed(
        ctx, items.assign, work_item_id, body.to, by=await acting(request, body.by), via="api"
    )
    return WorkItemDetail(**row)


@router.post("/{work_item_id}/note")
async def post_note(work_item_id: int, body: Note, ctx: Ctx, request: Request) -> WorkItemDetail:
    """Write something down."""
    row = await _changed(
        ctx, items.add_note, work_item_id, body.text, by=await acting(request, body.by), via="api"
    )
    return WorkItemDetail(**row)


@router.post("/{work_item_id}/done")
async def post_done(work_item_id: int, body: Done, ctx: Ctx, request: Request) -> WorkItemDetail:
    """Mark an item as done; the first who does it keeps it."""
    row = await _changed(
        ctx, items.finish, work_item_id, by=await acting(request, body.by), note=body.note, via="api"
    )
    return WorkItemDetail(**row)


@pages.get("/work")
async def work_page(ctx: Ctx, show: str = "open", rule: str | None = None) -> HTMLResponse:
    """List what is to be done, with a form for each."""
    state: items.State = "done" if show == "done" else "open"
    rows = await items.work_items(ctx.db, state, rule_id=rule or None)
    view = work_view.view(rows, now=await ctx.town_now(), brand=ctx.brand)
    return HTMLResponse(ctx.templates.render("work.html", view=view, show=state, rule=rule or ""))


@pages.get("/work/{work_item_id}")
async def work_item_page(work_item_id: int, ctx: Ctx, request: Request) -> HTMLResponse:
    """Show one item with its log."""
    row = await _answered(items.work_item(ctx.db, work_item_id))
    now = await ctx.town_now()
    return HTMLResponse(
        ctx.templates.render(
            "work_item.html",
            who=await may(request),
            item=work_view.item(row, now=now, brand=ctx.brand),
            log=work_view.log(row["log"], now=now, brand=ctx.brand),
        )
    )


@pages.post("/work/{work_item_id}/{what}")
async def press(
    work_item_id: int,
    what: Literal["assign", "note", "done"],
    ctx: Ctx,
    request: Request,
    text: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take, note or finish an item from its page."""
    said, by = text.strip(), await acting(request, "")
    if what == "assign":
        if len(said) > NAME_MOST:
            raise HTTPException(422, f"A name has at most {NAME_MOST} characters; this one has {len(said)}.")
        await _changed(ctx, items.assign, work_item_id, said or by, by=by, via="web")
    elif what == "done":
        await _changed(ctx, items.finish, work_item_id, by=by, note=said, via="web")
    elif said:
        await _changed(ctx, items.add_note, work_item_id, said, by=by, via="web")
    else:
        raise HTTPException(422, "There is nothing to write down: the note is empty.")
    return RedirectResponse(f"/work/{work_item_id}", 303)
