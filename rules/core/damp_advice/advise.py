"""All advice for one room, the most useful first."""

from __future__ import annotations

from rules.core.damp_advice.heating import heat, stay_below
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.state import Advice, Present, Recent
from rules.core.damp_advice.windows import airing, clearing
from rules.core.moisture_events.model import Band

ISO_FULL_C = 20.0


def advise(now: Present, recent: Recent, p: AdviceParameters) -> tuple[Advice, ...]:
    """Return what to do or to know, sorted by how much it lowers the humidity at the coldest wall.

    A dry room is told that there is nothing to do; one that is too cold to be healthy is told that too.

    Args:
        now: the room.
        recent: what the last weeks have shown.
        p: the settings.
    """
    if now.wall_pct(factor=now.factors[0]) < p.watch_pct:
        return (nothing(now, p), stay_below(now, p))
    found = (
        heat(now, p),
        airing(now, p),
        clearing(now, recent, p),
        less_water(now, recent),
        building(now, p),
        stay_below(now, p),
    )
    return tuple(sorted((a for a in found if a is not None), key=lambda a: -a.effect_pct))


def nothing(now: Present, p: AdviceParameters) -> Advice:
    """Return that the walls are dry."""
    high, middle, low = (now.wall_pct(factor=f) for f in now.factors)
    cold = now.room_c < p.healthy_c
    warm = f" But it is cold here: {p.healthy_c:.0f} °C is better for your health." if cold else ""
    return Advice(
        kind="nothing",
        effect_pct=0.0,
        band=Band(low=low, middle=middle, high=high),
        numbers={"wall_pct": middle, "room_c": now.room_c},
        sentence=f"Your walls are dry. You do not need to do anything about damp.{warm}",
        why=f"The air at your coldest wall is {middle:.0f} % full of water. Damp starts at {p.limit_pct:.0f} %.",
    )


def less_water(now: Present, recent: Recent) -> Advice | None:
    """Return what drying clothes elsewhere would do; None where none was seen or it can't be weighed.

    The room's excess over outdoors is in proportion to the water let in.
    """
    drying, water = recent.drying_g_day, recent.water_g_day
    if drying is None or water is None or now.outdoor_vapour_pa is None or drying <= 0.0:
        return None
    share = min(drying / max(water, drying), 1.0)
    before = now.wall_pct()
    excess = max(now.vapour_pa - now.outdoor_vapour_pa, 0.0)
    after = now.wall_pct(vapour_pa=now.vapour_pa - share * excess)
    litres = drying / 1000.0
    return Advice(
        kind="less_water",
        effect_pct=before - after,
        band=Band(low=0.6 * litres, middle=litres, high=1.6 * litres),
        numbers={"litres_per_day": litres, "wall_before_pct": before, "wall_after_pct": after},
        sentence=f"Clothes that dry indoors let about {litres:.1f} litres of water a day into your air. If you can, dry them outside or by an open window.",
        why=f"Without it the air at the wall would be at about {after:.0f} %, not {before:.0f} %.",
    )  # fmt: skip


def building(now: Present, p: AdviceParameters) -> Advice | None:
    """Return that it is the wall, where a warm room with ordinary moisture would leave it damp.

    Even at the best temperature factor of the band, so that it is never said lightly.
    """
    if now.outdoor_vapour_pa is None:
        return None
    excess = p.normal_pa * min(max((ISO_FULL_C - now.outdoor_c) / ISO_FULL_C, 0.0), 1.0)
    vapour, warm_c = min(now.vapour_pa, now.outdoor_vapour_pa + excess), max(now.room_c, p.healthy_c)
    high, middle, low = (now.wall_pct(vapour_pa=vapour, room_c=warm_c, factor=f) for f in now.factors)
    if low < p.limit_pct or now.factors[2] >= p.sound_factor:
        return None
    return Advice(
        kind="building",
        effect_pct=now.wall_pct() - now.wall_pct(factor=p.sound_factor),
        band=Band(low=low, middle=middle, high=high),
        numbers={"wall_when_ordinary_pct": middle, "warm_c": warm_c},
        sentence="This wall is too cold. It would be damp in a warm home with ordinary use too. It is the building: tell your landlord or the council.",
        why=f"At {warm_c:.0f} °C and with ordinary moisture the air at this wall would still be at {middle:.0f} %.",
    )  # fmt: skip
