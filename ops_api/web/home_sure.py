"""How far to trust a home's answer, in words for a reading age of nine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ops_api.web import home_words, words
from ops_api.web.brand import Brand
from ops_api.web.home_answer import Known, damp_hours

Row = Mapping[str, Any]

FLAGS: Mapping[str, str] = {
    "gaps": "Some readings are missing",
    "outdoor_unknown": "We did not always know how cold it was outside",
    "implausible": "Some readings can’t be right",
    "self_heating": "Your frog may stand near something warm. Move it away from heaters, TVs and the sun",
    "drier_than_outdoors": "Your frog says the room is drier than the air outside. Its sensor may be worn",
    "drifts_from_sister": "Your frogs no longer agree. One of them may be worn",
}
FIELDS: Mapping[str, str] = {
    "temperature_c": "temperature",
    "humidity_pct": "humidity",
    "wall_temperature_c": "wall temperature",
}
LIMITS = "We work out a risk from the air. We can’t see your walls. Sums like these are right for about 7 homes in 10."
ALL = 0.98


def band(k: Known) -> str:
    """Return between how many damp hours the truth may lie; empty where no day is known."""
    found = damp_hours(k.days)
    if found is None:
        return ""
    low, _, high = (round(h) for h in found)
    learned = k.days[0]["factor_nights"] is not None
    how = (
        "Your frog has measured how cold your wall gets."
        if learned
        else "We do not know just how cold your wall gets."
    )
    between = (
        f"The damp time is about {words.plural(high, 'hour')} a day."
        if low == high
        else f"The damp time may be {low} to {high} hours a day."
    )
    return f"{how} {between}"


def risk_between(evidence: Row) -> str:
    """Return between what the risk may lie; empty where the wall makes no difference, or it is not known."""
    low, high = evidence.get("risk_band", ("unknown", "unknown"))
    if low == high or "unknown" in (low, high):
        return ""
    return f"If your wall is warmer than we think, your risk is {low}. If it is colder, your risk is {high}."


def _readings(evidence: Row) -> str:
    share = evidence.get("completeness")
    if share is None:
        return ""
    days = words.plural(evidence["days"], "day")
    if share >= ALL:
        return f"We have nearly all readings of the last {days}."
    return f"We have {words.percent(100 * share)} of the readings of the last {days}."


def _flag(flag: str, days: int) -> str:
    return f"{FLAGS.get(flag, flag.replace('_', ' ').capitalize())} ({words.plural(days, 'day')})."


def correction(row: Row, now: datetime, brand: Brand) -> str:
    """Return a calibration in force, as a sentence."""
    unit = f"{home_words.NBSP}°C" if row["field"] != "humidity_pct" else " points"
    sign = "up" if row["value_offset"] > 0 else "down"
    since = home_words.day_name(row["from_at"].astimezone(brand.time_zone).date(), now, brand)
    return (
        f"We move the {FIELDS.get(row['field'], row['field'])} of this frog {sign} by"
        f" {words.number(abs(row['value_offset']), 1)}{unit}, because it was checked. This began: {since}."
    )


def in_force(rows: Any, now: datetime) -> list[Row]:
    """Return the calibrations that hold at a moment."""
    return [
        c
        for c in rows
        if c["withdrawn_at"] is None and c["from_at"] <= now and (c["to_at"] is None or c["to_at"] > now)
    ]


def how_sure(k: Known, now: datetime, brand: Brand) -> tuple[str, ...]:
    """Return what there is to know about how far the answer can be trusted, the most telling first."""
    evidence: Row = {} if k.finding is None else k.finding["evidence"]
    flags = evidence.get("flag_days", {})
    said = (
        band(k),
        risk_between(evidence),
        _readings(evidence),
        *(_flag(flag, days) for flag, days in sorted(flags.items())),
        *(correction(c, now, brand) for c in in_force(k.calibrations, now)),
        LIMITS,
    )
    return tuple(s for s in said if s)
