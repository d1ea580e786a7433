"""Advice on windows: only where outdoor air is drier, and never in a gale."""

from __future__ import annotations

from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.state import Advice, Present, Recent
from rules.core.moisture_events.model import Band
from rules.core.psychrometrics import VAPOUR_GAS_CONSTANT

NO_BAND = Band(low=0.0, middle=0.0, high=0.0)


def windy(now: Present, p: AdviceParameters) -> bool:
    """Whether it blows too hard to open a window."""
    return now.wind_m_s is not None and now.wind_m_s >= p.gale_m_s


def airing(now: Present, p: AdviceParameters) -> Advice | None:
    """Return whether to open a window now; None where the wall is dry or outdoors is not known."""
    drier = now.drier_outside_g_m3
    if drier is None or now.outdoor_vapour_pa is None or now.wall_pct() < p.watch_pct:
        return None
    if drier < p.drier_g_m3:
        return _no_airing(now, drier, _wetter_words(drier), "Only drier air can carry water away.")
    if windy(now, p):
        return _no_airing(
            now,
            drier,
            "It is too windy to open a window now. Wait until the wind drops.",
            "Air from outside would dry this room, but a window can break in a gale.",
        )
    minutes = p.frosty_airing_min if now.outdoor_c < p.frosty_c else p.airing_min
    before = now.wall_pct()
    low, middle, high = (
        now.wall_pct(vapour_pa=now.vapour_pa + share * (now.outdoor_vapour_pa - now.vapour_pa))
        for share in reversed(p.swapped_share)
    )
    return Advice(
        kind="airing",
        effect_pct=p.lasting_share * (before - middle),
        band=Band(low=low, middle=middle, high=high),
        numbers={"minutes": float(minutes), "drier_g_m3": drier, "wall_before_pct": before, "wall_after_pct": middle},
        sentence=f"The air outside is drier. Open a window wide for {minutes} minutes now. It can bring the air at the wall from {before:.0f} % to about {middle:.0f} %.",
        why=f"Each cubic metre of outside air holds {drier:.1f} grams less water. Some water comes back out of walls and furniture later.",
    )  # fmt: skip


def _wetter_words(drier_g_m3: float) -> str:
    how = "wetter" if drier_g_m3 < 0.0 else "just as wet"
    return f"The air outside is {how} now: opening a window will not dry this room."


def _no_airing(now: Present, drier_g_m3: float, sentence: str, why: str) -> Advice:
    numbers = {"drier_g_m3": drier_g_m3}
    if now.wind_m_s is not None:
        numbers["wind_m_s"] = now.wind_m_s
    band = Band(low=drier_g_m3, middle=drier_g_m3, high=drier_g_m3)
    return Advice(kind="no_airing", effect_pct=0.0, band=band, numbers=numbers, sentence=sentence, why=why)


def clearing(now: Present, recent: Recent, p: AdviceParameters) -> Advice | None:
    """Return how long the room takes to clear, and with the window open; None where it is quick or not known."""
    times = recent.clear_times
    if times is None or times.shut_min is None or times.shut_events < p.least_events:
        return None
    if times.shut_min < p.slow_clear_min:
        return None
    opened = times.open_min if times.open_events >= p.least_events else None
    known = opened is not None and opened < times.shut_min
    numbers = {"shut_min": times.shut_min} | ({"open_min": opened} if known and opened is not None else {})
    sentence = f"{now.room.capitalize()} takes {spoken(times.shut_min)} to clear."
    if known and opened is not None:
        sentence += f" With the window open it took {spoken(opened)}."
    elif not windy(now, p) and (now.drier_outside_g_m3 or 0.0) >= p.drier_g_m3:
        sentence += " Next time, open the window or use the fan, and shut the door."
    else:
        sentence += " Next time, use the fan if you have one, and shut the door."
    share = 0.5 if not known or opened is None else 1.0 - opened / times.shut_min
    return Advice(
        kind="clearing",
        effect_pct=share * _standing_pct(now, recent, times.shut_min),
        band=Band(low=opened if known and opened is not None else times.shut_min, middle=times.shut_min, high=times.shut_min),
        numbers=numbers,
        sentence=sentence,
        why="As long as the water stays in the air, it goes into cold walls.",
    )  # fmt: skip


def _standing_pct(now: Present, recent: Recent, clear_min: float) -> float:
    """Return what a day's rises add to the humidity at the wall, on average over the day [percentage points].

    Half of the rise for as long as it takes to clear.
    """
    if recent.usual_rise_g_m3 is None or recent.events_per_day is None:
        return 0.0
    rise_pa = recent.usual_rise_g_m3 * VAPOUR_GAS_CONSTANT * (now.room_c + 273.15) / 1000.0
    of_the_day = min(recent.events_per_day * clear_min / 1440.0, 1.0)
    return 0.5 * of_the_day * (now.wall_pct(vapour_pa=now.vapour_pa + rise_pa) - now.wall_pct())


def spoken(minutes: float) -> str:
    """Return a length of time as people say it: "35 minutes", "3 h 10"; to five minutes above an hour."""
    whole = round(minutes)
    if whole < 60:
        return f"{whole} minute{'' if whole == 1 else 's'}"
    hours, rest = divmod(5 * round(minutes / 5.0), 60)
    return f"{hours} h" if rest == 0 else f"{hours} h {rest:02d}"
