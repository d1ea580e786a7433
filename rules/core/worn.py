"""What of the salt on a road counts against what lies and falls there now.

Salt counts for its hours against frost. Snow that goes on covers it, what a plough takes away is gone, and where ice is
still seen some hours later, or freezing rain still falls, it has not done: then it is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from rules.core.coat import Coat
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import SALTED_SNOW
from rules.core.road_surface.salt import left_of_one


class Wear(NamedTuple):
    """What wears the salt of a segment that is to be treated: the hazard's condition, and of its assessment whether it is ploughed and lasts."""

    segment_id: str
    condition: str
    plough: bool
    lasts: bool


def counted(
    coats: Mapping[str, Coat],
    found: Iterable[Wear],
    ploughed_s: float | None,
    at_s: float,
    p: GrittingParameters,
) -> Mapping[str, Coat]:
    """Return the salt that counts.

    Args:
        coats: the salt, by segment id.
        found: of the segments that are to be treated as things are now.
        ploughed_s: since when snow is to be ploughed [s since 1970], None where it is not: salt from before goes with it.
        at_s: now [s since 1970].
        p: parameters.
    """
    changed = {
        w.segment_id: _worn(coats[w.segment_id], w, ploughed_s, at_s, p)
        for w in found
        if w.segment_id in coats
    }
    kept = {s: changed.get(s, c) for s, c in coats.items()} if changed else coats
    return {s: c for s, c in kept.items() if c is not None} if changed else coats


def _worn(here: Coat, w: Wear, ploughed_s: float | None, at_s: float, p: GrittingParameters) -> Coat | None:
    """Return one segment's salt; None where a plough takes it away, ended where it no longer does."""
    failed = w.lasts and at_s >= here.at_s + 3600.0 * p.treatment.holds_after_rain_h
    if w.plough:
        under = ploughed_s is not None and here.at_s < ploughed_s
        return None if under or failed or here.snowed_mm >= p.plough_snow_mm else _behind(here, ploughed_s)
    covered = w.condition in SALTED_SNOW and here.snowed_mm >= p.light_snow_mm
    return replace(here, until_s=min(here.until_s, at_s)) if covered or failed else here


def _behind(here: Coat, ploughed_s: float | None) -> Coat:
    """Return the salt that was spread behind a plough: what lay there before has gone with the snow.

    Of a treatment that began before there was anything to plough only its last pass is known to be behind it.
    """
    began_s = here.at_s if here.run_s is None else here.run_s
    if here.spread_g_m2 is None or here.own_g_m2 is None:
        return here
    g_m2 = here.own_g_m2
    if ploughed_s is None or began_s >= ploughed_s:
        # The treatment's earlier passes have worn since, at the most from its first on.
        g_m2 += (here.spread_g_m2 - here.own_g_m2) * left_of_one((here.at_s - began_s) / 3600.0)
    return here if g_m2 >= here.g_m2 else replace(here, g_m2=g_m2, parts=())
