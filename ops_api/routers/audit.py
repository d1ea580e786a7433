"""Who saw or changed what, for administrators: each look at it is a line of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from ops_api.access.model import Principal
from ops_api.access.principal import Asker, network
from ops_api.queries import Row
from ops_api.queries.as_role import RoleDb
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from ops_api.web import words

router = APIRouter(prefix="/api/v1", tags=["platform"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SHOWN = 100
ID_MOST = 2**62
Named = Annotated[
    str | None, Query(max_length=300, description="Only of this account, key, resident or team")
]
About = Annotated[
    str | None, Query(alias="object", max_length=300, description="Only about this, as home:12")
]
Before = Annotated[int | None, Query(ge=1, le=ID_MOST, description="Only lines with a smaller number")]


class AuditLine(Document):
    """A line of the audit."""

    entry_id: int
    at: datetime
    actor_kind: str = Field(description="staff, resident, program, team (its password), nobody or cli")
    actor_id: str = Field(
        description="An account, a resident, a key, a team, or a login; never a name. `failed`: a sign-in that failed"
    )
    roles: str
    via: str
    action: str
    object: str
    reason: str = Field(description="The purpose that was given; of a sign-in that failed what was wrong")
    outcome: str = Field(description="The answer's status, or done and refused")
    source: str = Field(description="A mark of the network: the same within a month, and no address")
    request_id: str
    detail: str


@router.get("/audit")
async def list_audit(
    request: Request,
    ctx: Ctx,
    who: Asker,
    actor: Named = None,
    about: About = None,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = SHOWN,
) -> list[AuditLine]:
    """Return who saw or changed what, newest first; that it was read is a line as well."""
    rows = await _read(ctx, request, who, "rest", actor=actor, about=about, before=before, limit=limit)
    return [AuditLine(**row) for row in rows]


@pages.get("/audit")
async def audit_page(
    request: Request, ctx: Ctx, who: Asker, actor: Named = None, about: About = None, before: Before = None
) -> HTMLResponse:
    """List who saw or changed what; lines have numbers alone, and the page says whose they are now."""
    given = {"actor": await _number(ctx, actor), "about": about or None}
    rows = await _read(ctx, request, who, "web", **given, before=before, limit=SHOWN)
    names = await _names(ctx, rows)
    now, zone = ctx.clock.now(), ctx.brand.time_zone
    lines = [
        {
            **row,
            "when": words.day_and_clock(row["at"], zone, now),
            "who": names.get(row["actor_id"], row["actor_id"]),
            "about": _told(names, row["object"]),
        }
        for row in rows
    ]
    kept = urlencode({k: v for k, v in (("actor", actor), ("object", about)) if v})
    following = rows[-1]["entry_id"] if len(rows) == SHOWN else None
    page = ctx.templates.render(
        "audit.html",
        section="",
        lines=lines,
        actor=actor or "",
        about=about or "",
        kept=kept,
        following=following,
    )
    return HTMLResponse(page)


async def _names(ctx: Context, rows: Iterable[Row]) -> dict[str, str]:
    """Return the names of the accounts that lines tell of, by number, of those that are still there."""
    if ctx.front.desk is None:
        return {}
    told = {n for row in rows for n in (row["actor_id"], row["object"].partition(":")[2])}
    return await ctx.front.desk.accounts.names(told)


async def _number(ctx: Context, actor: str | None) -> str | None:
    """Return what lines call whom was asked for: an account is typed by its name."""
    wanted = (actor or "").strip()
    if not wanted or ctx.front.desk is None:
        return wanted or None
    return next(iter(await ctx.front.desk.accounts.names((), wanted)), wanted)


def _told(names: dict[str, str], about: str) -> str:
    """Return what a line was done to, an account by its name."""
    kind, _, number = about.partition(":")
    return f"{kind}:{names[number]}" if kind in ("account", "actor") and number in names else about


async def _read(ctx: Context, request: Request, who: Principal, via: str, **wanted: object) -> list[Row]:
    # On the accounts' own login: what answers everybody can't read who did what.
    return await RoleDb(ctx.db, "cityops_identity").rows(
        "audit_read",
        at_us=round(ctx.clock.now().timestamp() * 1_000_000),
        actor_kind=who.kind,
        actor_id=who.id,
        roles=",".join(sorted(who.roles)),
        via=via,
        source=network(request),
        request_id=request.state.request_id,
        **wanted,
    )
