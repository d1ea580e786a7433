"""What a trial found, as a document and as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ops_api.bin_trial.run import One, Trial
from rules.core.bin_trial.figures import WEEK, Apart, Weeks, apart, together
from rules.core.effects import num

COMPARED = ("collections", "km", "hours", "overflow_h", "spilt_l", "cost_gbp")


def document(trial: Trial, found: Sequence[One]) -> dict[str, Any]:
    """Return what came of each way, and how far each is from the first."""
    weeks = {w: together([o.weeks for o in found if o.way == w]) for w in trial.ways}
    return {
        "simulated": True,
        "conditions": {
            "days": trial.days, "lead_days": trial.lead_days, "first": trial.first.isoformat(), "bins": trial.bins if trial.own is None else len(trial.own[0].bins),
            "seeds": list(trial.seeds), "planner": _planner(trial), "cadence_min": trial.cadence_s / 60.0,
            "streets": "own" if trial.own is not None else "simulated",
        },
        "ways": [_way(w, weeks, [o for o in found if o.way == w], trial) for w in trial.ways],
    }  # fmt: skip


def _planner(trial: Trial) -> str:
    return f"search, {trial.iterations} iterations a day" if trial.iterations else "insertion"


def _way(way: str, weeks: dict[str, Weeks], ones: Sequence[One], trial: Trial) -> dict[str, Any]:
    w, first = weeks[way], weeks[trial.ways[0]]
    told = {name: num(w.total(name), 1) for name in w.sums}
    told |= {
        "per_bin_week": num(WEEK * w.share("collections", "bin_days"), 2),
        "mean_fill_pct": num(100.0 * w.share("fill", "collections"), 1),
        "wasted_pct": num(100.0 * w.share("wasted", "collections"), 1),
        "overflow_days_pct": num(100.0 * w.share("overflow_days", "bin_days"), 2),
        "seen_h": num(sum(o.seen_h for o in ones), 1),
    }
    del told["fill"], told["wasted"]
    told_apart = {name: _apart(apart(w, first, name)) for name in COMPARED} if w is not first else {}
    conserved = {
        "put_l": num(sum(o.put_l for o in ones), 0),
        "lost_l": num(sum(o.lost_l for o in ones), 6),
        "cpu_s": num(sum(o.took_s for o in ones), 1),
    }
    return {"way": way, **told, "against_the_first": told_apart, "check": conserved}


def _apart(a: Apart) -> dict[str, Any]:
    ends = [None if np.isinf(x) else num(x, 1) for x in (a.low, a.high)]
    return {"difference": num(a.difference, 1), "low": ends[0], "high": ends[1], "is_shown": a.is_shown}


HEADS = (
    ("way", "way", 18, ""), ("collections", "stops", 7, ".0f"), ("per_bin_week", "/bin-wk", 8, ".2f"),
    ("km", "km", 8, ".0f"), ("hours", "hours", 7, ".0f"), ("diesel_l", "diesel l", 9, ".0f"), ("co2_kg", "CO2 kg", 8, ".0f"),
    ("cost_gbp", "cost £", 8, ".0f"), ("overflow_h", "over h", 8, ".0f"), ("seen_h", "seen h", 8, ".0f"),
    ("overflow_days_pct", "days %", 7, ".2f"), ("spilt_l", "beside l", 9, ".0f"), ("missed", "missed", 7, ".0f"),
    ("mean_fill_pct", "fill %", 7, ".0f"), ("wasted_pct", "<half %", 8, ".0f"),
)  # fmt: skip


def lines(found: dict[str, Any]) -> list[str]:
    """Return a trial for people."""
    c = found["conditions"]
    seeds = ", ".join(map(str, c["seeds"]))
    title = (
        f"SIMULATED: {c['days']} days after {c['lead_days']} to learn on Monday, Wednesday and Friday, seeds {seeds}, "
        f"{c['streets']} streets; rounds by {c['planner']}; a reading every {c['cadence_min']:g} min"
    )
    told = [
        title,
        "",
        "".join(_cell(head, width, name == "way") for name, head, width, _ in HEADS),
    ]
    told += [
        "".join(_cell(format(w[name], spec), width, name == "way") for name, _, width, spec in HEADS)
        for w in found["ways"]
    ]
    told += ["", *_legend(), "", *_differences(found)]
    return told


def _cell(text: str, width: int, is_left: bool) -> str:
    return text.ljust(width) if is_left else text.rjust(width)


def _legend() -> list[str]:
    return [
        "over h: bins full to the rim, as it really was; seen h: at 95 % and more as the ledger finds it in the readings;",
        "days %: bin-days with half an hour of it; beside l: what came to lie beside bins; missed: must-go bins not met;",
        "fill %: when they were emptied; <half %: stops at bins not half full; cost: driving and crews, no sensors.",
    ]


NAMED = {
    "collections": "stops", "km": "km", "hours": "hours", "overflow_h": "overflow hours", "spilt_l": "litres beside",
    "cost_gbp": "£",
}  # fmt: skip


def _differences(found: dict[str, Any]) -> list[str]:
    first = found["ways"][0]["way"]
    if len(found["ways"]) < 2:
        return []
    told = [f"Against {first}, week by week of the same demand; nine times in ten within:"]
    for w in found["ways"][1:]:
        parts = [f"{NAMED[n]} {_words(a)}" for n, a in w["against_the_first"].items()]
        told.append(f"  {w['way']}: {'; '.join(parts)}")
    return told


def _words(a: dict[str, Any]) -> str:
    if a["low"] is None or a["high"] is None:
        return f"{a['difference']:+.0f} (one week: no interval)"
    verdict = "" if a["is_shown"] else ", not shown"
    return f"{a['difference']:+.0f} ({a['low']:+.0f} to {a['high']:+.0f}{verdict})"
