"""Devices as their managers see them in the browser: list, add, print labels, revoke, end a quarantine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.access.principal import Asker
from ops_api.provisioning.desk import PAGE, Label, State
from ops_api.provisioning.ports import ProvisioningRefusedError
from ops_api.routers.catalogue import is_shown
from ops_api.routers.context import Context, Ctx
from ops_api.routers.device_door import acting, desk_in, found
from ops_api.routers.sign_in_flow import page
from ops_api.web import device_view as view

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Text = Annotated[str, Query(max_length=63)]
Typed = Annotated[str, Form(max_length=500)]
Act = Callable[[], Awaitable[object]]
MOST_LABELS = 240
"""Ten sheets."""


@router.get("/devices")
async def devices(ctx: Ctx, q: Text = "", after: Text = "", state: State | Literal[""] = "") -> Response:
    """List devices with the state of their identity, a page at a time."""
    return await _list(ctx, q=q, after=after, state=state or None)


@router.post("/devices")
async def add(request: Request, ctx: Ctx, who: Asker, name: Typed = "", kind: Typed = "") -> Response:
    """Register a device and go to its page."""
    try:
        made = await desk_in(ctx).add(name.strip().lower(), kind, acting(who))
    except ProvisioningRefusedError as error:
        return await _list(ctx, wrong=str(error), status=422)
    request.state.about = f"device:{made['device_id']}"
    return RedirectResponse(f"{_address(made['name'])}?done=added", 303)


@router.post("/devices/labels")
async def labels(
    request: Request, ctx: Ctx, who: Asker, name: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Make labels for the devices that were ticked, and show them for the printer, this once."""
    chosen = list(dict.fromkeys(name or []))
    if not chosen or len(chosen) > MOST_LABELS:
        return await _list(ctx, wrong=f"Tick 1 to {MOST_LABELS} devices.", status=422)
    made: list[Label] = []
    for one in chosen:
        device = await found(ctx, request, one)
        try:
            made.append(await desk_in(ctx).label(device["name"], acting(who)))
        except ProvisioningRefusedError as error:
            return await _list(ctx, wrong=str(error), status=409)
    request.state.about = f"devices:{len(made)}"
    shown = [view.label(one, ctx.front.public_url, ctx.brand) for one in made]
    return page(ctx, "devices_labels.html", labels=shown)


@router.get("/devices/{name}/identity")
async def device(name: str, request: Request, ctx: Ctx, done: str = "") -> Response:
    """Show one device's identity; ``done``: what was done just now."""
    return await _one(request, ctx, name, done=done)


@router.post("/devices/{name}/label")
async def label(name: str, request: Request, ctx: Ctx, who: Asker) -> Response:
    """Make a new label and show it, this once."""
    return await _act(request, ctx, name, lambda: desk_in(ctx).label(name, acting(who)))


@router.post("/devices/{name}/revoke")
async def revoke(name: str, request: Request, ctx: Ctx, who: Asker, reason: Typed = "") -> Response:
    """End its credential: it is out at once."""
    return await _act(
        request, ctx, name, lambda: desk_in(ctx).revoke(name, acting(who), _why(reason)), "revoked"
    )


@router.post("/devices/{name}/quarantine")
async def quarantine(name: str, request: Request, ctx: Ctx, who: Asker, reason: Typed = "") -> Response:
    """Keep it out until somebody has looked."""
    return await _act(
        request, ctx, name, lambda: desk_in(ctx).quarantine(name, acting(who), _why(reason)), "quarantined"
    )


@router.post("/devices/{name}/release")
async def release(
    name: str,
    request: Request,
    ctx: Ctx,
    who: Asker,
    keep: Typed = "",
    how: Annotated[Literal["keep", "label"], Form()] = "keep",
) -> Response:
    """End its quarantine: one card is believed, or whoever has the new label."""
    return await _act(
        request,
        ctx,
        name,
        lambda: desk_in(ctx).release(name, acting(who), keep=keep or None, new_label=how == "label"),
        "released",
    )


@router.post("/devices/{name}/retire")
async def retire(name: str, request: Request, ctx: Ctx, who: Asker, reason: Typed = "") -> Response:
    """Take it out of service for good."""
    return await _act(
        request, ctx, name, lambda: desk_in(ctx).retire(name, acting(who), _why(reason)), "retired"
    )


def _why(reason: str) -> str:
    if not reason.strip():
        raise ProvisioningRefusedError("Say why: it stands in the device's history.")
    return reason.strip()


async def _act(request: Request, ctx: Context, name: str, act: Act, done: str = "") -> Response:
    await found(ctx, request, name)
    try:
        made = await act()
    except ProvisioningRefusedError as error:
        return await _one(request, ctx, name, wrong=str(error))
    if isinstance(made, Label):
        return await _one(request, ctx, name, made=made)
    return RedirectResponse(f"{_address(name)}?done={done}", 303)


async def _list(
    ctx: Context,
    *,
    wrong: str = "",
    status: int = 200,
    q: str = "",
    after: str = "",
    state: State | None = None,
) -> HTMLResponse:
    desk = desk_in(ctx)
    rows = await desk.listed(after or None, PAGE + 1, q=q, state=state)
    following = ""
    if len(rows) > PAGE:
        rows = rows[:PAGE]
        kept = {"q": q, "state": state or "", "after": rows[-1]["name"]}
        following = "/devices?" + urlencode({name: value for name, value in kept.items() if value})
    return page(
        ctx, "devices.html", status, wrong=wrong, devices=[view.device(r, ctx.brand) for r in rows], q=q,
        state=state or "", after=after, following=following, counts=await desk.counts(), states=view.STATES,
        kinds=list(ctx.kinds),
    )  # fmt: skip


async def _one(
    request: Request, ctx: Context, name: str, *, wrong: str = "", done: str = "", made: Label | None = None
) -> HTMLResponse:
    row = await found(ctx, request, name)
    acts, lives = await desk_in(ctx).history(row["device_id"])
    return page(
        ctx, "device_identity.html", 409 if wrong else 200, d=view.device(row, ctx.brand), wrong=wrong, done=done,
        label=None if made is None else view.label(made, ctx.front.public_url, ctx.brand),
        acts=view.acts(acts, ctx.brand), lives=view.lives(lives, ctx.brand),
        cards=list(dict.fromkeys(life["install"] for life in lives)), is_shown=await is_shown(ctx, name),
    )  # fmt: skip


def _address(name: str) -> str:
    return f"/devices/{quote(name, safe='')}/identity"
