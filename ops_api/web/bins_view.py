"""What the bins page says: which bins to empty today, in which order, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

STATES: Mapping[str, str] = {
    "overflowing": "Overflowing",
    "full": "Full",
    "ok": "Not full",
    "unknown": "Not known",
}


@dataclass(frozen=True, slots=True)
class StopRow:
    """One bin of today's round, or of those waiting for one."""

    order: str
    bin_id: str
    label: str
    street: str
    fill: str
    fill_px: float
    state: str
    state_name: str
    reason: str
    needed: bool


@dataclass(frozen=True, slots=True)
class BinsView:
    """The page's content."""

    headline: str
    sub: str
    stops: tuple[StopRow, ...]
    added: tuple[StopRow, ...]
    counts: tuple[tuple[str, str, int], ...]
    states: Mapping[str, list[Any]]
    line: list[list[float]]


def state_of(row: Row) -> str:
    """Return the bin's state, or unknown."""
    state = (row["state"] or {}).get("state")
    return str(state) if state in STATES else "unknown"


def _now(row: Row | None) -> Mapping[str, Any]:
    return (row["state"] if row is not None else None) or {}


def _done(row: Row | None) -> tuple[str, str]:
    """Return of a stop that the round need not make any more how it is called, and why."""
    now = _now(row)
    if now.get("separate_job"):
        return "Separate job", str(now.get("reason") or "wrong waste in it")
    return "Done", "emptied since the round was made"


def _needed(row: Row | None) -> bool:
    """Whether a bin still needs emptying; one that is not known any more counts as if."""
    return row is None or row["state"] is None or bool(row["state"].get("needs_collection"))


def _reason(row: Row | None, stop: Row) -> str:
    """Return why a bin is to be emptied, with its level now: the round's own is of when it was made."""
    now = _now(row)
    fill, limit_pct = now.get("fill_pct"), (row or {}).get("threshold_pct")
    if now.get("state") == "full" and fill is not None and limit_pct is not None and fill < limit_pct:
        return f"was over its limit of {words.percent(limit_pct)}, has settled"
    return str(now.get("reason") or stop.get("reason") or "").replace(" %", "%")


def _stop(order: str, row: Row | None, stop: Row) -> StopRow:
    """Return a stop with the bin's present fill: it may have changed since the round was made."""
    now = _now(row)
    fill = now.get("fill_pct", stop.get("fill_pct"))
    state = "unknown" if row is None else state_of(row)
    needed, (done, why_done) = _needed(row), _done(row)
    return StopRow(
        order=order,
        bin_id=str(stop["bin_id"]),
        label=str(stop.get("label") or (row["label"] if row is not None else stop["bin_id"])),
        street=str(stop.get("street") or (row["street"] if row is not None else "")),
        fill=words.percent(fill),
        fill_px=0.0 if fill is None else round(max(0.0, min(100.0, fill)), 1),
        state=state,
        state_name=STATES[state] if needed else done,
        reason=_reason(row, stop) if needed else why_done,
        needed=needed,
    )


def _line(stops: Sequence[Row]) -> list[list[float]]:
    return [
        [s["longitude_deg"], s["latitude_deg"]]
        for s in stops
        if s.get("longitude_deg") is not None and s.get("latitude_deg") is not None
    ]


def _headline(bins: int, needed: int, done: int, round_: Row | None, overflowing: int) -> str:
    if bins == 0:
        return "No bin is registered yet"
    if needed:
        over = f", {words.number(overflowing)} of them overflowing" if overflowing else ""
        return f"Empty {words.plural(needed, 'bin')} today{over}"
    if round_ is None:
        return "No round yet: waiting for the first bin readings"
    return "Today's round is done" if done else "No bin needs emptying today"


def _sub(
    total: int, stops: Sequence[StopRow], added: int, round_: Row | None, brand: Brand, now: datetime
) -> str:
    if round_ is None:
        return ""
    km = (round_["result"] or {}).get("km")
    drive = "" if km is None or not stops else f"{words.number(km, 1)} km in the order below. "
    done = sum(not s.needed for s in stops)
    emptied = f"{words.number(done)} of {words.plural(len(stops), 'stop')} done. " if done else ""
    later = (
        f"{words.plural(added, 'bin')} filled up since and {'is' if added == 1 else 'are'} not in the round. "
    )
    rest = total - len(stops) - added
    left = f"The other {words.number(rest)} can wait. " if rest > 0 and (stops or added) else ""
    made = f"Round made {words.day_and_clock(round_['decided_at'], brand.time_zone, now)}."
    return f"{drive}{emptied}{later if added else ''}{left}{made}"


def view(bins: Sequence[Row], round_: Row | None, *, now: datetime, brand: Brand) -> BinsView:
    """Return the page's content from the bins and the newest collection decision."""
    by_id = {str(b["bin_id"]): b for b in bins}
    stops: Sequence[Row] = sorted(
        ((round_ or {}).get("result") or {}).get("stops") or (), key=lambda s: s.get("order", 0)
    )
    listed = {str(s["bin_id"]) for s in stops}
    rows = tuple(_stop(str(i), by_id.get(str(s["bin_id"])), s) for i, s in enumerate(stops, start=1))
    added = tuple(
        _stop("–", b, {"bin_id": b["bin_id"]})
        for b in bins
        if (b["state"] or {}).get("needs_collection") and str(b["bin_id"]) not in listed
    )
    counts = Counter(state_of(b) for b in bins)
    order = {r.bin_id: i for i, r in enumerate(rows, start=1) if r.needed}
    todo = [r for r in (*rows, *added) if r.needed]
    return BinsView(
        headline=_headline(
            len(bins),
            len(todo),
            len(rows) - sum(r.needed for r in rows),
            round_,
            sum(r.state == "overflowing" for r in todo),
        ),
        sub=_sub(len(bins), rows, len(added), round_, brand, now),
        stops=rows,
        added=added,
        counts=tuple((s, name, counts[s]) for s, name in STATES.items()),
        states={
            k: [state_of(b), (b["state"] or {}).get("fill_pct"), order.get(k, 0)] for k, b in by_id.items()
        },
        line=_line(stops),
    )
