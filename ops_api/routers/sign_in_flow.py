"""From one factor shown to a session: whether another is asked for, or set up first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.access.addresses import own_address
from ops_api.access.failed import failed
from ops_api.access.model import Principal
from ops_api.identity.model import Account, BusyError, How, IdentityRefusedError, WaitError, WrongError
from ops_api.identity.steps import Step
from ops_api.routers.context import Context
from ops_api.routers.staff_browser import (
    STEP_LIFE,
    audited,
    desk_of,
    end_before,
    forget,
    keep_known,
    keep_session,
    keep_step,
    step_of,
)

CODE, SET_UP = "/sign-in/code", "/sign-in/set-up"
TEXT_MOST = 500
Typed = Annotated[str, Form(max_length=TEXT_MOST)]
Next = Annotated[str, Query(alias="next", max_length=TEXT_MOST)]
"""Where somebody wants to go; only an address of our own is gone to."""
OVER = "That took too long, or was begun in another browser. Begin again."


def page(ctx: Context, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(ctx.templates.render(template, **values), status)


def refusal(error: IdentityRefusedError) -> tuple[int, dict[str, str]]:
    """Return the status and headers that go with why somebody is refused."""
    if isinstance(error, WaitError):
        return 429, {"Retry-After": str(max(1, round(error.wait_s)))}
    return (503, {"Retry-After": "5"}) if isinstance(error, BusyError) else (403, {})


def not_in(
    request: Request, error: IdentityRefusedError, what: str, *, name: str = "", about: str = ""
) -> None:
    """Have it written down that somebody was not let in: what they showed was wrong, or they have to wait; ``what`` it was."""
    if isinstance(error, WrongError | WaitError):
        why = "wait" if isinstance(error, WaitError) else what
        failed(request, why, refusal(error)[0], name=name, about=about)


async def go_on(
    request: Request,
    ctx: Context,
    who: Account,
    how: How,
    to: str,
    *,
    two: bool = False,
    strong_at: datetime | None = None,
) -> Response:
    """Let somebody in who has shown a factor, or ask for the second.

    Args:
        request: of the browser.
        ctx: of the application.
        who: whose factor it was.
        how: which factor.
        to: where they wanted to go.
        two: whether it counts as two factors.
        strong_at: when it was shown; None: now.
    """
    desk, held = desk_of(ctx), await desk_of(ctx).factors.held(who.account_id)
    if two or not (held.any or desk.terms.two_factors(who.roles)):
        return await let_in(request, ctx, who, how, to, two=two, strong_at=strong_at)
    audited(request, who)  # whose password it was that somebody has
    token = await desk.steps.begin(
        "factor",
        STEP_LIFE,
        ctx.clock.now(),
        account_id=who.account_id,
        data={"how": how, "to": own_address(to)},
    )
    response = RedirectResponse(CODE if held.any else SET_UP, 303)
    keep_step(request, response, token)
    return response


async def let_in(
    request: Request,
    ctx: Context,
    who: Account,
    how: How,
    to: str,
    *,
    two: bool,
    shown: Response | None = None,
    strong_at: datetime | None = None,
) -> Response:
    """Begin a session, always a new one, and lead where they wanted to go; ``shown``: a page to show first."""
    desk, now = desk_of(ctx), ctx.clock.now()
    agent = request.headers.get("user-agent", "")
    ticket = await desk.sessions.begin(who, how, now, mfa=two, agent=agent, strong_at=strong_at)
    await end_before(request, ctx)
    # For the audit: until now it was nobody known who asked.
    request.state.asker = Principal(kind="staff", id=who.account_id, roles=who.roles)
    response: Response = RedirectResponse(own_address(to), 303) if shown is None else shown
    forget(request, response)
    keep_session(request, response, ticket, now)
    keep_known(request, response, ctx, who.name)
    return response


async def at_step(request: Request, ctx: Context) -> tuple[Account, Step]:
    """Return who is between two factors in this browser.

    Raises:
        HTTPException: 303 to the beginning, where nobody is.
    """
    desk = desk_of(ctx)
    step = await desk.steps.look("factor", step_of(request), ctx.clock.now())
    who = None if step is None or step.account_id is None else await desk.accounts.by_id(step.account_id)
    if step is None or who is None:
        raise HTTPException(303, OVER, {"Location": "/sign-in?over=1"})
    return who, step
