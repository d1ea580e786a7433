"""The board's map as one document: bins, the way of each lorry stop by stop, yards and tips. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ops_api.bin_rounds import Line, TodaysRounds
from ops_api.web.bins_lorries import LOOKS
from ops_api.web.bins_today import Today
from ops_api.web.bins_view import BinsView

Row = Mapping[str, Any]


def document(
    view: BinsView, bins: Sequence[Row], today: Today, lines: Mapping[str, Sequence[Line]]
) -> dict[str, Any]:
    """Return the map of the bins that the board shows.

    Args:
        view: the board.
        bins: with their places.
        today: where bins stand.
        lines: the way to each stop of each lorry.
    """
    why = {r.bin_id: r.why for r in (*view.must, *view.taken, *view.left)}
    return {
        "mark": view.mark,
        "bins": [
            _bin(b, view.states[str(b["bin_id"])], why) for b in bins if str(b["bin_id"]) in view.states
        ],
        "lorries": [] if today.rounds is None else _lorries(today.rounds, today, lines),
        "sites": [] if today.rounds is None else _sites(today.rounds),
    }


def _bin(b: Row, state: Sequence[Any], why: Mapping[str, str]) -> dict[str, Any]:
    bin_id = str(b["bin_id"])
    return {
        "id": bin_id, "label": b["label"], "at": [b["longitude_deg"], b["latitude_deg"]], "state": list(state),
        "why": why.get(bin_id, ""),
    }  # fmt: skip


def _lorries(rounds: TodaysRounds, today: Today, lines: Mapping[str, Sequence[Line]]) -> list[dict[str, Any]]:
    found = []
    for i, r in enumerate(rounds.plan.rounds):
        progress = rounds.progress.get(r.lorry_id)
        done = 0 if progress is None else _so_far([s.state for s in progress.stops])
        place = None if progress is None else progress.place
        ways = lines.get(r.lorry_id, ())
        found.append(
            {
                "id": r.lorry_id, "letter": today.letters[r.lorry_id], "look": i % LOOKS,
                "done": [w for w in ways[:done] if len(w) > 1], "to_do": [w for w in ways[done:] if len(w) > 1],
                "at": None if place is None else [place.longitude_deg, place.latitude_deg],
            }
        )  # fmt: skip
    return found


def _so_far(states: Sequence[str]) -> int:
    """Return how many stops lie behind a lorry: all before the first that is open."""
    return next((i for i, s in enumerate(states) if s in ("next", "to_come")), len(states))


def _sites(rounds: TodaysRounds) -> list[dict[str, Any]]:
    fleet = rounds.fleet
    if fleet is None:
        return []
    yards = [{"kind": "yard", "id": d.id, "at": [d.longitude_deg, d.latitude_deg]} for d in fleet.depot]
    return yards + [{"kind": "tip", "id": t.id, "at": [t.longitude_deg, t.latitude_deg]} for t in fleet.tip]
