"""What a browser of staff keeps: its session, the step it is at in signing in, and that it was here before."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.responses import Response

from ops_api.access.principal import staff_cookie
from ops_api.identity.core.known import LIFE, cookie_of, known_browser, known_text
from ops_api.identity.desk import IdentityDesk
from ops_api.identity.keys import NewKey
from ops_api.identity.model import Account, Asker, Signed, Ticket
from ops_api.identity.passkeys import Site
from ops_api.routers.context import Context, Ctx

STEP_LIFE = timedelta(minutes=10)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
Kept = Literal["step", "passkey", "provider"]
"""What a browser remembers of signing in: between two factors, at a passkey, on its way to the provider."""


def desk_of(ctx: Context) -> IdentityDesk:
    """Return where people sign in; 404 where nobody does."""
    if ctx.front.desk is None:
        raise HTTPException(404)
    return ctx.front.desk


def audited(request: Request, about: Account | NewKey, **what: Iterable[str]) -> None:
    """Have the audit say which account or key it was about, by its number, never by name; ``what``: roles or scopes it was given."""
    one = f"account:{about.account_id}" if isinstance(about, Account) else f"key:{about.key_id}"
    request.state.about = one
    request.state.detail = {name: sorted(words) for name, words in what.items()}


async def _named(name: str, request: Request, ctx: Ctx) -> Account:
    found = await desk_of(ctx).accounts.named(name)
    if found is None:
        raise HTTPException(404, f"There is no account {name!r}.")
    audited(request, found)
    return found


Named = Annotated[Account, Depends(_named)]
"""The account of an address's ``name``, which the audit is told of."""


def asker_of(request: Request, ctx: Context, name: str) -> Asker:
    """Return where somebody tries to sign in from, to the account of a name."""
    secret = desk_of(ctx).secret
    kept = request.cookies.get(cookie_of(secret, name), "")
    known = known_browser(secret, name, kept, ctx.clock.now())
    address = "" if request.client is None else request.client.host
    return Asker(address, request.headers.get("user-agent", ""), known)


def keep_session(request: Request, response: Response, ticket: Ticket, now: datetime) -> None:
    """Give the browser its session, for this site only and out of reach of scripts."""
    keep_token(request, response, ticket.token, ticket.expires_at - now)


def keep_token(request: Request, response: Response, token: str, life: timedelta) -> None:
    """Give the browser a session's token."""
    _keep(request, response, staff_cookie(request), token, life)


def keep_known(request: Request, response: Response, ctx: Context, name: str) -> None:
    """Have the browser remember that it signed in to an account."""
    secret, now = desk_of(ctx).secret, ctx.clock.now()
    text = known_text(secret, name, secrets.token_urlsafe(16), now)
    _keep(request, response, cookie_of(secret, name), text, LIFE)


def keep_step(request: Request, response: Response, token: str, what: Kept = "step") -> None:
    """Have the browser remember at which step it is; it alone can go on from there."""
    _keep(request, response, _cookie(request, what), token, STEP_LIFE)


def step_of(request: Request, what: Kept = "step") -> str:
    """Return what the browser remembers of a step; empty: nothing."""
    return request.cookies.get(_cookie(request, what), "")


def forget(request: Request, response: Response, what: Kept = "step") -> None:
    """Take a step from the browser."""
    _drop(request, response, _cookie(request, what))


def forget_session(request: Request, response: Response) -> None:
    """Take the session from the browser."""
    _drop(request, response, staff_cookie(request))


def own_origin(request: Request, ctx: Context) -> str:
    """Return the address that our pages have: as set, else as asked, on this machine only; empty: not known.

    What a request says of the host is anybody's to choose, so that links and passkeys are made of it on loopback alone.
    """
    if ctx.front.public_url:
        return ctx.front.public_url
    return str(request.base_url).rstrip("/") if request.url.hostname in LOOPBACK else ""


def passkey_site(request: Request, ctx: Context) -> Site | None:
    """Return where passkeys are good; None: nowhere, since an IP address can have none, or the address is not known."""
    host = urlsplit(own_origin(request, ctx)).hostname
    if not host or _is_address(host):
        return None
    return Site(host, own_origin(request, ctx), ctx.brand.council)


async def end_before(request: Request, ctx: Context) -> None:
    """End the session that the browser had, since it gets another."""
    token, now = request.cookies.get(staff_cookie(request), ""), ctx.clock.now()
    before = await desk_of(ctx).sessions.find(token, now)
    if isinstance(before, Signed):
        await desk_of(ctx).sessions.end(before, before.session_id, now)


def _cookie(request: Request, what: Kept) -> str:
    return f"{'__Host-' if _is_https(request) else ''}cityops_{what}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _drop(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", secure=_is_https(request), httponly=True, samesite="lax")


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https"


def _keep(request: Request, response: Response, name: str, value: str, life: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(life.total_seconds()),
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )
