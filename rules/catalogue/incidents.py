"""The rule of what falls together to an incident, in the catalogue: the operations centre's, as the escalations are."""

from __future__ import annotations

from pathlib import Path

import structlog

from cityops.clock import Clock
from cityops.errors import ConfigurationError
from rules.catalogue.escalations import LOOK_EVERY_S
from rules.catalogue.faults import Fault, fault_at, parse_file
from rules.catalogue.loader import SHIPPED, Files, read_files, shipped_value
from rules.catalogue.ports import CatalogueStore
from rules.core.incidents.parameters import RULE, GroupingRule

log = structlog.get_logger(__name__)

FILE = "incidents_grouping.toml"


def load_grouping(folder: Path = SHIPPED) -> GroupingRule:
    """Return the rule in ``folder``.

    Raises:
        ConfigurationError: the file is missing, is no TOML, or a field is wrong.
    """
    found, faults = examine_grouping(read_files(folder))
    if found is None:
        raise ConfigurationError(f"{folder}/{faults[0]}")
    return found


def examine_grouping(files: Files) -> tuple[GroupingRule | None, tuple[Fault, ...]]:
    """Return the rule, or None and everything that is wrong with it."""
    if FILE not in files:
        return None, (Fault(FILE, 0, "is missing: incidents are proposed by it"),)
    parsed = parse_file(FILE, files[FILE], GroupingRule, shipped_value(FILE))
    faults = list(parsed.faults)
    if parsed.value is not None and parsed.value.id != RULE:
        faults.append(fault_at(FILE, files[FILE], ("id",), f"the file's name says {RULE!r}"))
    return (None if faults else parsed.value), tuple(faults)


class LiveGrouping:
    """The live catalogue's rule; where it has none, or a wrong one, the last that was right.

    Called, it returns the rule.

    Raises:
        TransientError: the store does not answer.
    """

    def __init__(self, store: CatalogueStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._rule = load_grouping()
        self._looked_at_s: float | None = None
        self._seen: int | None = None

    async def __call__(self) -> GroupingRule:
        """Return the rule of what was live at most 30 s ago."""
        now_s = self._clock.monotonic()
        if self._looked_at_s is None or now_s - self._looked_at_s >= LOOK_EVERY_S:
            await self._look()
            self._looked_at_s = now_s
        return self._rule

    async def _look(self) -> None:
        live = await self._store.live()
        if live is None or live.catalogue_id == self._seen:
            return
        self._seen = live.catalogue_id
        found, faults = examine_grouping(live.files)
        if found is None:
            log.warning(
                "incidents: going on with the rule before", catalogue=live.catalogue_id, error=str(faults[0])
            )
            return
        self._rule = found
