"""A crew's card for paper, as plain values for the typesetter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from rules.core.crew_card.lines import Line, way_words
from rules.core.effects import hour_of
from rules.core.evidence.printable import printable
from rules.core.rounds.plan import LorryRound, RoundPlan

Clock = Callable[[float], str]


def clock_of(day_s: float, zone: tzinfo) -> Clock:
    """Return what tells the time of day of a plan's seconds."""
    return lambda at_s: hour_of(datetime.fromtimestamp(day_s + at_s, zone))


def card_document(
    plan: RoundPlan, version: int, round_: LorryRound, lines: Sequence[Line], zone: tzinfo, *,
    council: str, replaced: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return a card's document.

    Args:
        plan: with its number ``version``.
        version: of the plan.
        round_: of the lorry.
        lines: of the round.
        zone: of the town.
        council: whose lorry it is.
        replaced: number of the plan that has taken this one's place; None: it counts.
    """
    # By its date: on the day on which the clocks go forward, its seconds count from an hour before midnight.
    clock, day = clock_of(plan.day_s, zone), date.fromisoformat(plan.day)
    bins, tips = len(round_.bins), sum(s.kind == "tip" for s in round_.stops)
    facts = [
        ("Leave", clock(round_.begins_s or 0)), ("Back", clock(round_.ends_s or 0)),
        ("Bins", str(bins)), ("Unload", f"{tips} ×"),
        ("Way", f"{round_.metres / 1000.0:.1f} km"), ("Waste", f"{round_.lifted_kg / 1000.0:.1f} t expected"),
    ]  # fmt: skip
    return {
        "title": printable(f"Round {round_.lorry_id}"),
        "subtitle": printable(f"{council} · {day:%A} {day.day} {day:%B %Y} · plan {version}"),
        "foot": printable(f"{round_.lorry_id} · plan {version}"),
        "replaced": "" if replaced is None else f"REPLACED by plan {replaced}. Do not drive by this card.",
        "facts": [[printable(a), printable(b)] for a, b in facts],
        "stops": [_row(line, clock) for line in lines if line.kind != "start"],
        "notes": [printable(n) for n in _notes(round_)],
    }


def _row(line: Line, clock: Clock) -> dict[str, Any]:
    told = [line.about, line.why and f"{'Must' if line.must else 'May'}: {line.why}"]
    return {
        "number": line.number, "at": clock(line.stop.begins_s), "km": f"{line.at_m / 1000.0:.1f}",
        "title": printable(line.title), "about": printable(". ".join(t for t in told if t)),
        "way": printable(way_words(line.way)), "kind": line.kind,
        "until": clock(line.stop.ends_s) if line.kind == "break" else "",
    }  # fmt: skip


def _notes(round_: LorryRound) -> Iterator[str]:
    if round_.overtime_s > 0:
        yield f"Planned {round_.overtime_s / 60.0:.0f} min beyond the shift."
    yield (
        "Tick what you did, and give the card back: what is tapped on the phone page need not be ticked. "
        "The streets are those of the registry: where the road says otherwise, the road is right."
    )
