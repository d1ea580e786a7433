"""Accounts and keys over REST: for administrators, and for programs that bring in who starts and take out who leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ops_api.access.model import Role
from ops_api.access.principal import Asker
from ops_api.identity.accounts import PAGE, Link
from ops_api.identity.model import ChangedMeanwhileError, IdentityRefusedError
from ops_api.rest.core.etag import numbers_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.paging import Pages
from ops_api.routers.staff_browser import Named, audited, desk_of, own_origin

router = APIRouter(prefix="/api/v1", tags=["accounts"])

Seen = Annotated[
    str | None,
    Header(alias="If-Match", description="`ETag` of what is changed, as it was seen; `*`: whatever it is"),
]


class AccountDocument(BaseModel):
    """An account, and how it can sign in."""

    name: str
    label: str
    roles: list[str]
    made_at: datetime
    made_by: str
    disabled_at: datetime | None
    seen_on: str | None = Field(description="Day of the last sign-in.")
    password: bool
    totp: bool
    passkeys: int
    provider: bool


class AccountPost(BaseModel):
    """Somebody who is to have an account."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=2, max_length=63, examples=["ada.lovelace"])
    label: str = Field(default="", max_length=100, description="What people call them; the name without.")
    roles: list[Role] = Field(max_length=10, examples=[["highways"]])


class RolesPut(BaseModel):
    """The roles that an account has from now on."""

    model_config = ConfigDict(extra="forbid")
    roles: list[Role] = Field(max_length=10, examples=[["highways", "operations"]])


class LinkDocument(BaseModel):
    """Where its owner chooses a password, once; it is not shown again."""

    name: str
    link: str
    expires_at: datetime


class KeyDocument(BaseModel):
    """A key of a program: of the key itself nothing is kept."""

    key_id: str
    label: str
    owner: str
    scopes: list[str]
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_on: str | None = Field(description="Day of the last use.")


@router.get("/accounts")
async def list_accounts(
    ctx: Ctx,
    paging: Pages,
    q: Annotated[str, Query(max_length=100, description="In the name, or in what people call them")] = "",
    role: Annotated[Role | None, Query(description="Only accounts that have it")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
) -> list[AccountDocument]:
    """Return accounts by name."""
    key = paging.key(str)
    after = None if key is None else str(key[0])
    rows = await desk_of(ctx).accounts.listed(after, limit + 1, text=q, role=role)
    if len(rows) > limit:
        rows = rows[:limit]
        paging.next(rows[-1]["name"])
    return [AccountDocument(**row | {"seen_on": _day(row["seen_on"])}) for row in rows]


@router.post("/accounts", status_code=201)
async def add_account(post: AccountPost, request: Request, ctx: Ctx, who: Asker) -> LinkDocument:
    """Make an account; the answer has the link by which its owner chooses a password."""
    desk, now = desk_of(ctx), ctx.clock.now()
    try:
        made = await desk.accounts.add(post.name, post.label or post.name, post.roles, who.name, now)
    except IdentityRefusedError as error:
        raise HTTPException(409, str(error)) from error
    audited(request, made, roles=made.roles)
    return _link(request, ctx, await desk.accounts.link(made, now))


@router.get("/accounts/{name}")
async def get_account(found: Named, ctx: Ctx, response: Response) -> AccountDocument:
    """Return one account; its `ETag` is what a change of its roles must name."""
    row = await desk_of(ctx).accounts.row(found.name)
    if row is None:
        raise HTTPException(404, "There is no such account.")
    response.headers["ETag"] = f'"{row["epoch"]}"'
    return AccountDocument(**row | {"seen_on": _day(row["seen_on"])})


@router.put(
    "/accounts/{name}/roles",
    status_code=204,
    responses={
        412: {"description": "It was changed since the tag was given."},
        428: {"description": "Say by `If-Match` which state was seen."},
    },
)
async def set_roles(
    found: Named, put: RolesPut, request: Request, ctx: Ctx, if_match: Seen = None
) -> Response:
    """Give an account other roles, where it is still as it was seen; that signs it out everywhere."""
    if if_match is None:
        raise HTTPException(
            428, "Send If-Match with the ETag of the account: what others changed is not undone unseen."
        )
    try:
        audited(request, found, roles=put.roles)
        await desk_of(ctx).accounts.set_roles(found, put.roles, numbers_of(if_match))
    except ChangedMeanwhileError as error:
        raise HTTPException(412, f"{error} Read it again.") from error
    except IdentityRefusedError as error:
        raise HTTPException(409, str(error)) from error
    return Response(status_code=204)


@router.post("/accounts/{name}/link")
async def make_link(found: Named, request: Request, ctx: Ctx) -> LinkDocument:
    """Make a link to choose a new password; links before it are void."""
    try:
        made = await desk_of(ctx).accounts.link(found, ctx.clock.now())
    except IdentityRefusedError as error:
        raise HTTPException(409, str(error)) from error
    return _link(request, ctx, made)


@router.post("/accounts/{name}/disable", status_code=204)
async def disable(found: Named, ctx: Ctx) -> Response:
    """Close an account: its sessions end and its keys open nothing."""
    try:
        await desk_of(ctx).accounts.disable(found, ctx.clock.now())
    except IdentityRefusedError as error:
        raise HTTPException(409, str(error)) from error
    return Response(status_code=204)


@router.post("/accounts/{name}/enable", status_code=204)
async def enable(found: Named, ctx: Ctx) -> Response:
    """Open a closed account again."""
    await desk_of(ctx).accounts.enable(found)
    return Response(status_code=204)


@router.delete("/accounts/{name}/sessions", status_code=204)
async def end_sessions(found: Named, ctx: Ctx) -> Response:
    """Sign an account out everywhere."""
    await desk_of(ctx).accounts.end_sessions(found)
    return Response(status_code=204)


@router.get("/keys")
async def list_keys(ctx: Ctx) -> list[KeyDocument]:
    """Return the keys of all accounts, revoked ones last."""
    return [
        KeyDocument(**row | {"used_on": _day(row["used_on"])}) for row in await desk_of(ctx).keys.listed()
    ]


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(key_id: Annotated[str, Path(pattern="^[a-z2-7]{8}$")], ctx: Ctx) -> Response:
    """Revoke a key, whosever it is: one was found in a file."""
    if not await desk_of(ctx).keys.revoke(key_id, ctx.clock.now()):
        raise HTTPException(404, "There is no such key that holds.")
    return Response(status_code=204)


def _link(request: Request, ctx: Context, made: Link) -> LinkDocument:
    address = f"{own_origin(request, ctx)}/sign-in/link/{made.token}"
    return LinkDocument(name=made.name, link=address, expires_at=made.expires_at)


def _day(day: object) -> str | None:
    return None if day is None else str(day)
