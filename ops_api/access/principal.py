"""Who asks: a program with a key, a resident, staff with a session, or nobody known.

A request that carries a key or a token is judged by that alone: its cookies are not looked at, so that no page can lend a
program's request somebody's session. Found once a request.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Protocol, cast

from fastapi import Depends, HTTPException, Request

from cityops.clock import Clock
from ops_api.access.failed import failed
from ops_api.access.model import NOBODY, Principal, Role
from ops_api.access.ports import Identity
from ops_api.client_network import network_of
from ops_api.households.model import Member
from ops_api.households.sessions import Sessions

SECURE_COOKIE, PLAIN_COOKIE = "__Host-cityops", "cityops"
"""A resident's session. Over https the cookie can neither come from another host nor leave over http; a demo on loopback has no https."""
STAFF_SECURE_COOKIE, STAFF_PLAIN_COOKIE = "__Host-cityops_staff", "cityops_staff"
"""A session of staff."""
KEY = "cok_"
"""How every key begins."""
KEY_HEADER = "x-api-key"
NO_SUCH_KEY = "That key is not known here, was revoked, or has run out."


class _Front(Protocol):
    @property
    def identity(self) -> Identity | None: ...


class _Context(Protocol):
    """What is needed of :class:`ops_api.routers.context.Context`, which needs this module's neighbours."""

    @property
    def front(self) -> _Front: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def clock(self) -> Clock: ...


def resident_cookie(request: Request) -> str:
    """Return the name of the cookie with a resident's session."""
    return SECURE_COOKIE if request.url.scheme == "https" else PLAIN_COOKIE


def staff_cookie(request: Request) -> str:
    """Return the name of the cookie with a session of staff."""
    return STAFF_SECURE_COOKIE if request.url.scheme == "https" else STAFF_PLAIN_COOKIE


def network(request: Request) -> str:
    """Return the network that a request comes from; empty where it is not known."""
    return "" if request.client is None else network_of(request.client.host)


async def principal_of(request: Request) -> Principal:
    """Return who asks.

    Raises:
        HTTPException: 401 for a key that is not good: whoever sends one does not want to be taken for nobody.
        TransientError: the database does not answer.
    """
    found: Principal | None = getattr(request.state, "principal", None)
    if found is None:
        found = request.state.principal = await _find(request)
    return found


async def resident_of(request: Request) -> Principal:
    """Return the resident who asks, or the program: at a home's address nobody else is anybody, whoever is signed in beside her.

    Raises:
        HTTPException, TransientError: as :func:`principal_of` does.
    """
    key = key_of(request)
    if key:
        return await principal_of(request)
    member = await member_of(request)
    return NOBODY if member is None else _resident(member, network(request))


Asker = Annotated[Principal, Depends(principal_of)]
"""Who asks, for routes that show more to some."""


async def member_of(request: Request) -> Member | None:
    """Return the resident whose session a request carries, with what reads her homes; None: it carries none."""
    if not hasattr(request.state, "member"):
        ctx, token = _context(request), _bearer(request)
        if token is None:
            token = request.cookies.get(resident_cookie(request), "")
        request.state.member = await ctx.sessions.find(token.strip(), ctx.clock.now())
    return cast("Member | None", request.state.member)


def uses_cookie(request: Request) -> bool:
    """Whether who asks is known by a cookie, which a browser sends for whatever page has it send something."""
    return key_of(request) == "" and _bearer(request) is None


def key_of(request: Request) -> str:
    """Return the key that a request carries: in ``X-Api-Key``, as a bearer token, or as the password of Basic; empty: none.

    Clients of SensorThings, spreadsheets and QGIS know Basic alone; the name beside the key is not looked at.
    """
    own = request.headers.get(KEY_HEADER, "").strip()
    if own:
        return own
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    text = given.strip()
    if scheme.lower() == "basic":
        text = _password(text)
    return text if scheme.lower() in ("basic", "bearer") and text.startswith(KEY) else ""


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def _context(request: Request) -> _Context:
    return cast("_Context", request.app.state.context)


async def _find(request: Request) -> Principal:
    key = key_of(request)
    if key:
        return await _program(request, key)
    if _bearer(request) is None and (staff := await _staff(request)) is not None:
        return staff
    member = await member_of(request)
    return NOBODY if member is None else _resident(member, network(request))


async def _program(request: Request, key: str) -> Principal:
    ctx = _context(request)
    identity = ctx.front.identity
    found = None if identity is None else await identity.by_key(key, ctx.clock.now())
    if found is None:
        failed(request, "key", 401, key=key[len(KEY) :].partition("_")[0], typed=key)
        raise HTTPException(401, NO_SUCH_KEY, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return found


async def _staff(request: Request) -> Principal | None:
    ctx, token = _context(request), request.cookies.get(staff_cookie(request), "")
    identity = ctx.front.identity
    return None if identity is None or not token else await identity.by_cookie(token, ctx.clock.now())


def _resident(member: Member, of_network: str) -> Principal:
    return Principal(
        kind="resident",
        id=member.resident_id,
        name=member.name or "",
        roles=frozenset({Role.RESIDENT}),
        session_id=member.session_id,
        homes=frozenset(home.code for home in member.homes),
        network=of_network,
    )
