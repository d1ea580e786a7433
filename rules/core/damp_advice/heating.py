"""Advice on warmth, and on the humidity to stay below."""

from __future__ import annotations

from rules.core.damp_advice.inverse import dry_enough_pct, warm_enough_c
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.state import Advice, Present
from rules.core.moisture_events.model import Band


def heat(now: Present, p: AdviceParameters) -> Advice | None:
    """Return how warm the room must be; None for a warm room, or a dry wall.

    Where that is more than anyone should be told, the room is told a healthy temperature if it is
    colder, and that it will not do by itself.
    """
    before = now.wall_pct()
    if now.room_c >= p.warm_c or before < p.limit_pct:
        return None
    high, middle, low = (warm_enough_c(now.vapour_pa, now.outdoor_c, f, p.limit_pct) for f in now.factors)
    enough = middle <= p.most_c
    target = float(middle) if enough else p.healthy_c
    if target <= now.room_c:
        return None
    after = now.wall_pct(room_c=target)
    if enough:
        words = f"At the water in your air now, {target:.0f} °C in this room keeps the wall below {p.limit_pct:.0f} %."
    else:
        words = f"Warming this room to {target:.0f} °C helps, but it is not enough by itself."
    return Advice(
        kind="heat",
        effect_pct=before - after,
        band=Band(low=float(low), middle=float(middle), high=float(high)),
        numbers={
            "target_c": target,
            "room_c": now.room_c,
            "wall_before_pct": before,
            "wall_after_pct": after,
        },
        sentence=words,
        why="A warmer wall holds the same water without getting damp.",
    )


def stay_below(now: Present, p: AdviceParameters) -> Advice:
    """Return the humidity of the room to stay below while it is as cold outdoors as now."""
    low, middle, high = (dry_enough_pct(now.room_c, now.outdoor_c, f, p.limit_pct) for f in now.factors)
    before = now.wall_pct()
    after = (
        min(before, now.wall_pct(vapour_pa=now.vapour_pa * middle / now.humidity_pct))
        if now.humidity_pct > 0
        else before
    )
    return Advice(
        kind="stay_below",
        effect_pct=before - after,
        band=Band(low=float(low), middle=float(middle), high=float(high)),
        numbers={
            "humidity_limit_pct": float(middle),
            "humidity_pct": now.humidity_pct,
            "outdoor_c": now.outdoor_c,
        },
        sentence=f"Keep this room below {middle} % while it is {_degrees(now.outdoor_c)} outside.",
        why=f"Then the air at your coldest wall stays below {p.limit_pct:.0f} %. The colder it is outside, the drier the room must be.",
    )


def _degrees(temperature_c: float) -> str:
    whole = round(temperature_c)
    return f"{whole} °C" if whole >= 0 else f"minus {-whole} °C"
