"""The catalogue that the rules run by: the live one of the store, at first the shipped one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from cityops.errors import ConfigurationError
from rules.catalogue.loader import Files, completed, load, parse, read_files
from rules.catalogue.ports import SOFTWARE, CatalogueEvent, CatalogueStore, InUse, StoredCatalogue
from rules.core.overrides import Override, prepare
from rules.core.parameters import Catalogue

log = structlog.get_logger(__name__)

MADE_LIVE = ("promoted", "back", "shipped")
COMPLETED = "completed"
"""What is done with a catalogue that a newer version of the software brings a rule for: in its place
comes the same with the shipped file, as an exact copy of what runs is kept."""


@dataclass(frozen=True)
class FixedRulebook:
    """:class:`rules.catalogue.ports.Rulebook` of one catalogue that never changes."""

    catalogue: Catalogue = field(default_factory=load)

    async def in_use(self, settled_s: float | None) -> InUse:
        """Return the catalogue."""
        return InUse(None, self.catalogue)


class StoredRulebook:
    """:class:`rules.catalogue.ports.Rulebook` on a store. Call :meth:`start` once before."""

    def __init__(self, store: CatalogueStore, shipped: Files | None = None) -> None:
        self._store = store
        self._shipped = read_files() if shipped is None else shipped
        self._parsed: tuple[int, Catalogue] | None = None
        self._told: set[tuple[int, str]] = set()

    async def start(self) -> Catalogue:
        """Keep the shipped catalogue, make it live where no person has chosen another, return the live one.

        Raises:
            ConfigurationError: this version of the software can't read what is live.
            TransientError: the store does not answer.
        """
        shipped = await self._store.put(self._shipped, "shipped", SOFTWARE, "comes with the software")
        live = await self._store.live()
        if live is None or (live.catalogue_id != shipped and not await self._chosen(live)):
            await self._store.promote(shipped, SOFTWARE, "comes with the software", "shipped")
        elif live.catalogue_id != shipped:
            log.warning(
                "rules: the live catalogue is not the one of this version",
                live=live.catalogue_id,
                shipped=shipped,
                hint="cityops rules promote --shipped",
            )
        found = await self._store.live()
        assert found is not None
        self._parsed = await self._taken(found)
        return self._parsed[1]

    async def in_use(self, settled_s: float | None) -> InUse:
        """Return the live catalogue and the overrides; one that can't be read is not taken."""
        if self._parsed is None:
            await self.start()
        live = await self._store.live()
        assert self._parsed is not None
        if live is not None and live.catalogue_id != self._parsed[0]:
            try:
                self._parsed = await self._taken(live)
                log.info("rules: another catalogue is live", catalogue=self._parsed[0], label=live.label)
            except ConfigurationError as e:
                log.error("rules: going on with the catalogue before", error=str(e))
        number, catalogue = self._parsed
        overrides = await self._store.take(settled_s)
        self._tell_refused(number, catalogue, overrides)
        return InUse(number, catalogue, overrides)

    async def _taken(self, live: StoredCatalogue) -> tuple[int, Catalogue]:
        """Return the number of the live catalogue and what is in it, with the rules that it does not know yet.

        Raises:
            ConfigurationError: this version of the software can't read it.
        """
        catalogue, files = readable(live, self._shipped), completed(live.files, self._shipped)
        added = sorted(files.keys() - live.files.keys())
        if not added:
            return live.catalogue_id, catalogue
        why = f"catalogue {live.catalogue_id} has no {', '.join(added)}: as this version of the software brings it"
        number = await self._store.put(files, live.label, SOFTWARE, why)
        if await self._store.promote(number, SOFTWARE, why, COMPLETED, instead_of=live.catalogue_id):
            log.warning("rules: the live catalogue was completed", catalogue=number, reason=why)
        return number, catalogue

    async def _chosen(self, live: StoredCatalogue) -> bool:
        """Whether a person made this the live one."""
        for event in await self._store.history(1000):
            if event.what in MADE_LIVE:
                return event.by != SOFTWARE
        return live.created_by != SOFTWARE

    def _tell_refused(self, number: int, catalogue: Catalogue, overrides: tuple[Override, ...]) -> None:
        for override, why in prepare(catalogue, overrides).refused if overrides else ():
            if (override.override_id, why) not in self._told:
                self._told.add((override.override_id, why))
                log.warning(
                    "rules: an override is not used",
                    override=override.override_id,
                    reason=why,
                    catalogue=number,
                )


def course(events: Iterable[CatalogueEvent]) -> list[int]:
    """Return the catalogues that were live, newest first; a completed one in place of what it completes."""
    found: list[int] = []
    is_completed = False
    for event in events:
        if event.what not in (*MADE_LIVE, COMPLETED):
            continue
        if not is_completed:
            found.append(event.catalogue_id)
        is_completed = event.what == COMPLETED
    return found


def readable(stored: StoredCatalogue, shipped: Files | None = None) -> Catalogue:
    """Return a stored catalogue, ready for use: with the shipped files of rules that it does not know yet.

    Raises:
        ConfigurationError: this version of the software can't read it.
    """
    try:
        files = completed(stored.files, read_files() if shipped is None else shipped)
        return parse(files, f"catalogue {stored.catalogue_id}")
    except ConfigurationError as e:
        raise ConfigurationError(
            f"{e} (stored by {stored.created_by}; this version of the software can't read it: correct a copy "
            "and `cityops rules promote DIR`, or `cityops rules promote --shipped`)"
        ) from e
