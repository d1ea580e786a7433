"""Pages of the device managers: which devices need somebody because of their settings, and changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from devices.contract.settings.check import read
from devices.contract.settings.model import Setting, Value, shown
from ingest.fleet.core.layers import SCOPES, Layer, Layers, Member, Scope, label, layers_of, origins
from ingest.fleet.desk import FleetDesk, Preview
from ingest.fleet.ports import SettingsRefusedError
from ops_api.access.model import Role
from ops_api.access.principal import Asker
from ops_api.queries import work
from ops_api.routers.catalogue import is_shown
from ops_api.routers.context import Context, Ctx
from ops_api.routers.fleet import desk_of, device_of, made
from ops_api.web import fleet_view as view

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Text = Annotated[str, Query(max_length=100)]
VERSIONS = 30
_FIELD = "s."


@router.get("/fleet")
async def fleet(
    ctx: Ctx,
    who: Asker,
    state: Text = "",
    kind: Text = "",
    firmware: Text = "",
    group: Text = "",
    q: Text = "",
    after: Text = "",
) -> HTMLResponse:
    """Answer "which devices need somebody?", and list them."""
    book = desk_of(ctx).book
    chosen = view.Chosen(
        state=state, kind=kind, firmware=firmware, group=group, q=q.strip().lower(), after=after
    )
    found = view.fleet(await book.standings(), chosen, ctx.clock.now(), ctx.brand)
    kept = {
        n: v
        for n, v in (("state", state), ("kind", kind), ("firmware", firmware), ("group", group), ("q", q))
        if v
    }
    following = f"/fleet?{urlencode({**kept, 'after': found.following})}" if found.following else ""
    groups = await book.groups()
    return _page(
        ctx, "fleet.html", view=found, chosen=chosen, following=following, groups=groups, kinds=list(ctx.kinds),
        may_set=_may_set(who), filtered=bool(kept or after),
    )  # fmt: skip


@router.get("/fleet/{device}")
async def one_device(device: str, ctx: Ctx, who: Asker, done: Text = "") -> HTMLResponse:
    """Show a device: what it is told beside what it says, its versions, and what else is known of it."""
    one, desk = await device_of(ctx, device), desk_of(ctx)
    layers, members = await desk.book.layers(), await desk.book.members()
    member = next(m for m in members if m.name == device)
    declared = desk.declared("device", device, members)
    shown_ = view.device(
        one, await desk.book.versions(device, VERSIONS), origins(layers_of(member, layers), declared), declared,
        ctx.clock.now(), ctx.brand,
    )  # fmt: skip
    items = await work.work_items(ctx.db, "open", device=device)
    return _page(
        ctx, "fleet_device.html", v=shown_, items=[i["title"] for i in items], groups=await desk.book.groups(), done=done,
        may_set=_may_set(who), is_shown=await is_shown(ctx, device),
    )  # fmt: skip


@router.post("/fleet/{device}/groups")
async def set_group(
    device: str, ctx: Ctx, request: Request, group: Annotated[str, Form(max_length=63)] = "",
    what: Annotated[Literal["put", "take"], Form()] = "put",
) -> Response:  # fmt: skip
    """Put a device into a group, or take it out."""
    await device_of(ctx, device)
    request.state.about = f"device:{device} device_group:{group}"
    book = desk_of(ctx).book
    try:
        await (book.put if what == "put" else book.take)(group, [device])
    except SettingsRefusedError as error:
        raise HTTPException(404, str(error)) from error
    return RedirectResponse(f"/fleet/{quote(device)}?done=groups", 303)


@router.get("/fleet-settings")
async def settings_form(
    ctx: Ctx,
    who: Asker,
    layer: Text = "fleet",
    as_of: Annotated[int, Query(ge=0, le=2**62)] = 0,
    done: Text = "",
) -> HTMLResponse:
    """Show what a layer sets, in a form to change it; ``as_of`` fills in what it set after an earlier change."""
    scope, target = _layer(layer)
    desk = desk_of(ctx)
    now = await _known(desk, scope, target)
    values: dict[str, Value] = dict(now.settings)
    if as_of:
        then = await desk.book.change(as_of)
        if then is None or (then.scope, then.target) != (scope, target):
            raise HTTPException(404, f"There is no change {as_of} of {label(scope, target)}.")
        values = dict(then.settings)
    typed = {name: shown(value) if not isinstance(value, str) else value for name, value in values.items()}
    return await _form(
        ctx, scope, target, typed, after=now.after, done=done, may_set=_may_set(who), as_of=as_of
    )


@router.post("/fleet-settings")
async def change_settings(ctx: Ctx, request: Request, who: Asker) -> Response:
    """Show what a change would do, and where that was seen, make it."""
    sent = {name: str(value) for name, value in (await request.form()).items()}
    scope, target = _layer(sent.get("layer", ""))
    desk = desk_of(ctx)
    typed = {n.removeprefix(_FIELD): v.strip() for n, v in sent.items() if n.startswith(_FIELD)}
    note, step = sent.get("note", "")[:500], sent.get("step", "look")
    declared = desk.declared(scope, target, await desk.book.members())
    wanted, wrong = _read(declared, typed)
    try:
        seen = await desk.preview(scope, target, wanted)
        if wrong or seen.wrong:
            return await _form(
                ctx, scope, target, typed, after=seen.after, wrong=[*wrong, *seen.wrong], note=note, status=422, may_set=True
            )  # fmt: skip
        if step == "do" and sent.get("after") == str(seen.after):
            await made(desk, seen, request, who.name, note)
            there = urlencode({"layer": view.key_of(scope, target), "done": "set"})
            device_page = f"/fleet/{quote(target)}?done=set"
            return RedirectResponse(device_page if scope == "device" else f"/fleet-settings?{there}", 303)
    except SettingsRefusedError as error:
        raise HTTPException(409, str(error)) from error
    return await _form(ctx, scope, target, typed, after=seen.after, seen=seen, note=note, may_set=True)


# -- what they share -------------------------------------------------------------------


async def _form(
    ctx: Context,
    scope: Scope,
    target: str,
    typed: dict[str, str],
    *,
    after: int,
    seen: Preview | None = None,
    wrong: list[str] | None = None,
    note: str = "",
    done: str = "",
    status: int = 200,
    may_set: bool,
    as_of: int = 0,
) -> HTMLResponse:
    desk = desk_of(ctx)
    layers, members = await desk.book.layers(), await desk.book.members()
    declared = desk.declared(scope, target, members)
    wider = _wider(scope, target, layers, members)
    now, found = ctx.clock.now(), await desk.book.changes(scope, target, VERSIONS)
    return _page(
        ctx, "fleet_set.html", status, scope=scope, target=target, key=view.key_of(scope, target), label=label(scope, target),
        sections=view.form(declared, typed, wider), seen=seen, wrong=wrong or [], note=note, done=done, after=after,
        changes=view.changes(found, now, ctx.brand), typed=typed, may_set=may_set, as_of=as_of,
    )  # fmt: skip


def _wider(scope: Scope, target: str, layers: Layers, members: Sequence[Member]) -> dict[str, Layer]:
    """Return which wider layer has the last word on each setting; of a group that of all devices: its kinds may differ."""
    mine = [layers[("fleet", "")]] if ("fleet", "") in layers and scope != "fleet" else []
    if scope == "device":
        member = next(m for m in members if m.name == target)
        mine = [one for one in layers_of(member, layers) if one.scope != "device"]
    return {name: one for one in mine for name in one.settings}


async def _known(desk: FleetDesk, scope: Scope, target: str) -> Preview:
    """Return a layer as it is; 404 where there is none."""
    try:
        return await desk.preview(scope, target, {})
    except SettingsRefusedError as error:
        raise HTTPException(404, str(error)) from error


def _layer(key: str) -> tuple[Scope, str]:
    scope, _, target = key.partition(":")
    if scope not in SCOPES or (scope == "fleet") != (target == ""):
        raise HTTPException(404, f"There is no layer {key!r}: fleet, kind:…, group:… or device:….")
    return scope, target


def _read(
    known: Mapping[str, Setting], typed: Mapping[str, str]
) -> tuple[dict[str, Value | None], list[str]]:
    """Return what was typed, and what is wrong with it; an empty field is not set."""
    found: dict[str, Value | None] = {}
    wrong = []
    for name, text in typed.items():
        if name not in known or known[name].command_only:
            continue
        try:
            found[name] = None if text == "" else read(known[name], text)
        except ValueError as error:
            wrong.append(str(error))
    return found, wrong


def _may_set(who: Asker) -> bool:
    return Role.DEVICES in who.roles


def _page(ctx: Context, template: str, status: int = 200, **values: object) -> HTMLResponse:
    return HTMLResponse(ctx.templates.render(template, **values), status)
