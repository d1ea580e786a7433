"""What is known of damp in a home: days, events, findings, advice for now, calibrations, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import msgspec
import numpy as np

from ops_api.queries import Db, Row
from rules.core.analyst.calibrate import calibrated
from rules.core.analyst.figures import plain
from rules.core.analyst.honesty import FLAG_WORDS
from rules.core.analyst.model import Calibration, Series
from rules.core.damp_advice.advise import advise
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.state import Present, Recent
from rules.core.psychrometrics import vapour_pressure_pa

DAYS = timedelta(days=30)
ROWS = 1000
LIMITS = (
    "A risk index of surfaces, not a finding of mould: models of this kind are right about some 7 homes in 10.",
    "Of the causes named in simulated homes 48 of 53 were right for ventilation, 19 of 29 for heat, 16 of 22 for load, 9 of 15 for fabric. In real homes that is not known.",
    "The temperature factor of the coldest wall is assumed unless a wall probe has taught it; ± 0.05 is ± 4 % at the wall.",
    "Grams of water rest on an assumed volume of air. Air-change rates are not told: such series do not have them.",
    "What an event was is a guess, unless the diary says it.",
)
"""What goes with every document."""


async def home_of(db: Db, code: str) -> Row | None:
    """Return a home by its code or, as lists name it, by its number; None where there is none."""
    row = await db.row("damp_home", code=code, home_id=None)
    if row is None and code.isdecimal() and len(code) < 10:
        row = await db.row("damp_home", code="", home_id=int(code))
    return row


async def damp_document(
    db: Db, home: Row, *, since: datetime, until: datetime, now: datetime, town: Db | None = None
) -> dict[str, Any]:
    """Return everything that is known of damp in a home, the newest first.

    Args:
        db: the database, for a resident as she may see it.
        home: as of :func:`home_of`.
        town: where the weather stations are read, which are nobody's home; ``db`` without.
        since: of days and events.
        until: the end of them.
        now: the time it is in the town.
    """
    home_id = home["home_id"]
    first, last = since.date(), until.date() + timedelta(days=1)
    days = await db.rows("damp_days", home_id=home_id, first=first, last=last, limit=ROWS)
    events = await db.rows("damp_events", home_id=home_id, since=since, until=until, limit=ROWS)
    findings = await db.rows("damp_findings", home_id=home_id, limit=53)
    calibrations = await db.rows("damp_calibrations", home_id=home_id)
    newest = findings[0] if findings else None
    return {
        "state": state_of(home, newest, days),
        "finding": newest,
        "advice": await advice_now(db, newest, calibrations, now, town),
        "weeks": [{k: f[k] for k in ("week", "to_day", "risk", "mould_index", "cause", "confidence")} for f in findings],
        "days": days,
        "events": events,
        "calibrations": calibrations,
        "limits": list(LIMITS),
    }  # fmt: skip


def state_of(home: Row, finding: Row | None, days: Sequence[Row]) -> dict[str, Any]:
    """Return where a home stands, with what it rests on."""
    evidence: Mapping[str, Any] = {} if finding is None else finding["evidence"]
    flags = evidence.get("flag_days", {})
    return {
        "risk": "unknown" if finding is None else finding["risk"],
        "mould_index": None if finding is None else finding["mould_index"],
        "as_of": None if finding is None else finding["to_day"],
        "seen_at": home["seen_at"],
        "worked_out_to": home["done_to"],
        "waits_from": home["due_from"],
        "completeness": evidence.get("completeness"),
        "quality": [
            {"flag": flag, "days": n, "words": FLAG_WORDS.get(flag, flag)}
            for flag, n in sorted(flags.items())
        ],
        "factor": None
        if not days
        else {
            "value": days[0]["factor"],
            "low": days[0]["factor_low"],
            "high": days[0]["factor_high"],
            "learned_from_nights": days[0]["factor_nights"],
        },
    }


async def advice_now(
    db: Db, finding: Row | None, calibrations: Sequence[Row], now: datetime, town: Db | None = None
) -> dict[str, Any]:
    """Return advice for this moment, worked out from what the box and the weather stations measured last.

    ``town``: see :func:`damp_document`.
    """
    if finding is None:
        return {"at": None, "items": [], "reason": "There is no whole day yet to work it out from."}
    box = await db.row("damp_now", device=finding["device"], now=now)
    stations = await (db if town is None else town).rows("damp_outdoors_now", now=now)
    return advice_from(finding, box, stations, calibrations)


def advice_from(
    finding: Row, box: Row | None, stations: Sequence[Row], calibrations: Sequence[Row]
) -> dict[str, Any]:
    """Return advice for a moment.

    Args:
        finding: the newest of the home.
        box: what its frog measured last, as sent: ts, temperature_c, humidity_pct; None where that is too old.
        stations: what the weather stations measured last, rows of ``damp_outdoors_now``.
        calibrations: of the home's frogs.
    """
    kept = finding["advice"]
    if box is None or box["temperature_c"] is None or box["humidity_pct"] is None:
        return {"at": None, "items": [], "reason": "The box has not measured for two hours."}
    room_c, humidity_pct = _calibrated(box, [c for c in calibrations if c["device"] == finding["device"]])
    air = [s["temperature_c"] for s in stations if s["temperature_c"] is not None]
    if not air:
        reason = "Outdoor unknown: no weather station has measured for three hours."
        return {"at": box["ts"], "items": [], "reason": reason}
    present = Present(
        room=finding["room"] or "this room",
        room_c=room_c,
        humidity_pct=humidity_pct,
        outdoor_c=median(air),
        outdoor_vapour_pa=_vapour(stations),
        wind_m_s=max((s["wind_m_s"] for s in stations if s["wind_m_s"] is not None), default=None),
        factor=kept["factor"],
        factor_band=min(kept["factor_band"], kept["factor"] - 0.01),
    )
    items = advise(present, _recent(kept), msgspec.convert(kept["parameters"], AdviceParameters))
    return {"at": box["ts"], "items": plain([asdict(a) for a in items]), "reason": None}


def _recent(kept: Mapping[str, Any]) -> Recent:
    return msgspec.convert(kept["recent"], Recent)


def _vapour(stations: Sequence[Row]) -> float | None:
    known = [
        float(vapour_pressure_pa(s["temperature_c"], s["humidity_pct"]))
        for s in stations
        if s["temperature_c"] is not None and s["humidity_pct"] is not None
    ]
    return median(known) if known else None


def _calibrated(box: Row, calibrations: Sequence[Row]) -> tuple[float, float]:
    [(temperature_c, humidity_pct)] = corrected(
        [(box["ts"], box["temperature_c"], box["humidity_pct"])], calibrations
    )
    return temperature_c, humidity_pct


def corrected(
    points: Sequence[tuple[datetime, float, float]], calibrations: Sequence[Row]
) -> list[tuple[float, float]]:
    """Return temperature and humidity of one frog with its calibrations applied.

    Args:
        points: time, temperature [°C], humidity [%] as measured, in order.
        calibrations: of that frog, also those that are withdrawn.
    """
    at_s, temperature_c, humidity_pct = (
        np.array(column, dtype=np.float64)
        for column in zip(*((at.timestamp(), t, rh) for at, t, rh in points), strict=True)
    )
    series = Series(at_s, temperature_c, humidity_pct, np.full(len(at_s), np.nan))
    held = [
        Calibration(
            calibration_id=c["calibration_id"],
            field=c["field"],
            offset=c["value_offset"],
            keeps_vapour=c["keeps_vapour"],
            from_s=c["from_at"].timestamp(),
            to_s=None if c["to_at"] is None else c["to_at"].timestamp(),
            how=c["how"],
        )
        for c in calibrations
        if c["withdrawn_at"] is None
    ]
    found = calibrated(series, held)
    return list(zip(found.temperature_c.tolist(), found.humidity_pct.tolist(), strict=True))


def span_of(
    home: Row, since: datetime | None, until: datetime | None, now: datetime, days: timedelta = DAYS
) -> tuple[datetime, datetime]:
    """Return the time of days and events that is shown: the newest ``days`` unless asked otherwise.

    They end with event time, which is behind the clock's where a former night is played.
    """
    end = until or (home["seen_at"] or now) + timedelta(minutes=5)
    return since or end - days, end


async def damp_list(db: Db, risk: str | None, limit: int) -> list[Row]:
    """Return homes by risk, the worst first, by their numbers; ``risk``: only these."""
    return await db.rows("damp_list", risk=risk, limit=limit)
