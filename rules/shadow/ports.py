"""What a shadow needs: which catalogue is to run in shadow, and tables of its own beside the live ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cityops.errors import CityopsError
from rules.ports import RuleStore

STARTED, ENDED = "shadow", "shadow_end"
"""What the audit trail of catalogues says of a shadow."""
SERVICE = "shadow"
"""Name of a shadow's cursor."""


class ShadowGoneError(CityopsError):
    """The tables of this shadow are no longer there: it was ended or begun anew. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A catalogue that is to run in shadow.

    ``start_id`` numbers the entry of the audit trail that asked for it: each start begins anew.
    """

    start_id: int
    catalogue_id: int
    label: str
    since_s: float
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A shadow's tables.

    Attributes:
        start_id: of the start that they were made for.
        from_s: event time at which they were copied from the live ones [s since 1970]; None before
            the first reading.
        error: why it is paused; None: it is not.
    """

    start_id: int
    from_s: float | None
    error: str | None = None


class ShadowChoice(Protocol):
    """Which catalogue is to run in shadow. Every method raises TransientError where the database does not answer."""

    async def chosen(self) -> Chosen | None:
        """Return the catalogue in shadow."""
        ...

    async def start(self, catalogue_id: int, by: str, reason: str) -> Chosen:
        """Take a stored catalogue into shadow and log it; one that is there begins anew.

        Raises:
            ConfigurationError: there is no such catalogue, it is live, or another one is in shadow.
        """
        ...

    async def stop(self, by: str, reason: str) -> Chosen | None:
        """End the shadow and log it; return what ended, None where there was none."""
        ...

    async def promote(self, by: str, reason: str) -> Chosen | None:
        """Make the catalogue in shadow the live one and log it, all or nothing; None where there is none."""
        ...


class ShadowTables(Protocol):
    """The shadow's own tables. Every method raises TransientError where the database does not answer."""

    async def standing(self) -> Standing | None:
        """Return what the tables are; None where there are none."""
        ...

    async def begin(self, start_id: int) -> Standing:
        """Return the tables of a start; where there are none that fit, make them with what the live ones hold now.

        Copied are the engine's memory, its cursor, and the alarms that are up with their members: as
        if the catalogue were made live at this moment. Others are dropped.
        """
        ...

    async def pause(self, start_id: int, error: str) -> bool:
        """Keep that the shadow of this start does not go on, and why; return whether it has tables to keep it in."""
        ...

    async def clear(self) -> None:
        """Drop the tables, unless a catalogue is in shadow."""
        ...

    def rules(self, start_id: int) -> RuleStore:
        """Return where the shadow of this start reads and writes; raises ShadowGoneError where its tables are gone."""
        ...
