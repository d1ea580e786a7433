"""What ``cityops winter hindcast`` says in words and tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec

from rules.core.winter_scores.contingency import Counts, measures

if TYPE_CHECKING:
    from rules.core.hindcast.compare import Night, Road
    from rules.core.hindcast.facts import Proposed, Spread
    from rules.core.hindcast.nights import ForecastScore
    from rules.winter.hindcast.winter import Winter

ROW = "{:<10}  {:<25} {:<33} {:<43} {:>6} {:>6} {:>7}  {}"
ASKED = {"treat": "treat", "refer": "the officer decides", "nothing": "nothing"}
ACTION = {
    "no_action": "no action", "monitor": "monitor", "treat": "treat", "treat_twice": "treat twice",
    "plough": "plough", "refer": "officer decides",
}  # fmt: skip
SAID = {
    "evening": "what stood at 17 h",
    "ours": "asked for in time",
    "theirs": "salted at all, by the log",
}
WEATHER = {"stations": "forecast from what stations tell", "observed": "forecast with the weather that came"}
SALT = {"log": "salt as logged", "ours": "salt as the rules ask for it", "none": "no salt"}


def document(w: Winter) -> dict[str, Any]:
    """Return a winter for programs."""
    plain: dict[str, Any] = msgspec.to_builtins(w)
    return {**plain, "measures": {name: msgspec.to_builtins(measures(c)) for name, c in w.verified.items()}}


def lines(w: Winter) -> Iterator[str]:
    """Return a winter, line by line."""
    zone = timezone(timedelta(hours=w.utc_offset_h))
    wet = "by the sensor's wetness" if w.by_wetness else "without the sensor's wetness"
    yield (
        f"{w.file}: {len(w.nights)} nights, {WEATHER[w.weather]}, {SALT[w.salt]}, {wet}, road model {w.parameters}, "
        f"a road forecast every {w.every_h} h"
    )
    yield ""
    yield ROW.format("night", "at 17 h", "later", "log", "lowest", "frozen", "not dry", "where they differ")
    for night in w.nights:
        yield _night(night, zone).rstrip()
    yield ""
    yield from _agreement(w)
    yield ""
    yield from (_verified(SAID[name], c) for name, c in w.verified.items())
    yield ""
    yield from _forecast(w.forecast)
    yield f"salt: {w.logged_g_m2:.0f} g/m² logged, {w.driven_g_m2:.0f} on the road of this run"


def _night(n: Night, zone: timezone) -> str:
    at_five = "nothing decided" if n.standing is None else _asked(n.standing)
    return ROW.format(str(n.night), at_five, _later(n, zone), _log(n.log, zone), *_road(n.road), n.why)


def _asked(p: Proposed) -> str:
    if not p.treats:
        return ACTION[p.action]
    many = f"{p.passes} × " if p.passes > 1 else ""
    return f"{ACTION[p.action]}, {many}{p.rate_g_m2:g} g/m²"


def _later(n: Night, zone: timezone) -> str:
    if n.first is None:
        return "–"
    more = f" (+{n.later})" if n.later else ""
    return f"{_clock(n.first.at_s, zone)} {_asked(n.first)}{more}"


def _log(log: tuple[Spread, ...], zone: timezone) -> str:
    return "; ".join(f"{_clock(s.at_s, zone)} {_of_log(s)}" for s in log) or "–"


def _of_log(s: Spread) -> str:
    parts = [f"{s.salt_g_m2:g} g"] if s.salt_g_m2 > 0.0 else []
    parts += [f"sand {s.sand_g_m2:g}"] if s.sand_g_m2 > 0.0 else []
    return " + ".join([*parts, *(["plough"] if s.plough else [])])


def _clock(at_s: float, zone: timezone) -> str:
    return f"{datetime.fromtimestamp(at_s, zone):%H:%M}"


def _road(r: Road) -> tuple[str, str, str]:
    lowest = "–" if r.lowest_c is None else f"{r.lowest_c:.1f}"
    return lowest, f"{r.frozen_h} h", f"{r.hazard_h} h"


def _agreement(w: Winter) -> Iterator[str]:
    yield "{:<22} {:>14} {:>12}".format("the rules asked for", "log: salted", "log: not")
    for row in w.agreement:
        yield f"{ASKED[row.asked]:<22} {row.salted:>14} {row.unsalted:>12}"
    same = sum(
        r.salted if r.asked == "treat" else r.unsalted if r.asked == "nothing" else 0 for r in w.agreement
    )
    of = sum(r.salted + r.unsalted for r in w.agreement)
    yield f"agree: {same} of {of} nights (treat and salted, nothing and not)"


def _verified(name: str, c: Counts) -> str:
    m = measures(c)
    rates = ", ".join(
        f"{n} {'–' if v is None else f'{v:.2f}'}" for n, v in (("POD", m.pod), ("FAR", m.far), ("TSS", m.tss))
    )
    unknown = f", {c.unknown} not measured" if c.unknown else ""
    return (
        f"{name}: {c.hits} hits, {c.misses} misses, {c.false_alarms} false alarms, {c.correct_rejections} correct "
        f"rejections{unknown}; {rates}"
    )


def _forecast(f: ForecastScore) -> Iterator[str]:
    if f.lowest is None:
        yield "no road forecast of an evening could be judged"
        return
    by = {e.lead_h: e.errors for e in f.leads}
    told = ", ".join(
        f"{h} h {by[h].rmse_c:.2f} ({by[h].bias_c:+.2f})" for h in (1, 3, 6, 9, 12, 15) if h in by
    )
    yield f"road forecast of 17 h, {f.nights} nights, RMSE (bias) [°C]: {told}"
    yield f"the night's lowest: RMSE {f.lowest.rmse_c:.2f}, bias {f.lowest.bias_c:+.2f}, {f.lowest.n} nights"
    if f.below_zero is not None:
        skill = "" if f.below_zero.skill is None else f", skill {f.below_zero.skill:.2f}"
        yield f"P(surface below 0 °C): Brier {f.below_zero.brier:.3f}{skill}"
