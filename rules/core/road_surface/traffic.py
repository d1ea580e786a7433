"""How much of a motorway's traffic a road has, by its class: what wears salt, snow and water. Pure."""

from __future__ import annotations

BUSY = {"A": 1.0, "B": 0.7, "C": 0.4, "U": 0.1}
"""Traffic by class of road, relative to the town's busiest."""
MOTORWAY_SHARE = 0.5
"""What the town's busiest road has of a motorway's wear."""
MOTORWAY = 1.0
"""Traffic of the motorway where TRL measured: the most that wears salt."""


def busy_of(road_class: str) -> float:
    """Return a road's traffic relative to the town's busiest; of an unknown class as of an unclassified road."""
    return BUSY.get(road_class, BUSY["U"])


def traffic_of(road_class: str) -> float:
    """Return a road's traffic relative to a busy motorway: one figure for the forecast and for the rules."""
    return MOTORWAY_SHARE * busy_of(road_class)
