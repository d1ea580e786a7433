"""What the report says of the analyst's work: damp hours with their band, why, how sure that is, what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from rules.core.evidence.blocks import Block, bullets, para, table
from rules.core.evidence.contents import Contents, DampDay, DampWeek

SHOWN_CLASS = "sensitive"
WEEKS_PRINTED = 60
CAUSES = {
    "heat": "too little heat",
    "ventilation": "too little ventilation",
    "load": "much moisture let in for the size of the home",
    "moisture": "too much moisture; whether more comes in or less gets out is not told apart",
    "fabric": "a wall that gets too cold: the building",
    "outdoor": "air outdoors that was nearly wet enough by itself",
    "none": "none: the walls were dry nearly all the time",
}
LIMITS = (
    "A judgement of a model from temperature, humidity and weather. It finds homes that are damp more surely than it tells why.",
    "Which reason it names matters: in simulated homes it was right in 48 of 53 that it put down to ventilation, 19 of 29 to too little heat, 16 of 22 to much moisture let in and 9 of 15 to the building. In real homes that is not known.",
    "The confidence is the share of the assumed walls and volumes of air for which the same reason comes first.",
    "Days here are local days, and offsets of sensors are applied; the figures above are of UTC days and of readings as they came. So the two differ a little.",
    "The index goes on from day to day since the household's first one; hours that nobody knows change nothing and are counted.",
    "Air-change rates, leaks and what is inside a wall are not measured.",
)


def finding_words(weeks: Sequence[DampWeek]) -> str:
    """Return the newest finding in a sentence or two; empty where there is none."""
    if not weeks:
        return ""
    w = weeks[-1]
    of = f"{w.room}, {w.evidence.get('days', 'some')} days up to {_day(w.to_day)}"
    if w.cause is None:
        return f"Why it is damp can't be told ({of}): {w.evidence.get('not_enough', 'there is too little to go by')}"
    if w.cause == "none":
        return f"The walls were dry nearly all the time ({of})."
    return (
        f"The likeliest reason for the damp is {CAUSES.get(w.cause, w.cause)} ({of}); confidence {_share(w.confidence)}. "
        "It is a model's judgement; what it rests on is below."
    )


def analysed(c: Contents) -> list[Block]:
    """Return what the analyst worked out of the period."""
    if not c.damp_days:
        return [para("No whole day of this period was worked out by the analyst.")]
    labels = {r.device: r.label for r in c.home.rooms}
    rows = [
        _room(labels.get(device, device), list(days))
        for device, days in groupby(c.damp_days, key=lambda d: d.device)
    ]
    header = [
        "Room", "Days", "Hours at 80 % or more", "Of hours", "Risk index, 0 to 6", "Temperature factor of the coldest wall", "Offsets applied",
    ]  # fmt: skip
    blocks = [table("Day by day from readings and weather, with offsets applied", header, rows)]
    if c.damp_weeks:
        blocks += [
            table("Why it is damp, week by week", ["Up to", "Room", "Risk", "Likeliest reason", "Confidence", "Moisture at 5 °C outdoors"],
                  [_week(w) for w in c.damp_weeks[-WEEKS_PRINTED:]]),
        ]  # fmt: skip
    return [*blocks, bullets(LIMITS)]


def _room(label: str, days: Sequence[DampDay]) -> list[str]:
    last = days[-1]
    low, middle, high = (
        sum(getattr(d, f) for d in days) for f in ("damp_hours_low", "damp_hours", "damp_hours_high")
    )
    numbers = sorted({n for d in days for n in d.calibrations})
    return [
        label,
        f"{len(days)}",
        f"{middle:,}" if low == high else f"{middle:,} ({low:,} to {high:,})",
        f"{sum(d.surface_hours for d in days):,}",
        _index(last),
        _factor(last),
        ", ".join(f"calibration {n}" for n in numbers) or "none",
    ]


def _index(day: DampDay) -> str:
    found = day.mould.get(SHOWN_CLASS, {})
    index = found.get("index")
    if index is None:
        return "not known"
    return f"{index:.1f} at the end; highest {found.get('highest', index):.1f}"


def _factor(day: DampDay) -> str:
    band = f"{day.factor:.2f} ({day.factor_low:.2f} to {day.factor_high:.2f})"
    if day.factor_nights is None:
        return f"{band}, assumed"
    error = "" if day.factor_error is None else f", standard uncertainty {day.factor_error:.3f}"
    return f"{band}, learned from a wall probe in {day.factor_nights} nights{error}"


def _week(w: DampWeek) -> list[str]:
    why = (
        CAUSES.get(w.cause, w.cause)
        if w.cause is not None
        else f"not told: {w.evidence.get('not_enough', '')}"
    )
    return [_day(w.to_day), w.room, w.risk, why, _share(w.confidence), _standard(w)]


def _standard(w: DampWeek) -> str:
    excess, error = w.standard.get("excess_pa"), w.standard.get("error_pa")
    if excess is None or error is None:
        return "not known"
    return f"{excess:.0f} ± {error:.0f} Pa"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
