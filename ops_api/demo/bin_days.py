"""The demo town's collections: rounds by sector, a green bin for every other house, bank holidays of England."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from cityops.db.pool import connect
from devices.registry import Registry
from firmware_sim.world.premises import MadePremises, premises_of
from ops_api.queries import OneConnection
from ops_api.wiring_bin_days import bank_holidays
from rules.bin_days.store import PostgresBinDays
from rules.core.bin_days.holidays import REASON, proposed, working_day_after
from rules.core.bin_days.model import Change, Premises, Round, Service
from rules.core.bin_days.published import AHEAD, BACK, replaced

ANCHOR = date(2024, 1, 1)
"""A Monday long ago, from which weeks are counted."""
DAYS = ("mon", "tue", "wed", "thu", "fri")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
FORTNIGHTLY = "FREQ=WEEKLY;INTERVAL=2"


def rounds(lorries: Sequence[str] = ()) -> tuple[Round, ...]:
    """Return ten household rounds, two a day in alternate weeks, and five of garden waste.

    The rounds of both weeks name a lorry each, so that a missed bin is held against one track and not against
    whatever drove by. The town's lorries empty public bins: theirs are the only tracks that there are.
    """
    drives = {(d, w): lorries[(2 * d + w) % len(lorries) :][:1] for d in range(5) for w in (0, 1) if lorries}
    weekly = tuple(_round(d, w, tuple(drives.get((d, w), ()))) for d in range(5) for w in (0, 1))
    return weekly + tuple(_garden(d) for d in range(5))


def _round(day: int, week: int, lorries: tuple[str, ...]) -> Round:
    here, other = (ANCHOR + timedelta(days=day + 7 * w) for w in (week, 1 - week))
    return Round(
        round_id=f"{DAYS[day]}-{'ab'[week]}", label=f"{NAMES[day]} {'AB'[week]}", lorries=lorries, ends_min=16 * 60,
        services=(
            Service(stream="refuse", label="Rubbish", container="black bin", colour="black", rule=FORTNIGHTLY, start=here),
            Service(stream="recycling", label="Recycling", container="blue bin", colour="blue", rule=FORTNIGHTLY, start=other),
            Service(stream="food", label="Food waste", container="brown caddy", colour="brown", rule="FREQ=WEEKLY",
                    start=ANCHOR + timedelta(days=day)),
        ),
    )  # fmt: skip


def _garden(day: int) -> Round:
    green = Service(
        stream="garden", label="Garden waste", container="green bin", colour="green", rule=FORTNIGHTLY,
        start=ANCHOR + timedelta(days=day),
    )  # fmt: skip
    return Round(
        round_id=f"garden-{DAYS[day]}", label=f"Garden {NAMES[day]}", services=(green,), ends_min=16 * 60
    )


def household(made: MadePremises) -> Premises:
    """Return a house with its rounds."""
    day, week = made.sector % 5, made.sector // 5
    garden = (f"garden-{DAYS[(day + 2) % 5]}",) if made.uprn % 2 else ()
    return Premises(
        uprn=made.uprn, address=made.address, rounds=(f"{DAYS[day]}-{'ab'[week]}", *garden),
        latitude_deg=made.latitude_deg, longitude_deg=made.longitude_deg,
    )  # fmt: skip


async def load_town(dsn: str, registry: Registry, now: datetime) -> int:
    """Put the town's premises and timetable into the database; return how many premises there are.

    Raises:
        TransientError: the database does not answer.
    """
    today = now.date()
    holidays = bank_holidays()
    shifts, left = proposed(holidays, today - BACK, today + AHEAD)
    # What has no room in its week waits for the next working day: somebody has to say so, here the demo does.
    shifts += [Change(day=d, to=working_day_after(d, 1, holidays), reason=REASON) for d in left]
    lorries = [d.name for d in registry.devices if d.kind == "lorry"]
    places = [household(p) for p in premises_of(registry)]
    async with await connect(dsn, application_name="cityops demo", autocommit=False) as conn:
        days = PostgresBinDays(OneConnection(conn))
        await days.replace(lambda t: replaced(t, rounds(lorries), (), today, now.timestamp()), places)
        # As a council does: first the timetable, then the bank holidays; calendars say that they have moved.
        await days.replace(lambda t: replaced(t, t.rounds, shifts, today, now.timestamp()), None)
    return len(places)
