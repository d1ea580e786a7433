"""What the lorries of a night are still to drive, and when, as late as they are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.core.cab.codec import OnRoads
from rules.core.cab.committed import next_step
from rules.core.cab.progress import Progress
from rules.core.closing.hours import Driven


def driven_ahead(on: OnRoads, progress: Mapping[str, Progress]) -> Iterator[Driven]:
    """Yield what lies ahead of each lorry that is out or waits to set out; not what it is on: it drives that to its end."""
    starts = {s.lorry: s for s in on.contents.fleet}
    for trip in on.contents.trips:
        p = progress[trip.lorry]
        if p.phase in ("back", "no_way"):
            continue
        # Who is off its way is taken to come back to it where it left it.
        first = (
            p.step + 1
            if p.phase == "off_plan"
            else next_step(starts[trip.lorry], p, on.trips[trip.lorry].steps)
        )
        for number in range(len(trip.steps) if first is None else first, len(trip.steps)):
            step, late_s = trip.steps[number], max(0.0, p.late_at(number))
            if step.segment_id is not None:
                begins_s = on.contents.start_s + step.begins_s + late_s
                yield step.segment_id, begins_s, begins_s + step.ends_s - step.begins_s
