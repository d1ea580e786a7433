"""What would have made it otherwise, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.core.effects import Json
from rules.core.explain.catalogue_copy import Figures
from rules.core.explain.specs import CALM, FLAPS, Spec
from rules.core.explain.words import Clock, few, span, with_unit

THEN = {
    "no_treatment": "this route is not treated",
    "treat": "this route is treated",
    "clear": "this alarm clears",
    "on_list": "{subject} is on the list too",
    "off_list": "{subject} is not on the list",
}


def sentences(changes: Sequence[Json]) -> list[str]:
    """Return stored changes (``{quantity, by, unit, then}``) as sentences."""
    return [_sentence(c) for c in changes]


def _sentence(change: Json) -> str:
    by, quantity, unit = float(change["by"]), str(change["quantity"]), str(change["unit"])
    less, more = ("colder", "warmer") if quantity.endswith("_c") else ("less", "more")
    if quantity == "fill_pct":
        less, more = "emptier", "fuller"
    then = THEN.get(str(change["then"]), str(change["then"])).format(subject=change.get("subject", "it"))
    return f"{with_unit(abs(by), unit, 2)} {more if by > 0 else less} and {then}."


def to_clear(seen: Sequence[Json], spec: Spec, figures: Figures, *, is_flapping: bool = False) -> list[str]:
    """Return how far an alarm is from clearing, as far as its inputs tell.

    Args:
        seen: what the rule saw; of a group, of each member: the alarm clears with the last of them.
        spec: of the rule.
        figures: its thresholds.
        is_flapping: it comes and goes, so it must stay calm for longer.
    """
    calm = figures.value((FLAPS if is_flapping else CALM).paths)
    stays = f" when it stays so for {span(calm)}" if isinstance(calm, int | float) and calm > 0 else ""
    many = len(seen) > 1
    if spec.clears is not None:
        far = [d for inputs in seen if (d := _distance(inputs, spec.clears, figures)) is not None]
        unit = "°C" if spec.clears[0].endswith("_c") else "% points"
        return [f"{with_unit(max(far), unit)} {spec.way} and this alarm clears{stays}."] if far else []
    if spec.ends:
        return [f"{spec.ends} and this alarm clears{stays}."]
    far = [d for inputs in seen if (d := _road_distance_c(inputs, figures)) is not None]
    if far:
        where = " on all of them" if many else ""
        return [f"{with_unit(max(far), '°C')} warmer, or dry,{where} and this alarm clears{stays}."]
    if any("last_reading_at" in inputs for inputs in seen):
        return [f"One reading{' of each' if many else ''} and this alarm clears{stays}."]
    return []


def would_differ(row: Json, clock: Clock) -> list[str]:
    """Return what a decision or an alarm would be, had late readings come in time (``rules.core.would_differ``)."""
    found = row.get("would_differ")
    if not found:
        return []
    return [f"Would differ: {clock.said(str(found['text']))}{_late(found, clock)}. It stands as made."]


def _late(found: Json, clock: Clock) -> str:
    """Return whose readings came late, and when they were measured."""
    late = found.get("late") or ()
    if not late:
        return ""
    devices = sorted({device for span in late for device in span["devices"]})
    first, last = (clock.at(pick(span[key] for span in late)) for pick, key in ((min, "from"), (max, "to")))
    when = f"of {first}" if first == last else f"from {first} to {last}"
    return f", had readings of {few(devices)} {when} not come late"


def _distance(inputs: Json, clears: tuple[str, str, tuple[str, ...]], figures: Figures) -> float | None:
    key, stored, paths = clears
    limit = inputs.get(stored, figures.value(paths))
    if not _is_number(inputs.get(key)) or not _is_number(limit):
        return None
    return max(0.0, float(inputs[key]) - float(limit))


def _road_distance_c(inputs: Json, figures: Figures) -> float | None:
    """A road leaves ice or hoar frost above 0 °C (or its frost point) and the hysteresis."""
    surface, frost = inputs.get("surface_temperature_c"), inputs.get("frost_point_c")
    if not _is_number(surface):
        return None
    slack = figures.value(("parameters.hysteresis_c",), "winter.surface")
    limit = 0.0
    if inputs.get("state") == "hoar" and _is_number(frost):
        limit = min(0.0, float(inputs["frost_point_c"]))
    return max(0.0, limit + (0.0 if slack is None else float(slack)) - float(inputs["surface_temperature_c"]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
