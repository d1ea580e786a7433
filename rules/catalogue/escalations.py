"""The chains of people in the catalogue: ``escalation_<id>.toml``, and which one a rule's alarms take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import structlog

from cityops.clock import Clock
from cityops.errors import ConfigurationError
from rules.catalogue.faults import Fault, fault_at, parse_file
from rules.catalogue.loader import SHIPPED, Files, read_files, shipped_value
from rules.catalogue.ports import CatalogueStore
from rules.core.alarm_spec import Escalation

log = structlog.get_logger(__name__)

DEFAULT = "default"
LOOK_EVERY_S = 30.0
"""How often the live catalogue is looked at [s], as the rules do."""


def load_escalations(folder: Path = SHIPPED) -> dict[str, Escalation]:
    """Return the escalations in ``folder`` by id.

    Raises:
        ConfigurationError: a file is no TOML, a field is unknown, missing or out of its limits,
            an id does not fit its file's name, or there is no ``escalation_default.toml``.
    """
    found, faults = examine_escalations(read_files(folder))
    if faults:
        raise ConfigurationError(f"{folder}/{faults[0]}")
    return found


def examine_escalations(files: Files) -> tuple[dict[str, Escalation], tuple[Fault, ...]]:
    """Return the escalations among a catalogue's files by id, and everything that is wrong with them."""
    found: dict[str, Escalation] = {}
    faults: list[Fault] = []
    for file in sorted(f for f in files if f.startswith("escalation_")):
        parsed = parse_file(file, files[file], Escalation, shipped_value(file))
        name = file.removeprefix("escalation_").removesuffix(".toml")
        faults += parsed.faults
        if parsed.value is not None and parsed.value.id != name:
            faults.append(fault_at(file, files[file], ("id",), f"the file's name says {name!r}"))
        elif parsed.value is not None:
            found[name] = parsed.value
    if f"escalation_{DEFAULT}.toml" not in files:
        faults.append(Fault(f"escalation_{DEFAULT}.toml", 0, "is missing: it is for all other rules"))
    return found, tuple(faults)


def chosen(escalations: Mapping[str, Escalation], rule_id: str) -> Escalation:
    """Return a rule's escalation: of its own name (``bins_fire``), of its area (``bins``), else the default."""
    area = rule_id.partition(".")[0]
    return next(escalations[n] for n in (rule_id.replace(".", "_"), area, DEFAULT) if n in escalations)


class LiveEscalations:
    """The escalations of the live catalogue; before the rules first ran, the shipped ones.

    Called, it returns the function from a rule's id to its escalation.

    Raises:
        TransientError: the store does not answer.
    """

    def __init__(self, store: CatalogueStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._escalations = load_escalations()
        self._read: int | None = None
        self._looked_at_s: float | None = None

    async def __call__(self) -> Callable[[str], Escalation]:
        """Return the choice, of what was live at most :data:`LOOK_EVERY_S` ago."""
        now_s = self._clock.monotonic()
        if self._looked_at_s is None or now_s - self._looked_at_s >= LOOK_EVERY_S:
            await self._look()
            self._looked_at_s = now_s
        return partial(chosen, self._escalations)

    async def _look(self) -> None:
        live = await self._store.live()
        if live is None or live.catalogue_id == self._read:
            return
        found, faults = examine_escalations(live.files)
        if faults:
            number = live.catalogue_id
            log.error("desk: going on with the escalations before", catalogue=number, error=str(faults[0]))
        else:
            self._escalations = found
        self._read = live.catalogue_id
