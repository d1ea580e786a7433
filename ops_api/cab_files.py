"""A lorry's card as a file: for paper, or for a navigation device."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ops_api.web import words
from ops_api.web.cab_view import time_of
from rules.core.cab.codec import OnRoads
from rules.core.cab.gpx import gpx
from rules.core.cab.model import Plan
from rules.core.cab.paper import document
from rules.core.cab.ploughing import card_of
from rules.winter.fleet.card_pdf import make_card
from rules.winter.fleet.ports import NoSuchPlanError
from rules.winter.fleet.service import PlanDesk

COUNCIL = "Winter service"


async def card_file(
    desk: PlanDesk, lorry: str, version: int | None, now_s: float, suffix: str, council: str = COUNCIL
) -> bytes:
    """Return a lorry's card; what has been replaced says so.

    Args:
        desk: of plans.
        lorry: of a plan.
        version: number of the plan; None: tonight's newest.
        now_s: the town's time [s since 1970].
        suffix: ``.pdf`` or ``.gpx``.
        council: whose lorry it is.

    Raises:
        NoSuchPlanError: there is no such card.
        NotPlannedError: the roads are no longer the plan's.
    """
    latest = await desk.shelf.newest(desk.night(now_s))
    plan = latest if version is None else await desk.shelf.plan(version)
    if plan is None or lorry not in plan.trips or not plan.trips[lorry].steps:
        raise NoSuchPlanError(f"There is no card of {lorry} tonight.")
    newest = await desk.shelf.newest(plan.night)
    replaced = newest.version if newest is not None and newest.version != plan.version else None
    on = await desk.on_roads(plan)
    zone = ZoneInfo(str(desk.zone))
    made = _track if suffix == ".gpx" else _paper

    async def make() -> bytes:
        return await asyncio.to_thread(made, plan, on, lorry, zone, council, replaced)

    return await desk.files.get((plan.version, lorry, suffix, council, replaced), make)


def _paper(plan: Plan, on: OnRoads, lorry: str, zone: ZoneInfo, council: str, replaced: int | None) -> bytes:
    content = document(plan, on, card_of(on, lorry), zone, council=council, replaced=replaced)
    return make_card(content, datetime.fromtimestamp(plan.at_s, UTC))


def _track(plan: Plan, on: OnRoads, lorry: str, zone: ZoneInfo, council: str, replaced: int | None) -> bytes:
    zero_s = plan.contents.start_s
    day = words.long_date(datetime.fromtimestamp(zero_s, UTC), zone)
    about = f"REPLACED by plan {replaced}: do not drive it." if replaced else f"{council}: gritting, {day}."
    return gpx(
        card_of(on, lorry), f"{lorry}, plan {plan.version}, {day}", about, plan.at_s,
        lambda s: time_of(zero_s, s, zone),
    )  # fmt: skip
