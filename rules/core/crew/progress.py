"""Where a lorry is on its round.

Who is believed, in this order: the crew's act, the bin's series that shows the emptying, the lorry that stood there long
enough, and the plan's clock for a lorry that nobody has heard of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.core.collection_acts.record import Act
from rules.core.crew.ahead import expected, order_of, standing_first
from rules.core.crew.model import Fix, LorryProgress, Phase, SeenBin, StopNow, StopState
from rules.core.crew.on_plan import Heard, OnPlan
from rules.core.crew.phase import phase_of
from rules.core.crew.resolved import Resolved, loads, resolved, rests_of
from rules.core.crew.track import driven
from rules.core.rounds.model import LorryNow
from rules.core.rounds.plan import Stop


def progress_of(
    on: OnPlan,
    lorry_id: str,
    acts: Sequence[Act],
    track: Sequence[Fix],
    seen: Sequence[SeenBin],
    now_s: float,
) -> LorryProgress:
    """Return where a lorry is on a plan.

    Args:
        on: the plan.
        lorry_id: of its fleet.
        acts: of all lorries today, in any order; what is withdrawn counts for nothing.
        track: of this lorry today.
        seen: what bins' series showed today.
        now_s: the town's time; what is later is not known yet [s since 1970].
    """
    heard = Heard(
        on, lorry_id, [a for a in acts if a.at_s <= now_s],
        sorted((f for f in track if f.at_s <= now_s), key=lambda f: f.at_s),
        [o for o in seen if o.at_s <= now_s], now_s,
    )  # fmt: skip
    found = resolved(heard)
    phase = phase_of(heard, found)
    return _told(heard, found, phase)


def _told(heard: Heard, found: Mapping[int, Resolved], phase: Phase) -> LorryProgress:
    order = order_of(heard.round_.stops, found) if phase not in ("idle", "back") else []
    if phase == "at_stop":
        order = standing_first(heard, order)
    times = expected(heard, found, order, phase) if order else {}
    stops = tuple(_stop(heard, found, n, order, times, phase) for n in range(len(heard.round_.stops)))
    kg, litres = loads(heard, found)
    driven_s, worked_s, began_s = _work(heard, found, phase)
    bins = [s for s in stops if s.kind == "bin"]
    last, ends_s = heard.last, times.get(len(stops) - 1)
    return LorryProgress(
        lorry_id=heard.lorry_id, version=heard.on.version, phase=phase, place=None if last is None else last.place,
        seen_s=None if last is None else _clock(heard, last.at_s), load_kg=kg, load_l=litres, driven_s=driven_s,
        worked_s=worked_s, began_s=began_s, stops=stops, next=order[0] if order else None,
        behind_s=0 if ends_s is None else ends_s - stops[-1].planned_s, ends_s=ends_s, bins_n=len(bins),
        done_n=sum(s.state == "done" for s in bins), skipped_n=sum(s.state == "skipped" for s in bins),
    )  # fmt: skip


def _clock(heard: Heard, at_s: float) -> int:
    return round(at_s - heard.day_s)


def _stop(
    heard: Heard, found: Mapping[int, Resolved], n: int, order: Sequence[int], times: Mapping[int, int], phase: Phase
) -> StopNow:  # fmt: skip
    stop = heard.round_.stops[n]
    one = found.get(n)
    if one is None:
        return _open(heard, found, n, stop, order, times, phase)
    return StopNow(
        index=n, kind=stop.kind, ref=stop.ref, place=stop.place, state=one.state, planned_s=stop.begins_s,
        at_s=_clock(heard, one.at_s), what=one.what, reason=one.reason, by=one.by,
        lorry_id=None if one.lorry_id == heard.lorry_id else one.lorry_id,
    )  # fmt: skip


def _open(
    heard: Heard, found: Mapping[int, Resolved], n: int, stop: Stop, order: Sequence[int], times: Mapping[int, int],
    phase: Phase,
) -> StopNow:  # fmt: skip
    """Return a stop that is not in ``found``; start and end are behind a lorry by where it is."""
    state: StopState = "next" if order and order[0] == n else "to_come"
    at_s: int | None = None
    if stop.kind == "start" and (phase != "waits"):
        state, at_s = "done", stop.begins_s
    if stop.kind == "end" and phase == "back":
        state, at_s = "done", _clock(heard, _back_s(heard, found))
    when = times.get(n)
    if stop.kind == "start" and phase == "waits":
        when = max(stop.begins_s, _clock(heard, heard.now_s))
    return StopNow(
        index=n, kind=stop.kind, ref=stop.ref, place=stop.place, state=state, planned_s=stop.begins_s,
        expected_s=when, at_s=at_s, by="clock" if state == "done" and not heard.is_tracked else "",
    )  # fmt: skip


def _back_s(heard: Heard, found: Mapping[int, Resolved]) -> float:
    """Return when a lorry that is back came in, about [s since 1970]."""
    way_s = heard.round_.stops[-1].drive_s
    return min(heard.now_s, max((r.at_s for r in found.values()), default=heard.begins_s) + way_s)


def _work(heard: Heard, found: Mapping[int, Resolved], phase: Phase) -> tuple[int, int, int | None]:
    """Return what the crew has driven and worked since its last break, and when its shift began [s]."""
    up = heard.on.taken_up(heard.lorry_id)
    if phase == "idle" and up is not None:
        return _rested(heard, up)
    if phase in ("idle", "waits"):
        return 0, 0, None
    lorry = heard.on.lorry(heard.lorry_id)
    start_s = heard.round_.begins_s or 0
    began_s = start_s if lorry is None else lorry.start_s
    if up is not None and up.began_s is not None:
        began_s = up.began_s
    rests = rests_of(heard)
    since_s, rested = (rests[-1], True) if rests else (heard.begins_s, False)
    worked_s = max(0.0, heard.now_s - since_s)
    driven_s = driven(heard.track, since_s, heard.now_s, heard.settings)
    if not heard.is_tracked:
        driven_s, worked_s, rested = _work_by_plan(heard, found)
    if up is not None and not rested:
        driven_s, worked_s = driven_s + up.driven_s, worked_s + up.worked_s
    return round(driven_s), round(worked_s), began_s


def _rested(heard: Heard, up: LorryNow) -> tuple[int, int, int | None]:
    """Return the same of a lorry that is in its yard again and has no round any more."""
    rule, stood_s = heard.on.fleet.settings.break_, _clock(heard, heard.now_s) - up.at_s
    if up.began_s is None or (rule is not None and stood_s >= rule[2]):
        return 0, 0, up.began_s
    return up.driven_s, up.worked_s + max(0, stood_s), up.began_s


def _work_by_plan(heard: Heard, found: Mapping[int, Resolved]) -> tuple[float, float, bool]:
    """Return the same of a lorry that does not report: ways as planned, breaks where the round went on after them."""
    stops = heard.round_.stops
    rested = max((n for n, r in found.items() if stops[n].kind == "break" and r.state == "done"), default=0)
    since_s = found[rested].at_s if rested in found else heard.begins_s
    drove = sum(stops[n].drive_s for n in found if n > rested)
    worked_s = max(0.0, heard.now_s - since_s)
    return min(float(drove), worked_s), worked_s, rested in found
