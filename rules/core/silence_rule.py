"""Rule device.silent: devices that have stopped reporting.

Judged by each device's own interval. A device that has never reported is not silent: it
is not yet in service.
"""

from __future__ import annotations

from rules.core.context import Context
from rules.core.effects import ClearAlarm, RaiseAlarm, iso
from rules.core.memory import SeenMemory
from rules.core.readings import Readings
from rules.core.work import Work

RULE = "device.silent"


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Note the newest reading of each device."""
    newest: dict[str, float] = {}
    for device, at_s in zip(rows.device, rows.ts_s.tolist(), strict=True):
        if at_s > newest.get(device, float("-inf")):
            newest[device] = at_s
    seen = work.write("seen")
    for device, at_s in newest.items():
        before: SeenMemory | None = seen.get(device)
        if device in ctx.devices and (before is None or at_s > before.at_s):
            seen[device] = SeenMemory(at_s, False if before is None else before.silent)


def evaluate(work: Work, ctx: Context, at_s: float) -> None:
    """Raise and clear the alarms of silent devices at a tick."""
    changed: list[tuple[str, SeenMemory, float]] = []
    limits = ctx.silence_at(at_s)
    for device, memory in work.read("seen").items():
        limit = limits.get(device)
        if limit is not None and (at_s - memory.at_s > limit) is not memory.silent:
            changed.append((device, memory, limit))
    for device, memory, limit in changed:
        work.write("seen")[device] = SeenMemory(memory.at_s, not memory.silent)
        _tell(work, ctx, device, memory, limit, at_s)


def _tell(work: Work, ctx: Context, device: str, before: SeenMemory, limit: float, at_s: float) -> None:
    known, rule = ctx.devices[device], ctx.at("device", device, at_s).catalogue.silent
    silent = not before.silent
    work.tell("device", device, at_s, {"silent": silent, "last_reading_at": iso(before.at_s)})
    if not silent:
        text = f"Reporting again: reading of {iso(before.at_s)}."
        work.effects.append(ClearAlarm(RULE, "device", device, at_s, text))
        return
    name = known.label or known.name
    work.effects.append(
        RaiseAlarm(
            RULE,
            rule.version,
            "device",
            device,
            rule.parameters.severity,
            before.at_s + limit,
            f"{name}: no readings",
            f"The last reading was measured at {iso(before.at_s)}; a {known.kind} device should "
            f"report every {known.cadence_s / 60:g} min and is given {limit / 60:g} min.",
            {
                "last_reading_at": iso(before.at_s),
                "cadence_s": known.cadence_s,
                "limit_s": limit,
                "kind": known.kind,
            },
        )
    )
