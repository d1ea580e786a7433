"""The steps of the fleet service on what is kept: new versions where layers changed, and what devices said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devices.contract.kind import Kind
from devices.contract.settings.declared import settings_of
from devices.contract.settings.messages import CONFIRM_WITHIN_S
from devices.contract.settings.model import Setting
from ingest.fleet.core.layers import Layers, compose, layers_of
from ingest.fleet.core.reports import understand
from ingest.fleet.ports import FleetKeeping, NewVersion, RawReport, Report, Told

_REPORTS_MOST = 500


class Declared:
    """Settings by kind, worked out once."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._found = {name: settings_of(kind) for name, kind in kinds.items()}

    def of(self, kind: str) -> Mapping[str, Setting]:
        """Return a kind's settings; none of one that is not declared."""
        return self._found.get(kind, {})


async def recompose(book: FleetKeeping, declared: Declared, confirm_within_s: int = CONFIRM_WITHIN_S) -> int:
    """Give each device whose layers come out otherwise than it was told a new version; return how many."""
    layers = await book.layers()
    if not layers:
        return 0
    found = [
        version
        for told in await book.told()
        if (version := next_version(told, layers, declared.of(told.member.kind), confirm_within_s))
        is not None
    ]
    await book.add_versions(found)
    return len(found)


def next_version(
    told: Told, layers: Layers, declared: Mapping[str, Setting], confirm_within_s: int = CONFIRM_WITHIN_S
) -> NewVersion | None:
    """Return what a device is to be told next; None where it was told so already, or nothing was ever set.

    The number is above all that the device has heard of, also where this database is older than it (restored).
    """
    mine = layers_of(told.member, layers)
    settings = compose(mine, declared)
    if settings == told.settings and (told.version > 0 or not settings):
        return None
    # Who made it: the newest change among its layers.
    last = max(mine, key=lambda layer: layer.change_id, default=None)
    return NewVersion(
        device_id=told.device_id,
        version=max(told.version, told.reported) + 1,
        settings=settings,
        confirm_within_s=confirm_within_s,
        made_by="" if last is None else last.made_by,
        note="" if last is None else last.note,
        change_id=None if last is None else last.change_id,
    )


async def hear(book: FleetKeeping, declared: Declared) -> Sequence[Report]:
    """Take in what devices said since; return it."""
    reports = [report_of(raw, declared.of(raw.kind)) for raw in await book.unread(_REPORTS_MOST)]
    await book.note(reports)
    return reports


def report_of(raw: RawReport, declared: Mapping[str, Setting]) -> Report:
    """Return what a device said, as far as it is understood."""
    found = understand(raw.document, declared, raw.versions)
    if isinstance(found, str):
        return Report(device_id=raw.device_id, reported_at=raw.reported_at, reasons=(found,))
    said = found.said
    return Report(
        device_id=raw.device_id,
        reported_at=raw.reported_at,
        version=said.version,
        state=said.state,
        about=said.about,
        confirm=said.confirm,
        reasons=said.reasons,
        differs=found.differs,
        unknown=said.unknown,
        unused=said.unused,
        settings=found.settings,
        firmware=said.firmware,
        boot=said.boot,
        parts=said.parts,
        faults=said.faults,
    )
