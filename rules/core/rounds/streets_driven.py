"""Which stretches the lorries of a plan drive, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules.core.closing.hours import Driven
from rules.core.network.network import Network
from rules.core.rounds.plan import RoundPlan, Stop


def driven_of_rounds(network: Network, plan: RoundPlan) -> Iterator[Driven]:
    """Yield what the lorries of a plan drive; ``network``: by whose arcs it is numbered."""
    for r in plan.rounds:
        yield from driven_of_round(network, plan.day_s, r.stops)


def driven_of_round(
    network: Network, day_s: int, stops: Sequence[Stop], late_s: float = 0.0
) -> Iterator[Driven]:
    """Yield what one lorry drives to some stops; on each way from when it begins until the lorry leaves the stop.

    Args:
        network: by whose arcs the plan is numbered.
        day_s: midnight that its times count from [s since 1970].
        stops: of its round.
        late_s: so much later than planned it is [s].
    """
    for stop in stops:
        begins_s, ends_s = day_s + stop.arrive_s - stop.drive_s + late_s, day_s + stop.ends_s + late_s
        for arc in stop.arcs:
            yield network.segments[network.arcs[arc].segment].segment_id, begins_s, ends_s
