"""The device laboratory: faults of a simulated town, switched while it plays. By REST and on a page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field, ValidationError

from ops_api import lab_desk as desk
from ops_api.access.model import Role
from ops_api.access.principal import Asker
from ops_api.queries import Row
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from ops_api.web import lab_view

router = APIRouter(prefix="/api/v1/lab", tags=["laboratory"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Typed = Annotated[str, Form(max_length=5000)]


class LabFault(Document):
    """A fault that was switched on. ``devices``: whom it struck; null: not begun yet, or ``problem`` says why not."""

    fault_id: int
    fault: dict[str, Any]
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None
    began_at: datetime | None = Field(description="In simulated time")
    devices: list[str] | None
    problem: str


class LabState(Document):
    """The simulated town that plays, and its faults."""

    playing: bool
    scenario: str | None
    simulated: datetime | None
    statistics: dict[str, Any] | None
    faults: list[LabFault]


class Made(Document):
    """The number of what was switched on."""

    fault_id: int


@router.get("")
async def state(ctx: Ctx) -> LabState:
    """Return whether a simulated town plays, how its fleet stands, and which faults it has."""
    lab = await desk.lab(ctx.db, ctx.clock.now())
    town: Row = lab.town or {"scenario": None, "simulated": None, "statistics": None}
    return LabState(
        playing=lab.town is not None,
        scenario=town["scenario"],
        simulated=town["simulated"],
        statistics=town["statistics"],
        faults=[LabFault(**row) for row in lab.faults],
    )


@router.post("/faults", status_code=201)
async def strike(ctx: Ctx, who: Asker, fault: desk.NewFault) -> Made:
    """Switch a fault on; the town begins it within a second or two, or says in ``problem`` why it does not."""
    return Made(fault_id=await desk.strike(ctx.db, fault, who.name))


@router.delete("/faults/{fault_id}", status_code=204)
async def end(ctx: Ctx, who: Asker, fault_id: Number) -> None:
    """Switch a fault off."""
    try:
        await desk.end(ctx.db, fault_id, who.name)
    except desk.NoFaultError as error:
        raise HTTPException(404, str(error)) from error


@pages.get("/lab")
async def page(ctx: Ctx, who: Asker) -> HTMLResponse:
    """Show the town, and its switches to who may use them."""
    return await _page(ctx, may=not {Role.DEVICES, Role.ADMIN}.isdisjoint(who.roles))


@pages.post("/lab/faults")
async def strike_page(
    request: Request,
    ctx: Ctx,
    who: Asker,
    fault: Typed = "",
    devices: Typed = "",
    kind: Typed = "",
    count: Typed = "",
    field: Typed = "",
    value: Typed = "",
    share_pct: Typed = "",
    hours: Typed = "",
) -> Response:
    """Switch a fault on, as typed into the form."""
    typed = {
        "fault": fault, "devices": devices, "kind": kind, "count": count, "field": field, "value": value,
        "share_pct": share_pct, "hours": hours,
    }  # fmt: skip
    try:
        new = desk.NewFault.model_validate(lab_view.typed_fault(typed))
    except ValidationError as error:
        return await _page(ctx, lab_view.wrong(error), typed, 422)
    await desk.strike(ctx.db, new, who.name)
    return RedirectResponse("/lab#faults", 303)


@pages.post("/lab/faults/{fault_id}/end")
async def end_page(ctx: Ctx, who: Asker, fault_id: Number) -> Response:
    """Switch one off."""
    try:
        await desk.end(ctx.db, fault_id, who.name)
    except desk.NoFaultError as error:
        return await _page(ctx, str(error), None, 404)
    return RedirectResponse("/lab#faults", 303)


@pages.post("/lab/end-all")
async def end_all_page(ctx: Ctx, who: Asker) -> Response:
    """Switch all off."""
    await desk.end_all(ctx.db, who.name)
    return RedirectResponse("/lab#faults", 303)


async def _page(
    ctx: Context,
    refused: str = "",
    typed: dict[str, str] | None = None,
    status: int = 200,
    *,
    may: bool = True,
) -> HTMLResponse:
    now = ctx.clock.now()
    view = lab_view.view(await desk.lab(ctx.db, now), now, ctx.brand.time_zone)
    content = {"typed": typed or lab_view.USUAL, "said": desk.SAID, "kinds": sorted(ctx.kinds), "may": may}
    return HTMLResponse(ctx.templates.render("lab.html", view=view, refused=refused, **content), status)
