"""What a resident's page says, from readings and the rules' state.

Plain English for a reading age of nine. It speaks of "risk" only: no sensor sees what
grows on a wall, and a damp home is not the resident's fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.page.words import ACTIVITIES
from ops_api.web import home_advice, words
from ops_api.web.brand import Brand
from ops_api.web.chart import Chart
from ops_api.web.home_answer import Answer, Known, answer
from ops_api.web.home_charts import chart_summary, charts, table
from ops_api.web.home_events import Noticed, noticed
from ops_api.web.home_rooms import RoomNow, rooms_now
from ops_api.web.home_sure import how_sure
from ops_api.web.home_why import Why, why
from ops_api.web.home_words import Row, room_name
from rules.core.analyst.finding import RISKS

CHART_SPAN = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Entry:
    """A diary entry as shown."""

    entry_id: int
    activity: str
    name: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """The page's content, in the order in which it is read.

    Attributes:
        label: of the home.
        answer: the first sentence.
        why: the cause; None where no home is damp or nothing was worked out.
        steps: what to do next, each with its reason or "".
        no_steps: why nothing could be worked out; "" where it was.
        sure: how far to trust it.
        rooms: now.
        chart_room: whose chart it is.
        noticed: moisture found in the readings of these two days.
    """

    label: str
    answer: Answer
    why: Why | None
    steps: tuple[tuple[str, str], ...]
    no_steps: str
    sure: tuple[str, ...]
    rooms: tuple[RoomNow, ...]
    chart_room: str
    humidity: Chart
    temperature: Chart
    table: tuple[tuple[str, str, str], ...]
    chart_summary: str
    noticed: tuple[Noticed, ...]


def chosen_room(rooms: Sequence[Row], speaks: str | None, wanted: str | None) -> Row | None:
    """Return the room asked for, else the one the risk is about, else the first."""
    for name in (wanted, speaks):
        for room in rooms:
            if name is not None and room["name"] == name:
                return room
    return rooms[0] if rooms else None


def entries(diary: Sequence[Row], brand: Brand, now: datetime) -> tuple[Entry, ...]:
    """Return the diary entries of the local day of ``now``, newest first."""
    today = now.astimezone(brand.time_zone).date()
    return tuple(
        Entry(
            d["diary_entry_id"],
            d["activity"],
            ACTIVITIES[d["activity"]],
            words.clock(d["at"], brand.time_zone),
        )
        for d in diary
        if d["at"].astimezone(brand.time_zone).date() == today
    )


def view(
    k: Known,
    room: Row | None,
    points: Sequence[Row],
    diary: Sequence[Row],
    events: Sequence[Row],
    *,
    span: tuple[datetime, datetime],
    now: datetime,
    brand: Brand,
) -> HomeView:
    """Return the page's content.

    Args:
        k: what is known of the home.
        room: the room that is shown; one of its rooms.
        points: rows at, temperature_c, humidity_pct of that room, in time order.
        diary: diary rows, newest first.
        events: moisture events of that room, newest first.
        span: start and end of the chart.
        now: the time it is in the town.
        brand: name and time zone.
    """
    first = answer(k, now, brand)
    steps, lacking = _steps(k, first, points)
    found = noticed(events, diary, brand, now)
    humidity, temperature = charts(points, diary, events, found, span, brand)
    return HomeView(
        label=str(k.home["label"]),
        answer=first,
        why=_why(k, first),
        steps=steps,
        no_steps=lacking,
        sure=how_sure(k, now, brand) if first.tone in RISKS else (),
        rooms=rooms_now(k.rooms, room, k.state, now, brand),
        chart_room="" if room is None else room_name(room),
        humidity=humidity,
        temperature=temperature,
        table=table(points, brand, span[1]),
        chart_summary=chart_summary(points),
        noticed=found,
    )


def _why(k: Known, first: Answer) -> Why | None:
    """Return the cause, where there is an answer to give a cause of."""
    if first.tone not in RISKS:
        return None
    found = why(k.finding)
    if first.is_new and found.cause in ("", "none"):
        return Why(False, "This is new. We can’t tell yet why.")
    return found if found.known or first.tone != "low" else None


def _steps(k: Known, first: Answer, points: Sequence[Row]) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return what to do, and why it could not be worked out for now where that is so.

    Until a home's first whole day the rules' state has to do.
    """
    if first.tone == "quiet":
        return (), ""
    if k.finding is not None:
        steps, lacking = home_advice.next_steps(first.tone, k.advice, k.finding["advice"])
        if steps:
            return steps, lacking
    if first.tone not in RISKS:
        return (), ""
    room = next((r for r in k.rooms if r["name"] == first.room), None)
    return tuple((said, "") for said in home_advice.advice(first.tone, room, k.state, points)), ""


def notice(saved: str | None, removed: str | None) -> str:
    """Return what to say after a form, or nothing; unknown words from an address are not repeated."""
    if saved is not None and saved in ACTIVITIES:
        return f"Saved: {ACTIVITIES[saved]}. Thank you."
    return "Removed." if removed else ""
