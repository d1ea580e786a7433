"""Where catalogues that ran, and overrides, are kept; what the rules service asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rules.core.overrides import Override, ScopeKind
from rules.core.parameters import Catalogue

SOFTWARE = "cityops"
"""Author of what an installation or upgrade of the software does by itself."""


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """An exact copy of a catalogue. ``state``: stored, live or retired. Times: seconds since 1970."""

    catalogue_id: int
    sha256: str
    label: str
    files: Mapping[str, str]
    state: str
    created_s: float
    created_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class CatalogueEvent:
    """Something that was done with a catalogue: stored, promoted or back."""

    at_s: float
    catalogue_id: int
    label: str
    what: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewOverride:
    """An override to be added.

    Attributes:
        scope: as people name it, a home by its number.
        starts_s: None = where the rules stand now.
    """

    rule_id: str
    path: str
    scope_kind: ScopeKind
    scope: str
    value: Any
    author: str
    reason: str
    starts_s: float | None
    expires_s: float


@dataclass(frozen=True, slots=True)
class StoredOverride:
    """An override as it is kept. ``shown``: its subject as people name it, a home by its number."""

    override: Override
    shown: str
    created_s: float
    withdrawn_by: str | None
    is_taken: bool


class CatalogueStore(Protocol):
    """Catalogues and overrides. Every method raises TransientError where the database does not answer."""

    async def live(self) -> StoredCatalogue | None:
        """Return the catalogue in use; None before the rules first ran."""
        ...

    async def find(self, catalogue_id: int) -> StoredCatalogue | None:
        """Return a catalogue by number."""
        ...

    async def put(self, files: Mapping[str, str], label: str, by: str, reason: str) -> int:
        """Keep a copy and return its number; one that is there already keeps its own."""
        ...

    async def promote(
        self, catalogue_id: int, by: str, reason: str, what: str = "promoted", instead_of: int | None = None
    ) -> bool:
        """Make a catalogue the live one, retire the one before and log it, all or nothing.

        Returns:
            Whether it was done: not where ``instead_of`` is given and no longer the live one.
        """
        ...

    async def history(self, limit: int) -> tuple[CatalogueEvent, ...]:
        """Return what was done, newest first."""
        ...

    async def add_override(self, new: NewOverride) -> StoredOverride:
        """Keep an override.

        Raises:
            ConfigurationError: there is no such subject.
        """
        ...

    async def withdraw(self, override_id: int, by: str, at_s: float | None) -> StoredOverride | None:
        """End an override at ``at_s`` of event time, None = where the rules stand now.

        Returns:
            None where there is none that still counts.
        """
        ...

    async def overrides(self) -> tuple[StoredOverride, ...]:
        """Return every override ever made, newest first."""
        ...

    async def take(self, settled_s: float | None) -> tuple[Override, ...]:
        """Return the overrides for the engine that stands at ``settled_s`` of event time.

        One it did not know of starts at the next full minute after the watermark at the earliest, and
        a withdrawal it did not know of ends it there, and that is kept: what the engine has decided
        stays as it was decided, and a replay does the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class InUse:
    """What the engine runs by. ``catalogue_id``: None where copies are not kept."""

    catalogue_id: int | None
    catalogue: Catalogue
    overrides: tuple[Override, ...] = ()


class Rulebook(Protocol):
    """What the rules service asks at each of its looks at the registry."""

    async def in_use(self, settled_s: float | None) -> InUse:
        """Return the live catalogue and the overrides; see :meth:`CatalogueStore.take`."""
        ...
