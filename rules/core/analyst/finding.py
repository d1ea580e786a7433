"""Why a home is damp, as of the end of a week: cause, advice, humidity class, standardised excess, monthly check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from rules.core.analyst.days import WINDOW_DAYS, begins_s, monday, settled_day
from rules.core.analyst.events import as_event
from rules.core.analyst.figures import plain
from rules.core.analyst.hours import RoomHours, hours_kept
from rules.core.analyst.model import Day, FindingRow, HomeInput
from rules.core.analyst.moisture_load import moisture_load
from rules.core.analyst.outdoors import Outdoors
from rules.core.analyst.rules import DampRules
from rules.core.analyst.weeks import RoomWeeks
from rules.core.damp_advice.advise import advise
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.recent import facts_of, recent_of
from rules.core.damp_advice.state import Present, Recent
from rules.core.damp_cause.cause import attribute
from rules.core.damp_cause.finding import Finding
from rules.core.damp_cause.hours import HomeFacts, HomeHours
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.damp_cause.words import sentence
from rules.core.damp_parameters import MouldParameters
from rules.core.moisture_events.parameters import MoistureParameters, wet_kind
from rules.core.mould.words import risk_band
from rules.core.parameters import Catalogue
from rules.core.psychrometrics import relative_humidity_pct

Hours = Literal["damp_hours_low", "damp_hours", "damp_hours_high"]
NOW_ONLY = ("airing", "no_airing")
"""Advice that holds for a moment, not for a week: it is worked out when asked."""
RISKS = ("low", "raised", "high")
WHOLE_DAY_H = 18
"""A day with fewer known hours tells no risk: two wet hours of a first evening are no wet day."""


def findings_of(
    home: HomeInput, rooms: Sequence[RoomWeeks], outdoors: Outdoors, rules: DampRules
) -> tuple[FindingRow, ...]:
    """Return the findings of the weeks whose days have changed, each as of its last settled day."""
    settled = min(settled_day(home.seen_s, rules.zone, rules.catalogue.damp_events.parameters), home.last)
    found = []
    week = monday(home.due)
    while week <= settled:
        to_day = min(week + timedelta(days=6), settled)
        if to_day >= home.due:
            found.append(_finding(home, rooms, outdoors, rules, week, to_day))
        week += timedelta(days=7)
    return tuple(f for f in found if f is not None)


def _finding(
    home: HomeInput,
    rooms: Sequence[RoomWeeks],
    outdoors: Outdoors,
    rules: DampRules,
    week: date,
    to_day: date,
) -> FindingRow | None:
    first = to_day - timedelta(days=WINDOW_DAYS - 1)
    parts = [r.of(first, to_day, rules) for r in rooms]
    parts = [r for r in parts if r.days]
    if not parts:
        return None
    catalogue = rules.of_home(home.code, begins_s(to_day, rules.zone))
    mould = catalogue.damp_mould.parameters
    speaks = max(parts, key=lambda r: _weight(r, mould))
    last = speaks.days[-1]
    index = _index(last, mould)
    of_box = rules.of_device(speaks.room.device, begins_s(to_day, rules.zone)).damp_events.parameters
    facts, recent = _facts(home, speaks, last, catalogue, of_box)
    why = _cause(speaks, outdoors, facts, catalogue.damp_cause.parameters)
    whole = next(r for r in rooms if r.room.device == speaks.room.device)
    load = moisture_load(speaks, whole.until(to_day), to_day)
    return FindingRow(
        week=week,
        to_day=to_day,
        device=speaks.room.device,
        cause=why["cause"],
        confidence=why["confidence"],
        risk=risk_of(speaks.days, index, mould),
        mould_index=index,
        evidence=plain({**why["evidence"], "facts": asdict(facts), **_rests_on(speaks.days, catalogue)}),
        advice=plain(_advice(speaks, last, recent, catalogue.damp_advice.parameters)),
        iso=plain(load.iso),
        standard=plain(load.standard),
        monthly=plain(load.monthly),
        rules=rules.finding_versions,
    )


def _weight(r: RoomWeeks, p: MouldParameters) -> tuple[int, int, str]:
    """Return how much a room has to say: a box that has died does not speak before one that measures."""
    risk = risk_of(r.days, _index(r.days[-1], p), p)
    return RISKS.index(risk) if risk in RISKS else -1, sum(d.damp_hours for d in r.days), r.room.device


def _index(day: Day, p: MouldParameters) -> float:
    return day.mould[p.shown_class]["index"]


def risk_of(days: Sequence[Day], index: float, p: MouldParameters, hours: Hours = "damp_hours") -> str:
    """Return the risk as of the last day: of the index, or of the last whole days' damp hours where that is more.

    ``index`` and ``hours`` are those of one wall: the likely one, or the warmest or coldest of the factor's band.
    Without a whole day among the last, only an index that took weeks to rise tells anything, and that only as long as
    an hour of ``days`` is known.
    """
    by_index = risk_band(index)
    after = days[-1].day - timedelta(days=p.risk_days)
    recent = [d for d in days if d.day > after and d.surface_hours >= WHOLE_DAY_H]
    if not recent:
        return by_index if by_index != "low" and any(d.surface_hours > 0 for d in days) else "unknown"
    share = sum(getattr(d, hours) for d in recent) / sum(d.surface_hours for d in recent)
    by_hours = "high" if share >= p.high_share else "raised" if share >= p.raised_share else "low"
    return max(by_index, by_hours, key=RISKS.index)


def risk_between(days: Sequence[Day], p: MouldParameters) -> dict[str, Any]:
    """Return between what index and risk lie, for the wall's factor is known within a band: warmest and coldest wall."""
    found = days[-1].mould[p.shown_class]
    low, high = found["index_low"], found["index_high"]
    return {
        "index_band": [low, high],
        "risk_band": [risk_of(days, low, p, "damp_hours_low"), risk_of(days, high, p, "damp_hours_high")],
    }


def _facts(
    home: HomeInput, r: RoomWeeks, last: Day, catalogue: Catalogue, events: MoistureParameters
) -> tuple[HomeFacts, Recent]:
    household = [as_event(e) for e in r.events]
    quick = [e for e in household if e.activity != "washing"]
    drying = [e for e in household if e.activity == "washing"]
    days = float(sum(d.n > 0 for d in r.days))
    drying_days = max(days - catalogue.damp_events.parameters.drying.least_days, 1.0)
    band = max(last.factor_high - last.factor, last.factor - last.factor_low)
    carried = events.drying.carried_per_hour * events.room.of(r.room.room).air_m3
    facts = facts_of(
        HomeFacts(factor=last.factor, factor_band=band, occupants=home.occupants, drying_carried_m3_h=carried),
        quick, drying, max(days, 1.0), drying_days,
    )  # fmt: skip
    if home.occupants is None or wet_kind(r.room.room) is not None:
        # A wet room's air is not the home's, and a rise there clears into the home: load and ventilation look alike.
        facts = replace(facts, water_g_day=None, drying_g_day=None, shut_clear_min=None)
    p = catalogue.damp_cause.parameters
    return facts, recent_of(facts, quick, drying, max(days, 1.0), drying_days, p)


def _cause(r: RoomWeeks, outdoors: Outdoors, facts: HomeFacts, p: CauseParameters) -> dict[str, Any]:
    h = hours_kept(r.days)
    found = attribute(_home_hours(h, outdoors), facts, p)
    if not isinstance(found, Finding):
        lacking = {"not_enough": found.reason, "lacks": found.lacks, "have": found.have, "need": found.need}
        return {"cause": None, "confidence": None, "evidence": lacking}
    evidence = {**asdict(found.evidence), "also": list(found.also), "sentence": sentence(found)}
    return {"cause": found.cause, "confidence": round(found.confidence, 4), "evidence": evidence}


def _home_hours(h: RoomHours, outdoors: Outdoors) -> HomeHours:
    outdoor_c, outdoor_pa = outdoors.at(h.at_s)
    return HomeHours(
        room_c=h.room_c, humidity_pct=h.humidity_pct, outdoor_c=outdoor_c, outdoor_vapour_pa=outdoor_pa
    )


def _rests_on(days: Sequence[Day], catalogue: Catalogue) -> dict[str, Any]:
    """Return what a finding rests on: its days, completeness, flags, and the limits by which pages judge days and hours."""
    mould, limits = catalogue.damp_mould.parameters, catalogue.damp.parameters
    counts: dict[str, int] = {}
    for day in days:
        for flag in day.flags:
            counts[flag] = counts.get(flag, 0) + 1
    n, expected = sum(d.n for d in days), sum(d.expected for d in days)
    return {
        "days": len(days),
        "from_day": days[0].day.isoformat(),
        "completeness": min(n / expected, 1.0) if expected > 0 else None,
        "surface_hours": sum(d.surface_hours for d in days),
        "damp_hours_band": [sum(getattr(d, f) for d in days) for f in ("damp_hours_low", "damp_hours", "damp_hours_high")],
        **risk_between(days, mould),
        "risk_shares": {"raised": mould.raised_share, "high": mould.high_share},
        "limits": {name: getattr(limits, name) for name in limits.__struct_fields__},
        "flag_days": dict(sorted(counts.items())),
        "factor_learned": days[-1].factor_nights is not None,
        "calibrations": sorted({c for d in days for c in d.calibrations}),
    }  # fmt: skip


def _advice(r: RoomWeeks, last: Day, recent: Recent, p: AdviceParameters) -> dict[str, Any]:
    """Return advice as of the last day's means, and what is needed to work it out for a moment."""
    kept = {
        "of": last.day.isoformat(),
        "factor": last.factor,
        "factor_band": max(last.factor_high - last.factor, last.factor - last.factor_low),
        "recent": asdict(recent),
        "parameters": {name: getattr(p, name) for name in p.__struct_fields__},
    }
    now = present_of(r, last)
    if now is None:
        return {**kept, "items": [], "reason": "It is not known how cold it was outdoors, or indoors."}
    items = [asdict(a) for a in advise(now, recent, p) if a.kind not in NOW_ONLY]
    return {**kept, "items": items}


def present_of(r: RoomWeeks, day: Day) -> Present | None:
    """Return a day's means as a moment; None where not all is known."""
    if day.temperature_c is None or day.vapour_pa is None or day.outdoor_c is None:
        return None
    band = max(day.factor_high - day.factor, day.factor - day.factor_low)
    return Present(
        room=r.room.room or "this room",
        room_c=day.temperature_c,
        humidity_pct=float(np.clip(relative_humidity_pct(day.temperature_c, day.vapour_pa), 0.1, 100.0)),
        outdoor_c=day.outdoor_c,
        outdoor_vapour_pa=day.outdoor_pa,
        wind_m_s=None,
        factor=day.factor,
        factor_band=min(band, day.factor - 0.01),
    )
