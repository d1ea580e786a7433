"""What a planner is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.core.fleet.jobs import Job
from rules.core.fleet.lorries import Fleet
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network

NOBODY: Mapping[str, tuple[str, ...]] = {}
"""No standing routes."""


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        network: the roads.
        jobs: to be done, from ``jobs_of``.
        fleet: lorries and barns.
        settings: of all lorries.
        standing: by lorry its usual jobs in their usual order: where the plan begins, and what it
            is loath to change.
    """

    network: Network
    jobs: Sequence[Job]
    fleet: Fleet
    settings: FleetSettings = field(default_factory=FleetSettings)
    standing: Mapping[str, Sequence[str]] = field(default_factory=lambda: NOBODY)
