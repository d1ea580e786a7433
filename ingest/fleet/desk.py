"""What people do with settings: look at what a change would do, make it, take it back, keep groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devices.contract.kind import Kind
from devices.contract.settings.check import check, typed
from devices.contract.settings.declared import command_only, settings_of, settings_of_any
from devices.contract.settings.model import Setting, Settings, Value, Wrong
from devices.contract.topics import is_device_name
from ingest.fleet.core.diff import Edit, applied, diff
from ingest.fleet.core.layers import Layer, Layers, Member, Scope, compose, label, layers_of, members_of
from ingest.fleet.ports import FleetBook, SettingsRefusedError

NOTE_MOST = 500
_SHOWN_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change would do.

    Attributes:
        scope, target: the layer.
        edits: of the layer.
        settings: all that the layer sets afterwards.
        after: the change that the layer stands on.
        devices: those of the layer, by kind.
        changed: those that are told something else afterwards, and what differs.
        wrong: why it cannot be; empty: it can.
        cuts_off: names in it that could cut a device off.
    """

    scope: Scope
    target: str
    edits: tuple[Edit, ...]
    settings: Settings
    after: int
    devices: Mapping[str, int]
    changed: Mapping[str, tuple[Edit, ...]]
    wrong: tuple[str, ...] = ()
    cuts_off: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the layer in words."""
        return label(self.scope, self.target)

    @property
    def total(self) -> int:
        """How many devices the layer has."""
        return sum(self.devices.values())


@dataclass(frozen=True, slots=True)
class FleetDesk:
    """The desk.

    Attributes:
        book: where settings are kept.
        kinds: by name.
        may_move: whether it may set where devices connect to; the website's may not.
    """

    book: FleetBook
    kinds: Mapping[str, Kind]
    may_move: bool = False
    _declared: dict[str, Mapping[str, Setting]] = field(default_factory=dict)

    def declared(self, scope: Scope, target: str, members: Sequence[Member] = ()) -> Mapping[str, Setting]:
        """Return the settings that a layer may set: of its kind, or of any kind that has one."""
        if scope == "kind" and target in self.kinds:
            return self._of(target)
        if scope == "device":
            kinds = {m.kind for m in members if m.name == target}
            return settings_of_any(self.kinds[k] for k in sorted(kinds) if k in self.kinds)
        return settings_of_any(self.kinds.values())

    async def preview(self, scope: Scope, target: str, wanted: Mapping[str, Value | None]) -> Preview:
        """Return what it would do to have a layer set ``wanted``; None: not any more.

        Raises:
            SettingsRefusedError: there is no such layer.
        """
        layers, members = await self.book.layers(), await self.book.members()
        before = await self._layer(scope, target, layers, members)
        settings = applied(before.settings, [Edit(n, before.settings.get(n), v) for n, v in wanted.items()])
        return self._seen(before, settings, layers, members)

    async def back_to(self, change_id: int) -> Preview:
        """Return what it would do to have a layer set what it did after an earlier change.

        Raises:
            SettingsRefusedError: there is no such change, or no such layer any more.
        """
        then = await self.book.change(change_id)
        if then is None:
            raise SettingsRefusedError(f"change {change_id} does not exist")
        layers, members = await self.book.layers(), await self.book.members()
        before = await self._layer(then.scope, then.target, layers, members)
        return self._seen(before, then.settings, layers, members)

    async def make(self, seen: Preview, made_by: str, note: str) -> int:
        """Make a change that was looked at; return its number.

        Raises:
            SettingsRefusedError: it can't be, changes nothing, or the layer was changed since.
        """
        if seen.wrong:
            raise SettingsRefusedError("; ".join(seen.wrong))
        if not seen.edits:
            raise SettingsRefusedError(f"nothing would change for {seen.label}")
        if len(note) > NOTE_MOST:
            raise SettingsRefusedError(f"note: at most {NOTE_MOST} characters")
        return await self.book.add_change(
            seen.scope, seen.target, seen.settings, made_by, note.strip(), seen.after
        )

    async def make_group(self, group_id: str, name: str, made_by: str) -> None:
        """Make a group. SettingsRefusedError: its name is no name."""
        if not is_device_name(group_id):
            raise SettingsRefusedError(
                f"group {group_id!r}: lower case letters, digits and hyphens, at most 63"
            )
        await self.book.make_group(group_id, name.strip()[:200], made_by)

    async def drop_group(self, group_id: str, made_by: str) -> None:
        """Remove a group, and what it set. SettingsRefusedError: there is none."""
        held = (await self.book.layers()).get(("group", group_id))
        if held is not None and held.settings:
            await self.book.add_change("group", group_id, {}, made_by, "group removed", held.change_id)
        if not await self.book.drop_group(group_id):
            raise SettingsRefusedError(f"group {group_id!r} does not exist")

    # -- inside --------------------------------------------------------------------

    def _of(self, kind: str) -> Mapping[str, Setting]:
        if kind not in self._declared:
            self._declared[kind] = settings_of(self.kinds[kind]) if kind in self.kinds else {}
        return self._declared[kind]

    async def _layer(self, scope: Scope, target: str, layers: Layers, members: Sequence[Member]) -> Layer:
        if scope == "fleet" and target:
            raise SettingsRefusedError(f"all devices are asked for, and {target!r} of them: leave one out")
        if scope == "kind" and target not in self.kinds:
            raise SettingsRefusedError(f"kind {target!r} does not exist; there are {', '.join(self.kinds)}")
        if scope == "device" and not members_of(scope, target, members):
            raise SettingsRefusedError(f"device {target!r} is not registered")
        if scope == "group" and target not in {g.group_id for g in await self.book.groups()}:
            raise SettingsRefusedError(f"group {target!r} does not exist")
        return layers.get((scope, target)) or Layer(scope=scope, target=target, settings={})

    def _seen(self, before: Layer, settings: Settings, layers: Layers, members: Sequence[Member]) -> Preview:
        scope, target = before.scope, before.target
        mine = members_of(scope, target, members)
        declared = self.declared(scope, target, members)
        edits = diff(before.settings, settings)
        wrong = list(self._wrong(declared, edits))
        after = {**layers, (scope, target): Layer(scope=scope, target=target, settings=settings)}
        changed: dict[str, tuple[Edit, ...]] = {}
        bad: dict[str, None] = {}
        for member in mine:
            of_kind = self._of(member.kind)
            told = compose(layers_of(member, after), of_kind)
            now = compose(layers_of(member, layers), of_kind)
            if told == now:
                continue
            changed[member.name] = diff(now, told)
            bad |= {f"{member.kind}: {reason}": None for reason in check(of_kind, told).reasons()}
        wrong += [line for line in bad if line not in wrong][:_SHOWN_MOST]
        names = {edit.name for edit in edits}
        return Preview(
            scope=scope,
            target=target,
            edits=edits,
            settings=settings,
            after=before.change_id,
            devices=dict(sorted(Counter(m.kind for m in mine).items())),
            changed=changed,
            wrong=tuple(wrong),
            cuts_off=tuple(sorted(n for n in names if n in declared and declared[n].cuts_off)),
        )

    def _wrong(self, declared: Mapping[str, Setting], edits: Sequence[Edit]) -> list[str]:
        """Return what is wrong with the layer itself; together with others it is looked at device by device."""
        wrong: list[str] = []
        for name, value in ((e.name, e.after) for e in edits if e.after is not None):
            if name not in declared:
                wrong.append(f"{name}: there is no such setting here")
            elif typed(declared[name], value) is None:
                wrong.append(str(Wrong(name, value, f"must be {declared[name].allowed()}")))
        moved = sorted(e.name for e in edits if e.name in command_only())
        if moved and not self.may_move:
            wrong.append(f"{', '.join(moved)}: set by the command cityops fleet on the server only")
        return wrong
