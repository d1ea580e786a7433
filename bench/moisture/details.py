"""Beside precision and recall: the diary, grams, drying clothes and opened windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.moisture.looking import found_in, outdoor_of
from bench.moisture.truth import QUICK, Score, diary_of, share, spans, touches, truth_of
from firmware_sim.world.home_weeks import Weeks
from rules.core.moisture_events.clearing import clear_times
from rules.core.moisture_events.diary import match
from rules.core.moisture_events.drying import find_drying
from rules.core.moisture_events.parameters import MoistureParameters


def with_diary(w: Weeks, p: MoistureParameters, told_share: float, seed: int) -> dict[str, Any]:
    """Return what a diary that tells ``told_share`` of the showers and cooking adds."""
    rng = np.random.default_rng([seed, 77])
    alone, joined = Score(), Score()
    known = happened = asked = asked_right = 0
    for home in range(len(w.kind)):
        truth = truth_of(w, home, QUICK)
        events = found_in(w, home, p).events
        entries = diary_of(truth, told_share, rng)
        m = match(entries, events, p.diary)
        alone.add(spans(events), truth)
        joined.add(spans(m.events), truth)
        untold = [(e.at_s, e.at_s, e.activity) for e in m.unmatched_entries]
        everything = spans(m.events) + [(t - 2700.0, t, a) for t, _, a in untold]
        known += sum(any(touches(f, t) for f in everything) for t in truth)
        happened += len(truth)
        asked += len(m.unmatched_events)
        asked_right += sum(any(touches(f, t) for t in truth) for f in spans(m.unmatched_events))
    return {
        "told_share": told_share,
        "right_activity_without": alone.figures()["right_activity"],
        "right_activity_with": joined.figures()["right_activity"],
        "known_seen_or_told": share(known, happened),
        "questions": asked,
        "questions_at_a_true_event": share(asked_right, asked),
    }


def grams(w: Weeks, p: MoistureParameters, activities: Sequence[str]) -> dict[str, Any]:
    """Return found by true grams of the room's own events that stand alone, and how often the band holds the truth."""
    ratios, inside, full = [], 0, 0
    for home in range(len(w.kind)):
        truth = truth_of(w, home, (*QUICK, "washing"))
        for e in found_in(w, home, p).events:
            hit = [t for t in truth if touches((e.start_s, e.peak_s, ""), t)]
            if len(hit) == 1 and hit[0].activity in activities and e.of_the_household:
                full += e.full
                if e.full:
                    continue
                ratios.append(e.grams.middle / hit[0].grams)
                inside += e.grams.low <= hit[0].grams <= e.grams.high
    quantiles = np.quantile(ratios, [0.1, 0.5, 0.9]) if ratios else [np.nan] * 3
    return {
        "events": len(ratios),
        "air_full_not_counted": full,
        "found_by_true_p10_p50_p90": [round(float(q), 2) for q in quantiles],
        "band_holds_the_truth": share(inside, len(ratios)),
    }


def drying(w: Weeks, p: MoistureParameters) -> dict[str, Any]:
    """Return the figures of drying clothes; half of what is found must lie within the true time."""
    found = right = happened = seen = 0
    for home in range(len(w.kind)):
        events = find_drying(w.at_s, w.temperature_c[:, home], w.humidity_pct[:, home], p, outdoor_of(w))
        first_s = p.drying.least_days * 86_400.0 + 86_400.0
        truth = [t for t in truth_of(w, home, ("washing",)) if t.start_s >= first_s]
        hits = [[_half_within(e.start_s, e.end_s, t.start_s, t.end_s) for t in truth] for e in events]
        found, right = found + len(events), right + sum(any(row) for row in hits)
        happened += len(truth)
        seen += sum(any(row[i] for row in hits) for i in range(len(truth)))
    return {
        "found": found,
        "happened": happened,
        "precision": share(right, found),
        "recall": share(seen, happened),
    }


def _half_within(start_s: float, end_s: float, true_start_s: float, true_end_s: float) -> bool:
    return min(end_s, true_end_s) - max(start_s, true_start_s) >= 0.5 * (end_s - start_s)


def airings(w: Weeks, p: MoistureParameters) -> dict[str, Any]:
    """Return the figures of opened windows, and of how long rooms took to clear with and without."""
    score = Score()
    events = []
    for home in range(len(w.kind)):
        result = found_in(w, home, p)
        score.add([(a.start_s, a.lowest_s, "window") for a in result.airings], truth_of(w, home, ("window",)))
        events += list(result.events)
    times = clear_times(events)
    figures = score.figures()
    return {name: figures[name] for name in ("found", "happened", "precision", "recall")} | {
        "clear_shut_min": None if times.shut_min is None else round(times.shut_min),
        "clear_shut_events": times.shut_events,
        "clear_open_min": None if times.open_min is None else round(times.open_min),
        "clear_open_events": times.open_events,
    }
