"""Readings that came too late to count in order: whose, from when, and what they are about.

Late readings change no decision. What they would have changed is looked at afterwards, for
each scope in a window of time of its own: the route that a road sensor lies on, a home, a bin,
the town for weather stations and gritters, else the device.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rules.core.collection_acts.rows import KIND as ACTS
from rules.core.context import Context
from rules.core.effects import Effect, LateReadings
from rules.core.readings import Readings
from rules.core.settling import Settled
from rules.core.winter_orders.rows import KIND as ORDERS

TOWN = ("town", "town")
WHEN_THEY_COME = ("forecast", ORDERS, ACTS)
"""Road forecasts and what officers, crews and residents said count when they come: none is late, none is judged again."""
TOWN_KINDS = ("weather", "gritter")


@dataclass(frozen=True, slots=True)
class LateSpan:
    """Late readings of a scope.

    Attributes:
        scope_kind, scope: what they are about.
        from_s, to_s: the oldest and the newest [s since 1970].
        devices: whose, sorted.
        readings: how many.
    """

    scope_kind: str
    scope: str
    from_s: float
    to_s: float
    devices: tuple[str, ...]
    readings: int

    def joined(self, other: LateSpan) -> LateSpan:
        """Return both as one; the order does not matter."""
        return replace(
            self,
            from_s=min(self.from_s, other.from_s),
            to_s=max(self.to_s, other.to_s),
            devices=tuple(sorted({*self.devices, *other.devices})),
            readings=self.readings + other.readings,
        )


def late_readings(ctx: Context, found: Settled) -> Iterator[LateReadings]:
    """Yield what came late, once per device."""
    if not found.late.any():
        return
    for kind, rows in found.readings.items():
        late = found.late[rows.position] & (kind not in WHEN_THEY_COME)
        if late.any():
            yield from _by_device(ctx, kind, rows.where(late))


def late_spans(effects: Iterable[Effect]) -> tuple[LateSpan, ...]:
    """Return what came late by scope: the same however the effects were cut into steps."""
    found: dict[tuple[str, str], LateSpan] = {}
    for e in effects:
        if isinstance(e, LateReadings):
            span = LateSpan(e.scope_kind, e.scope, e.from_s, e.to_s, (e.device,), e.n)
            before = found.get((e.scope_kind, e.scope))
            found[e.scope_kind, e.scope] = span if before is None else before.joined(span)
    return tuple(found[key] for key in sorted(found))


def scope_of(ctx: Context, kind: str, device: str) -> tuple[str, str]:
    """Return what a device's late readings are about."""
    if kind in TOWN_KINDS:
        return TOWN
    if kind == "bin" and device in ctx.bin_of:
        return "bin", ctx.bin_of[device].bin_id
    if device not in ctx.devices:
        return "device", device
    place = ctx.place_of_device(device)
    return ("device", device) if place[0] == "kind" else place


def _by_device(ctx: Context, kind: str, rows: Readings) -> Iterator[LateReadings]:
    times: dict[str, list[float]] = {}
    for device, at_s in zip(rows.device, rows.ts_s.tolist(), strict=True):
        times.setdefault(device, []).append(at_s)
    for device, at in sorted(times.items()):
        yield LateReadings(kind, device, *scope_of(ctx, kind, device), min(at), max(at), len(at))
