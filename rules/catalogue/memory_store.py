"""Catalogues and overrides in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from cityops.errors import ConfigurationError
from rules.catalogue.loader import sha256_of
from rules.catalogue.ports import CatalogueEvent, NewOverride, StoredCatalogue, StoredOverride
from rules.core.overrides import TICK_S, Override


@dataclass
class MemoryCatalogueStore:
    """:class:`rules.catalogue.ports.CatalogueStore` in memory.

    ``subjects``: what is installed, by kind: names as people know them to names as the engine does.
    """

    subjects: Mapping[str, Mapping[str, str]]
    now_s: Callable[[], float]
    kept: list[StoredCatalogue] = field(default_factory=list)
    log: list[CatalogueEvent] = field(default_factory=list)
    made: list[StoredOverride] = field(default_factory=list)
    _ended: set[int] = field(default_factory=set)

    async def live(self) -> StoredCatalogue | None:
        """Return the catalogue in use."""
        return next((c for c in self.kept if c.state == "live"), None)

    async def find(self, catalogue_id: int) -> StoredCatalogue | None:
        """Return a catalogue by number."""
        return next((c for c in self.kept if c.catalogue_id == catalogue_id), None)

    async def put(self, files: Mapping[str, str], label: str, by: str, reason: str) -> int:
        """Keep a copy and return its number."""
        sha256 = sha256_of(files)
        for known in self.kept:
            if known.sha256 == sha256:
                return known.catalogue_id
        number = len(self.kept) + 1
        self.kept.append(
            StoredCatalogue(number, sha256, label, dict(files), "stored", self.now_s(), by, reason)
        )
        self.log.append(CatalogueEvent(self.now_s(), number, label, "stored", by, reason))
        return number

    async def promote(
        self, catalogue_id: int, by: str, reason: str, what: str = "promoted", instead_of: int | None = None
    ) -> bool:
        """Make a catalogue the live one."""
        if instead_of is not None and self.kept[instead_of - 1].state != "live":
            return False
        state = {c.catalogue_id: "retired" if c.state == "live" else c.state for c in self.kept}
        state[catalogue_id] = "live"
        self.kept = [dataclasses.replace(c, state=state[c.catalogue_id]) for c in self.kept]
        label = self.kept[catalogue_id - 1].label
        self.log.append(CatalogueEvent(self.now_s(), catalogue_id, label, what, by, reason))
        return True

    async def history(self, limit: int) -> tuple[CatalogueEvent, ...]:
        """Return what was done, newest first."""
        return tuple(reversed(self.log))[:limit]

    async def add_override(self, new: NewOverride) -> StoredOverride:
        """Keep an override."""
        scope = self.subjects.get(new.scope_kind, {}).get(new.scope)
        if scope is None:
            raise ConfigurationError(f"there is no {new.scope_kind} {new.scope!r} in the registry")
        values = {name: getattr(new, name) for name in NewOverride.__slots__ if name != "scope"}
        values["starts_s"] = self.now_s() if new.starts_s is None else new.starts_s
        override = Override(override_id=len(self.made) + 1, scope=scope, **values)
        self.made.append(StoredOverride(override, new.scope, self.now_s(), None, False))
        return self.made[-1]

    async def withdraw(self, override_id: int, by: str, at_s: float | None) -> StoredOverride | None:
        """End an override."""
        at_s = self.now_s() if at_s is None else at_s
        for i, stored in enumerate(self.made):
            o = stored.override
            if o.override_id == override_id and o.withdrawn_s is None and o.expires_s > at_s:
                ended = msgspec.structs.replace(o, withdrawn_s=max(at_s, o.starts_s))
                self.made[i] = dataclasses.replace(stored, override=ended, withdrawn_by=by)
                return self.made[i]
        return None

    async def overrides(self) -> tuple[StoredOverride, ...]:
        """Return every override ever made, newest first."""
        return tuple(reversed(self.made))

    async def take(self, settled_s: float | None) -> tuple[Override, ...]:
        """Return the overrides for the engine."""
        tick_s = 0.0 if settled_s is None else (settled_s // TICK_S + 1) * TICK_S
        self.made = [self._taken(stored, tick_s) for stored in self.made]
        return tuple(s.override for s in self.made if s.is_taken)

    def _taken(self, stored: StoredOverride, tick_s: float) -> StoredOverride:
        o = stored.override
        if not stored.is_taken:
            if o.expires_s <= tick_s:
                return stored
            o = msgspec.structs.replace(o, starts_s=max(o.starts_s, tick_s))
        if o.withdrawn_s is not None and o.override_id not in self._ended:
            o = msgspec.structs.replace(o, withdrawn_s=max(o.withdrawn_s, tick_s))
            self._ended.add(o.override_id)
        return dataclasses.replace(stored, override=o, is_taken=True)
