"""A card for paper, as plain values for the typesetter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from rules.core.cab.card import Card, Entry
from rules.core.cab.codec import OnRoads
from rules.core.cab.model import Plan
from rules.core.cab.needed import needed_s
from rules.core.effects import hour_of
from rules.core.evidence.printable import printable


def document(
    plan: Plan, on: OnRoads, card: Card, zone: tzinfo, *, council: str, replaced: int | None = None
) -> dict[str, Any]:
    """Return a card's document.

    Args:
        plan: whose card it is; ``on``: its roads.
        on: the plan on its roads.
        card: of the lorry.
        zone: of the town.
        council: whose lorry it is.
        replaced: number of the plan that has taken this one's place; None: it counts.
    """
    zero_s = plan.contents.start_s

    def clock(at_s: float | None) -> str:
        return "–" if at_s is None else hour_of(datetime.fromtimestamp(zero_s + at_s, zone))

    due_s = needed_s(on, card.lorry)
    day = datetime.fromtimestamp(zero_s, zone)
    start = next(s for s in plan.contents.fleet if s.lorry == card.lorry)
    facts = [
        ("Leave", clock(card.begins_s)),
        (
            "Treated by",
            clock(card.last_s) + (f" (needed by {clock(due_s)})" if due_s is not None else ""),
        ),
        ("Back", clock(card.back_s)),
        ("Salt", f"{card.salt_kg / 1000.0:.2f} t" + (f", {card.loads} × reload" if card.loads else "")),
        ("On board", f"{start.on_board_kg / 1000.0:.2f} t"),
        (
            "Way",
            f"{(card.treated_m + card.empty_m) / 1000.0:.1f} km, {card.treated_m / 1000.0:.1f} km of it spread",
        ),
        ("Time", f"{(card.back_s - card.begins_s) / 60.0:.0f} min"),
    ]
    return {
        "title": printable(f"Route card {card.lorry}"),
        "subtitle": printable(f"{council} · {day:%A} {day.day} {day:%B %Y} · plan {plan.version}"),
        "foot": printable(f"{card.lorry} · plan {plan.version}"),
        "replaced": "" if replaced is None else f"REPLACED by plan {replaced}. Do not drive by this card.",
        "facts": [[printable(a), printable(b)] for a, b in facts],
        "entries": [_row(e, clock(e.at_s)) for e in card.entries],
        "rates": [[printable(c) for c in row] for row in _rates(card)],
        "notes": [printable(n) for n in _notes(plan, on, card)],
    }


def _row(e: Entry, at: str) -> dict[str, str]:
    return {
        "number": str(e.number), "at": at, "km": f"{e.at_m / 1000.0:.1f}", "text": printable(e.text),
        "spread": printable(e.spread), "length": f"{e.length_m:.0f} m" if 0.0 < e.length_m < 995.0
        else f"{e.length_m / 1000.0:.1f} km" if e.length_m else "", "kind": "load" if e.loads else "spread" if e.spread else "drive",
    }  # fmt: skip


def _rates(card: Card) -> Iterator[tuple[str, str, str]]:
    """Yield what is spread at each rate: rate, length, salt."""
    sums: dict[float, tuple[float, float]] = {}
    for e in card.entries:
        if e.g_m2 is not None:
            metres, kg = sums.get(e.g_m2, (0.0, 0.0))
            sums[e.g_m2] = metres + e.length_m, kg + e.salt_kg
    for rate, (metres, kg) in sorted(sums.items()):
        yield f"{rate:g} g/m²", f"{metres / 1000.0:.1f} km", f"{kg / 1000.0:.2f} t"


def _notes(plan: Plan, on: OnRoads, card: Card) -> Iterator[str]:
    if card.late:
        streets = dict.fromkeys(on.network.segments[on.jobs[j].segment].street for j in card.late)
        yield f"Planned late: {', '.join(streets)}."
    orders = ", ".join(f"{o.ref} ({o.label})" for o in plan.contents.orders)
    yield f"By orders {orders}. The streets are those of the registry: where the road says otherwise, the road is right."
