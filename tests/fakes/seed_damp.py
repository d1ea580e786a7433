"""A year of damp in one home of a seeded town, as the analyst would have left it: days, findings, events, a calibration."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from rules.core.damp_advice.parameters import AdviceParameters
from tests.fakes.home_states import finding

LONDON = ZoneInfo("Europe/London")
PARAMETERS = {name: getattr(AdviceParameters(), name) for name in AdviceParameters.__struct_fields__}
ADVICE = {
    "of": "-",
    "factor": 0.6,
    "factor_band": 0.05,
    "recent": {
        "clear_times": {"shut_min": 190.0, "shut_events": 9, "open_min": 35.0, "open_events": 4},
        "usual_rise_g_m3": 4.0,
        "events_per_day": 1.4,
        "drying_g_day": 2100.0,
        "water_g_day": 6000.0,
    },
    "parameters": PARAMETERS,
    "items": [],
}
GAP_DAYS = range(12, 15)
"""Days back from now that are not known."""


def _winter(day: date) -> float:
    """How much of a winter it is, 0 to 1."""
    return 0.5 + 0.5 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365.25)


def damp_hours(day: date) -> int:
    """Damp hours of a day: many in winter, none in summer."""
    return max(0, round(13 * _winter(day) ** 2 + 3 * math.sin(day.toordinal()) - 2))


async def fill(
    dsn: str,
    code: str,
    now: datetime,
    *,
    days: int = 365,
    risk: str = "raised",
    cause: str | None = "ventilation",
) -> None:
    """Write the damp of a home's first frog up to yesterday."""  # fmt: skip
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        found = await conn.execute(
            "select h.home_id, hd.device_id, d.name, hd.room from home h join home_device hd using (home_id)"
            " join device d using (device_id) where h.code = %s order by d.name limit 1",
            (code,),
        )
        home = await found.fetchone()
        assert home is not None
        home_id, device_id, _, _ = home
        await conn.execute("update home_device set room = 'bedroom' where device_id = %s", (device_id,))
        await conn.execute("insert into damp_room (home_id, device_id) values (%s, %s)", (home_id, device_id))
        last = now.astimezone(LONDON).date() - timedelta(days=1)
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "insert into damp_day (home_id, device_id, day, begins_at, n, expected, hours, temperature_c, humidity_pct,"
                " vapour_pa, outdoor_c, outdoor_pa, excess_pa, excess_hours, surface_hours, surface_min_c, damp_hours_low,"
                " damp_hours, damp_hours_high, mould, mould_state, factor, factor_low, factor_high, flags, rules)"
                " values (%s, %s, %s, %s, %s, 288, %s, %s, %s, 1280, 5, 700, 580, %s, %s, 11.2, %s, %s, %s, %s, '', 0.6, 0.55,"
                " 0.65, %s, 'test')",
                [_day(home_id, device_id, last - timedelta(days=n), n) for n in range(days)],
            )
        if days > 1:
            await _findings(conn, home_id, device_id, last, days, risk, cause)
        await _events(conn, home_id, device_id, now)
        await conn.execute(
            "insert into calibration (device_id, field, value_offset, from_at, how, by)"
            " values (%s, 'humidity_pct', -1.5, %s, 'salt', 'test')",
            (device_id, now - timedelta(days=40)),
        )
        await conn.execute("analyze damp_day")


def _day(home_id: int, device_id: int, day: date, back: int) -> tuple[Any, ...]:
    known = 0 if back in GAP_DAYS else 24
    damp = damp_hours(day) if known > 0 else 0
    index = round(2.6 * _winter(day), 2)
    midnight = datetime(day.year, day.month, day.day, tzinfo=LONDON)
    return (
        home_id, device_id, day, midnight, 288 if known > 0 else 0, known,
        16.8 if known > 0 else None, 68.0 if known > 0 else None, known, known, max(damp - 3, 0), damp,
        min(damp + 4, 24) if damp > 0 else 0, Jsonb({"sensitive": {"index": index}}), ["gaps"] if known == 0 else [],
    )  # fmt: skip


async def _findings(
    conn: psycopg.AsyncConnection[Any],
    home_id: int,
    device_id: int,
    last: date,
    days: int,
    risk: str,
    cause: str | None,
) -> None:
    for n in range(days // 7):
        to_day = last - timedelta(days=7 * n)
        row = finding(risk, cause, 0.72, from_day=str(last - timedelta(days=min(7 * n + 27, days - 1))))
        await conn.execute(
            "insert into damp_finding (home_id, week, to_day, device_id, cause, confidence, risk, mould_index, evidence, advice,"
            " iso, standard, monthly, rules) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '{}', '{}', '{}', 'test')"
            " on conflict do nothing",
            (
                home_id, to_day - timedelta(days=to_day.weekday()), to_day, device_id, cause, row["confidence"], risk,
                2.6 * _winter(to_day), Jsonb(row["evidence"]), Jsonb(ADVICE),
            ),
        )  # fmt: skip


async def _events(conn: psycopg.AsyncConnection[Any], home_id: int, device_id: int, now: datetime) -> None:
    for hours, activity, grams, clear_min in (
        (3.0, "cooking", 420.0, 55.0),
        (11.0, "shower", 260.0, 185.0),
        (26.0, "cooking", 350.0, None),
        (35.0, "shower", 300.0, 40.0),
        (44.0, "washing", 1900.0, None),
    ):
        at = now - timedelta(hours=hours)
        await conn.execute(
            "insert into moisture_event (home_id, device_id, started_at, peak_at, ended_at, activity, confidence, rise_g_m3,"
            " grams_low, grams, grams_high, full_air, clear_min, aired, of_household, outdoor_known)"
            " values (%s, %s, %s, %s, %s, %s, 0.8, 4, %s, %s, %s, false, %s, false, true, true)",
            (
                home_id, device_id, at, at + timedelta(minutes=20), at + timedelta(minutes=90), activity, 0.7 * grams, grams,
                1.3 * grams, clear_min,
            ),
        )  # fmt: skip
