"""Reporting a public bin: by its number, its street, a position or the map. Works without JavaScript."""

from __future__ import annotations

import math
from secrets import token_urlsafe
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.queries import Row
from ops_api.routers.bin_days_pages import page
from ops_api.routers.bin_desk_door import desk_of, take
from ops_api.routers.bin_reports import ONCE, report_bin
from ops_api.routers.context import Context, Ctx
from rules.core.collection_acts.record import TEXT_MOST, What

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

CHOICES = (
    ("full", "Full"), ("overflowing", "Overflowing: rubbish is on the ground"), ("damaged", "Damaged or lying on its side"),
    ("fire", "Burning or smoking"),
)  # fmt: skip
NEAREST = 8
DEGREE_M = 111_195.0


@router.get("/bins/report")
async def choose(
    ctx: Ctx,
    number: Annotated[str, Query(alias="bin", max_length=100)] = "",
    street: Annotated[str, Query(max_length=200)] = "",
    near: Annotated[str, Query(max_length=60)] = "",
) -> HTMLResponse:
    """Ask which bin, then what is wrong with it."""
    desk_of(ctx)
    rows = await ctx.db.rows("bins", bin_id=None)
    if number.strip():
        meant = by_number(rows, number)
        if len(meant) == 1:
            return _form(ctx, meant[0])
        several = [{**_told(r), "metres": None} for r in meant]
        return _choice(ctx, rows, unknown="" if several else number.strip(), bins=several)
    if near.strip():
        place = position(near)
        if place is None:
            return _choice(
                ctx, rows, near=near, near_error="Write two numbers in degrees, for example 53.4012, -2.2104"
            )
        return _choice(ctx, rows, near=near, bins=_nearest(rows, *place))
    bins = [{**_told(r), "metres": None} for r in rows if r["street"] == street]
    return _choice(ctx, rows, street=street, bins=bins)


@router.post("/bins/report")
async def report(
    request: Request,
    ctx: Ctx,
    number: Annotated[str, Form(alias="bin", max_length=100)],
    once: Annotated[str, Form(pattern=ONCE)],
    what: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=TEXT_MOST)] = "",
) -> Response:
    """Take a report, once however often the button is pressed; of a fire say what to do."""
    if what == "fire":
        return page(ctx, "bin_report.html", fire=True, bin=None)
    rows = await ctx.db.rows("bins", bin_id=None)
    found = next((r for r in rows if r["bin_id"] == number.strip()), None)
    known: dict[str, What] = {"full": "full", "overflowing": "overflowing", "damaged": "damaged"}
    if found is None:
        return _choice(ctx, rows, 404, unknown=number.strip())
    if what not in known:
        return _form(ctx, found, 422, error="Choose what is wrong")
    take(ctx, request, desk_of(ctx).reports)
    act = await report_bin(ctx, found["bin_id"], known[what], note, "page", once)
    return RedirectResponse("/bin-day/report?" + urlencode({"reference": act.reference or ""}), 303)


def position(text: str) -> tuple[float, float] | None:
    """Return latitude and longitude as typed [degrees]; None where it is no position."""
    parts = text.replace("°", " ").replace(",", " ").split()
    try:
        latitude, longitude = (float(p) for p in parts)
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def by_number(rows: list[Row], typed: str) -> list[Row]:
    """Return the bins that a number as typed may mean: case and leading zeros of a bare number do not matter.

    A bare number is the end of more than one where there are ``park-7`` and ``station-7``: who typed it says which.
    """
    plain = typed.strip().lower()
    same = [r for r in rows if str(r["bin_id"]).lower() == plain]
    if same or not (plain.isascii() and plain.isdecimal()):
        return same
    ends = [(str(r["bin_id"]).rpartition("-")[2], r) for r in rows]
    return [r for end, r in ends if end.isascii() and end.isdecimal() and int(end) == int(plain)]


def _nearest(rows: list[Row], latitude: float, longitude: float) -> list[dict[str, Any]]:
    def metres(row: Row) -> float:
        east = (row["longitude_deg"] - longitude) * math.cos(math.radians(latitude))
        return DEGREE_M * math.hypot(row["latitude_deg"] - latitude, east)

    return [
        {**_told(r), "metres": f"{round(metres(r), -1):,.0f}"} for r in sorted(rows, key=metres)[:NEAREST]
    ]


def _told(row: Row) -> dict[str, Any]:
    return {"bin_id": row["bin_id"], "label": row["label"]}


def _form(ctx: Context, row: Row, status: int = 200, error: str = "") -> HTMLResponse:
    return page(
        ctx,
        "bin_report.html",
        status,
        fire=False,
        bin=_told(row),
        once=token_urlsafe(12),
        choices=CHOICES,
        error=error,
    )


def _choice(ctx: Context, rows: list[Row], status: int = 200, **said: Any) -> HTMLResponse:
    shown: dict[str, Any] = {"unknown": "", "street": "", "near": "", "near_error": "", "bins": ()}
    streets = sorted({str(r["street"]) for r in rows})
    return page(ctx, "bin_report.html", status, fire=False, bin=None, streets=streets, **(shown | said))
