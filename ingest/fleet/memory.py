"""Settings of devices in memory: for tests, and for trying out what the service does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from devices.contract.settings.model import Settings
from ingest.fleet import ports as p
from ingest.fleet.core.drift import Facts
from ingest.fleet.core.layers import Layer, Layers, Member, Scope


@dataclass
class _Device:
    device_id: int
    name: str
    kind: str
    shard: int
    cadence_s: int = 300
    online: bool | None = None
    kept_out: str = ""
    heard_at: datetime | None = None
    said: tuple[Any, datetime] | None = None
    report: p.Report | None = None
    published: int = 0
    published_at: datetime | None = None
    confirmed_at: datetime | None = None
    since: datetime | None = None
    versions: list[p.Version] = field(default_factory=list)
    within_s: dict[int, int] = field(default_factory=dict)

    @property
    def desired(self) -> int:
        return self.versions[-1].version if self.versions else 0


class MemoryFleet:
    """Implements :class:`ingest.fleet.ports.FleetBook` and ``FleetKeeping``.

    Args:
        now: the time.
        again_s: see :data:`ingest.fleet.store.AGAIN_S`.
    """

    def __init__(self, now: Callable[[], datetime], again_s: float = 60.0) -> None:
        self._now = now
        self._again = timedelta(seconds=again_s)
        self._devices: dict[str, _Device] = {}
        self._changes: list[p.Change] = []
        self._groups: dict[str, tuple[str, set[str]]] = {}

    def install(self, name: str, kind: str, shard: int = 0) -> None:
        """Register a device."""
        self._devices[name] = _Device(len(self._devices) + 1, name, kind, shard)

    def say(self, name: str, document: Any, *, online: bool = True) -> None:
        """Have a device report, as the ingester would keep it."""
        device = self._devices[name]
        device.said = (document, self._now())
        device.online, device.heard_at = online, self._now()

    def keep_out(self, name: str, state: str) -> None:
        """Quarantine a device, revoke its credential (``unclaimed``), or let it in again (empty)."""
        self._devices[name].kept_out = state

    def cadence_of(self, name: str) -> int:
        """Return by which cadence its silence is judged [s]."""
        return self._devices[name].cadence_s

    # -- reading -------------------------------------------------------------------

    async def layers(self) -> Layers:
        """Return the newest of each layer."""
        return {
            (c.scope, c.target): Layer(
                scope=c.scope, target=c.target, settings=c.settings, change_id=c.change_id, made_by=c.made_by,
                made_at=c.made_at, note=c.note,
            )
            for c in self._changes
        }  # fmt: skip

    async def members(self) -> Sequence[Member]:
        """Return every device."""
        return [self._member(d) for _, d in sorted(self._devices.items())]

    async def standings(self) -> Sequence[p.Standing]:
        """Return every device by name."""
        return [self._standing(d) for _, d in sorted(self._devices.items())]

    async def device(self, name: str) -> p.OneDevice | None:
        """Return a device; None where there is none."""
        d = self._devices.get(name)
        if d is None:
            return None
        desired = d.versions[-1].settings if d.versions else {}
        return p.OneDevice(
            standing=self._standing(d), shard=d.shard, report=d.report, desired=desired, status={}
        )

    async def versions(self, device: str, limit: int) -> Sequence[p.Version]:
        """Return a device's versions, the newest first."""
        d = self._devices.get(device)
        return [] if d is None else d.versions[::-1][:limit]

    async def changes(self, scope: Scope | None, target: str | None, limit: int) -> Sequence[p.Change]:
        """Return changes of layers, the newest first."""
        found = [c for c in self._changes if scope in (None, c.scope) and target in (None, c.target)]
        return found[::-1][:limit]

    async def change(self, change_id: int) -> p.Change | None:
        """Return one change."""
        return next((c for c in self._changes if c.change_id == change_id), None)

    async def groups(self) -> Sequence[p.Group]:
        """Return all groups by id."""
        return [
            p.Group(group_id=name, label=label, devices=len(members))
            for name, (label, members) in sorted(self._groups.items())
        ]

    # -- what people decide --------------------------------------------------------

    async def add_change(
        self, scope: Scope, target: str, settings: Settings, made_by: str, note: str, after: int
    ) -> int:
        """Have a layer set exactly this from now on; return the change's number."""
        newest = [c.change_id for c in self._changes if (c.scope, c.target) == (scope, target)]
        if (newest[-1] if newest else 0) != after:
            raise p.SettingsRefusedError("somebody else changed these settings meanwhile: look at them again")
        number = len(self._changes) + 1
        self._changes.append(
            p.Change(
                change_id=number, scope=scope, target=target, settings=dict(settings), made_by=made_by,
                made_at=self._now(), note=note,
            )
        )  # fmt: skip
        return number

    async def make_group(self, group_id: str, label: str, made_by: str) -> None:
        """Make a group, or give it another label."""
        self._groups[group_id] = (label, self._groups.get(group_id, ("", set()))[1])

    async def put(self, group_id: str, devices: Sequence[str]) -> int:
        """Put devices into a group; return how many were not in it."""
        if group_id not in self._groups:
            raise p.SettingsRefusedError(f"group {group_id!r} does not exist")
        if unknown := [d for d in devices if d not in self._devices]:
            raise p.SettingsRefusedError(f"device {unknown[0]!r} is not registered")
        members = self._groups[group_id][1]
        new = set(devices) - members
        members |= new
        return len(new)

    async def take(self, group_id: str, devices: Sequence[str]) -> int:
        """Take devices out of a group; return how many were in it."""
        members = self._groups.get(group_id, ("", set()))[1]
        gone = members & set(devices)
        members -= gone
        return len(gone)

    async def drop_group(self, group_id: str) -> bool:
        """Remove a group; False: there is none."""
        return self._groups.pop(group_id, None) is not None

    # -- what the service does -----------------------------------------------------

    async def mark(self) -> object:
        """Return something that is another one when layers, groups or devices have changed."""
        return (
            len(self._changes),
            {n: frozenset(m) for n, (_, m) in self._groups.items()},
            len(self._devices),
        )

    async def told(self) -> Sequence[p.Told]:
        """Return every device with what it was told last."""
        return [
            p.Told(
                device_id=d.device_id, member=self._member(d), shard=d.shard, version=d.desired,
                settings=d.versions[-1].settings if d.versions else {},
                reported=0 if d.report is None else max(d.report.version, d.report.about),
            )
            for d in self._devices.values()
        ]  # fmt: skip

    async def add_versions(self, versions: Sequence[p.NewVersion]) -> None:
        """Keep new versions; those whose number a device has already are passed over."""
        by_number = {d.device_id: d for d in self._devices.values()}
        for v in versions:
            d = by_number[v.device_id]
            if v.version in d.within_s:
                continue
            made = next((c for c in self._changes if c.change_id == v.change_id), None)
            d.within_s[v.version] = v.confirm_within_s
            d.versions.append(
                p.Version(
                    version=v.version, settings=dict(v.settings), made_by=v.made_by, made_at=self._now(), note=v.note,
                    change_id=v.change_id, scope="" if made is None else made.scope,
                    target="" if made is None else made.target,
                )
            )  # fmt: skip

    async def unread(self, limit: int) -> Sequence[p.RawReport]:
        """Return what devices said that :meth:`note` has not been given yet."""
        found = []
        for d in self._devices.values():
            if d.said is None or (d.report is not None and d.report.reported_at == d.said[1]):
                continue
            versions: Mapping[int, Settings] = {v.version: v.settings for v in d.versions}
            found.append(
                p.RawReport(
                    device_id=d.device_id, kind=d.kind, document=d.said[0], reported_at=d.said[1], versions=versions
                )
            )  # fmt: skip
        return found[:limit]

    async def note(self, reports: Sequence[p.Report]) -> None:
        """Keep what was understood."""
        by_number = {d.device_id: d for d in self._devices.values()}
        for report in reports:
            d = by_number[report.device_id]
            was = None if d.report is None else (d.report.version, d.report.state, d.report.about)
            if was != (report.version, report.state, report.about):
                d.since = report.reported_at
            d.report = report

    async def outgoing(self, limit: int) -> Sequence[p.Outgoing]:
        """Return what is to be sent."""
        due = [d for d in self._devices.values() if d.versions and self._is_due(d)]
        due.sort(key=lambda d: (not self._confirms(d), d.device_id))
        return [
            p.Outgoing(
                device_id=d.device_id, name=d.name, kind=d.kind, shard=d.shard, version=d.desired,
                settings=d.versions[-1].settings, confirm_within_s=d.within_s[d.desired], confirmed=self._confirms(d),
            )
            for d in due[:limit]
        ]  # fmt: skip

    async def sent(self, outgoing: Sequence[p.Outgoing]) -> None:
        """The broker took these."""
        by_number = {d.device_id: d for d in self._devices.values()}
        for one in outgoing:
            d = by_number[one.device_id]
            d.published, d.published_at = one.version, self._now()
            if one.confirmed:
                d.confirmed_at = self._now()

    async def follow_cadence(self) -> int:
        """Have silence be judged by the cadence in force; return how many changed."""
        changed = 0
        for d in self._devices.values():
            said = d.report
            if said is None or not d.versions or said.state != "applied" or said.about != said.version:
                continue
            cadence = said.settings.get("cadence_s")
            if isinstance(cadence, int | float) and int(cadence) != d.cadence_s:
                d.cadence_s, changed = int(cadence), changed + 1
        return changed

    # -- inside --------------------------------------------------------------------

    def _member(self, d: _Device) -> Member:
        return Member(d.name, d.kind, frozenset(n for n, (_, m) in self._groups.items() if d.name in m))

    def _confirms(self, d: _Device) -> bool:
        return d.report is not None and d.report.confirm and d.report.about == d.desired

    def _is_due(self, d: _Device) -> bool:
        if d.published < d.desired:
            return True
        if d.report is None or d.published_at is None:
            return False
        if self._confirms(d):
            return d.confirmed_at is None or d.confirmed_at < d.report.reported_at
        return d.report.about < d.desired and d.report.reported_at > d.published_at + self._again

    def _standing(self, d: _Device) -> p.Standing:
        report = d.report or p.Report(device_id=d.device_id, reported_at=self._now())
        facts = Facts(
            desired=d.desired, published=d.published, published_at=d.published_at, reported=report.version,
            reported_at=None if d.report is None else report.reported_at, about=report.about, state=report.state,
            differs=bool(report.differs), online=d.online if not d.kept_out or d.online is None else False,
            heard_at=d.heard_at, since=d.since, kept_out=d.kept_out,
        )  # fmt: skip
        groups = tuple(sorted(self._member(d).groups))
        return p.Standing(
            device_id=d.device_id,
            name=d.name,
            kind=d.kind,
            facts=facts,
            firmware=report.firmware,
            groups=groups,
        )
