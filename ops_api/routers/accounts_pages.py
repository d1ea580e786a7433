"""Accounts as administrators manage them in the browser."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.access.model import Role
from ops_api.access.principal import Asker
from ops_api.identity.accounts import PAGE, Link
from ops_api.identity.model import Account, IdentityRefusedError
from ops_api.routers.context import Context, Ctx
from ops_api.routers.sign_in_flow import Typed, page
from ops_api.routers.staff_browser import Named, audited, desk_of, own_origin
from ops_api.web import account_view as view

router = APIRouter(prefix="/accounts", include_in_schema=False, default_response_class=HTMLResponse)
Text = Annotated[str, Query(max_length=100)]
Roles = Annotated[list[Role] | None, Form()]


@router.get("")
async def accounts(ctx: Ctx, q: Text = "", after: Text = "", role: Role | Literal[""] = "") -> Response:
    """List accounts, a page at a time."""
    return await _list(ctx, q=q, after=after, role=role or None)


@router.post("")
async def add(
    request: Request, ctx: Ctx, who: Asker, name: Typed = "", label: Typed = "", role: Roles = None
) -> Response:
    """Make an account, and show the link by which its owner chooses a password, this once."""
    desk, now = desk_of(ctx), ctx.clock.now()
    try:
        made = await desk.accounts.add(name.strip().lower(), label or name, role or [], who.name, now)
    except IdentityRefusedError as error:
        return await _list(ctx, str(error), 422)
    audited(request, made, roles=made.roles)
    return await _one(request, ctx, made, link=await desk.accounts.link(made, now))


@router.get("/{name}")
async def account(found: Named, request: Request, ctx: Ctx, done: str = "") -> Response:
    """Show one account; ``done``: what was done just now."""
    return await _one(request, ctx, found, done=done)


@router.post("/{name}/roles")
async def set_roles(found: Named, request: Request, ctx: Ctx, role: Roles = None) -> Response:
    """Give an account other roles; it is signed out everywhere."""
    try:
        audited(request, found, roles=role or [])
        await desk_of(ctx).accounts.set_roles(found, role or [])
    except IdentityRefusedError as error:
        return await _one(request, ctx, found, wrong=str(error))
    return _back(found, "roles")


@router.post("/{name}/disable")
async def disable(found: Named, request: Request, ctx: Ctx) -> Response:
    """Close an account."""
    try:
        await desk_of(ctx).accounts.disable(found, ctx.clock.now())
    except IdentityRefusedError as error:
        return await _one(request, ctx, found, wrong=str(error))
    return _back(found, "closed")


@router.post("/{name}/enable")
async def enable(found: Named, ctx: Ctx) -> Response:
    """Open a closed account again."""
    await desk_of(ctx).accounts.enable(found)
    return _back(found, "open")


@router.post("/{name}/link")
async def link(found: Named, request: Request, ctx: Ctx) -> Response:
    """Make a link by which its owner chooses a new password, and show it, this once."""
    try:
        made = await desk_of(ctx).accounts.link(found, ctx.clock.now())
    except IdentityRefusedError as error:
        return await _one(request, ctx, found, wrong=str(error))
    return await _one(request, ctx, found, link=made)


@router.post("/{name}/end-sessions")
async def end_sessions(found: Named, ctx: Ctx) -> Response:
    """Sign an account out everywhere."""
    await desk_of(ctx).accounts.end_sessions(found)
    return _back(found, "ended")


@router.post("/{name}/reset-mfa")
async def reset_mfa(found: Named, ctx: Ctx) -> Response:
    """Take away its authenticator, recovery codes and passkeys, and sign it out: a lost telephone."""
    desk = desk_of(ctx)
    await desk.factors.reset(found.account_id)
    await desk.accounts.end_sessions(found)
    return _back(found, "factors")


async def _list(
    ctx: Context,
    wrong: str = "",
    status: int = 200,
    *,
    q: str = "",
    after: str = "",
    role: Role | None = None,
) -> HTMLResponse:
    book = desk_of(ctx).accounts
    rows = await book.listed(after or None, PAGE + 1, text=q, role=role)
    following = ""
    if len(rows) > PAGE:
        rows = rows[:PAGE]
        kept = {"q": q, "role": role or "", "after": rows[-1]["name"]}
        following = "/accounts?" + urlencode({name: value for name, value in kept.items() if value})
    return page(
        ctx, "accounts.html", status, wrong=wrong, accounts=[view.account(r) for r in rows], roles=view.ROLES,
        q=q, role=role or "", after=after, following=following, count=await book.count(text=q, role=role),
    )  # fmt: skip


async def _one(
    request: Request,
    ctx: Context,
    found: Account,
    *,
    wrong: str = "",
    done: str = "",
    link: Link | None = None,
) -> HTMLResponse:
    desk = desk_of(ctx)
    row = await desk.accounts.row(found.name)
    assert row is not None
    address = "" if link is None else f"{own_origin(request, ctx)}/sign-in/link/{link.token}"
    sessions = await desk.sessions.listed(found.account_id, ctx.clock.now())
    keys = await desk.keys.listed(found.account_id)
    return page(
        ctx,
        "account_one.html",
        409 if wrong else 200,
        a=view.account(row),
        wrong=wrong,
        done=done,
        link=address,
        roles=view.ROLES,
        sessions=view.sessions(sessions, "", ctx.brand),
        keys=view.keys(keys, ctx.clock.now(), ctx.brand),
    )


def _back(found: Account, done: str) -> RedirectResponse:
    return RedirectResponse(f"/accounts/{found.name}?done={done}", 303)
