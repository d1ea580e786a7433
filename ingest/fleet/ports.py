"""What the fleet service, the command and the pages ask of where settings are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cityops.errors import CityopsError
from devices.contract.settings.model import Settings
from ingest.fleet.core.drift import Facts
from ingest.fleet.core.layers import Layers, Member, Scope


class SettingsRefusedError(CityopsError):
    """What was asked of settings cannot be; the text says why."""


class UnusableTextError(SettingsRefusedError):
    """No column can hold a value of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A device with what it was told last.

    Attributes:
        member: its name, kind and groups.
        shard: of its topics.
        version, settings: the newest; 0 where nobody ever set anything.
        reported: the version that it says is in force.
    """

    device_id: int
    member: Member
    shard: int
    version: int = 0
    settings: Settings = field(default_factory=dict)
    reported: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """What a device is to be told from now on."""

    device_id: int
    version: int
    settings: Settings
    confirm_within_s: int
    made_by: str
    note: str
    change_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a device's settings, as it was kept."""

    version: int
    settings: Settings
    made_by: str
    made_at: datetime
    note: str
    change_id: int | None
    scope: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a layer, as it was kept."""

    change_id: int
    scope: Scope
    target: str
    settings: Settings
    made_by: str
    made_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReport:
    """What a device said, not looked at yet."""

    device_id: int
    kind: str
    document: Any
    reported_at: datetime
    versions: Mapping[int, Settings]
    """Those that it may speak of, with what they set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a device said, as far as it is understood; see the columns of ``device_setting_state``."""

    device_id: int
    reported_at: datetime
    version: int = 0
    state: str = ""
    about: int = 0
    confirm: bool = False
    reasons: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    settings: Settings = field(default_factory=dict)
    firmware: str = ""
    boot: int = 0
    parts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A document that a device is to be sent."""

    device_id: int
    name: str
    kind: str
    shard: int
    version: int
    settings: Settings
    confirm_within_s: int
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Devices that are set together."""

    group_id: str
    label: str
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A device as the fleet's list has it."""

    device_id: int
    name: str
    kind: str
    facts: Facts
    firmware: str = ""
    waiting: int | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OneDevice:
    """A device as its own page has it: how it stands, what it said, and what of its last status tells of no home."""

    standing: Standing
    shard: int
    report: Report | None
    desired: Settings
    status: Mapping[str, Any]


class FleetReading(Protocol):
    """Reads settings."""

    async def layers(self) -> Layers:
        """Return the newest of each layer."""
        ...

    async def members(self) -> Sequence[Member]:
        """Return every device that is not retired."""
        ...

    async def standings(self) -> Sequence[Standing]:
        """Return every device that is not retired, by name."""
        ...

    async def device(self, name: str) -> OneDevice | None:
        """Return a device; None where there is none of the name, or it is retired."""
        ...

    async def versions(self, device: str, limit: int) -> Sequence[Version]:
        """Return a device's versions, the newest first."""
        ...

    async def changes(self, scope: Scope | None, target: str | None, limit: int) -> Sequence[Change]:
        """Return changes of layers, the newest first; of one layer, or of all."""
        ...

    async def change(self, change_id: int) -> Change | None:
        """Return one change."""
        ...

    async def groups(self) -> Sequence[Group]:
        """Return all groups by id."""
        ...


class FleetWriting(Protocol):
    """Writes what people decide."""

    async def add_change(
        self, scope: Scope, target: str, settings: Settings, made_by: str, note: str, after: int
    ) -> int:
        """Have a layer set exactly this from now on; return the change's number.

        Args:
            scope: the layer's.
            target: the layer's.
            settings: all that it sets.
            made_by: who.
            note: why.
            after: the change that was the layer's newest when this was decided.

        Raises:
            SettingsRefusedError: somebody changed the layer meanwhile.
        """
        ...

    async def make_group(self, group_id: str, label: str, made_by: str) -> None:
        """Make a group, or give it another label."""
        ...

    async def put(self, group_id: str, devices: Sequence[str]) -> int:
        """Put devices into a group; return how many were not in it. SettingsRefusedError: no such group or device."""
        ...

    async def take(self, group_id: str, devices: Sequence[str]) -> int:
        """Take devices out of a group; return how many were in it."""
        ...

    async def drop_group(self, group_id: str) -> bool:
        """Remove a group; its devices are as if it had never set anything. False: there is none."""
        ...


class FleetBook(FleetReading, FleetWriting, Protocol):
    """Both: what the command and the pages need."""


class FleetKeeping(Protocol):
    """What the fleet service needs beside."""

    async def mark(self) -> object:
        """Return something that is another one when layers, groups or devices have changed."""
        ...

    async def layers(self) -> Layers:
        """Return the newest of each layer."""
        ...

    async def told(self) -> Sequence[Told]:
        """Return every device that is not retired, with what it was told last."""
        ...

    async def add_versions(self, versions: Sequence[NewVersion]) -> None:
        """Keep new versions; those whose number a device has already are passed over."""
        ...

    async def unread(self, limit: int) -> Sequence[RawReport]:
        """Return what devices said that :meth:`note` has not been given yet."""
        ...

    async def note(self, reports: Sequence[Report]) -> None:
        """Keep what was understood."""
        ...

    async def outgoing(self, limit: int) -> Sequence[Outgoing]:
        """Return what is to be sent: new versions, confirmations, and again to who says it has an older one."""
        ...

    async def sent(self, outgoing: Sequence[Outgoing]) -> None:
        """The broker took these."""
        ...

    async def follow_cadence(self) -> int:
        """Have silence be judged by the cadence that devices say is in force; return how many changed."""
        ...

    async def standings(self) -> Sequence[Standing]:
        """Return every device that is not retired, by name."""
        ...
