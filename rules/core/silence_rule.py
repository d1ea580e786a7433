"""Rule device.silent: devices that have stopped reporting.

Judged by each device's own interval. A device that has never reported is not silent: it
is not yet in service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from devices.registry import Device
from rules.core.alarm_spec import AlarmSpec
from rules.core.alarms import Demand
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import Condition, advance
from rules.core.conditions.telling import severity_at
from rules.core.context import Context
from rules.core.effects import iso
from rules.core.grouping import GroupRule, Joining, Members, Place, Tellers, Up, settle, worst
from rules.core.memory import SeenMemory
from rules.core.readings import Readings
from rules.core.work import Work


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Note the newest reading of each device."""
    newest: dict[str, float] = {}
    for device, at_s in zip(rows.device, rows.ts_s.tolist(), strict=True):
        if at_s > newest.get(device, float("-inf")):
            newest[device] = at_s
    seen = work.write("seen")
    for device, at_s in newest.items():
        before: SeenMemory | None = seen.get(device)
        if device not in ctx.devices:
            continue
        if before is None:
            seen[device] = SeenMemory(at_s)
            work.silence = None
        elif at_s > before.at_s:
            seen[device] = SeenMemory(at_s, before.silent)


def evaluate(work: Work, ctx: Context, at_s: float) -> None:
    """Find at a tick who is silent, and tell it by home, route or kind."""
    up: dict[str, Up] = {}
    changed: dict[str, SeenMemory] = {}
    limits, seen = ctx.silence_at(at_s), work.read("seen")
    for device in _to_look_at(work, ctx, limits, at_s):
        memory = seen[device]
        is_over = at_s - memory.at_s > limits[device]
        rule = ctx.at("device", device, at_s).catalogue.silent
        silent = _advance(rule.alarm, memory, is_over, at_s)
        if silent is not memory.silent:
            changed[device] = SeenMemory(memory.at_s, silent)
        if silent.is_active:
            severity = severity_at(rule, silent.level)
            up[device] = Up(ctx.place_of_device(device), severity, silent.flapping)
    for device, memory in changed.items():
        is_silent = _called_for(memory.silent)
        if is_silent is not _called_for(seen[device].silent):
            told = {"silent": is_silent, "last_reading_at": iso(memory.at_s)}
            work.tell("device", device, at_s, told)
        work.write("seen")[device] = memory
    _settle(work, ctx, limits, up, at_s)


def _to_look_at(work: Work, ctx: Context, limits: Mapping[str, float], at_s: float) -> list[str]:
    """Return who is or becomes silent at a tick, or has been and may no longer be.

    Until the first time at which somebody else can become silent only those need a look that had
    one: a reading makes that time later, never sooner. A device heard of for the first time, or
    another limit, makes it unknown; so does every step, as nothing of this is remembered.
    """
    seen: Mapping[str, SeenMemory] = work.read("seen")
    nobody_before_s, alive = work.silence or (-math.inf, [])
    if at_s < nobody_before_s:
        return [d for d in alive if d in limits]
    found, soonest_s = [], math.inf
    for device, memory in seen.items():
        limit = limits.get(device)
        if limit is None:
            continue
        if memory.silent.lives or at_s - memory.at_s > limit:
            found.append(device)
        else:
            soonest_s = min(soonest_s, memory.at_s + limit)
    if not ctx.overrides.subjects("device"):
        work.silence = (soonest_s - 1.0, found)  # a second for rounding
    return found


def _advance(spec: AlarmSpec, memory: SeenMemory, is_over: bool, at_s: float) -> Condition:
    wanted = asked(spec, Demand.ON if is_over else Demand.OFF, at_s - memory.at_s)
    return advance(memory.silent, wanted, at_s, spec)[0]


def _called_for(silent: Condition) -> bool:
    """Whether a device is silent now; one that flaps has an alarm also while it reports."""
    return any(life.phase == "active" for life in silent.lives)


def _settle(work: Work, ctx: Context, limits: Mapping[str, float], up: dict[str, Up], at_s: float) -> None:
    seen: dict[str, SeenMemory] = work.read("seen")

    def joining(device: str) -> Joining:
        last_s, limit, known = seen[device].at_s, limits[device], ctx.devices[device]
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
        if known is None or device not in limits:
            return f"{device} is no longer watched."
        return f"{_named(ctx, known)} reports again: reading of {iso(seen[device].at_s)}."

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
