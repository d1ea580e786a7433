"""What the signals of an incident come to: how bad, where, and in a line what. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rules.core.alarm_spec import rank
from rules.core.incidents.model import Signal
from rules.core.incidents.sphere import xyz_m

ONE_AND_MANY = {
    "bins.fire": ("a bin on fire", "{n} bins on fire"),
    "bins.blocked": ("a blocked bin", "{n} blocked bins"),
    "bins.tilted": ("a bin knocked over", "{n} bins knocked over"),
    "bins.full": ("an overflowing bin", "{n} overflowing bins"),
    "bins.contaminated": ("a contaminated bin", "{n} contaminated bins"),
    "winter.ice": ("ice on the road", "ice on {n} stretches of road"),
    "winter.hoar_frost": ("hoar frost on the road", "hoar frost on {n} stretches of road"),
    "device.silent": ("a silent device", "{n} silent devices"),
    "report": ("a resident's report", "{n} residents' reports"),
    "event": ("an overflow that began", "{n} overflows that began"),
}
"""What signals are called in a title: one, and many; by rule, reports and events each together."""
STREETS_MOST, KINDS_MOST, TITLE_MOST = 2, 3, 200


def summary(signals: Sequence[Signal], pin: tuple[float, float] | None = None) -> dict[str, Any]:
    """Return what an incident's row says of its signals; they are given in any order.

    ``pin``: where a person says that it is [°]: its middle, wherever signals are. Keys are fields of :class:`rules.core.incidents.model.Incident`.
    """
    up = [s for s in signals if s.ended_s is None]
    counted = up or list(signals)
    latitude_deg, longitude_deg, reach_m = middle(signals, pin)
    place = place_of(signals)
    ended = [s.ended_s for s in signals if s.ended_s is not None]
    return {
        "title": f"{place or 'The whole town'}: {what_of(counted)}"[:TITLE_MOST],
        "place": place,
        "severity": worst(counted),
        "services": sorted({s.service for s in signals}),
        "signals": len(signals),
        "up": len(up),
        "latitude_deg": latitude_deg,
        "longitude_deg": longitude_deg,
        "reach_m": reach_m,
        "over_at_s": max(ended, default=None) if not up else None,
    }


def worst(signals: Iterable[Signal]) -> str:
    """Return the highest severity; ``info`` of none."""
    return max((s.severity for s in signals), key=rank, default="info")


def middle(
    signals: Sequence[Signal], pin: tuple[float, float] | None = None
) -> tuple[float | None, float | None, float]:
    """Return the middle of the signals' places [°], and the farthest from there [m]; None, None, 0 where none is known.

    With ``pin`` that is the middle.
    """
    placed = sorted(
        (s.latitude_deg, s.longitude_deg)
        for s in signals
        if s.latitude_deg is not None and s.longitude_deg is not None
    )
    if not placed:
        return (None, None, 0.0) if pin is None else (*pin, 0.0)
    at = np.array(placed, dtype=np.float64)
    centre = at.mean(axis=0, keepdims=True) if pin is None else np.array([pin], dtype=np.float64)
    away_m = np.linalg.norm(xyz_m(at[:, 0], at[:, 1]) - xyz_m(centre[:, 0], centre[:, 1]), axis=1)
    return round(float(centre[0, 0]), 6), round(float(centre[0, 1]), 6), round(float(away_m.max()), 1)


def place_of(signals: Sequence[Signal]) -> str:
    """Return the streets with the worst of it, and of those the ones with most; empty where none has a street.

    What only joins, such as ice that is in many streets, names the place where nothing else does.
    """
    binding = [s for s in signals if s.binds and s.street]
    counted = binding or [s for s in signals if s.street]
    counts, worst_rank = Counter(s.street for s in counted), dict[str, int]()
    for s in counted:
        worst_rank[s.street] = max(worst_rank.get(s.street, 0), rank(s.severity))
    streets = sorted(counts, key=lambda name: (-worst_rank[name], -counts[name], name))
    more = len(streets) - STREETS_MOST
    if more > 0:
        return f"{', '.join(streets[:STREETS_MOST])} and {more} more"
    return " and ".join(streets)


def what_of(signals: Sequence[Signal]) -> str:
    """Return what there is, the worst first, at most three kinds of it: ``a bin on fire, 2 silent devices``."""
    by_word: dict[str, list[Signal]] = {}
    for s in signals:
        by_word.setdefault(_word(s), []).append(s)
    order = sorted(by_word.items(), key=lambda kv: (-rank(worst(kv[1])), kv[0]))
    said = [_said(word, found) for word, found in order]
    if not said:
        return "nothing"
    return ", ".join(said[:KINDS_MOST]) + (" and more" if len(said) > KINDS_MOST else "")


def _word(signal: Signal) -> str:
    head = signal.rule_id.partition(".")[0]
    return head if head in ("report", "event") else signal.rule_id


def _said(word: str, found: Sequence[Signal]) -> str:
    if word not in ONE_AND_MANY:
        title = min(s.title for s in found)
        return title if len(found) == 1 else f"{title} and {len(found) - 1} more"
    one, many = ONE_AND_MANY[word]
    return one if len(found) == 1 else many.format(n=len(found))
