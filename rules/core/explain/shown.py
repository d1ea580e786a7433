"""Stored inputs as they are shown: value and unit, when, by which device, how good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.core.effects import Json
from rules.core.explain.model import Shown
from rules.core.explain.specs import Input, Spec
from rules.core.explain.words import Clock, few, number
from rules.core.readings import REPAIRED_CLOCK, SUSPECT_CLOCK

Qualities = Mapping[tuple[str, str], int]
"""Quality of a reading by device and stored time."""


def show(inputs: Json, spec: Spec, clock: Clock, qualities: Qualities | None) -> list[Shown]:
    """Return the inputs of one subject, those of an unknown rule by their names."""
    wanted = spec.inputs or tuple(Input(k, k) for k, v in inputs.items() if isinstance(v, int | float | str))
    return [shown_as(i, inputs, clock, qualities) for i in wanted if inputs.get(i.key) is not None]


def shown_as(i: Input, inputs: Json, clock: Clock, qualities: Qualities | None, prefix: str = "") -> Shown:
    """Return one stored input, which must be there, with when, by which device and how well it was read."""
    value, at = inputs[i.key], inputs.get("at")
    if isinstance(value, list):
        text = ", ".join(_item(v, i, clock) for v in value)
    elif i.is_time:
        text = clock.at(value) or str(value)
    else:
        text = number(value, i.digits)
    device = inputs.get("device")
    if at is None and isinstance(value, list) and value and isinstance(value[-1], list):
        at = value[-1][0]
    return Shown(
        name=prefix + i.name,
        value=text,
        unit=i.unit,
        at=clock.at(at),
        device=device,
        quality=quality_words(qualities, device, at),
    )


def _item(value: Any, i: Input, clock: Clock) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{number(value[1], i.digits)} at {clock.at(value[0])}"
    return number(value, i.digits)


def quality_words(qualities: Qualities | None, device: object, at: object) -> str:
    """Return how good a reading is; rules never see one whose clock is not trusted."""
    found = None if qualities is None else qualities.get((str(device), str(at)))
    if found is None:
        return "clock trusted"
    if found & SUSPECT_CLOCK != 0:
        return "clock not trusted"
    return "clock repaired" if found & REPAIRED_CLOCK != 0 else "good"


def of_readings(shown: Sequence[Shown]) -> list[str]:
    """Return what is to be said of the readings' clocks."""
    repaired = sorted({s.device for s in shown if s.quality == "clock repaired" and s.device is not None})
    return [f"The time of readings of {few(repaired)} was repaired."] if repaired else []
