"""Live state: one event stream per page, the same by polling, and JSON topics for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.responses import Response

from ops_api.access.enforce import NOT_YOURS
from ops_api.access.model import Principal
from ops_api.event_stream import HEADERS, PACKED, EventStream, packed
from ops_api.households.model import Member
from ops_api.routers import (
    bins_content,
    cab_content,
    content,
    crew_content,
    desk_content,
    home_content,
    ops_content,
)
from ops_api.routers.alarms import alarm_rows
from ops_api.routers.bins import get_round
from ops_api.routers.context import Context, Ctx
from ops_api.routers.homes import home_document
from ops_api.routers.notification_state import get_state
from ops_api.routers.platform import get_status
from ops_api.routers.resident import Who
from ops_api.routers.schemas import AlarmDocument
from ops_api.routers.staff_pass import may
from ops_api.routers.winter import list_routes
from ops_api.web import bins_filter

pages = APIRouter(prefix="/live", include_in_schema=False)
router = APIRouter(prefix="/api/v1", tags=["live"])

Render = Callable[[], Awaitable[str]]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]

Told = Annotated[Principal | None, Depends(may)]
"""Who asks, where they may see who is told of alarms."""

PACKED_PAGES = frozenset({"crew"})
"""Pages of telephones out in the streets: a stream that is packed costs memory for each of them."""
NAMES_S = 900.0
"""So long a stream with names lasts [s]; then its reader is looked at again: a session may have been ended meanwhile."""
FOLLOWS = {"notifications": "notifications"}
"""Pages that follow a version of their own: what else happens in the town does not change them."""


def stream(
    ctx: Context, name: str, render: Render, last_event_id: str | None, follows: str | None = None, *, pack: bool = False,
    until_s: float | None = None,
) -> Response:  # fmt: skip
    """Return a topic's stream, as gzip where it is packed; 503 where there are too many.

    ``until_s``: when it ends [s since 1970], as the pass of its reader does: who asks again then is told what everybody is.
    """
    if ctx.hub.full:
        raise HTTPException(503, "Too many open streams; poll instead.", {"Retry-After": "30"})
    events = ctx.hub.stream(name, render, last_event_id, follows)
    found = (
        EventStream(packed(events), headers=HEADERS | PACKED)
        if pack
        else EventStream(events, headers=HEADERS)
    )
    if until_s is not None:
        found.lasts_s = min(until_s - ctx.clock.now().timestamp(), NAMES_S)
    return found


def _until(ctx: Context, name: str) -> float | None:
    return ctx.clock.now().timestamp() + NAMES_S if name == "notifications" else None


def _check_told(told: Principal | None) -> None:
    if told is None:
        raise HTTPException(403, NOT_YOURS)


async def page_topic(
    ctx: Context, page: str, code: str | None, room: str | None, who: Member | None, told: Principal | None
) -> tuple[str, Render]:
    """Return a page's topic and what renders it; 404 for an unknown page or home. ``told``: who may see who is told of alarms."""
    if page == "home" and code is not None:
        who = content.check_lives_in(who, code)
        # A topic of each session: what is rendered for one must never be another's.
        return f"page:home:{who.session_id}:{code}:{room}", partial(
            home_content.live_home, ctx, who, code, room
        )
    if page == "cab":
        return f"page:cab:{code or ''}", partial(cab_content.live_cab, ctx, code)
    if page == "bins":
        asked = bins_filter.read(code or "").query
        return f"page:bins:{asked}", partial(bins_content.live_bins, ctx, asked)
    if page == "crew":
        return f"page:crew:{code or ''}", partial(crew_content.live_crew, ctx, code)
    if page == "notifications":
        _check_told(told)
    renders = {
        "winter": content.live_winter,
        "ops": ops_content.live_ops,
        "health": content.live_health,
        "notifications": desk_content.live_notifications,
    }
    if page not in renders:
        raise HTTPException(404, f"There is no live page {page!r}.")
    return f"page:{page}", partial(renders[page], ctx)


@pages.get("/{page}/stream")
async def page_stream(
    page: str,
    ctx: Ctx,
    who: Who,
    told: Told,
    code: str | None = None,
    room: str | None = None,
    last_event_id: LastEventId = None,
    accept_encoding: Annotated[str, Header()] = "",
) -> Response:
    """Stream a page's live part: HTML fragments and map states."""
    name, render = await page_topic(ctx, page, code, room, who, told)
    pack = page in PACKED_PAGES and "gzip" in accept_encoding
    return stream(ctx, name, render, last_event_id, FOLLOWS.get(page), pack=pack, until_s=_until(ctx, page))


@pages.get("/{page}")
async def page_poll(
    page: str, ctx: Ctx, who: Who, told: Told, code: str | None = None, room: str | None = None
) -> Response:
    """Return a page's live part once: for browsers whose stream fails."""
    _, render = await page_topic(ctx, page, code, room, who, told)
    return Response(await render(), media_type="application/json")


async def _alarms(ctx: Context) -> object:
    rows = await alarm_rows(ctx, "active", limit=1000)
    return [AlarmDocument(**row).model_dump(mode="json") for row in rows]


async def _winter(ctx: Context) -> object:
    return [r.model_dump(mode="json") for r in await list_routes(ctx)]


async def _bins(ctx: Context) -> object:
    return (await get_round(ctx)).model_dump(mode="json")


async def _status(ctx: Context) -> object:
    status = (await get_status(ctx)).model_dump(mode="json")
    # The time of asking differs each time and would make every look a change.
    del status["at"]
    return status


async def _document(ctx: Context, topic: str) -> str:
    return content.compact(await _DOCUMENTS[topic](ctx))


async def _home(ctx: Context, who: Member, code: str) -> str:
    return (await home_document(ctx, who, code)).model_dump_json()


async def _notifications(ctx: Context) -> object:
    return (await get_state(ctx)).model_dump(mode="json")


_DOCUMENTS: dict[str, Callable[[Context], Awaitable[object]]] = {
    "alarms": _alarms,
    "winter": _winter,
    "bins": _bins,
    "status": _status,
    "notifications": _notifications,
}


@router.get("/stream", response_class=EventStream)
async def topic_stream(
    ctx: Ctx,
    who: Who,
    told: Told,
    topic: Annotated[str, Query(description="alarms, winter, bins, status, notifications, or home:CODE")],
    last_event_id: LastEventId = None,
) -> Response:
    """Stream a topic's state as server-sent events `state`, each time it changes.

    Every event is the whole JSON document; its id is a digest of it. A client that comes
    back with `Last-Event-ID` gets an event only when the state differs. Where 15 s pass without
    one, an event `alive` says how old the last state is (`age_s`). Alarm by alarm: `/alarms/stream`.
    """
    head, _, code = topic.partition(":")
    if head == "home" and code:
        who = content.check_lives_in(who, code)
        return stream(ctx, f"api:{who.session_id}:{topic}", partial(_home, ctx, who, code), last_event_id)
    if topic == "notifications":
        _check_told(told)
    if topic not in _DOCUMENTS:
        raise HTTPException(404, f"There is no topic {topic!r}. Topics: {', '.join(_DOCUMENTS)}, home:CODE.")
    render, until_s = partial(_document, ctx, topic), _until(ctx, topic)
    return stream(ctx, f"api:{topic}", render, last_event_id, FOLLOWS.get(topic), until_s=until_s)
