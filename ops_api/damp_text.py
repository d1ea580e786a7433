"""Damp in homes as the command line prints it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rules.core.analyst.honesty import FLAG_WORDS

Row = Mapping[str, Any]
CAUSES = {
    "heat": "too little heat",
    "ventilation": "too little ventilation",
    "load": "too much moisture let in",
    "moisture": "too much moisture (load or ventilation: not told apart)",
    "fabric": "the building",
    "outdoor": "wet air outdoors",
    "none": "dry",
}
EVENTS_SHOWN = 12


def list_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line a home."""
    if not rows:
        yield "There are no homes."
        return
    yield f"{'home':>6}  {'risk':<8} {'index':>5}  {'damp hours':>11}  {'readings':>8}  as of       why"
    for r in rows:
        yield (
            f"{r['home_id']:>6}  {r['risk'] or 'unknown':<8} {_number(r['mould_index'], 2):>5}  "
            f"{_of(r['damp_hours'], r['surface_hours']):>11}  {_percent(r['completeness']):>8}  "
            f"{r['to_day'] or '-':<10}  {_why(r)}"
        )


def home_lines(document: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """Yield everything that is known of a home, the answer first."""
    state, finding = document["state"], document["finding"]
    yield f"Damp risk: {state['risk']}" + (
        ""
        if state["mould_index"] is None
        else f" (risk index {state['mould_index']:.2f} of 6, as of {state['as_of']})"
    )
    if finding is not None:
        yield from _finding_lines(finding)
    yield from _quality_lines(state)
    yield from _advice_lines(document["advice"])
    yield from _day_lines(document["days"])
    yield from _event_lines(document["events"], zone)
    for c in document["calibrations"]:
        yield f"Calibration {_calibration(c)}"
    yield "Limits:"
    yield from (f"  - {limit}" for limit in document["limits"])


def calibration_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line an offset."""
    if not rows:
        yield "There are no calibrations."
    for r in rows:
        yield _calibration(r)


def _finding_lines(f: Row) -> Iterator[str]:
    e = f["evidence"]
    room = f["room"] or f["device"]
    if f["cause"] is None:
        yield f"Why: not enough to tell. {e.get('not_enough', '')}"
    else:
        also = "".join(f"; also {CAUSES.get(c, c)}" for c in e.get("also", ()))
        yield f"Why ({room}, {e['days']} days to {f['to_day']}): {CAUSES[f['cause']]}, confidence {f['confidence']:.0%}{also}"
    low, mid, high = e["damp_hours_band"]
    yield f"Wall at 80 % or more: {mid} of {e['surface_hours']} hours ({low} to {high} with the wall's band)"
    standard, iso = f["standard"], f["iso"]
    if "excess_pa" in standard:
        yield (
            f"Moisture excess at 5 °C outdoors: {standard['excess_pa']:.0f} ± {standard['error_pa']:.0f} Pa, "
            f"humidity {standard['humidity_pct']:.0f} ± {standard['humidity_error_pct']:.0f} %"
        )
    else:
        yield f"Moisture excess at 5 °C outdoors: not told, {standard['reason']}"
    if "likeliest" in iso:
        yield f"Humidity class after ISO 13788: {iso['likeliest']} ({iso['low']} to {iso['high']})"
    monthly = f["monthly"]
    if monthly.get("verdict") is not None:
        yield f"Monthly check: the wall is {monthly['verdict'].replace('_', ' ')} (worst month {monthly['critical_month']})"


def _quality_lines(state: Row) -> Iterator[str]:
    factor = state["factor"]
    if factor is not None:
        nights = factor["learned_from_nights"]
        how = "assumed" if nights is None else f"learned from {nights} nights"
        yield f"Temperature factor: {factor['value']:.2f} ({factor['low']:.2f} to {factor['high']:.2f}), {how}"
    if state["completeness"] is not None:
        yield f"Readings: {state['completeness']:.0%} of those expected"
    for q in state["quality"]:
        yield f"Quality: {q['words']} ({q['days']} days)"
    if state["waits_from"] is not None:
        yield f"Days from {state['waits_from']} on are not worked out yet."


def _advice_lines(advice: Row) -> Iterator[str]:
    if advice["reason"]:
        yield f"Advice for now: none. {advice['reason']}"
    for item in advice["items"]:
        yield f"Advice: {item['sentence']} {item['why']}"


def _day_lines(days: Sequence[Row]) -> Iterator[str]:
    if not days:
        yield "No days are known yet."
        return
    yield "day         box          readings   room          outdoors  wall     80 %+ h    excess   index  said of it"
    for d in days:
        index = d["mould"]["sensitive"]["index"]
        flags = "; ".join(FLAG_WORDS.get(f, f) for f in d["flags"])
        yield (
            f"{d['day']}  {d['device']:<12} {d['n']:>4}/{d['expected']:<4}  {_number(d['temperature_c'], 1):>5} °C "
            f"{_number(d['humidity_pct'], 0):>3} %  {_number(d['outdoor_c'], 1):>5} °C  {_number(d['surface_min_c'], 1):>5}  "
            f"{d['damp_hours_low']:>3}/{d['damp_hours']}/{d['damp_hours_high']:<3}  {_number(d['excess_pa'], 0):>5} Pa  {index:>5.2f}  {flags}"
        )


def _event_lines(events: Sequence[Row], zone: ZoneInfo) -> Iterator[str]:
    household = [e for e in events if e["of_household"]]
    if household:
        yield f"Moisture events: {len(household)}, the newest:"
    for e in household[:EVENTS_SHOWN]:
        clear = "not seen to clear" if e["clear_min"] is None else f"cleared in {e['clear_min']:.0f} min"
        window = ", window open" if e["aired"] else ""
        sure = "diary" if e["from_diary"] else f"{e['confidence']:.0%} sure"
        yield (
            f"  {e['started_at'].astimezone(zone):%Y-%m-%d %H:%M}  {e['activity']:<8} ({sure})  "
            f"{e['grams']:.0f} g ({e['grams_low']:.0f} to {e['grams_high']:.0f}), {clear}{window}"
        )


def _calibration(c: Row) -> str:
    until = "" if c["to_at"] is None else f" to {c['to_at']:%Y-%m-%d}"
    gone = "" if c["withdrawn_at"] is None else f", withdrawn by {c['withdrawn_by']}"
    heat = ", vapour pressure kept" if c["keeps_vapour"] else ""
    said = f" ({c['evidence']})" if c["evidence"] else ""
    return (
        f"{c['calibration_id']}: {c['device']} {c['field']} {c['value_offset']:+g} from {c['from_at']:%Y-%m-%d}{until}, "
        f"{c['how'].replace('_', ' ')}{heat}, by {c['by']}{said}{gone}"
    )


def _why(r: Row) -> str:
    if r["cause"] is None:
        return r["not_enough"] or "not worked out yet"
    return f"{CAUSES[r['cause']]}, {r['confidence']:.0%}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _of(part: float | None, whole: float | None) -> str:
    return "-" if part is None or whole is None else f"{part:.0f}/{whole:.0f}"
