"""A shadow's choice and tables in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass

from rules.catalogue.memory_store import MemoryCatalogueStore
from rules.catalogue.ports import CatalogueEvent
from rules.catalogue.rulebook import COMPLETED, MADE_LIVE
from rules.memory_store import MemoryRuleStore
from rules.ports import Change, Fetched, RuleStore
from rules.shadow.choice import check_start
from rules.shadow.ports import ENDED, STARTED, Chosen, ShadowGoneError, Standing


@dataclass
class MemoryShadowChoice:
    """:class:`rules.shadow.ports.ShadowChoice` on catalogues in memory."""

    catalogues: MemoryCatalogueStore

    async def chosen(self) -> Chosen | None:
        """Return the catalogue in shadow."""
        known = next((c for c in self.catalogues.kept if c.state == "shadow"), None)
        if known is None:
            return None
        entries = [(n, e) for n, e in enumerate(self.catalogues.log, start=1) if e.what == STARTED]
        number, event = next(x for x in reversed(entries) if x[1].catalogue_id == known.catalogue_id)
        return Chosen(number, known.catalogue_id, known.label, event.at_s, event.by, event.reason)

    async def start(self, catalogue_id: int, by: str, reason: str) -> Chosen:
        """Take a stored catalogue into shadow."""
        kept = self.catalogues.kept
        states = {c.catalogue_id: c.state for c in kept if c.state == "shadow"}
        asked = {c.catalogue_id: c.state for c in kept if c.catalogue_id == catalogue_id}
        check_start(catalogue_id, states | asked)
        self._put(catalogue_id, "shadow")
        self._log(catalogue_id, STARTED, by, reason)
        found = await self.chosen()
        assert found is not None
        return found

    async def stop(self, by: str, reason: str) -> Chosen | None:
        """End the shadow."""
        found = await self.chosen()
        if found is not None:
            mine = (e for e in self.catalogues.log if e.catalogue_id == found.catalogue_id)
            was_live = any(e.what in (*MADE_LIVE, COMPLETED) for e in mine)
            self._put(found.catalogue_id, "retired" if was_live else "stored")
            self._log(found.catalogue_id, ENDED, by, reason)
        return found

    async def promote(self, by: str, reason: str) -> Chosen | None:
        """Make the catalogue in shadow the live one."""
        found = await self.chosen()
        if found is not None:
            await self.catalogues.promote(found.catalogue_id, by, reason)
        return found

    def _put(self, catalogue_id: int, state: str) -> None:
        self.catalogues.kept[catalogue_id - 1] = dataclasses.replace(
            self.catalogues.kept[catalogue_id - 1], state=state
        )

    def _log(self, catalogue_id: int, what: str, by: str, reason: str) -> None:
        label = self.catalogues.kept[catalogue_id - 1].label
        event = CatalogueEvent(self.catalogues.now_s(), catalogue_id, label, what, by, reason)
        self.catalogues.log.append(event)


@dataclass
class ShadowRuleStore(MemoryRuleStore):
    """A shadow's store: it shares the live one's batches, and is gone when the shadow is begun anew or ended."""

    is_gone: bool = False

    async def fetch(self, cursor: int, limit: int) -> Fetched | None:
        """Return the next batches after ``cursor``."""
        self._check()
        return await super().fetch(cursor, limit)

    async def commit(self, change: Change) -> None:
        """Take everything of a step, or nothing; nobody hears of it."""
        self._check()
        await super().commit(change)
        self.notified.clear()

    def _check(self) -> None:
        if self.is_gone:
            raise ShadowGoneError("the shadow's tables are gone")


@dataclass
class MemoryShadowTables:
    """:class:`rules.shadow.ports.ShadowTables` beside a live store in memory."""

    live: MemoryRuleStore
    choice: MemoryShadowChoice
    now: Standing | None = None
    mine: ShadowRuleStore | None = None

    async def standing(self) -> Standing | None:
        """Return what the tables are."""
        return self.now

    async def begin(self, start_id: int) -> Standing:
        """Return the tables of a start; where there are none, make them."""
        if self.now is None or self.now.start_id != start_id:
            self._drop()
            self.mine, self.now = _copied(self.live), Standing(start_id, self.live.settled_s)
        return self.now

    async def pause(self, start_id: int, error: str) -> bool:
        """Keep that the shadow of this start does not go on, and why."""
        if self.now is None or self.now.start_id != start_id:
            return False
        self.now = dataclasses.replace(self.now, error=error)
        return True

    async def clear(self) -> None:
        """Drop the tables, unless a catalogue is in shadow."""
        if await self.choice.chosen() is None:
            self._drop()

    def rules(self, start_id: int) -> RuleStore:
        """Return where the shadow of this start reads and writes."""
        if self.mine is None or self.now is None or self.now.start_id != start_id:
            raise ShadowGoneError("the shadow's tables are gone")
        return self.mine

    def _drop(self) -> None:
        if self.mine is not None:
            self.mine.is_gone = True
        self.now = self.mine = None


def _copied(live: MemoryRuleStore) -> ShadowRuleStore:
    """Return a store that stands where the live one does: with its memory and the alarms that are up."""
    up = [a for a in live.alarms if a.cleared_at_s is None]
    return ShadowRuleStore(
        installed=live.installed,
        batches=live.batches,
        cursor=live.cursor,
        seen_s=live.seen_s,
        settled_s=live.settled_s,
        waiting_from=live.waiting_from,
        rows=dict(live.rows),
        alarms=[dataclasses.replace(copy.deepcopy(alarm), alarm_id=n) for n, alarm in enumerate(up, start=1)],
    )
