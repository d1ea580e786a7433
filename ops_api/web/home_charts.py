"""The two charts of a home's first page, their table and their words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from devices.page.words import ACTIVITIES
from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.chart import Chart, draw
from ops_api.web.home_advice import HUMID_PCT
from ops_api.web.home_events import Noticed
from ops_api.web.home_words import Row

TABLE_STEP = timedelta(hours=2)


def charts(
    points: Sequence[Row],
    diary: Sequence[Row],
    events: Sequence[Row],
    found: Sequence[Noticed],
    span: tuple[datetime, datetime],
    brand: Brand,
) -> tuple[Chart, Chart]:
    """Return humidity with what the diary says and what was found, and temperature."""
    start, end = span
    axis: dict[str, Any] = {
        "start": start,
        "end": end,
        "zone": brand.time_zone,
        "width": 400,
        "height": 170,
    }
    titles = {n.event_id: n.title for n in found}
    humidity = draw(
        [(p["at"], p["humidity_pct"]) for p in points],
        step=20,
        at_least=(40, 80),
        above=HUMID_PCT,
        marks=[(d["at"], ACTIVITIES[d["activity"]]) for d in diary],
        found=[(e["started_at"], titles[e["event_id"]]) for e in events if e["event_id"] in titles],
        **axis,
    )
    temperature = draw([(p["at"], p["temperature_c"]) for p in points], step=5, at_least=(15, 25), **axis)
    return humidity, temperature


def chart_summary(points: Sequence[Row]) -> str:
    """Return both charts in words."""
    humidity = [p["humidity_pct"] for p in points if p["humidity_pct"] is not None]
    temperature = [p["temperature_c"] for p in points if p["temperature_c"] is not None]
    if not humidity or not temperature:
        return "There are no readings from the last 48 hours."
    above = 100 * sum(v >= HUMID_PCT for v in humidity) / len(humidity)
    return (
        f"In the last 48 hours humidity was {words.span(f'{words.number(min(humidity))}%', f'{words.number(max(humidity))}%')}, "
        f"and over {HUMID_PCT:.0f}% for {words.number(above)}% of the time. "
        f"Temperature was {words.span(words.degrees(min(temperature)), words.degrees(max(temperature)))}."
    )


def table(points: Sequence[Row], brand: Brand, end: datetime) -> tuple[tuple[str, str, str], ...]:
    """Return a row for every two hours, the newest first: time, temperature, humidity."""
    rows, due = [], None
    for p in points:
        if due is None or p["at"] >= due:
            due = p["at"] + TABLE_STEP
            rows.append(
                (
                    words.day_and_clock(p["at"], brand.time_zone, end).capitalize(),
                    words.degrees(p["temperature_c"]),
                    words.percent(p["humidity_pct"]),
                )
            )
    return tuple(reversed(rows))
