"""A crew's round as GPX: a waypoint for each stop and the way as a track."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.crew_card.lines import Line
from rules.core.crew_card.paper import Clock
from rules.core.gpx import Waypoint, gpx_of


def track(
    lines: Sequence[Line],
    way: Sequence[tuple[float, float]],
    name: str,
    about: str,
    made_s: float,
    clock: Clock,
) -> bytes:
    """Return the file.

    Args:
        lines: of the round; ``way``: of :func:`rules.core.crew_card.lines.line_of`.
        way: longitude and latitude [°].
        name: of the track; ``about``: the file.
        about: what the file is.
        made_s: when the plan was made [s since 1970].
        clock: time of day of a time of the plan.
    """
    return gpx_of(name, about, made_s, (_waypoint(line, clock) for line in lines), way)


def _waypoint(line: Line, clock: Clock) -> Waypoint:
    said = ". ".join(t for t in (line.about, line.why) if t)
    return Waypoint(
        line.place.longitude_deg, line.place.latitude_deg, f"{line.number} {line.title}".strip(),
        f"{clock(line.stop.begins_s)}, {line.at_m / 1000.0:.1f} km" + (f": {said}" if said else ""), line.kind,
    )  # fmt: skip
