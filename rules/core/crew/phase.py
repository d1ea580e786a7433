"""What a lorry is doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.core.crew.ahead import order_of
from rules.core.crew.model import Fix, Phase
from rules.core.crew.on_plan import Heard
from rules.core.crew.resolved import Resolved
from rules.core.crew.track import apart_m, is_slow


def phase_of(heard: Heard, found: Mapping[int, Resolved]) -> Phase:
    """Return what a lorry is doing by its last report; by the plan's clock where it does not report."""
    stops = heard.round_.stops
    if not stops:
        return "idle"
    left = [n for n in order_of(stops, found) if stops[n].kind in ("bin", "tip")]
    if heard.last is None:
        return _by_the_clock(heard, found, left)
    if not has_left(heard, found):
        return "waits"
    last = heard.last
    if not left and apart_m(last.place, stops[-1].place) <= heard.settings.yard_m:
        return "back"
    if heard.now_s - _heard_s(heard, last) > heard.settings.silent_s:
        return "silent"
    return _on_the_way(heard, found, last)


def _by_the_clock(heard: Heard, found: Mapping[int, Resolved], left: Sequence[int]) -> Phase:
    stops = heard.round_.stops
    if not found and heard.now_s < heard.begins_s:
        return "waits"
    # It drives home after its last stop; nobody sees it.
    home_s = max((r.at_s for r in found.values()), default=heard.now_s) + stops[-1].drive_s
    if not left and heard.now_s >= home_s:
        return "back"
    said_s = max((r.at_s for r in found.values() if r.by == "crew"), default=None)
    if said_s is None or heard.now_s - said_s > heard.settings.silent_s:
        return "silent"
    return "drives"


def has_left(heard: Heard, found: Mapping[int, Resolved]) -> bool:
    """Whether a lorry has left the place where its round begins; one that was taken up on its way has."""
    start = heard.round_.stops[0]
    # That a bin was emptied says nothing of a lorry that is seen in its yard: others were there.
    own = (r for r in found.values() if r.by == "crew" and r.lorry_id == heard.lorry_id)
    if any(own):
        return True
    if not start.ref:
        return heard.now_s >= heard.begins_s
    return any(
        fix.at_s >= heard.begins_s - heard.settings.silent_s
        and apart_m(fix.place, start.place) > heard.settings.yard_m
        for fix in heard.track
    )


def _heard_s(heard: Heard, last: Fix) -> float:
    """Return when the lorry or its crew was last heard of [s since 1970]."""
    said = (k.at_s for k in heard.known.values() if k.by == "crew" and k.lorry_id == heard.lorry_id)
    return max(last.at_s, max(said, default=last.at_s))


def _on_the_way(heard: Heard, found: Mapping[int, Resolved], last: Fix) -> Phase:
    s, stops = heard.settings, heard.round_.stops
    order = order_of(stops, found)
    if is_slow(last, s):
        near_m = {"bin": s.stand_m, "tip": s.tip_m}
        if any(apart_m(last.place, stops[n].place) <= near_m.get(stops[n].kind, -1.0) for n in order):
            return "at_stop"
        stood_s = heard.now_s - heard.stood[-1].from_s
        if stood_s >= s.rest_s or (order and stops[order[0]].kind == "break" and stood_s >= s.stand_s):
            return "break"
    return "off_plan" if _is_off(heard, order, last) else "drives"


def _is_off(heard: Heard, order: Sequence[int], last: Fix) -> bool:
    """Whether the last reports are all far off the way from the stop before to the next, or to any that is left."""
    s, stops = heard.settings, heard.round_.stops
    fixes = heard.track[-s.off_after :]
    if len(fixes) < s.off_after or not order:
        return False
    nearest = min(apart_m(last.place, stops[n].place) for n in order)
    return nearest > s.off_m and all(_detour(heard, order[0], fix) for fix in fixes)


def _detour(heard: Heard, n: int, fix: Fix) -> bool:
    s, stops = heard.settings, heard.round_.stops
    a, b = stops[n - 1].place, stops[n].place
    return apart_m(a, fix.place) + apart_m(fix.place, b) > s.streets * apart_m(a, b) + s.off_m
