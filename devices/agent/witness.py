"""Who is told of what a device keeps: the frog's own record, the household's Home Assistant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from devices.agent.clock_state import Moment
from devices.agent.entry import Key
from devices.contract.messages import Activity


class Witness(Protocol):
    """Told of what the device keeps, after the outbox has it: for the frog's own page."""

    def measured(self, key: Key, moment: Moment, fields: Mapping[str, float]) -> None:
        """A reading was put into the outbox."""
        ...

    def noted(self, key: Key, moment: Moment, activity: Activity, source: str) -> None:
        """A diary entry was put into the outbox."""
        ...
