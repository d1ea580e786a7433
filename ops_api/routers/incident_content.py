"""Loads what the pages of incidents show; shared by the pages and their live streams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ops_api.housing.wards import ward_document
from ops_api.incident_places import Spot, no_addresses, spot_of
from ops_api.queries.housing import ward_counts
from ops_api.routers.content import live_state
from ops_api.routers.context import Context
from ops_api.routers.incident_form import IncidentForm
from ops_api.routers.ops_door import desk_of
from ops_api.web import incident_map, incident_view
from ops_api.web.words import clock
from rules.core.incidents.model import Incident, Signal
from rules.core.incidents.wards import ward_at
from rules.emergency.service import NoWayError

RECENT = timedelta(hours=24)
"""Incidents that ended in the last day are shown below those that live."""

CARDS_MOST = 100
"""So many incidents have a card in the list; the others, which need somebody less, a line."""


async def incident_list(ctx: Context, *, names: bool) -> dict[str, Any]:
    """Return the content of the list."""
    now, zone = await ctx.town_now(), ctx.brand.time_zone
    found = await desk_of(ctx).book.incidents(live=True, since_s=(now - RECENT).timestamp())
    live = [i for i in found if i.is_live]
    over = [i for i in found if not i.is_live]
    return {
        "headline": incident_view.list_headline(live, names=names),
        "cards": (cards := incident_view.cards(live, now, zone, names=names))[:CARDS_MOST],
        "more": cards[CARDS_MOST:],
        "over": [incident_view.card(i, now, zone, names=names) for i in reversed(over)],
        "as_of": clock(now, zone),
        "names": names,
    }


async def live_list(ctx: Context, *, names: bool) -> str:
    """Return the list's live parts."""
    content = await incident_list(ctx, names=names)
    fragments = {"head": "_incidents_head.html", "list": "_incidents_list.html"}
    return live_state(ctx, fragments, content)


async def one_incident(ctx: Context, number: int, *, names: bool) -> dict[str, Any]:
    """Return the content of an incident's page."""
    now, zone = await ctx.town_now(), ctx.brand.time_zone
    whole = await desk_of(ctx).whole(number, names=names)
    i = whole.incident
    return {
        "incident": i,
        "card": incident_view.card(i, now, zone, names=names),
        "headline": incident_view.title_line(i, names=names),
        "advice": incident_view.advice(i, names=names),
        "tasks": incident_view.tasks(i.tasks, now, zone, names=names),
        "links": incident_view.links(i, names=names),
        "signals": incident_view.signals(whole.signals, now, zone),
        "lines": incident_view.lines(whole.timeline, now, zone),
        "older": whole.older,
        "reason": i.shown_reason(names=names),
        "picture": await _picture(ctx, i, whole.signals),
        "near": await _near(ctx, i, whole.signals, now),
        "homes": await _homes(ctx, i),
        "others": await _others(ctx, i),
        "as_of": clock(now, zone),
        "names": names,
    }


async def live_incident(ctx: Context, number: int, *, names: bool) -> str:
    """Return an incident's live parts."""
    content = await one_incident(ctx, number, names=names)
    fragments = {"head": "_incident_head.html", "story": "_incident_story.html"}
    return live_state(ctx, fragments, content)


async def _picture(ctx: Context, i: Incident, signals: Sequence[Signal]) -> incident_map.Picture | None:
    box = incident_map.box_of(i)
    if box is None:
        return None
    roads = await ctx.db.rows(
        "incident_roads", south=box.south, west=box.west, north=box.north, east=box.east
    )
    return incident_map.picture(box, roads, signals, i.pin)


async def _near(ctx: Context, i: Incident, signals: Sequence[Signal], now: datetime) -> list[tuple[str, str]]:
    """Return words and address of what runs through it: gritting routes, and the day's rounds."""
    segments = [s.subject for s in signals if s.kind == "segment"]
    day = f"{now.astimezone(ctx.brand.time_zone):%Y-%m-%d}"
    row = await ctx.db.one("incident_day", segments=segments, day=day)
    found = [(f"Gritting route {r['label']}", f"/winter/{r['route_id']}") for r in row["routes"]]
    if row["plan_version"] is not None and any(s.kind == "bin" for s in signals):
        found.append((f"Today's rounds, plan {row['plan_version']}", "/bins"))
    return found


async def _homes(ctx: Context, i: Incident) -> str:
    """Return what may be told of homes around it: by ward, weekly, never of a few."""
    rows = await ward_counts(ctx.db)
    if i.latitude_deg is None or i.longitude_deg is None:
        return ""
    ward = ward_at(i.latitude_deg, i.longitude_deg, {r["ward_id"]: r["boundary"] for r in rows})
    told = {w["ward_id"]: w for w in ward_document(rows, ctx.map_min_count)["wards"]}
    if ward is None:
        return ""
    one = told[ward]
    if one["at_risk"] is None:
        return f"{one['label']} ward: too few homes, or too few at risk of damp, to tell of."
    return f"{one['label']} ward: {one['at_risk']} of {one['homes']} measured homes are at risk of damp (counted weekly)."


async def _others(ctx: Context, i: Incident) -> list[tuple[str, str]]:
    """Return incidents that this one may become a part of."""
    found = await desk_of(ctx).book.incidents()
    return [(f"I{o.incident_id}", o.title) for o in found if o.in_hand and o.incident_id != i.incident_id]


async def meant(ctx: Context, form: IncidentForm) -> Spot | None:
    """Return the place that a form means; None: it means none, or a new incident's words that are on no map.

    Raises:
        NoWayError: a place is asked for and nothing, or several things, are meant.
    """
    if form.what not in ("new", "place") or not form.place.strip():
        return None

    async def things(name: str) -> list[dict[str, Any]]:
        return await ctx.db.rows("incident_thing", name=name)

    tools = ctx.tools
    try:
        return await spot_of(
            None if tools is None else tools.ways, no_addresses if tools is None else tools.addresses, things, form.place
        )  # fmt: skip
    except NoWayError:
        if form.what == "place":
            raise
        return None
