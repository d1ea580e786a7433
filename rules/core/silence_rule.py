"""Rule device.silent: devices that have stopped reporting.

Judged by each device's own interval. A device that has never reported is not silent: it
is not yet in service.
"""

from __future__ import annotations

from devices.registry import Device
from rules.core.alarm_spec import AlarmSpec
from rules.core.alarms import Demand
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import Condition, advance
from rules.core.conditions.telling import severity_at
from rules.core.context import Context
from rules.core.effects import iso
from rules.core.grouping import GroupRule, Joining, Members, Place, Tellers, Up, settle, worst
from rules.core.numbers import Devices
from rules.core.psychrometrics import Floats
from rules.core.seen_columns import SeenColumns
from rules.core.work import Work


def observe(work: Work, ctx: Context, devices: Devices, at_s: Floats) -> None:
    """Note the newest reading of each device."""
    work.table("seen", ctx, SeenColumns).see(ctx.names.of(devices).number, at_s)


def evaluate(work: Work, ctx: Context, at_s: float) -> None:
    """Find at a tick who is silent, and tell it by home, route or kind."""
    up: dict[str, Up] = {}
    seen, names = work.table("seen", ctx, SeenColumns), ctx.names.names
    for i in seen.to_look_at(ctx.silence_limits_s(at_s), at_s):
        last_s, before, device = float(seen.at_s[i]), seen.silent[i], names[i]
        is_over = at_s - last_s > ctx.silence_at(at_s)[device]
        rule = ctx.at("device", device, at_s).catalogue.silent
        silent = _advance(rule.alarm, before, is_over, at_s, last_s)
        if silent is not before:
            seen.put(i, silent)
            if _called_for(silent) is not _called_for(before):
                told = {"silent": _called_for(silent), "last_reading_at": iso(last_s)}
                work.tell("device", device, at_s, told)
        if silent.is_active:
            severity = severity_at(rule, silent.level)
            up[device] = Up(ctx.place_of_device(device), severity, silent.flapping)
    _settle(work, ctx, seen, up, at_s)


def _advance(spec: AlarmSpec, before: Condition, is_over: bool, at_s: float, last_s: float) -> Condition:
    wanted = asked(spec, Demand.ON if is_over else Demand.OFF, at_s - last_s)
    return advance(before, wanted, at_s, spec)[0]


def _called_for(silent: Condition) -> bool:
    """Whether a device is silent now; one that flaps has an alarm also while it reports."""
    return any(life.phase == "active" for life in silent.lives)


def _settle(work: Work, ctx: Context, seen: SeenColumns, up: dict[str, Up], at_s: float) -> None:
    def last_reading_s(device: str) -> float:
        i = ctx.names.number(device)
        assert i is not None, "who is watched is installed"
        return float(seen.at_s[i])

    def joining(device: str) -> Joining:
        last_s, limit, known = last_reading_s(device), ctx.silence_at(at_s)[device], ctx.devices[device]
        says = (
            f"{_named(ctx, known)}: the last reading was measured at {iso(last_s)}; a {known.kind} "
            f"device should report every {known.cadence_s / 60:g} min and is given {limit / 60:g} min"
        )
        inputs = {
            "last_reading_at": iso(last_s), "cadence_s": known.cadence_s, "limit_s": limit,
            "kind": known.kind,
        }  # fmt: skip
        # It became silent when its time was up, not at the tick that found it.
        return Joining(last_s + limit, last_s, -last_s, says, inputs)

    def left(device: str) -> str:
        known = ctx.devices.get(device)
        if known is None or device not in ctx.silence_s:
            return f"{device} is no longer watched."
        return f"{_named(ctx, known)} reports again: reading of {iso(last_reading_s(device))}."

    settle(work, group_rule(ctx), up, at_s, Tellers(joining, left))


def _named(ctx: Context, device: Device) -> str:
    """Return what an alarm calls a device: by its label, but in a home by its name: the label may be an address."""
    return device.name if device.name in ctx.home_of else device.label or device.name


def group_rule(ctx: Context) -> GroupRule:
    """Return how silent devices are told together."""

    def title(place: Place, members: Members) -> str:
        if len(members) == 1:
            return f"{ctx.label_of(place)}: a device is silent"
        return f"{ctx.label_of(place)}: {len(members)} devices are silent"

    def reason(place: Place, members: Members) -> str:
        longest = worst(members)[1].says
        silent, all_n = len(members), ctx.watched_at(place)
        return f"{silent} of {all_n} silent. {'The longest: ' if silent > 1 else ''}{longest}."

    return GroupRule(ctx.catalogue.silent, "device", title, reason)
