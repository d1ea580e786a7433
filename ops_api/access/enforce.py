"""The rule of the route that was asked for, held to before the route runs: a dependency of every router.

FastAPI includes routers lazily, so a route's ``app`` cannot be wrapped; a dependency at ``include_router`` runs before a
wrong body is answered, so who may not ask learns nothing of what a right one looks like. A route without a rule is not there.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Protocol, cast

import structlog
from fastapi import HTTPException, Request

from cityops.clock import Clock
from cityops.errors import TransientError
from ops_api.access.addresses import sign_in_address
from ops_api.access.forms import FIELD, HEADER, is_mark, mark_of, show_mark
from ops_api.access.limits import REFUSED_A_MINUTE, Buckets, allowance
from ops_api.access.menus import show_menus_to
from ops_api.access.model import NOBODY, Answer, Principal, Role, Rule, decide
from ops_api.access.principal import key_of, network, principal_of, resident_of, staff_cookie, uses_cookie
from ops_api.access.rules import RULES

log = structlog.get_logger(__name__)

RESIDENTS = frozenset({Role.RESIDENT})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
SIMPLE = (*FORMS, "text/plain", "")
"""Kinds of content that a browser sends to another site without asking that site first (Fetch, CORS-safelisted)."""
UNKNOWN_HOME = (
    "We do not know this home, or you are not signed in to it. Go to the start page and type the code from the"
    " label on your frog: it is the one under its feet."
)
NO_ROUTE = "Not Found"
SIGN_IN = "Sign in first, or send a key: X-Api-Key, or Authorization: Bearer cok_…"
AGAIN = "Show that it is you once more: sign in again, then repeat this."
NOT_YOURS = "Your account or key may not do this. An administrator gives roles and scopes."
OLD_FORM = "This form is of before you signed in. Load the page again, then send it once more."


class _Front(Protocol):
    @property
    def secret(self) -> bytes: ...


class _Context(Protocol):
    @property
    def front(self) -> _Front: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def buckets(self) -> Buckets: ...


def rule_of(request: Request) -> Rule | None:
    """Return the rule of the route that answers; None where it has none."""
    return rule_named(request.method, request.scope["route"].path)


def rule_named(method: str, path: str) -> Rule | None:
    """Return the rule of a route by its template; HEAD is as GET."""
    return RULES.get(f"{'GET' if method == 'HEAD' else method} {path}")


async def enforce(request: Request) -> None:
    """Let a request on to its route.

    Raises:
        HTTPException: 401 or 303 to where one signs in; 403; 404 for a home that is not theirs and for a route without a rule;
            429 for one request too many.
        TransientError: the database does not answer.
    """
    await hold_to(request, rule_of(request))


async def hold_to(request: Request, rule: Rule | None) -> None:
    """Let a request on that a rule allows: :func:`enforce` for what stands under a route of its own.

    Raises:
        HTTPException, TransientError: as :func:`enforce` does.
    """
    show_mark("")
    show_menus_to(NOBODY)
    if rule is None:
        log.error("route without a rule", method=request.method, path=request.scope["route"].path)
        raise HTTPException(404, NO_ROUTE)
    request.state.rule = rule
    who = NOBODY
    if rule.who not in ("open", "code"):
        at_home = rule.who == "home" or rule.roles == RESIDENTS or "code" in request.path_params
        who = await (resident_of if at_home else principal_of)(request)
        request.state.asker = who
        await _check(request, rule, who)
    elif rule.cost != "cheap" and request.method in SAFE and key_of(request):
        who = await principal_of(request)  # counted for itself, not for its network
    _count(request, rule, who)
    if rule.page:
        show_menus_to(await _reader_of(request, who))
    request.state.admitted = True


async def _reader_of(request: Request, who: Principal) -> Principal:
    """Return the staff who read a page, whether its rule asks who they are or not.

    Where a script asks, as a wall's does all day, nobody is looked up.
    """
    reads = uses_cookie(request) and "text/html" in request.headers.get("accept", "")
    if who.kind == "staff" or not reads or staff_cookie(request) not in request.cookies:
        return who
    with suppress(TransientError):  # the page may do without
        return await principal_of(request)
    return who


async def _check(request: Request, rule: Rule, who: Principal) -> None:
    ctx = _context(request)
    by_cookie = who.session_id != "" and uses_cookie(request)
    if by_cookie:
        show_mark(mark_of(ctx.front.secret, who.session_id))
    answer = decide(rule, who, ctx.clock.now().timestamp(), request.path_params)
    if answer != "yes":
        if who.kind != "nobody":
            _take(request, f"refused:{who.kind}:{who.id}", REFUSED_A_MINUTE)
        raise _refused(request, rule, answer)
    if by_cookie and request.method not in SAFE and not await _is_ours(request, who):
        raise HTTPException(403, OLD_FORM)


async def _is_ours(request: Request, who: Principal) -> bool:
    """Whether a page of ours sends this, and not one that merely has the browser send its cookies along."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if HEADER in request.headers or kind not in SIMPLE or (not kind and request.method != "POST"):
        return True
    if kind in FORMS:
        # A form that the route takes was read for it by now. Of another route the body is kept: it may want it as it came.
        with suppress(RuntimeError):
            await request.body()
    sent = (await request.form()).get(FIELD) if kind in FORMS else None
    return is_mark(_context(request).front.secret, who.session_id, sent)


def _refused(request: Request, rule: Rule, answer: Answer) -> HTTPException:
    if answer == "hidden":
        return HTTPException(404, UNKNOWN_HOME)
    if answer == "no":
        return HTTPException(403, NOT_YOURS)
    if rule.page:
        return HTTPException(303, SIGN_IN, {"Location": _sign_in(request, again=answer == "again")})
    said = AGAIN if answer == "again" else SIGN_IN
    return HTTPException(401, said, {"WWW-Authenticate": 'Bearer realm="cityops"'})


def _sign_in(request: Request, *, again: bool) -> str:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    referer, host = request.headers.get("referer", ""), request.headers.get("host", "")
    return sign_in_address(asked, referer, host, safe=request.method in SAFE, again=again)


def _count(request: Request, rule: Rule, who: Principal) -> None:
    a_minute = allowance(rule, who, safe=request.method in SAFE)
    if a_minute is None:
        return
    cost = rule.cost if request.method in SAFE else "write"
    _take(request, f"{cost}:{who.kind}:{rule.door}:{who.id or network(request)}", a_minute)


def _take(request: Request, bucket: str, a_minute: float) -> None:
    ctx = _context(request)
    wait_s = ctx.buckets.wait_s(bucket, a_minute, ctx.clock.now().timestamp())
    if wait_s > 0.0:
        raise HTTPException(
            429,
            "Too many requests. Wait a moment, then try again.",
            {"Retry-After": str(math.ceil(wait_s))},
        )


def _context(request: Request) -> _Context:
    return cast("_Context", request.app.state.context)
