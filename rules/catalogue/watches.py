"""The rules of the watch in the catalogue: ``platform_*.toml`` and ``device_quarantined.toml``.

They are the desk's, as the escalations are: the engine does not read them, so that a catalogue
without them still decides everything, and a replay never plays them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from cityops.clock import Clock
from cityops.errors import ConfigurationError
from rules.catalogue.escalations import LOOK_EVERY_S, examine_escalations
from rules.catalogue.faults import Fault, fault_at, parse_file
from rules.catalogue.loader import SHIPPED, Files, read_files, shipped_value
from rules.catalogue.ports import CatalogueStore
from rules.core.alarm_spec import Escalation
from rules.core.parameters import AlarmRule
from rules.core.watch import rules as w
from rules.core.watch.model import Watched

log = structlog.get_logger(__name__)

WATCH_FILES: dict[str, tuple[str, Any]] = {
    "no_readings": ("platform_no_readings.toml", AlarmRule[w.NoReadingsParameters]),
    "rules_behind": ("platform_rules_behind.toml", AlarmRule[w.RulesBehindParameters]),
    "channel_failing": ("platform_channel_failing.toml", AlarmRule[w.ChannelFailingParameters]),
    "rota_empty": ("platform_rota_empty.toml", AlarmRule[w.RotaEmptyParameters]),
    "quarantined": ("device_quarantined.toml", AlarmRule[w.QuarantinedParameters]),
}
"""Field of the watch's rules: its file and type."""


def load_watch(folder: Path = SHIPPED) -> w.WatchRules:
    """Return the rules of the watch in ``folder``.

    Raises:
        ConfigurationError: a file is missing, is no TOML, or a field is wrong.
    """
    found, faults = examine_watch(read_files(folder))
    if found is None:
        raise ConfigurationError(f"{folder}/{faults[0]}")
    return found


def examine_watch(files: Files) -> tuple[w.WatchRules | None, tuple[Fault, ...]]:
    """Return the rules of the watch, or None and everything that is wrong with them."""
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for field, (name, kind) in WATCH_FILES.items():
        if name not in files:
            faults.append(Fault(name, 0, "is missing: the desk watches the platform by it"))
            continue
        parsed = parse_file(name, files[name], kind, shipped_value(name))
        faults += parsed.faults
        expected = name.removesuffix(".toml").replace("_", ".", 1)
        if parsed.value is not None and parsed.value.id != expected:
            faults.append(fault_at(name, files[name], ("id",), f"the file's name says {expected!r}"))
        found[field] = parsed.value
    return (None if faults else w.WatchRules(**found)), tuple(faults)


def roles_on_call(escalations: Mapping[str, Escalation]) -> dict[str, tuple[str, ...]]:
    """Return the roles of which escalations call whoever is on call, each with those that do."""
    found: dict[str, tuple[str, ...]] = {}
    for name, escalation in sorted(escalations.items()):
        for step in escalation.steps:
            kind, _, role = step.to.partition(":")
            if kind == "on_call" and name not in found.get(role, ()):
                found[role] = (*found.get(role, ()), name)
    return found


class LiveWatch:
    """What the live catalogue watches for; where it has no such rules, or wrong ones, the last that were right.

    Called, it returns what is watched for.

    Raises:
        TransientError: the store does not answer.
    """

    def __init__(self, store: CatalogueStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        shipped = read_files()
        self._watched = Watched(load_watch(), roles_on_call(examine_escalations(shipped)[0]))
        self._looked_at_s: float | None = None
        self._seen: int | None = None

    async def __call__(self) -> Watched:
        """Return what is watched for, of what was live at most 30 s ago."""
        now_s = self._clock.monotonic()
        if self._looked_at_s is None or now_s - self._looked_at_s >= LOOK_EVERY_S:
            await self._look()
            self._looked_at_s = now_s
        return self._watched

    async def _look(self) -> None:
        live = await self._store.live()
        if live is None or live.catalogue_id == self._seen:
            return
        self._seen = live.catalogue_id
        found, faults = examine_watch(live.files)
        escalations, wrong = examine_escalations(live.files)
        if faults:
            number = live.catalogue_id
            log.warning("watch: going on with the rules before", catalogue=number, error=str(faults[0]))
        self._watched = Watched(
            self._watched.rules if found is None else found,
            self._watched.roles if wrong else roles_on_call(escalations),
            # Alarms name the copy that has their rule: none that lacks it.
            self._watched.catalogue_id if found is None else live.catalogue_id,
        )
