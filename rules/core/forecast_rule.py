"""The road forecast in the engine: issues as they come, whether the newest still counts, and whose sensor is wrong.

An issue is an input like a reading: rows of the kind ``forecast``, one a segment, in the order in which
they were stored, so that engine, replay, shadow and reopening see the same. Rule winter.forecast_stale says when none has come.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from devices.registry import RoadSegment
from rules.core.alarms import Demand
from rules.core.coat import Coat
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import Condition, advance
from rules.core.conditions.telling import Subject, Words, effects_of
from rules.core.context import Context
from rules.core.effects import CloseWork, Event, Json, OpenWork, clock, iso, num
from rules.core.forecast_columns import ForecastColumns
from rules.core.forecast_looks import HOUR_S, Looks, looks
from rules.core.memory import ForecastAge, Outdoor
from rules.core.numbers import Numbers
from rules.core.outlooks import Wash
from rules.core.psychrometrics import Floats
from rules.core.rain_gauge import coming_mm, gauge_mm
from rules.core.readings import Readings
from rules.core.salt_layers import Known
from rules.core.work import Work

KIND = "forecast"
SEGMENT = "segment:"
"""Before a segment's id in the place of a device's name: no device can be called so."""
FIELDS = ("issued_s", "by_forecast", "off_c", "table", "salt_g_m2")
TOWN = "town"
SHORT_G_M2, SHORT_SHARE = 1.0, 0.2
"""A forecast counts on salt that is not there where so much, and this share of it, are missing. Chosen: a gram keeps 0.05 mm liquid
to -1 °C, and a fifth is the 1.5 °C that the rules keep in hand, at -6 °C."""
WORDS = {True: "forecast", False: "stations"}
"""By which weather a road forecast was made; one by an old forecast of the weather counts as one by stations."""


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Take rows of forecasts; of each segment the one issued last counts."""
    table = work.table("forecast", ctx, ForecastColumns)
    at = table.rows([name.removeprefix(SEGMENT) for name in rows.device])
    issued, by, off, whole, salt = (rows.column(name) for name in FIELDS)
    for issued_s in np.unique(issued).tolist():
        some = np.flatnonzero((issued == issued_s) & (at >= 0))
        some = some[~(issued_s <= table.issued_s[at[some]])]  # NaN: the first
        if len(some) == 0:
            continue
        _tell_wrong(work, ctx, table, at[some], off[some], float(rows.ts_s[some[0]]))
        tables = whole[some].astype(np.int16)
        table.take(at[some], issued[some], by[some] > 0.0, off[some], tables, salt[some])
        _note(work, issued_s)


def _note(work: Work, issued_s: float) -> None:
    before: ForecastAge | None = work.read("forecast_age").get(TOWN)
    if before is None or before.awaited or issued_s > before.issued_s:
        stale = Condition() if before is None else before.stale
        work.write("forecast_age")[TOWN] = ForecastAge(issued_s, stale)


def _tell_wrong(
    work: Work, ctx: Context, table: ForecastColumns, rows: Numbers, off_c: Floats, at_s: float
) -> None:
    """Tell of sensors that are wrong by their neighbours, or no longer."""
    changed = np.isnan(table.off_c[rows]) != np.isnan(off_c)
    for row, error_c in zip(rows[changed].tolist(), off_c[changed].tolist(), strict=True):
        segment = ctx.graph.segments[row]
        if segment.device is not None:
            error = num(None if error_c != error_c else error_c)
            detail = {"wrong": error is not None, "error_c": error, "segment_id": segment.segment_id}
            work.effects.append(Event("sensor_judged", "device", segment.device, at_s, detail))
            work.effects.append(_work_item(ctx, segment, error, at_s))


def _work_item(
    ctx: Context, segment: RoadSegment, error_c: float | None, at_s: float
) -> OpenWork | CloseWork:
    """Return what maintenance is told: the sensor needs a look, or its neighbours no longer say so."""
    rule, device = ctx.catalogue.drift, segment.device or ""
    if error_c is None:
        return CloseWork(rule.id, device, at_s, "Its neighbours say what it says again.")
    way = "warm" if error_c > 0.0 else "cold"
    return OpenWork(
        rule.id, rule.version, device, at_s, f"{device}: its neighbours say otherwise",
        f"By its neighbours it reads {abs(error_c):.1f} °C too {way} on {segment.street}. Until they agree the road there "
        "is known by them, and decisions do not ask this sensor.",
        {"error_c": error_c, "segment_id": segment.segment_id},
    )  # fmt: skip


def evaluate(work: Work, ctx: Context, at_s: float) -> None:
    """Raise the alarm when the newest forecast is too old at a tick, and clear it.

    Before the first one came, time counts from the first tick, and only where forecasts are expected.
    """
    age: ForecastAge | None = work.read("forecast_age").get(TOWN)
    if age is None:
        if ctx.graph.segments:
            work.write("forecast_age")[TOWN] = ForecastAge(at_s, awaited=True)
        return
    rule = ctx.catalogue.forecast
    is_old = at_s - age.issued_s > rule.parameters.fresh_h * HOUR_S
    is_old &= ctx.forecasts_expected or not age.awaited
    wanted = asked(rule.alarm, Demand.ON if is_old else Demand.OFF)
    stale, turns = advance(age.stale, wanted, at_s, rule.alarm)
    if stale is not age.stale:
        after = replace(age, stale=stale)
        work.write("forecast_age")[TOWN] = after
        work.effects += effects_of(_subject(ctx, after), turns, stale)


def standing(ages: Mapping[str, ForecastAge], ctx: Context) -> Iterator[tuple[Subject, Condition]]:
    """Return the alarm, if it is up."""
    for age in ages.values():
        if age.stale.is_active:
            yield _subject(ctx, age), age.stale


def _subject(ctx: Context, age: ForecastAge) -> Subject:
    rule, issued = ctx.catalogue.forecast, iso(age.issued_s)
    newest = (
        f"No road forecast has ever come; the rules have been reading since {issued}. The first was due after"
        if age.awaited
        else f"The newest road forecast was issued at {issued}; one counts for"
    )
    words = Words(
        title="No road forecast",
        reason=f"{newest} {rule.parameters.fresh_h:g} h. Until there is another, treatments are decided by the "
        "sensors' own trend.",
        inputs={"issued_at": None if age.awaited else issued, "fresh_h": rule.parameters.fresh_h},
    )
    gone = (
        "Road forecasts are not expected here." if age.awaited else f"A road forecast of {issued} has come."
    )
    return Subject(rule, "kind", KIND, lambda level: words, lambda: gone)


def looked(work: Work, ctx: Context, now_c: Floats, at_s: float) -> Looks | None:
    """Return what fresh forecasts say of the segments at a tick; None where there is none."""
    if not has_come(work):
        return None
    table, p = work.table("forecast", ctx, ForecastColumns), ctx.catalogue.forecast.parameters
    fresh = _fresh(ctx, table, at_s)
    if not fresh.any():
        return None
    lead_h = (at_s - np.nan_to_num(table.issued_s)) / HOUR_S
    found = looks(table.values(), lead_h, fresh, table.by_forecast, now_c, p.horizon_h)
    return found if found.fresh.any() else None


def wash(work: Work, ctx: Context, cast: Looks | None, at_s: float) -> Wash | None:
    """Return what rain the forecasts have until it freezes for the last time, and how far they are looked at; ``cast``: of :func:`looked`."""
    if cast is None:
        return None
    table, horizon_h = (
        work.table("forecast", ctx, ForecastColumns),
        ctx.catalogue.forecast.parameters.horizon_h,
    )
    lead_h = (at_s - np.nan_to_num(table.issued_s)) / HOUR_S
    rain_mm = coming_mm(table.values(), lead_h, cast.low_in_h, horizon_h)
    return Wash(*(np.where(cast.fresh, v, np.nan) for v in (rain_mm, np.full(len(rain_mm), horizon_h))))


def short_of_salt(work: Work, ctx: Context, coats: Mapping[str, Coat]) -> NDArray[np.bool_]:
    """Return on which segments there was less salt than the newest forecast counts on, by what is known of it now.

    Rain since, or passes that were taken back: what such a forecast has liquid may freeze. ``coats``: the salt now, by segment id.
    """
    counted = np.nan_to_num(work.table("forecast", ctx, ForecastColumns).salt_g_m2)
    issued_s = work.table("forecast", ctx, ForecastColumns).issued_s
    there = np.zeros(len(counted))
    for segment, here in coats.items():
        if (i := ctx.graph.segment_index.get(segment)) is not None:
            there[i] = here.left_g_m2(float(issued_s[i]))
    return np.asarray(counted - there > SHORT_G_M2 + SHORT_SHARE * counted, dtype=np.bool_)


def salt_known(work: Work, ctx: Context, segments: Iterable[str]) -> dict[str, Known]:
    """Return the salt that the newest forecast has on some segments at its issue, by segment id; where it tells none, nothing.

    By whatever weather it was made: the salt at its issue comes from the hours before, which were measured.
    """
    table = work.table("forecast", ctx, ForecastColumns)
    issued_s, salt_g_m2, place = table.issued_s.tolist(), table.salt_g_m2.tolist(), ctx.graph.segment_index
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    gauge = {t: _gauge_at_mm(town, t) for t in np.unique(table.issued_s[~np.isnan(table.issued_s)]).tolist()}
    rows = ((s, place[s]) for s in segments if s in place)
    return {
        s: Known(issued_s[i], salt_g_m2[i], gauge[issued_s[i]])
        for s, i in rows
        if not math.isnan(issued_s[i]) and not math.isnan(salt_g_m2[i])
    }


def _gauge_at_mm(town: Outdoor, at_s: float) -> float:
    """Return the rain gauge at a time [mm], rather too little: none where that is longer ago than it is remembered."""
    if town.gauge and at_s < town.gauge[0][0]:
        return 0.0
    return gauge_mm(town.gauge, (town.at_s, town.rain_mm), at_s)


def has_come(work: Work) -> bool:
    """Whether any road forecast has ever come."""
    age: ForecastAge | None = work.read("forecast_age").get(TOWN)
    return age is not None and not age.awaited


def is_unmeasured(work: Work, ctx: Context, at_s: float) -> bool:
    """Whether the engine has been reading for so long that a road sensor, or a forecast, should have been heard of."""
    age: ForecastAge | None = work.read("forecast_age").get(TOWN)
    return age is not None and at_s - age.issued_s > ctx.catalogue.surface.parameters.sensor_age_s


def lost(work: Work, ctx: Context, cast: Looks | None, at_s: float) -> NDArray[np.bool_]:
    """Return of which segments no forecast counts now, though there was one or should be; ``cast``: of :func:`looked`.

    Where forecasts are expected it should be for all, from the hour on at which the alarm says that none has come.
    """
    n = len(ctx.graph.segments)
    if not has_come(work):
        age: ForecastAge | None = work.read("forecast_age").get(TOWN)
        late = age is not None and at_s - age.issued_s > ctx.catalogue.forecast.parameters.fresh_h * HOUR_S
        return np.full(n, ctx.forecasts_expected and late)
    had = ~np.isnan(work.table("forecast", ctx, ForecastColumns).issued_s) | ctx.forecasts_expected
    return np.asarray(had if cast is None else had & ~cast.fresh, dtype=np.bool_)


def without_weather(ctx: Context, cast: Looks | None) -> NDArray[np.bool_]:
    """Return of which segments the forecast that counts was made without one of the weather; ``cast``: of :func:`looked`."""
    if cast is None:
        return np.zeros(len(ctx.graph.segments), dtype=np.bool_)
    return np.asarray(cast.fresh & ~cast.by_forecast, dtype=np.bool_)


def _fresh(ctx: Context, table: ForecastColumns, at_s: float) -> NDArray[np.bool_]:
    limit_s = ctx.catalogue.forecast.parameters.fresh_h * HOUR_S
    return np.asarray(at_s - table.issued_s <= limit_s, dtype=np.bool_)  # NaN is not


def wrong_sensors(work: Work, ctx: Context) -> NDArray[np.bool_]:
    """Return which of ``ctx.sensors`` are wrong by their neighbours: the newest forecast's judgement stands until another."""
    wrong = np.zeros(len(ctx.sensors), dtype=np.bool_)
    if has_come(work):
        table = work.table("forecast", ctx, ForecastColumns)
        has = (ctx.transfer.own >= 0) & ~np.isnan(table.off_c)
        wrong[ctx.transfer.own[has]] = True
    return wrong


def told(work: Work, ctx: Context, at_s: float) -> Json:
    """Return what a decision keeps of the forecast that it saw; nothing before the first one came."""
    age: ForecastAge | None = work.read("forecast_age").get(TOWN)
    if age is None or age.awaited:
        return {}
    table = work.table("forecast", ctx, ForecastColumns)
    newest = np.flatnonzero(table.issued_s == age.issued_s)
    by = WORDS[bool(table.by_forecast[newest].any())] if len(newest) else WORDS[False]
    is_fresh = at_s - age.issued_s <= ctx.catalogue.forecast.parameters.fresh_h * HOUR_S
    return {"road_forecast": {"issued_at": iso(age.issued_s), "weather": by, "used": is_fresh}}


def in_words(work: Work, ctx: Context, at_s: float) -> str:
    """Return since when there is no forecast, in a sentence; empty while there is one, and before the first one came."""
    age: ForecastAge | None = work.read("forecast_age").get(TOWN)
    if age is None or at_s - age.issued_s <= ctx.catalogue.forecast.parameters.fresh_h * HOUR_S:
        return ""
    if age.awaited:
        never = " No road forecast has ever come: the coming hours are the sensors' own trend."
        return never if ctx.forecasts_expected else ""
    return f" No road forecast since {clock(age.issued_s, ctx.zone)}: the coming hours are the sensors' own trend."
