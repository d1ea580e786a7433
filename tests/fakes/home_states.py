"""Homes in every state that their page knows, as the queries give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ops_api.web import home_view
from ops_api.web.brand import Brand
from ops_api.web.home_answer import Known
from rules.core.analyst.figures import plain
from rules.core.damp_advice.advise import advise
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.state import Present, Recent
from rules.core.moisture_events.clearing import ClearTimes

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)
BRAND = Brand()
Row = dict[str, Any]
NO_ADVICE: Row = {"at": None, "items": [], "reason": "There is no whole day yet to work it out from."}


def advised(
    room_c: float = 15.0, humidity_pct: float = 74.0, outdoor_c: float = 3.0, factor: float = 0.6
) -> list[Row]:
    """Advice as it is worked out and kept, most useful first."""
    present = Present(
        room="bathroom", room_c=room_c, humidity_pct=humidity_pct, outdoor_c=outdoor_c, outdoor_vapour_pa=640.0,
        wind_m_s=3.0, factor=factor,
    )  # fmt: skip
    recent = Recent(
        clear_times=ClearTimes(shut_min=190.0, shut_events=9, open_min=35.0, open_events=4), usual_rise_g_m3=4.0,
        events_per_day=1.4, drying_g_day=2100.0, water_g_day=6000.0,
    )  # fmt: skip
    return list(plain([asdict(a) for a in advise(present, recent, AdviceParameters())]))


STEPS = advised()
DRY = advised(21.0, 40.0, 8.0, 0.8)
BUILDING = [i for i in advised(19.0, 55.0, -2.0, 0.4) if i["kind"] == "building"]


def room(**changes: Any) -> Row:
    """A frog in the bedroom that measured three minutes ago."""
    return {
        "device_id": 1,
        "name": "frog-1",
        "label": "Frog 1",
        "room": "bedroom",
        "cadence_s": 300,
        "ts": NOW - timedelta(minutes=3),
        "quality": 0,
        "temperature_c": 17.0,
        "humidity_pct": 72.0,
    } | changes


def finding(
    risk: str = "raised", cause: str | None = "heat", confidence: float | None = 0.85, **evidence: Any
) -> Row:
    """A finding of the bedroom up to yesterday."""
    return {
        "week": date(2026, 1, 5),
        "to_day": date(2026, 1, 8),
        "device": "frog-1",
        "room": "bedroom",
        "cause": cause,
        "confidence": confidence,
        "risk": risk,
        "mould_index": 1.4,
        "evidence": {
            "days": 28,
            "surface_hours": 672,
            "completeness": 0.97,
            "flag_days": {},
            "risk_shares": {"raised": 0.2, "high": 0.5},
            "room_c": 15.2,
            "excess_ratio": 1.8,
            "also": [],
            "removed": {r: [0.5, 0.7, 0.85] for r in ("heat", "moisture", "fabric")},
        }
        | evidence,
        "advice": {"items": STEPS},
    }  # fmt: skip


def days(damp: int = 9, *, learned: bool = False, surface_hours: int = 24) -> list[Row]:
    """A week of the bedroom with so many damp hours each day."""
    return [
        {
            "day": date(2026, 1, 8) - timedelta(days=n),
            "surface_hours": surface_hours,
            "damp_hours_low": max(damp - 4, 0),
            "damp_hours": damp,
            "damp_hours_high": min(damp + 5, 24) if damp > 0 else 0,
            "factor_nights": 20 if learned else None,
        }
        for n in range(7)
    ]


def first_evening(risk: str, damp: int) -> Known:
    """A home of which two hours of one day are known, and what a hasty finding says of them."""
    few = finding(risk, None, None, days=1, lacks="hours", have=2.0, need=240.0) | {"mould_index": 0.0}
    return known(room(), found=few, week=days(damp, surface_hours=2)[:1])


def known(
    *rooms: Row,
    state: Mapping[str, Any] | None = None,
    found: Row | None = None,
    week: Sequence[Row] = (),
    steps: Sequence[Row] = STEPS,
    reason: str | None = None,
    calibrations: Sequence[Row] = (),
) -> Known:
    """What is known of a home."""
    return Known(
        home={"home_id": 1, "code": "c", "label": "1 High Street"},
        rooms=rooms,
        state=state or {},
        finding=found,
        days=week,
        advice=NO_ADVICE if found is None else {"at": NOW, "items": list(steps), "reason": reason},
        calibrations=calibrations,
    )


CALIBRATION: Row = {
    "calibration_id": 1,
    "device": "frog-1",
    "field": "humidity_pct",
    "value_offset": -2.5,
    "keeps_vapour": False,
    "from_at": NOW - timedelta(days=40),
    "to_at": None,
    "how": "salt",
    "withdrawn_at": None,
}
DAMP_NOW = {
    "risk": "high",
    "device": "frog-1",
    "since": (NOW - timedelta(hours=9)).isoformat(),
    "surface_temperature_c": 11.4,
    "surface_humidity_pct": 91.0,
    "outdoor_temperature_c": 0.4,
    "humidity_limit_pct": 62.0,
    "absolute_humidity_g_m3": 9.9,
}
LAST_WEEK = NOW - timedelta(days=3)
STATES: Mapping[str, Known] = {
    "low": known(room(temperature_c=20.0, humidity_pct=48.0), state={"risk": "low", "device": "frog-1"}, found=finding("low", "none", 1.0), week=days(0), steps=DRY),
    "raised, cold": known(room(), state={"risk": "raised", "device": "frog-1"}, found=finding(), week=days(9)),
    "high, air": known(room(), state=DAMP_NOW, found=finding("high", "ventilation", 0.7), week=days(16)),
    "high, water": known(room(), state=DAMP_NOW, found=finding("high", "load", 0.5, also=["heat"]), week=days(14)),
    "raised, which of two": known(room(), found=finding("raised", "moisture", 0.65), week=days(7)),
    "high, building": known(room(temperature_c=19.0), found=finding("high", "fabric", 0.9), week=days(24, learned=True), steps=[*BUILDING, *STEPS]),
    "raised, weather": known(room(), found=finding("raised", "outdoor", 0.8), week=days(6)),
    "raised by the weeks before": known(room(), found=finding("raised"), week=days(1)),
    "worse now than for days": known(room(), state=DAMP_NOW, found=finding("low", "none", 1.0), week=days(0)),
    "first hours": known(room(), state=DAMP_NOW),
    "new home": known(room()),
    "no data": known(room(ts=None, temperature_c=None, humidity_pct=None)),
    "no frog": known(),
    "old readings": known(room(ts=LAST_WEEK), state={"risk": "high", "device": "frog-1"}, found=finding(), week=days(9), steps=[], reason="The box has not measured for two hours."),
    "no weather": known(room(), state={"risk": None, "outdoor_temperature_c": None}, found=finding("unknown", None, None, surface_hours=0, lacks="hours", have=0.0, need=240.0), week=days(0, surface_hours=0), steps=[], reason="Outdoor unknown: no weather station has measured for three hours."),
    "too few days": known(room(), state={"risk": "raised", "device": "frog-1"}, found=finding("raised", None, None, days=3, lacks="hours", have=70.0, need=240.0), week=days(9)[:3]),
    "too mild": known(room(), found=finding("low", None, None, lacks="difference", have=2.0, need=4.0), week=days(0), steps=DRY),
    "gaps and a correction": known(room(), found=finding(completeness=0.61, flag_days={"gaps": 9, "self_heating": 4, "outdoor_unknown": 2, "drier_than_outdoors": 1, "implausible": 1, "drifts_from_sister": 3}), week=days(9), calibrations=[CALIBRATION]),
    "first evening, wet": first_evening("high", 2),
    "first evening, dry": first_evening("low", 0),
    "a broken week after damp ones": known(room(), found=finding("high", "heat", 0.85), week=days(2, surface_hours=3)),
    "high for days, dry just now": known(room(temperature_c=21.0, humidity_pct=40.0), found=finding("high", "heat", 0.85), week=days(14), steps=DRY),
    "high, perhaps the building": known(room(), found=finding("high", "fabric", 0.7, also=["heat"]), week=days(16)),
    "high, the building and the cold": known(room(), found=finding("high", "fabric", 0.95, also=["heat"]), week=days(16)),
    "first hours, no weather": known(room(temperature_c=19.5, humidity_pct=70.0), state={"risk": "raised", "device": "frog-1", "surface_humidity_pct": 74.0, "outdoor_temperature_c": None, "absolute_humidity_g_m3": 11.8}),
    "a measured wall": known(room(temperature_c=20.0, humidity_pct=58.0, wall_temperature_c=13.0), state=DAMP_NOW | {"surface_temperature_c": 13.0, "surface_humidity_pct": 90.0, "humidity_limit_pct": 65.0}),
    "two rooms, one silent": known(room(), room(device_id=2, name="frog-2", room="Sam’s room", ts=LAST_WEEK), found=finding(), week=days(9)),
}  # fmt: skip
"""Every state, by name."""

EVENTS: list[Row] = [
    {"event_id": 3, "started_at": NOW - timedelta(hours=2), "peak_at": NOW - timedelta(hours=1, minutes=45), "activity": "cooking", "grams": 420.0, "clear_min": None, "aired": False, "of_household": True, "diary_entry_id": None},
    {"event_id": 2, "started_at": NOW - timedelta(hours=11), "peak_at": NOW - timedelta(hours=10, minutes=40), "activity": "shower", "grams": 260.0, "clear_min": 185.0, "aired": False, "of_household": True, "diary_entry_id": 8},
    {"event_id": 1, "started_at": NOW - timedelta(hours=34), "peak_at": NOW - timedelta(hours=29), "activity": "washing", "grams": 1900.0, "clear_min": 75.0, "aired": True, "of_household": True, "diary_entry_id": None},
    {"event_id": 4, "started_at": NOW - timedelta(hours=36), "peak_at": NOW - timedelta(hours=35), "activity": "unknown", "grams": 150.0, "clear_min": 30.0, "aired": False, "of_household": False, "diary_entry_id": None},
]  # fmt: skip
DIARY: list[Row] = [{"diary_entry_id": 8, "at": NOW - timedelta(hours=11), "activity": "shower"}]


def points(temperature_c: float = 17.0, humidity_pct: float = 72.0) -> list[Row]:
    """Two days, with a gap of five hours."""
    return [
        {"at": NOW - timedelta(minutes=10 * n), "temperature_c": temperature_c, "humidity_pct": humidity_pct + n % 7}
        for n in range(288, 0, -1)
        if not 100 < n < 130
    ]  # fmt: skip


def view_of(
    k: Known,
    *,
    drawn: Sequence[Row] | None = None,
    events: Sequence[Row] = EVENTS,
    diary: Sequence[Row] = DIARY,
) -> home_view.HomeView:
    """The page's content of a home."""
    shown = home_view.chosen_room(k.rooms, None, None)
    return home_view.view(
        k,
        shown,
        points() if drawn is None else drawn,
        diary,
        events,
        span=(NOW - home_view.CHART_SPAN, NOW),
        now=NOW,
        brand=BRAND,
    )
